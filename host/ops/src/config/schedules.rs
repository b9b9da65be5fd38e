//! `[schedules]`: when and how plugins' schedules run.

use super::{
    document::Table,
    values::{integer, milliseconds, seconds},
};

/// `[schedules]`: what plugins do at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedules {
    /// How long a run may take that declares nothing else.
    pub timeout_ms: u64,
    /// A run that begins later than this after its due time was missed.
    pub late_s: u64,
    /// What one plugin may have waiting of what it schedules at run time.
    pub max_waiting: u64,
    /// How many bytes of payloads that may have.
    pub max_waiting_bytes: u64,
}

impl Default for Schedules {
    fn default() -> Self {
        Self {
            timeout_ms: 60_000,
            late_s: 60,
            max_waiting: 100_000,
            max_waiting_bytes: 64 << 20,
        }
    }
}

impl Schedules {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut schedules = Self::default();
        table.read("timeout_ms", &mut schedules.timeout_ms, |item| {
            milliseconds(item, 1..=86_400_000)
        });
        table.read("late_s", &mut schedules.late_s, |item| {
            seconds(item, 1..=86_400)
        });
        table.read("max_waiting", &mut schedules.max_waiting, |item| {
            integer(item, 1..=10_000_000, "runs")
        });
        table.read(
            "max_waiting_bytes",
            &mut schedules.max_waiting_bytes,
            |item| integer(item, 1_024..=1 << 40, "bytes"),
        );
        schedules
    }
}
