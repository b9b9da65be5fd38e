//! The tables of what plugins may ask of the host.

use super::{
    document::Table,
    values::{id, integer, milliseconds, seconds},
};

/// `[hooks]`: how events of the framework and of plugins are handled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hooks {
    /// Events that may wait for one handler.
    pub queue: usize,
    /// How long an event waits for a place in a full queue, before it is dropped and counted.
    pub push_timeout_ms: u64,
    /// How long a handler may take.
    pub timeout_ms: u64,
    /// Failures within the window after which a handler rests.
    pub failures: usize,
    /// The window.
    pub failure_window_s: u64,
    /// How long it rests, before one event tries it again.
    pub rest_s: u64,
}

impl Default for Hooks {
    fn default() -> Self {
        Self {
            queue: 1_000,
            push_timeout_ms: 5_000,
            timeout_ms: 10_000,
            failures: 5,
            failure_window_s: 300,
            rest_s: 60,
        }
    }
}

impl Hooks {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut hooks = Self::default();
        let count = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        table.read("queue", &mut hooks.queue, |item| {
            integer(item, 1..=100_000, "events").map(count)
        });
        table.read("push_timeout_ms", &mut hooks.push_timeout_ms, |item| {
            milliseconds(item, 1..=60_000)
        });
        table.read("timeout_ms", &mut hooks.timeout_ms, |item| {
            milliseconds(item, 1..=600_000)
        });
        table.read("failures", &mut hooks.failures, |item| {
            integer(item, 1..=1_000, "failures").map(count)
        });
        table.read("failure_window_s", &mut hooks.failure_window_s, |item| {
            seconds(item, 1..=86_400)
        });
        table.read("rest_s", &mut hooks.rest_s, |item| {
            seconds(item, 1..=86_400)
        });
        hooks
    }
}

/// `[alerts]`: where the owner is told what should not wait until somebody reads the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alerts {
    /// The channel. Unset: alerts go to the log alone.
    pub channel_id: Option<u64>,
    /// How long nothing more is told about the same thing.
    pub cool_down_s: u64,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            channel_id: None,
            cool_down_s: 300,
        }
    }
}

impl Alerts {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut alerts = Self::default();
        table.read("channel_id", &mut alerts.channel_id, |item| {
            id(item).map(Some)
        });
        table.read("cool_down_s", &mut alerts.cool_down_s, |item| {
            seconds(item, 0..=86_400)
        });
        alerts
    }
}
