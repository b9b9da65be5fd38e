//! JSON heads of the `hooks.…` host calls about all plugins' handlers. Times are milliseconds since 1970, UTC.

use serde::{Deserialize, Serialize};

use super::words::words;

words! {
/// Circuit breaker of a hook's handler.
#[derive(Default)]
pub enum HookCircuit {
    /// It is called.
    #[default]
    Closed = "closed",
    /// It rests after failures.
    Open = "open",
    /// It is tried again: the end of this call decides.
    HalfOpen = "half_open",
}
}

/// A handler of a hook, and how it fares. Counts are since it was first loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct HookInfo {
    /// `plugin:event:handler`.
    pub id: String,
    /// The event; `*`: all of them, or those that it has chosen.
    pub event: String,
    /// Its plugin.
    pub plugin: String,
    /// Handlers with a higher one are called first.
    pub priority: i32,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Its breaker.
    pub circuit: HookCircuit,
    /// Whether it handles an event at this moment.
    pub at_work: bool,
    /// Events that wait for it.
    pub waiting: u64,
    /// Events that it has handled, well or not.
    pub runs: u64,
    /// Of those, the ones that failed.
    pub failures: u64,
    /// Events that found its queue full for too long.
    pub dropped: u64,
    /// Events that came while it was switched off or rested.
    pub skipped: u64,
    /// Microseconds in the handler, in all.
    pub handled_us: u64,
    /// Microseconds of waiting, in all.
    pub waited_us: u64,
    /// Words of the last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// An event that was emitted, and what has become of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct HookEvent {
    /// When.
    pub at_ms: u64,
    /// The event.
    pub event: String,
    /// The plugin that emitted it; absent: the framework.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Handlers that it was queued for.
    pub queued: u32,
    /// Handlers that were too far behind.
    pub dropped: u32,
    /// Handlers that were switched off or rested.
    pub skipped: u32,
    /// Handlers that have ended, well or not.
    pub handled: u32,
    /// Of those, the ones that failed.
    pub errors: u32,
    /// Microseconds from then until the last of them had ended.
    pub took_us: u64,
    /// Microseconds that it waited for the handler that came to it last.
    pub queue_delay_us: u64,
    /// Keys of what it had with it, the first 30; never its values.
    pub keys: Vec<String>,
}

/// Parameters of `hooks.list` and `hooks.history`. What is absent leaves nothing out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HooksCall {
    /// Handlers of this plugin, or events that it has emitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Of this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Of `hooks.list`, those behind this id: the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many, 200 at most; absent: 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Head of the completion of `hooks.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct HooksReply {
    /// By id.
    pub hooks: Vec<HookInfo>,
    /// Events that were emitted since the bot began, whoever has heard of them.
    pub emitted: u64,
    /// Give it as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Head of the completion of `hooks.history`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct HookHistory {
    /// The newest first. 100 are kept, 20 of one event.
    pub events: Vec<HookEvent>,
}

/// Parameters of `hooks.switch` and `hooks.reset`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HookSwitch {
    /// The handler: `plugin:event:handler`.
    pub id: String,
    /// Of `hooks.switch`: whether it is on from now on.
    pub on: bool,
}
