//! Owner command for one plugin's costs and health.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use host_base::shown;
use host_loader::{Calls, Generation, PluginFigures};
use serde_json::Value;

use super::{Owner, embeds};

/// Handlers and host calls that are shown: those that took most time.
const SHOWN: usize = 8;

impl Owner {
    pub(super) async fn plugin(&self, line: &str) -> Value {
        if line.is_empty() {
            return embeds::usage(
                "cogwright plugin NAME",
                "Shows what a plugin uses: processor time, memory, waits, handlers and host calls.",
            );
        }
        let loaded = self.plugins.generations();
        let found = loaded.iter().find(|(name, _)| name.is(line));
        let figures = found
            .and_then(|(_, generation)| self.services.figures.plugins.plugin(&generation.plugin));
        let (Some((name, generation)), Some(figures)) = (found, figures) else {
            let why = match self.plugins.loaded_name(line).await {
                Err(error) => error.to_string(),
                Ok(_) => "it has only just come; ask again".to_owned(),
            };
            return embeds::failed("Not shown", line, &why);
        };
        fares(
            name,
            &format!("{}\n{}", summary(generation, &figures), self.kept(name)),
            &handlers(&figures),
            &calls(&figures),
        )
    }
}

impl Owner {
    /// What it keeps on the disk.
    fn kept(&self, plugin: &str) -> String {
        let disk = self.services.storage.disk();
        let kept = disk.of(plugin);
        let mb = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
        format!(
            "{} in databases, {} in files, of {} (`storage.max_plugin_bytes`)",
            mb(kept.tables),
            mb(kept.files),
            mb(disk.limit()),
        )
    }
}

fn summary(generation: &Generation, figures: &PluginFigures) -> String {
    let heap = generation.heap().map_or_else(
        || "unknown".to_owned(),
        |bytes| format!("{:.1} kB", bytes as f64 / 1000.0),
    );
    let (waited, wait) = figures.waited.total();
    format!(
        "version {} · generation {} · {} reloads · up {} min\n\
         {:.3} s of processor · {heap} of memory\n\
         {} waiting · {waited} served after {} each · {} dropped\n\
         {} failed · {} panics",
        generation.manifest.version,
        generation.number,
        figures.begun().saturating_sub(1),
        generation.since.elapsed().as_secs() / 60,
        figures.cpu().as_secs_f64(),
        generation.load().depth,
        mean(waited, wait),
        figures.dropped.load(Relaxed),
        figures.failed.load(Relaxed),
        figures.panics.load(Relaxed),
    )
}

fn handlers(figures: &PluginFigures) -> Vec<String> {
    let mut rows = Vec::new();
    figures.each_handled(|kind, name, timing| {
        rows.push((format!("{kind} `{}`", shown::word(name)), timing.total()));
    });
    lines(rows)
}

fn calls(figures: &PluginFigures) -> Vec<String> {
    let calls = figures.all_calls().into_iter();
    let row = |(name, calls): (String, Arc<Calls>)| {
        let failed = match calls.failed.load(Relaxed) {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        (
            format!("`{}`{failed}", shown::word(&name)),
            calls.took.total(),
        )
    };
    lines(calls.map(row).collect())
}

/// What took most time first.
fn lines(mut rows: Vec<(String, (u64, Duration))>) -> Vec<String> {
    rows.sort_by_key(|(_, (_, sum))| std::cmp::Reverse(*sum));
    let line = |(what, (count, sum)): (String, (u64, Duration))| {
        format!("{what}: {count} times, {} each", mean(count, sum))
    };
    rows.into_iter().take(SHOWN).map(line).collect()
}

fn mean(count: u64, sum: Duration) -> String {
    let mean = sum.as_secs_f64() / count.max(1) as f64;
    format!("{:.2} ms", mean * 1000.0)
}

fn fares(name: &str, summary: &str, handlers: &[String], calls: &[String]) -> Value {
    let lists = [("Handlers", handlers), ("Host calls", calls)];
    let fields: Vec<Value> = lists
        .iter()
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(title, lines)| embeds::field(title, &lines.join("\n")))
        .collect();
    embeds::embed(name, embeds::BLUE, summary, &fields)
}
