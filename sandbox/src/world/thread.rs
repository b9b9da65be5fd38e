//! Thread metadata: what a channel has besides when it is a thread.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::snowflake::iso;

/// The thread's part of a channel; its parent is the channel's.
/// <https://discord.com/developers/docs/topics/threads>.
#[derive(Clone, Debug, Default)]
pub(crate) struct Thread {
    pub owner: u64,
    /// Microseconds since 1970.
    pub created_us: i64,
    pub archived: bool,
    /// When `archived` was last changed, in microseconds since 1970.
    pub archive_us: i64,
    pub locked: bool,
    /// Whether members who are no moderators may add others; of private threads only.
    pub invitable: bool,
    /// After how many quiet minutes it is archived.
    pub auto_archive_minutes: u16,
    /// Who follows it.
    pub members: BTreeMap<u64, ThreadMember>,
    pub applied_tags: Vec<u64>,
    /// Messages that were ever sent, deleted ones included.
    pub total_sent: u64,
}

/// A user who follows a thread.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ThreadMember {
    /// Microseconds since 1970.
    pub joined_us: i64,
    pub flags: u64,
}

impl Thread {
    /// The `thread_metadata` of the channel object.
    pub(crate) fn metadata_json(&self, private: bool) -> Value {
        let mut json = json!({
            "archived": self.archived,
            "archive_timestamp": iso(self.archive_us),
            "auto_archive_duration": self.auto_archive_minutes,
            "locked": self.locked,
            "create_timestamp": iso(self.created_us),
        });
        if private {
            json["invitable"] = json!(self.invitable);
        }
        json
    }
}
