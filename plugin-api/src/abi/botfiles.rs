//! JSON heads of the `botfiles.…` host calls: files in the folder that the bot's config.toml is in.

use serde::{Deserialize, Serialize};

/// Parameters of the `botfiles.…` calls; each reads what it needs. What is written is the body, what is read the completion's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BotFileCall {
    /// Path below the bot's folder, with slashes; empty: the folder itself.
    pub path: String,
    /// `botfiles.rename`: the new path. `botfiles.restore`: where it goes; empty: where it was.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// `botfiles.read`: where it begins, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// `botfiles.read`: that is counted from the end, as the end of a log is wanted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub from_end: bool,
    /// `botfiles.read`: bytes; at most and otherwise 1 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// `botfiles.list`: entries behind this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// `botfiles.list`: how many at most: 1 to 500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `botfiles.write`: only where the file is still the one that was read ([`BotFileChunk::version`]); empty: where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `botfiles.restore` and `botfiles.empty_bin`: a name in the bin; for the latter, empty: all of them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kept: String,
}

/// Completion of `botfiles.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BotFileList {
    /// By name.
    pub entries: Vec<BotFileEntry>,
    /// Where the next page begins; `None`: this is the last one.
    pub next: Option<String>,
}

/// A file or folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BotFileEntry {
    /// Its name.
    pub name: String,
    /// Whether it is a folder.
    pub folder: bool,
    /// Bytes of a file.
    pub bytes: u64,
    /// When it was last changed, in milliseconds since the Unix epoch.
    pub modified_ms: u64,
    /// Whether it is not changed by these calls.
    pub read_only: bool,
}

/// Completion of `botfiles.read`; the bytes are its body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BotFileChunk {
    /// Whether there is such a file.
    pub found: bool,
    /// Bytes of the whole file.
    pub bytes: u64,
    /// When it was last changed, in milliseconds since the Unix epoch.
    pub modified_ms: u64,
    /// Where the body begins in it.
    pub offset: u64,
    /// Where the next read goes on, which is the file's end by now if there is no more.
    pub end: u64,
    /// Changes with every change of the file; empty: there is none.
    pub version: String,
}

/// Completion of `botfiles.bin`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BotFileBin {
    /// What is in it, the latest first: 100 files at most.
    pub entries: Vec<BotFileKept>,
}

/// A file in the bin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BotFileKept {
    /// Its name there.
    pub name: String,
    /// Where it was; `None`: that was too long to be kept.
    pub path: Option<String>,
    /// Its bytes.
    pub bytes: u64,
    /// When it was put there, in milliseconds since the Unix epoch.
    pub kept_ms: u64,
}

/// Completion of `botfiles.empty_bin`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BotFileEmptied {
    /// How many files are gone.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Completion of the `botfiles.…` calls that change something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BotFileChange {
    /// Whether there was something at that path.
    pub existed: bool,
    /// Bytes that it had.
    pub bytes: u64,
    /// Where that is now, in the bin of the data folder.
    pub kept: Option<String>,
}

/// Completion of `files.stats`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FileStats {
    /// Reads of plugins' files since the start.
    pub reads: u64,
    /// Of those, the ones that memory has served.
    pub cache_hits: u64,
    /// Writes and removals.
    pub writes: u64,
    /// Reads that failed.
    pub read_failures: u64,
    /// Writes and removals that failed.
    pub write_failures: u64,
    /// Files that are being changed.
    pub locks: u64,
    /// Files in memory.
    pub cached: u64,
    /// Their bytes.
    pub cached_bytes: u64,
    /// `healthy`, `degraded`, `critical`.
    pub health: String,
    /// What a plugin may keep, in bytes.
    pub limit: u64,
    /// What each keeps that keeps something, the one with most first: 100 at most.
    pub plugins: Vec<KeptView>,
    /// Microseconds of the slowest write or removal of a plugin's file that was done within the last minute, or that is not done
    /// yet; 0: there was none, or the host does not measure it.
    pub slowest_write_us: u64,
    /// Microseconds that the disk took at most for the end of a transaction in a database, likewise.
    pub slowest_commit_us: u64,
}

/// What a plugin keeps on the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct KeptView {
    /// The plugin.
    pub plugin: String,
    /// Bytes in databases.
    pub tables: u64,
    /// Bytes in files.
    pub files: u64,
}

/// Completion of `bot.caches`: how many entries are in memory, and read anew where they are not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CachesReply {
    /// Files of plugins.
    pub files: u64,
    /// Their bytes.
    pub file_bytes: u64,
    /// Servers whose rules are known: their prefixes, and roles for commands.
    pub rules: u64,
    /// Servers whose settings are known.
    pub settings: u64,
    /// Members that were seen.
    pub members: u64,
}

/// Parameters of `bot.clear_caches`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClearCaches {
    /// Which: `files`, `rules`, `settings`, `members`. Empty: all of them.
    pub caches: Vec<String>,
}

/// Completion of `bot.clear_caches`: how many entries were in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CachesCleared {
    /// Files of plugins.
    pub files: u64,
    /// Their bytes.
    pub file_bytes: u64,
    /// Servers' rules.
    pub rules: u64,
    /// Servers' settings.
    pub settings: u64,
    /// Members.
    pub members: u64,
}
