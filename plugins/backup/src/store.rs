//! Index of a server's snapshots, and who has done what with them, in the server's database.

use std::time::{SystemTime, UNIX_EPOCH};

use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

use crate::model::Contents;

pub(crate) type Guild = Id<marker::GuildMarker>;
pub(crate) type User = Id<marker::UserMarker>;

/// Entries of the audit list that are kept.
const AUDIT: u32 = 500;

pub(crate) const TABLES: &str = "CREATE TABLE backup__snapshots (
    number INTEGER PRIMARY KEY, label TEXT NOT NULL, note TEXT NOT NULL, pinned INTEGER NOT NULL, source TEXT NOT NULL,
    taken_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, counts TEXT NOT NULL);
CREATE TABLE backup__audit (
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, user_id INTEGER, action TEXT NOT NULL, snapshot INTEGER, words TEXT NOT NULL)";

/// Where a snapshot comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    Manual,
    Scheduled,
    /// Taken before a restore, so that it can be undone.
    Before,
    Imported,
}

impl Source {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Scheduled => "scheduled",
            Self::Before => "before",
            Self::Imported => "imported",
        }
    }
}

/// How much is in a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    pub(crate) roles: u64,
    pub(crate) channels: u64,
    pub(crate) emojis: u64,
    pub(crate) stickers: u64,
    pub(crate) members: u64,
}

impl Counts {
    pub(crate) fn of(contents: &Contents, members: u64) -> Self {
        Self {
            roles: contents.roles.len() as u64,
            channels: contents.channels.len() as u64,
            emojis: contents.emojis.len() as u64,
            stickers: contents.stickers.len() as u64,
            members,
        }
    }

    /// `12 roles, 30 channels, …`.
    pub(crate) fn words(&self) -> String {
        use plugin_api::text::counted;
        [
            counted(self.roles, "role"),
            counted(self.channels, "channel"),
            counted(self.emojis, "emoji"),
            counted(self.stickers, "sticker"),
            counted(self.members, "member"),
        ]
        .join(", ")
    }
}

/// A snapshot in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) number: u64,
    pub(crate) label: String,
    pub(crate) note: String,
    pub(crate) pinned: bool,
    pub(crate) source: Source,
    pub(crate) taken_ms: i64,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    pub(crate) counts: Counts,
}

#[derive(Deserialize)]
struct Row {
    number: u64,
    label: String,
    note: String,
    pinned: i64,
    source: String,
    taken_ms: i64,
    bytes: u64,
    sha256: String,
    counts: String,
}

impl From<Row> for Snapshot {
    fn from(row: Row) -> Self {
        let source = match row.source.as_str() {
            "scheduled" => Source::Scheduled,
            "before" => Source::Before,
            "imported" => Source::Imported,
            _ => Source::Manual,
        };
        Self {
            number: row.number,
            label: row.label,
            note: row.note,
            pinned: row.pinned != 0,
            source,
            taken_ms: row.taken_ms,
            bytes: row.bytes,
            sha256: row.sha256,
            counts: serde_json::from_str(&row.counts).unwrap_or_default(),
        }
    }
}

impl Snapshot {
    /// `#3 before the move`.
    pub(crate) fn title(&self) -> String {
        let label = plugin_api::text::word(&self.label);
        format!("#{} {label}", self.number).trim_end().to_owned()
    }
}

/// An entry of the audit list.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Audit {
    pub(crate) at_ms: i64,
    pub(crate) user_id: Option<User>,
    pub(crate) action: String,
    pub(crate) snapshot: Option<u64>,
    pub(crate) words: String,
}

/// The snapshots of a server.
pub(crate) struct Index {
    database: Database,
}

impl Index {
    pub(crate) fn of(host: &Host, guild: Guild) -> Self {
        Self {
            database: host.storage().guild(guild),
        }
    }

    /// All of them, the newest first.
    pub(crate) async fn all(&self) -> Result<Vec<Snapshot>> {
        let sql = "SELECT * FROM backup__snapshots ORDER BY number DESC";
        let rows: Vec<Row> = self.database.query(sql, params![]).await?.read()?;
        Ok(rows.into_iter().map(Snapshot::from).collect())
    }

    /// The one with this number.
    pub(crate) async fn get(&self, number: u64) -> Result<Snapshot> {
        let sql = "SELECT * FROM backup__snapshots WHERE number = ?1";
        let rows = self
            .database
            .query(sql, params![number.cast_signed()])
            .await?;
        let row: Option<Row> = rows.first()?;
        row.map(Snapshot::from).ok_or_else(|| {
            Error::user(format!(
                "This server has no snapshot #{number}. `backup list` shows those that it has."
            ))
        })
    }

    /// Gives a number to one that is about to be written: its file bears it. It is in the list when [`add`](Self::add) has put it there.
    pub(crate) async fn next_number(&self) -> Result<u64> {
        let count = |last: Option<u64>| last.unwrap_or(0) + 1;
        self.database
            .kv_store("numbers")
            .update("last", count)
            .await
    }

    pub(crate) async fn add(&self, snapshot: &Snapshot) -> Result {
        let sql = "INSERT INTO backup__snapshots (number, label, note, pinned, source, taken_ms, bytes, sha256, counts)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let values = params![
            snapshot.number.cast_signed(),
            &snapshot.label,
            &snapshot.note,
            i64::from(snapshot.pinned),
            snapshot.source.word(),
            snapshot.taken_ms,
            snapshot.bytes.cast_signed(),
            &snapshot.sha256,
            serde_json::to_string(&snapshot.counts)?,
        ];
        self.database.execute(sql, values).await.map(drop)
    }

    pub(crate) async fn remove(&self, number: u64) -> Result {
        let sql = "DELETE FROM backup__snapshots WHERE number = ?1";
        self.database
            .execute(sql, params![number.cast_signed()])
            .await
            .map(drop)
    }

    pub(crate) async fn pin(&self, number: u64, pinned: bool) -> Result {
        let sql = "UPDATE backup__snapshots SET pinned = ?2 WHERE number = ?1";
        let values = params![number.cast_signed(), i64::from(pinned)];
        self.database.execute(sql, values).await.map(drop)
    }

    pub(crate) async fn annotate(&self, number: u64, note: &str) -> Result {
        let sql = "UPDATE backup__snapshots SET note = ?2 WHERE number = ?1";
        self.database
            .execute(sql, params![number.cast_signed(), note])
            .await
            .map(drop)
    }

    /// What a file is after somebody was erased from it.
    pub(crate) async fn rewritten(
        &self,
        number: u64,
        bytes: u64,
        sha256: &str,
        counts: &Counts,
    ) -> Result {
        let sql =
            "UPDATE backup__snapshots SET bytes = ?2, sha256 = ?3, counts = ?4 WHERE number = ?1";
        let counts = serde_json::to_string(counts)?;
        let values = params![number.cast_signed(), bytes.cast_signed(), sha256, counts];
        self.database.execute(sql, values).await.map(drop)
    }

    /// Notes who has done what; nobody: the plugin by itself.
    pub(crate) async fn audit(
        &self,
        user: Option<User>,
        action: &str,
        snapshot: Option<u64>,
        words: &str,
    ) -> Result {
        let at = now_ms();
        self.database
            .transaction(|t| {
                let sql = "INSERT INTO backup__audit (at_ms, user_id, action, snapshot, words) VALUES (?1, ?2, ?3, ?4, ?5)";
                t.execute(sql, params![at, user, action, snapshot.map(u64::cast_signed), words]);
                let sql = "DELETE FROM backup__audit WHERE id <= (SELECT max(id) FROM backup__audit) - ?1";
                t.execute(sql, params![i64::from(AUDIT)]);
            })
            .await
            .map(drop)
    }

    /// What was done last, the newest first.
    pub(crate) async fn audits(&self, most: u32) -> Result<Vec<Audit>> {
        let sql = "SELECT at_ms, user_id, action, snapshot, words FROM backup__audit ORDER BY id DESC LIMIT ?1";
        self.database
            .query(sql, params![i64::from(most)])
            .await?
            .read()
    }

    /// Values that are not of a snapshot: the last restore.
    pub(crate) fn values(&self) -> KvStore {
        self.database.kv_store("values")
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
