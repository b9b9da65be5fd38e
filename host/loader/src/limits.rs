//! Limits that keep one plugin from hurting the others, as the program sets them (decision 0088).

use std::time::Duration;

/// What one plugin may take. Asked anew for each piece of work, so that a change holds at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a plugin's thread may work on one thing before another generation takes over; `None`: as long as it does. Default: 30 s.
    pub watchdog: Option<Duration>,
    /// How many generations of a plugin may be abandoned before it stays failed; default: 3.
    pub abandoned: usize,
    /// What a handler may take that declares no deadline; `None`: as long as it does. Default: 15 min, the life of an interaction.
    pub handler_deadline: Option<Duration>,
    /// Bytes of heap that a plugin may hold; `None`: as many as there are, which is the default.
    pub heap: Option<u64>,
    /// Host calls that a plugin may make in a second for as long as it takes, and ten times as many at once; `None`: as many as it
    /// does. Default: 10,000.
    pub calls_per_second: Option<u32>,
    /// Log lines that a plugin may write in a second for as long as it takes, and ten times as many at once; default: 100.
    pub lines_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            watchdog: Some(Duration::from_secs(30)),
            abandoned: 3,
            handler_deadline: Some(Duration::from_secs(900)),
            heap: None,
            calls_per_second: Some(10_000),
            lines_per_second: 100,
        }
    }
}
