//! JSON heads of the `log.…` host calls. Times are milliseconds since 1970, UTC.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A line of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LogLine {
    /// Rises by one from line to line; after a restart from 1 on.
    pub number: u64,
    /// When.
    pub at_ms: u64,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// The module that has logged.
    pub target: String,
    /// The plugin whose line it is, or that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// The text with its fields; secrets are masked.
    pub text: String,
}

/// Parameters of `log.read`. What is absent leaves nothing out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogCall {
    /// Lines that are as severe as this, or more: `warn`, say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Lines of this plugin, or about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Lines that have this in their text or their module, in whatever case: an error id, say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Lines behind this number: the `next` of an answer before. Absent: the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// How many, 500 at most; absent: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Head of the completion of `log.read`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LogReply {
    /// Oldest first. The last 5,000 of all lines are kept, 2 MiB at most.
    pub lines: Vec<LogLine>,
    /// Ask with it as `since` for those that come next.
    pub next: u64,
    /// Lines behind `since` that are not kept any more.
    pub lost: u64,
}

/// Parameters of `log.set_level`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LevelCall {
    /// Of this plugin's lines; absent: of the host's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Of a module of the host's, such as `host_discord::gateway`; absent: of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `error`, `warn`, `info`, `debug`, `trace` or `off`; absent: as for all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
}

/// Head of the completion of `log.levels` and `log.set_level`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LevelsReply {
    /// As in `[log] level`: a level, and others for modules.
    pub level: String,
    /// Those of plugins that have one of their own.
    pub plugins: BTreeMap<String, String>,
}
