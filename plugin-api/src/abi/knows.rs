//! JSON heads of the host calls `alerts.raise`, `bot.lag`, `caches.list` and `caches.clear`.

use serde::{Deserialize, Serialize};

use super::words::words;

/// Parameters of `alerts.raise`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertCall {
    /// What it belongs to: lower-case letters, digits, `_` and `-`. `[alerts.<subject>]` of the configuration says where it goes.
    pub subject: String,
    /// What it is about: within the cool-down nothing more is said of the same thing.
    pub about: String,
    /// The text.
    pub text: String,
}

/// Head of the completion of `alerts.raise`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AlertReply {
    /// Whether it was raised; `false` within the cool-down.
    pub raised: bool,
}

/// How late something is that should come at once. Times are microseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LagView {
    /// The last time.
    pub last_us: u64,
    /// At most, within the last minute.
    pub minute_max_us: u64,
    /// In 99 of 100 cases not later than this, since the bot's start.
    pub p99_us: u64,
    /// How often it was measured.
    pub count: u64,
}

/// Head of the completion of `bot.lag`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LagReply {
    /// How late the host's runtime wakes a task.
    pub runtime: LagView,
    /// How long events wait for the host's main loop.
    pub main_loop: LagView,
}

words! {
/// Cache of the host.
pub enum CacheKind {
    /// Files of plugins.
    Files = "files",
    /// Rules of servers: prefixes, roles for commands.
    Rules = "rules",
    /// Members of servers.
    Members = "members",
}
}

/// A cache of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CacheInfo {
    /// Which.
    pub kind: CacheKind,
    /// Entries.
    #[serde(default)]
    pub entries: u64,
    /// Their bytes, where they are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

impl CacheInfo {
    /// A cache of so many entries.
    #[must_use]
    pub const fn new(kind: CacheKind, entries: u64, bytes: Option<u64>) -> Self {
        Self {
            kind,
            entries,
            bytes,
        }
    }
}

/// How the files of plugins fare. Counts are since the bot's start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FilesInfo {
    /// Reads that were asked for.
    pub reads: u64,
    /// Of those, the ones that the cache served.
    pub cache_hits: u64,
    /// Writes and removals.
    pub writes: u64,
    /// Reads that failed.
    pub read_failures: u64,
    /// Writes and removals that failed.
    pub write_failures: u64,
    /// Files that are being changed right now.
    pub locks: u64,
    /// `healthy`: below 1 % have failed, `degraded`: up to 5 %, `critical`: more.
    pub health: String,
}

/// Head of the completion of `caches.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CachesReply {
    /// The caches.
    pub caches: Vec<CacheInfo>,
    /// The file service.
    pub files: FilesInfo,
}

/// Parameters of `caches.clear`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CachesCall {
    /// Which; none: all of them.
    pub kinds: Vec<CacheKind>,
}
