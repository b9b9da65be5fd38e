//! `[hooks]`: how events of the framework and of plugins are handled.

use crate::config::values::{milliseconds, number, seconds};

table! {
    /// `[hooks]`: how events of the framework and of plugins are handled.
    Hooks {
        /// Events that may wait for one handler.
        live queue: usize = 1_000, number(1..=100_000, "events");
        /// How long an event waits for a place in a full queue, before it is dropped and counted.
        live push_timeout_ms: u64 = 5_000, milliseconds(1..=60_000);
        /// How long a handler may take.
        live timeout_ms: u64 = 10_000, milliseconds(1..=600_000);
        /// Failures within the window after which a handler rests.
        live failures: usize = 5, number(1..=1_000, "failures");
        /// The window.
        live failure_window_s: u64 = 300, seconds(1..=86_400);
        /// How long it rests, before one event tries it again.
        live rest_s: u64 = 60, seconds(1..=86_400);
    }
}
