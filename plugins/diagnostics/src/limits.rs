//! Settings: from where on the bot counts as degraded or critical.

use plugin_api::prelude::*;

/// Thresholds.
#[derive(Debug, Settings)]
pub(crate) struct Limits {
    /// Percent of the last hour's commands whose failure makes the bot degraded.
    #[setting(default = 5, min = 1, max = 100)]
    pub(crate) errors_degraded_percent: u64,
    /// Percent of the last hour's commands whose failure is critical.
    #[setting(default = 10, min = 1, max = 100)]
    pub(crate) errors_critical_percent: u64,
    /// With fewer commands than these in the last hour, errors say nothing.
    #[setting(default = 20, min = 1, max = 100_000)]
    pub(crate) least_commands: u64,
    /// Milliseconds by which the host may be late; beyond it is degraded.
    #[setting(default = 500, min = 10, max = 60_000)]
    pub(crate) lag_ms: u64,
    /// Milliseconds by which the host is late when that is critical: Discord waits 3,000 for an answer.
    #[setting(default = 3_000, min = 10, max = 600_000)]
    pub(crate) lag_critical_ms: u64,
    /// Percent of the machine's memory that the bot may take; beyond it is degraded.
    #[setting(default = 80, min = 1, max = 100)]
    pub(crate) memory_percent: u64,
    /// Megabytes that the bot may take; beyond it is degraded. Unset: the percent alone count.
    #[setting(min = 16)]
    pub(crate) memory_mb: Option<u64>,
    /// Percent of the descriptors that may be open; beyond it is degraded.
    #[setting(default = 80, min = 1, max = 100)]
    pub(crate) descriptors_percent: u64,
    /// Megabytes that are to be free on the disk of the data folder: below it is degraded, below a tenth of it critical. 0: that
    /// says nothing.
    #[setting(default = 1_000, min = 0, max = 1_000_000_000)]
    pub(crate) disk_free_mb: u64,
    /// Milliseconds that the disk may take for a write, in the last ten minutes; beyond it is degraded.
    #[setting(default = 2_000, min = 10, max = 600_000)]
    pub(crate) disk_slow_ms: u64,
}
