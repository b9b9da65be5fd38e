//! `[schedules]`: when and how plugins' schedules run.

use crate::config::values::{milliseconds, number, seconds};

table! {
    /// `[schedules]`: what plugins do at a time.
    Schedules {
        /// How long a run may take that declares nothing else.
        live timeout_ms: u64 = 60_000, milliseconds(1..=86_400_000);
        /// A run that begins later than this after its due time was missed.
        live late_s: u64 = 60, seconds(1..=86_400);
        /// What one plugin may have waiting of what it schedules at run time.
        live max_waiting: u64 = 100_000, number(1..=10_000_000, "runs");
        /// How many bytes of payloads that may have.
        live max_waiting_bytes: u64 = 64 << 20, number(1_024..=1 << 40, "bytes");
    }
}
