//! Figures of the file service: what it has done since the host's start, and how it fares.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use plugin_api::abi::{FileStats, KeptView};
use serde::Serialize;

use super::{Files, lock};

/// Plugins of which it is told what they keep.
const KEEPERS: usize = 100;

/// Health of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Below 1 % of the operations have failed.
    Healthy,
    /// Up to 5 %.
    Degraded,
    /// More.
    Critical,
}

impl Health {
    /// It in a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Critical => "critical",
        }
    }

    pub(super) fn of(operations: u64, failed: u64) -> Self {
        match failed * 100 {
            failed if failed < operations.max(1) => Self::Healthy,
            failed if failed <= operations * 5 => Self::Degraded,
            _ => Self::Critical,
        }
    }
}

/// Counts since the host's start.
#[derive(Debug, Clone, Serialize)]
pub struct FileFigures {
    /// Reads that were asked for.
    pub reads: u64,
    /// Of those, the ones that the cache served.
    pub cache_hits: u64,
    /// Writes and removals.
    pub writes: u64,
    /// Reads that failed. A file that is not there is no failure, a path that is refused is none of ours.
    pub read_failures: u64,
    /// Writes and removals that failed.
    pub write_failures: u64,
    /// Files that are being changed right now.
    pub locks: usize,
    /// Files in the cache.
    pub cached: usize,
    /// Their bytes.
    pub cached_bytes: usize,
    /// How they fare.
    pub health: Health,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) reads: AtomicU64,
    pub(super) hits: AtomicU64,
    pub(super) writes: AtomicU64,
    pub(super) read_failures: AtomicU64,
    pub(super) write_failures: AtomicU64,
}

impl Files {
    /// Counts and health.
    #[must_use]
    pub fn figures(&self) -> FileFigures {
        let read = |count: &AtomicU64| count.load(Relaxed);
        let (cached, cached_bytes) = lock(&self.cache).size();
        let counts = &self.counts;
        let done = read(&counts.reads) + read(&counts.writes);
        let failed = read(&counts.read_failures) + read(&counts.write_failures);
        FileFigures {
            reads: read(&counts.reads),
            cache_hits: read(&counts.hits),
            writes: read(&counts.writes),
            read_failures: read(&counts.read_failures),
            write_failures: read(&counts.write_failures),
            locks: lock(&self.locks).len(),
            cached,
            cached_bytes,
            health: Health::of(done, failed),
        }
    }

    /// The same as it crosses, with what each plugin keeps.
    pub(super) fn stats(&self) -> FileStats {
        let it = self.figures();
        let mut stats = FileStats::default();
        (stats.reads, stats.cache_hits, stats.writes) = (it.reads, it.cache_hits, it.writes);
        (stats.read_failures, stats.write_failures) = (it.read_failures, it.write_failures);
        stats.locks = it.locks as u64;
        (stats.cached, stats.cached_bytes) = (it.cached as u64, it.cached_bytes as u64);
        stats.health = it.health.word().to_owned();
        stats.slowest_write_us = self.disk.file_writes.slowest_us();
        stats.slowest_commit_us = self.disk.commits.slowest_us();
        stats.limit = self.disk.limit();
        let mut all = self.disk.all();
        all.sort_by_key(|(_, kept)| std::cmp::Reverse(kept.all()));
        stats.plugins = all
            .into_iter()
            .take(KEEPERS)
            .map(|(plugin, kept)| {
                let mut view = KeptView::default();
                (view.plugin, view.tables, view.files) = (plugin, kept.tables, kept.files);
                view
            })
            .collect();
        stats
    }
}
