//! JSON heads of the `shards.…` host calls. Times are milliseconds since 1970, UTC.

use serde::{Deserialize, Serialize};

/// A shard of this process, as it is now. Counts are since the bot's start, or since they were reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ShardView {
    /// Its number, from 0.
    pub id: u32,
    /// How many shards the bot has in all, those of its other processes included.
    pub of: u32,
    /// Whether it has a connection with a session.
    pub connected: bool,
    /// Microseconds that its last heartbeat took; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<u64>,
    /// How often it got a connection again.
    pub reconnects: u64,
    /// How many of those went on with the session that was there: nothing was missed.
    pub resumes: u64,
    /// Messages from Discord.
    pub events: u64,
    /// Servers whose events it brings.
    pub guilds: u64,
    /// When it last heard of Discord; absent before the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_event_ms: Option<u64>,
    /// When its session began: resuming one is no new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_since_ms: Option<u64>,
    /// When its counts were reset; absent: they are since the bot's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted_since_ms: Option<u64>,
}

/// Session starts that Discord allows the bot: it resets the token of one that starts more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SessionStarts {
    /// How many between two resets.
    pub total: u32,
    /// How many are left, as far as this process knows: what others of the bot start meanwhile is not counted.
    pub remaining: u32,
    /// When all are there again.
    pub resets_ms: u64,
}

/// Parameters of `shards.list`, `shards.reconnect` and `shards.reset`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShardsCall {
    /// Which shard; absent: all of them. `shards.reconnect` needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<u32>,
}

/// Head of the completion of the `shards.…` calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ShardsReply {
    /// The shards of this process that were asked for, by number.
    pub shards: Vec<ShardView>,
    /// Absent while the bot has not asked Discord.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts: Option<SessionStarts>,
    /// Of `shards.reconnect`: whether a connection is given up for another; `false` where there is none, and one is looked for
    /// already.
    pub reconnecting: bool,
}
