//! Crash note: what is told of a crash beside the plugin whose fault it was.

use std::{path::PathBuf, time::SystemTime};

use crate::{ago::ago, quarantine::Limit};

/// A crash of the bot, or of a cell, that was a plugin's fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrashNote {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Whether it was its cell's.
    pub in_cell: bool,
    /// In what: "SIGSEGV in command `brew`".
    pub what: String,
    /// The report's file.
    pub report: PathBuf,
}

impl CrashNote {
    /// Such as "crashed the bot 2 min ago: SIGSEGV in command `brew`; report data/crashes/….txt".
    #[must_use]
    pub fn in_words(&self, now: SystemTime) -> String {
        let what = if self.in_cell { "its cell" } else { "the bot" };
        format!(
            "crashed {what} {}: {}; report {}",
            ago(self.at_ms, now),
            self.what,
            self.report.display()
        )
    }
}

/// What is told of a cell's crash.
#[derive(Debug, Clone)]
pub struct CellCrash {
    /// When, in what, and where its report lies.
    pub note: CrashNote,
    /// The SHA-256 of the file that this counts against, and how many of those are too many; where it does.
    pub strikes: Option<(String, Limit)>,
}
