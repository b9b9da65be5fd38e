//! `[limits]`: what keeps one plugin from hurting the others.

use crate::config::values::{number, seconds};

table! {
    /// `[limits]`: what keeps one plugin from hurting the others.
    Limits {
        /// How long the bot's main loop may be silent before the supervisor kills the bot and starts it again, at least 5; 0: as long as it is.
        restart main_loop_s: u64 = 60, seconds(0..=86_400);
        /// How long a plugin's thread may work on one thing before another generation takes over; 0: as long as it does.
        live watchdog_s: u64 = 30, seconds(0..=86_400);
        /// How many stuck generations of a plugin are abandoned before it stays failed.
        live abandoned_generations: u64 = 3, number(0..=100, "generations");
        /// What a handler may take that declares no deadline of its own; 0: as long as it does.
        live handler_deadline_s: u64 = 900, seconds(0..=86_400);
        /// Mebibytes of heap that a plugin may hold before another generation takes over; 0: as many as there are.
        live heap_mb: u64 = 0, number(0..=1_048_576, "mebibytes");
        /// Host calls that a plugin may make in a second, and ten times as many at once; 0: as many as it does.
        live host_calls_per_second: u64 = 10_000, number(0..=10_000_000, "calls");
        /// Log lines that a plugin may write in a second, and ten times as many at once.
        live log_lines_per_second: u64 = 100, number(1..=100_000, "lines");
        /// Percent of the invalid requests for which Discord bans a bot, of all: from then on nothing but answers to interactions goes out.
        live invalid_requests_percent: u64 = 80, number(1..=95, "percent");
        /// The same of one plugin: from then on it sends nothing but answers to interactions.
        live plugin_invalid_requests_percent: u64 = 20, number(1..=95, "percent");
    }
}
