//! JSON heads of what there is of a plugin beside what serves: its canary, former files, the process that it lives in.

use serde::{Deserialize, Serialize};

/// What serves some servers in a plugin's stead. Part of `plugins.list`, and completion of `plugins.begin_canary` and
/// `plugins.take_canary_back`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CanaryView {
    /// Its version.
    pub version: String,
    /// Which load it is.
    pub generation: u64,
    /// SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// When it began to serve, in milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// The servers that it serves, ascending.
    #[serde(with = "super::snowflake::list")]
    pub guilds: Vec<u64>,
    /// What it was given since.
    pub handled: u64,
    /// How much of that has failed.
    pub failed: u64,
    /// What there is to know besides, a sentence each, when it begins.
    pub remarks: Vec<String>,
}

/// A process of its own that a plugin lives in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CellView {
    /// Its number at the operating system.
    pub pid: u32,
    /// Bytes of memory that it has now; `None` when that is not known.
    pub memory_bytes: Option<u64>,
    /// How much of one processor it may take, in percent; `None`: all of it.
    pub processor_percent: Option<u32>,
    /// Whether it is closed in: it reaches no files, no network and no other process.
    pub closed_in: bool,
    /// What is not as it should be: what its sandbox lacks, and why its share of the processor is not limited.
    pub lacks: Vec<String>,
}

/// A file of a plugin that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FormerView {
    /// Its SHA-256, in hexadecimal: what `plugins.rollback` takes as `which`.
    pub sha256: String,
    /// The version that it holds.
    pub version: String,
    /// Its bytes.
    pub bytes: u64,
    /// When it was first loaded, in milliseconds since the Unix epoch.
    pub first_ms: u64,
    /// When it was last loaded.
    pub last_ms: u64,
    /// How often it was loaded.
    pub loads: u64,
    /// How often it has panicked.
    pub panics: u64,
    /// How its last generation ended, in words; `None` while that serves, and when it ended with the process.
    pub ended: Option<String>,
    /// When the state was saved that it left, in milliseconds since the Unix epoch; `None`: it has left none.
    pub state_ms: Option<u64>,
}

/// Completion of `plugins.former`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FormerReply {
    /// The file that serves or would be loaded, where it is kept.
    pub present: Option<FormerView>,
    /// The others, the one that served last in front.
    pub files: Vec<FormerView>,
}
