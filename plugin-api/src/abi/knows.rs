//! JSON heads of the host calls `alerts.raise` and `bot.lag`.

use serde::{Deserialize, Serialize};

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
