//! Trials of files: what a child process has found of a content, for this process or for one before it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use host_base::PluginName;
use plugin_api::manifest::Manifest;

use super::{PROBED, Plugins};
use crate::{
    file::{self, FileInfo},
    probe::ProbeReport,
};

/// How contents that this process had not seen came to be known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trials {
    /// Contents that a child process was started for.
    pub tried: u64,
    /// Contents that a process before this one had tried.
    pub known: u64,
}

/// The same, as it is counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) tried: AtomicU64,
    known: AtomicU64,
}

impl Plugins {
    /// How contents came to be known since the start.
    #[must_use]
    pub fn trials(&self) -> Trials {
        Trials {
            tried: self.trials.tried.load(Relaxed),
            known: self.trials.known.load(Relaxed),
        }
    }

    /// Forgets what processes before this one have found: one has ended, and it is not known of which file's fault.
    pub fn distrust_earlier_trials(&self) {
        self.known.forget();
    }

    /// What a content declares, where it was tried: by this process, or by one before it and nothing has crashed of it since.
    pub(super) fn declared_by(&self, name: &PluginName, sha256: &[u8; 32]) -> Option<Manifest> {
        if let Some(manifest) = self.set().probed.get(sha256) {
            return Some(manifest.clone());
        }
        if self.quarantine.has_struck(&file::hex(sha256)) {
            return None;
        }
        let report = self.known.of(sha256)?;
        self.trials.known.fetch_add(1, Relaxed);
        self.note_report(name, sha256, &report);
        Some(report.manifest)
    }

    /// Keeps what a content declares, which a child has told, for the next process as well.
    pub(super) fn remember(&self, name: &PluginName, info: &FileInfo, report: &ProbeReport) {
        self.known.enter(&info.sha256, &info.needed, report);
        self.note_report(name, &info.sha256, report);
    }

    fn note_report(&self, name: &PluginName, sha256: &[u8; 32], report: &ProbeReport) {
        if !report.stayed.is_empty() {
            tracing::warn!(
                plugin = name.as_str(),
                "a trial load left something behind: {}",
                report.stayed.join("; ")
            );
        }
        let mut set = self.set();
        if set.probed.len() >= PROBED {
            set.probed.clear();
        }
        set.probed.insert(*sha256, report.manifest.clone());
    }

    /// Writes what is known by now, for the next process. It goes on if nobody waits for it; without it the next process probes anew.
    pub(super) fn keep_trials(&self) -> impl Future<Output = ()> + use<> {
        let known = Arc::clone(&self.known);
        let written = tokio::task::spawn_blocking(move || known.write());
        async move {
            let _ = written.await;
        }
    }
}
