//! Owner command for the files of plugins: reads, writes, failures, locks.

use host_store::files::{FileFigures, Health};
use serde_json::Value;

use super::{Owner, embeds};

impl Owner {
    pub(super) fn files(&self) -> Value {
        let mut most = self.services.storage.disk().all();
        most.sort_by_key(|(_, kept)| std::cmp::Reverse(kept.files));
        let most: Vec<String> = most
            .into_iter()
            .filter(|(_, kept)| kept.files > 0)
            .take(MOST)
            .map(|(plugin, kept)| format!("`{plugin}`: {} kB", kept.files / 1000))
            .collect();
        shown(&self.services.files.figures(), &most)
    }
}

/// Plugins that are shown: those with most on the disk.
const MOST: usize = 5;

fn shown(it: &FileFigures, most: &[String]) -> Value {
    let (colour, state) = match it.health {
        Health::Healthy => (embeds::GREEN, "healthy: below 1 % have failed"),
        Health::Degraded => (
            embeds::RED,
            "degraded: from 1 % to 5 % have failed; the log says what",
        ),
        Health::Critical => (
            embeds::RED,
            "critical: more than 5 % have failed; the log says what. Is the disk full, or the folder read-only?",
        ),
    };
    let share = it.cache_hits * 100 / it.reads.max(1);
    let fields = [
        (
            "Reads",
            format!(
                "{}, {share} % of them from memory, {} failed",
                it.reads, it.read_failures
            ),
        ),
        (
            "Writes and removals",
            format!("{}, {} failed", it.writes, it.write_failures),
        ),
        (
            "In memory",
            format!(
                "{}, {} kB",
                embeds::plural(it.cached, "file"),
                it.cached_bytes / 1000
            ),
        ),
        ("Locked at this moment", embeds::plural(it.locks, "file")),
    ];
    let mut fields = fields
        .map(|(name, value)| embeds::field(name, &value))
        .to_vec();
    if !most.is_empty() {
        fields.push(embeds::field(
            "On the disk, since the start",
            &most.join("\n"),
        ));
    }
    embeds::embed("Files of plugins", colour, state, &fields)
}
