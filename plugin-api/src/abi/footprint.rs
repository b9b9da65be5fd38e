//! JSON heads of a plugin's footprint: what it takes of the process over time, and what stayed after its unloads. Part of `plugins.usage`.

use serde::{Deserialize, Serialize};

/// What a plugin takes of the process, and has left in it; in a bot that has run without it, all of it is 0 and empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PluginFootprint {
    /// The most bytes of heap that a look has found since the bot's start, one every 5 s; `None` when that is not known.
    pub heap_peak_bytes: Option<u64>,
    /// Threads that run on its behalf: its own, those that it has started, those of its ended generations that live on.
    pub threads: u32,
    /// Microseconds of processor of all its threads since the bot's start, also before it was unloaded the last time.
    pub cpu_us: u64,
    /// Unloads of its generations since the bot's start, reloads among them.
    pub unloads: u64,
    /// After how many of these something had stayed that could be given back.
    pub tidied: u64,
    /// After how many the library stays mapped.
    pub pinned: u64,
    /// Bytes of mapping and heap that these hold until the bot is restarted.
    pub pinned_bytes: u64,
    /// Why it can't be unloaded; `None` when it can be, as far as is known.
    pub stays: Option<String>,
    /// What the last unloads came to, oldest first; 16 at most.
    pub remains: Vec<RemainsView>,
    /// What was found over the last day, oldest first; 96 at most, each of equally many minutes.
    pub history: Vec<FootprintSample>,
}

/// What one unload came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RemainsView {
    /// Which load of the plugin it was.
    pub generation: u64,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Bytes that went back to the system.
    pub returned_bytes: u64,
    /// Bytes that stay until the bot is restarted; `None` when the library is gone.
    pub pinned_bytes: Option<u64>,
    /// All that stayed, in words.
    pub stayed: Vec<String>,
}

/// What was found within some minutes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FootprintSample {
    /// When they begin, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Bytes of heap at the last look.
    pub heap_bytes: Option<u64>,
    /// The most bytes of heap.
    pub heap_peak_bytes: Option<u64>,
    /// Microseconds of processor that were used.
    pub cpu_us: u64,
    /// The most threads.
    pub threads: u32,
}
