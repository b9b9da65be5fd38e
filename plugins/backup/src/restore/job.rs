//! Restore that is under way, as it lies on the disk; and what is gone on with after a restart.

use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    journal::{Entry, Journal},
    model::Snowflake,
    plan::{Part, Plan},
    store::{Guild, User},
};

/// All that a restore needs to go on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) snapshot: u64,
    /// The snapshot that was taken before it.
    pub(crate) before: u64,
    pub(crate) by: User,
    /// Where it is watched, and the message that tells how far it is.
    pub(crate) channel: Id<marker::ChannelMarker>,
    pub(crate) message: Option<Id<marker::MessageMarker>>,
    /// Roles below this one are in reach; `None`: all are.
    pub(crate) below: Option<Snowflake>,
    pub(crate) is_undo: bool,
    pub(crate) parts: Vec<Part>,
    pub(crate) plan: Plan,
}

/// The last restore of a server: what undoing it takes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Last {
    pub(crate) snapshot: u64,
    pub(crate) before: u64,
    pub(crate) made: Vec<Snowflake>,
    pub(crate) parts: Vec<Part>,
}

fn plan_path(guild: Guild) -> String {
    format!("{guild}/restore.json")
}

fn journal_path(guild: Guild) -> String {
    format!("{guild}/restore.journal")
}

/// The servers in which a restore is not over.
pub(super) fn open(host: &Host) -> KvStore {
    host.storage().bot().kv_store("restores")
}

impl Job {
    /// Writes it, so that it is begun and will end.
    pub(crate) async fn begin(&self, host: &Host, guild: Guild) -> Result {
        let files = host.files();
        files.remove(&journal_path(guild)).await?;
        files.write_json(&plan_path(guild), self).await?;
        open(host).set(&guild.to_string(), &true).await
    }

    /// The one that is not over, and how far it is.
    pub(crate) async fn open(host: &Host, guild: Guild) -> Result<Option<(Self, Journal)>> {
        let files = host.files();
        let Some(job) = files.read_json::<Self>(&plan_path(guild)).await? else {
            return Ok(None);
        };
        let journal = files.read(&journal_path(guild)).await?.unwrap_or_default();
        let journal = Journal::read(&journal, &job.plan);
        Ok(Some((job, journal)))
    }

    /// It is over.
    pub(crate) async fn close(host: &Host, guild: Guild) -> Result {
        let files = host.files();
        files.remove(&plan_path(guild)).await?;
        files.remove(&journal_path(guild)).await?;
        open(host).delete(&guild.to_string()).await.map(drop)
    }

    /// Notes what was done, on the disk and here.
    pub(crate) async fn note(
        &self,
        host: &Host,
        guild: Guild,
        journal: &mut Journal,
        entry: Entry,
    ) -> Result {
        let mut line = serde_json::to_string(&entry)?;
        if journal.is_torn {
            line.insert(0, '\n');
            journal.is_torn = false;
        }
        line.push('\n');
        host.files().append(&journal_path(guild), line).await?;
        journal.take(entry, &self.plan);
        Ok(())
    }
}
