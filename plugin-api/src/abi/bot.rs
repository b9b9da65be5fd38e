//! JSON heads of the `bot.…`, `slash.…` and `metrics.read` host calls.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Completion of `bot.status`: the process, what it serves, and what was counted since it began.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BotStatus {
    /// Version of the host.
    pub host_version: String,
    /// The machines that it was built for: `x86_64-unknown-linux-gnu`.
    pub target: String,
    /// Whether it was built with optimisations.
    pub release: bool,
    /// The operating system, with its version.
    pub system: String,
    /// Seconds since the machine was started.
    pub system_up_s: u64,
    /// The process's id.
    pub pid: u32,
    /// Milliseconds since the bot began.
    pub up_ms: u64,
    /// Processors.
    pub cores: u32,
    /// Processors that the process has used since this was last asked, in percent of one: 150 is one and a half. The first time: on
    /// average since it began.
    pub cpu_percent: f64,
    /// Bytes of the process that are in memory.
    pub memory_bytes: u64,
    /// Bytes of memory that the machine has, or the container that the bot runs in when that may take less.
    pub machine_memory_bytes: u64,
    /// Bytes of memory that are free to be used there.
    pub machine_available_bytes: u64,
    /// Threads.
    pub threads: Option<u64>,
    /// Open descriptors.
    pub descriptors: Option<u64>,
    /// How many may be open.
    pub descriptors_limit: Option<u64>,
    /// Those of them that are connections or sockets.
    pub connections: Option<u64>,
    /// Bytes that are free where the data folder is.
    pub disk_free_bytes: Option<u64>,
    /// Bytes that there are.
    pub disk_bytes: Option<u64>,
    /// Whether its Discord is a simulated one, where events may be heard once more (`events.replay`).
    pub simulated: bool,
    /// Servers that the bot is in.
    pub guilds: u64,
    /// Their channels, as far as they are known.
    pub channels: u64,
    /// Their members, as Discord counts them.
    pub members: u64,
    /// Shards that run here.
    pub shards: u32,
    /// Those of them that are connected.
    pub shards_connected: u32,
    /// Milliseconds from a heartbeat to its answer, on average over the shards; `None` before the first.
    pub latency_ms: Option<f64>,
    /// Plugins that serve.
    pub plugins: u32,
    /// Plugins that were refused or have failed.
    pub plugins_refused: u32,
    /// Commands, those in groups one by one, the host's own not counted.
    pub commands: u32,
    /// Events of the gateway.
    pub events: u64,
    /// Messages that the bot has seen.
    pub messages: u64,
    /// Commands that were used.
    pub commands_used: u64,
    /// Commands that failed; what was a member's own mistake is not counted.
    pub commands_failed: u64,
    /// Requests to Discord.
    pub requests: u64,
    /// The hours since the bot began, this one last, at most 24.
    pub hours: Vec<HourView>,
}

/// What was counted within an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct HourView {
    /// When it began, in milliseconds since the Unix epoch.
    pub began_ms: u64,
    /// Messages that the bot has seen.
    pub messages: u64,
    /// Commands that were used.
    pub commands: u64,
    /// Commands that failed.
    pub errors: u64,
}

/// Parameters of `bot.stop` and `bot.restart`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StopCall {
    /// Why: for the log and the audit journal.
    pub reason: String,
}

/// Completion of `slash.budget`: how slash commands fit into Discord's limits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SlashBudget {
    /// Slash commands that are registered, each group as one.
    pub used: u64,
    /// How many there may be.
    pub limit: u64,
    /// From how many on the bot warns.
    pub warn_at: u64,
    /// From how many on plugins are grouped.
    pub group_at: u64,
    /// Commands that Discord still takes as new ones today.
    pub creates_left: u64,
    /// The plugins whose commands are grouped, or left to the prefix.
    pub grouped_plugins: Vec<String>,
    /// Commands that are not reached by their own names, and how they are.
    pub commands: Vec<SlashView>,
}

/// A command that is not reached by its own name as a slash command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SlashView {
    /// Its path.
    pub path: String,
    /// Its plugin.
    pub plugin: String,
    /// `grouped`, `in_menu`, `prefix_only` (declared so), `left_out`.
    pub how: String,
    /// The registered name, the menu, or why it is left out.
    pub detail: String,
    /// Whether a message with the prefix reaches it.
    pub prefix: bool,
}

/// Completion of `slash.sync`: what was done to the registered commands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SyncReply {
    /// Commands that were created.
    pub created: Vec<String>,
    /// Commands that were changed.
    pub edited: Vec<String>,
    /// Commands that were deleted.
    pub deleted: Vec<String>,
    /// Commands that Discord takes another day.
    pub later: Vec<String>,
    /// How many were as they should be.
    pub unchanged: u64,
}

/// Parameters of `metrics.read`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricsCall {
    /// Families whose names begin so; empty: all.
    pub prefix: String,
}

/// Completion of `metrics.read`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MetricsReply {
    /// The families, in the order of the page of metrics.
    pub families: Vec<MetricFamily>,
}

/// Metrics of one name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MetricFamily {
    /// The name, for counters without `_total`.
    pub name: String,
    /// What they are.
    pub help: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// Each by its labels.
    pub samples: Vec<MetricSample>,
}

/// A metric's value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MetricSample {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The value; of a histogram the sum.
    pub value: f64,
    /// Of a histogram: how many were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Of a histogram: each bucket's upper bound with how many fell into it alone; the last one has none (`None`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<(Option<f64>, u64)>,
}
