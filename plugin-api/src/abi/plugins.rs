//! JSON heads of the `plugins.…` host calls.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    footprint::PluginFootprint,
    generations::{CanaryView, CellView},
    words::words,
};

/// Parameters of the `plugins.…` calls: of each those that it needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PluginsCall {
    /// The plugin; for `plugins.check` also the name of a file in the extensions folder.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// `plugins.list`: those behind this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// `plugins.list`: how many at most, 1 to 500; absent: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `plugins.list`: whether each comes with its manifest.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub manifests: bool,
    /// `plugins.unload`: also those that need it, and without its state if it can't be saved. `plugins.rollback`: also to a file in
    /// quarantine.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// `plugins.install`: a file in the plugin's own folder, instead of the body. `plugins.check_file`: that file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `plugins.install`: SHA-256 that the file must have, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// `plugins.unload`: why, as it is shown until the plugin is loaded again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `plugins.rollback`: which of the files that served before: a number, 1 the last one, or the beginning of a SHA-256; absent: the
    /// last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub which: Option<String>,
    /// `plugins.rollback`: with the state that the file had left, and not with that of now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub then: bool,
    /// `plugins.begin_canary`: the servers that it is to serve.
    #[serde(with = "super::snowflake::list", skip_serializing_if = "Vec::is_empty")]
    pub guilds: Vec<u64>,
}

words! {
/// State of a plugin.
#[derive(Default)]
pub enum PluginState {
    /// It serves.
    Serving = "serving",
    /// Its file was refused, or it has failed.
    #[default]
    Refused = "refused",
}
}

/// A power that a plugin declares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PowerView {
    /// Its word.
    pub power: String,
    /// Whether the operator has granted it.
    pub granted: bool,
}

/// A plugin, as `plugins.list` gives it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PluginView {
    /// Its name.
    pub name: String,
    /// The version that serves; empty when none does.
    pub version: String,
    /// What it is for.
    pub description: String,
    /// Its file's name in the extensions folder.
    pub file: String,
    /// Whether it serves.
    pub state: PluginState,
    /// Why its file, or its newest file, is not what serves.
    pub error: Option<String>,
    /// Which load of it this is; 0 when none serves.
    pub generation: u64,
    /// When that was loaded, in milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// How long the load took, in microseconds.
    pub load_us: u64,
    /// How many commands it has, those in groups one by one.
    pub commands: u32,
    /// Plugins that it needs.
    pub needs: Vec<String>,
    /// Plugins that need it, nearest first.
    pub needed_by: Vec<String>,
    /// The powers that it declares.
    pub powers: Vec<PowerView>,
    /// Pieces of work that wait for it.
    pub waiting: u64,
    /// Events that were dropped because it was too far behind.
    pub dropped: u64,
    /// Panics.
    pub panics: u64,
    /// All that it declares, where that was asked for: a [`Manifest`](crate::manifest::Manifest).
    pub manifest: Option<Value>,
    /// The plugins in use for what it needs, by the name that it needs: its own name, or that of one that provides it.
    pub providers: BTreeMap<String, String>,
    /// Whether its file is in quarantine, since it has crashed the bot too often.
    pub quarantined: bool,
    /// When and how it has crashed the bot last, in words, with the report's file; absent: not within a day.
    pub crashed: Option<String>,
    /// Whether it was unloaded on purpose, and stays so over a restart: `error` says by whom and why.
    pub unloaded: bool,
    /// Who has written it.
    pub authors: Vec<String>,
    /// What serves some servers in its stead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryView>,
    /// The process that it lives in, if that is another one than the bot's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<CellView>,
}

/// Completion of `plugins.list`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PluginsReply {
    /// The plugins, by name.
    pub plugins: Vec<PluginView>,
    /// How many there are in all.
    pub total: u64,
    /// Behind which name the next page begins; `None`: that is all.
    pub next: Option<String>,
    /// Generations that did not stop and stay mapped until the host restarts, as `name#generation`.
    pub abandoned: Vec<String>,
    /// Whether a plugin is loaded only beside what it needs (`[extensions] enforce_dependencies`).
    pub enforces_dependencies: bool,
    /// Whether a plugin is refused beside what it conflicts with (`[extensions] enforce_conflicts`).
    pub enforces_conflicts: bool,
}

/// How often something was done, and how long that took.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CountView {
    /// `command`, `component`, `entry`, `event` or `call`.
    pub kind: String,
    /// The command, handler, event or host call.
    pub name: String,
    /// How often.
    pub count: u64,
    /// How many of these failed, where that is told apart.
    pub failed: u64,
    /// Microseconds that all of these took together.
    pub took_us: u64,
}

/// Completion of `plugins.usage`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PluginUsage {
    /// Its name.
    pub name: String,
    /// The version that serves.
    pub version: String,
    /// Which load of it.
    pub generation: u64,
    /// Milliseconds since that was loaded.
    pub up_ms: u64,
    /// Loads that have replaced one that served.
    pub reloads: u64,
    /// Microseconds of processor, of all its generations.
    pub cpu_us: u64,
    /// Bytes of memory that it holds; `None` when that is not known.
    pub heap_bytes: Option<u64>,
    /// Pieces of work that wait for it.
    pub waiting: u64,
    /// Pieces of work that it has taken.
    pub served: u64,
    /// Microseconds that those have waited together.
    pub waited_us: u64,
    /// Events that were dropped because it was too far behind.
    pub dropped: u64,
    /// Handlers that ended badly.
    pub failed: u64,
    /// Panics.
    pub panics: u64,
    /// Bytes of its tables.
    pub tables_bytes: u64,
    /// Bytes of its files.
    pub files_bytes: u64,
    /// Bytes that both may have together.
    pub limit_bytes: u64,
    /// What its thread has worked on, what took most time first.
    pub handlers: Vec<CountView>,
    /// The host calls that it has made, what took most time first.
    pub calls: Vec<CountView>,
    /// What it takes of the process over time, and what stayed after its unloads.
    pub footprint: PluginFootprint,
}

/// A load, as the `plugins.…` calls that load report it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LoadView {
    /// The plugin.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Which load of it.
    pub generation: u64,
    /// Microseconds that it took.
    pub took_us: u64,
    /// Whether it took over from an older generation.
    pub replaced: bool,
    /// Why it was not loaded; the old generation goes on.
    pub error: Option<String>,
}

/// Completion of `plugins.load`, `plugins.reload`, `plugins.reload_all`, `plugins.unload`, `plugins.rollback`, `plugins.promote_canary`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ManagedReply {
    /// Whether it is about the plugin that asks: it begins when that has answered what it is working on. What became of it is in
    /// the log, the audit journal and the hooks `extension_loaded`, `extension_unloaded` and `extension_failed`.
    pub begun: bool,
    /// The loads.
    pub loads: Vec<LoadView>,
    /// The unload.
    pub unload: Option<UnloadView>,
    /// `plugins.rollback`, `plugins.promote_canary`: what there is to know besides, a sentence each: what of the tables is not as it was, for instance.
    pub remarks: Vec<String>,
}

/// An unload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct UnloadView {
    /// The plugin.
    pub name: String,
    /// Which load of it.
    pub generation: u64,
    /// Microseconds from the order to stop to the end.
    pub took_us: u64,
    /// Bytes that went back to the system.
    pub returned_bytes: u64,
    /// Whether its library is no longer mapped.
    pub unmapped: bool,
    /// What stayed, in words.
    pub stayed: Vec<String>,
}

/// Completion of `plugins.check`, `plugins.check_file` and `plugins.install`: what a load of the file would come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FileReport {
    /// The plugin's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The version that serves now; empty when none does.
    pub serves: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// The boundary that it was built for: `1.3`.
    pub boundary: String,
    /// The compiler, and for which machines.
    pub built_by: String,
    /// What keeps it from being loaded, a sentence each; empty: it can be.
    pub problems: Vec<String>,
    /// Plugins that need each other in a circle, which this file closes: `a`, `b`, `a`.
    pub cycle: Vec<String>,
    /// Intents that the bot would ask Discord for besides, by name.
    pub new_intents: Vec<String>,
    /// Those of them that are privileged: they must be switched on in the Developer Portal.
    pub new_privileged: Vec<String>,
    /// Powers that it asks for and the version that serves does not.
    pub new_powers: Vec<PowerView>,
    /// What is wrong with it beside others, and would not keep it from being loaded: the operator has switched that off.
    pub warnings: Vec<String>,
    /// Slash commands that are registered now; `None` before the bot has registered any.
    pub slash_now: Option<u64>,
    /// Plugins whose commands would be grouped, or left to the prefix.
    pub slash_grouped: Vec<String>,
    /// Slash commands that would be registered with it; `None` before the bot has registered any.
    pub slash_used: Option<u64>,
    /// Most of them.
    pub slash_limit: u64,
    /// Commands of its that Discord would not get, each with the reason.
    pub slash_left_out: Vec<String>,
    /// All that it declares: a [`Manifest`](crate::manifest::Manifest).
    pub manifest: Value,
}
