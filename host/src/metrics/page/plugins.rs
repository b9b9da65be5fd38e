//! Metrics of each plugin.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use host_base::PluginName;
use host_loader::{Generation, PluginFigures, Plugins};

use super::rows::{NamedLabels, Rows, number, timing};
use crate::services::Services;

/// A plugin that serves.
struct Serving {
    name: PluginName,
    generation: Arc<Generation>,
    figures: Arc<PluginFigures>,
}

impl Serving {
    fn label(&self) -> NamedLabels {
        vec![("plugin", self.name.to_string())]
    }

    fn labels(&self, key: &'static str, value: &str) -> NamedLabels {
        vec![("plugin", self.name.to_string()), (key, value.to_owned())]
    }
}

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

pub(super) fn write(rows: &mut Rows<'_>, services: &Services, plugins: &Plugins) -> fmt::Result {
    let all: Vec<Serving> = plugins
        .generations()
        .into_iter()
        .filter_map(|(name, generation)| {
            let figures = services.figures.plugins.plugin(&generation.plugin)?;
            Some(Serving {
                name,
                generation,
                figures,
            })
        })
        .collect();
    levels(rows, &all)?;
    counts(rows, &all)?;
    remains(rows, services, &all)?;
    times(rows, &all)
}

/// What stayed after unloads: of plugins that serve, and of those that are gone and still hold something.
fn remains(rows: &mut Rows<'_>, services: &Services, serving: &[Serving]) -> fmt::Result {
    let mut all = services.figures.plugins.footprints.remains();
    all.retain(|(name, of)| of.pinned > 0 || serving.iter().any(|it| it.name == *name));
    let mut unloads = Vec::new();
    let mut pinned = Vec::new();
    for (name, of) in all {
        let clean = of.unloads.saturating_sub(of.tidied + of.pinned);
        for (result, count) in [
            ("clean", clean),
            ("tidied", of.tidied),
            ("pinned", of.pinned),
        ] {
            let labels = vec![("plugin", name.to_string()), ("result", result.to_owned())];
            unloads.push((labels, number(count)));
        }
        pinned.push((vec![("plugin", name.to_string())], number(of.pinned_bytes)));
    }
    rows.counter(
        "cogwright_plugin_unloads",
        "Unloads: those after which nothing stayed, those after which something was given back, and those whose library stays mapped",
        unloads,
    )?;
    rows.gauge(
        "cogwright_plugin_pinned_bytes",
        "Memory that ended generations of the plugin hold until the bot is restarted",
        pinned,
    )
}

fn levels(rows: &mut Rows<'_>, all: &[Serving]) -> fmt::Result {
    let info = all.iter().map(|plugin| {
        let version = &plugin.generation.manifest.version;
        (plugin.labels("version", version), 1.0)
    });
    rows.gauge(
        "cogwright_plugin_info",
        "Which version of the plugin serves",
        info.collect(),
    )?;
    let mut each = |name: &str, help: &str, of: fn(&Serving) -> Option<f64>| {
        let values = all
            .iter()
            .filter_map(|plugin| Some((plugin.label(), of(plugin)?)));
        rows.gauge(name, help, values.collect())
    };
    each(
        "cogwright_plugin_generation",
        "Which load of the plugin serves",
        |plugin| Some(number(plugin.generation.number)),
    )?;
    each(
        "cogwright_plugin_uptime_seconds",
        "How long its generation has been there",
        |plugin| Some(plugin.generation.since.elapsed().as_secs_f64()),
    )?;
    each(
        "cogwright_plugin_heap_bytes",
        "Memory that the plugin holds",
        |plugin| plugin.generation.heap().map(number),
    )?;
    each(
        "cogwright_plugin_threads",
        "Threads that run on the plugin's behalf",
        |plugin| Some(number(plugin.figures.threads() as u64)),
    )?;
    each(
        "cogwright_plugin_mailbox_depth",
        "What waits for the plugin",
        |plugin| Some(number(plugin.generation.load().depth as u64)),
    )
}

fn counts(rows: &mut Rows<'_>, all: &[Serving]) -> fmt::Result {
    let mut each = |name: &str, help: &str, of: fn(&Serving) -> f64| {
        let values = all.iter().map(|plugin| (plugin.label(), of(plugin)));
        rows.counter(name, help, values.collect())
    };
    each(
        "cogwright_plugin_cpu_seconds",
        "Processor time of the plugin's thread and of those that it has started",
        |plugin| plugin.figures.cpu().as_secs_f64(),
    )?;
    each(
        "cogwright_plugin_reloads",
        "Generations beyond the first",
        |plugin| number(plugin.figures.begun().saturating_sub(1)),
    )?;
    each("cogwright_plugin_panics", "Panics", |plugin| {
        number(plugin.figures.panics.load(Relaxed))
    })?;
    each(
        "cogwright_plugin_dropped_events",
        "Events that were dropped because the plugin was too far behind",
        |plugin| number(plugin.figures.dropped.load(Relaxed)),
    )?;
    let mut failures = Vec::new();
    let mut lines = Vec::new();
    let mut calls = Vec::new();
    for plugin in all {
        let figures = &plugin.figures;
        let panicked = figures.panicked.load(Relaxed);
        let cancelled = figures.cancelled.load(Relaxed);
        let late = figures.late.load(Relaxed);
        let failed = figures.failed.load(Relaxed);
        for (result, count) in [
            ("failed", failed.saturating_sub(panicked + cancelled + late)),
            ("panicked", panicked),
            ("cancelled", cancelled),
            ("late", late),
        ] {
            failures.push((plugin.labels("result", result), number(count)));
        }
        for (level, count) in LEVELS.iter().zip(&figures.lines) {
            lines.push((plugin.labels("level", level), number(count.load(Relaxed))));
        }
        for (call, of) in figures.all_calls() {
            let (count, _) = of.took.total();
            let failed = of.failed.load(Relaxed);
            for (result, count) in [("ok", count.saturating_sub(failed)), ("failed", failed)] {
                let mut labels = plugin.labels("call", &call);
                labels.push(("result", result.to_owned()));
                calls.push((labels, number(count)));
            }
        }
    }
    rows.counter(
        "cogwright_plugin_handler_failures",
        "Commands, components and entries that ended badly",
        failures,
    )?;
    rows.counter(
        "cogwright_plugin_log_lines",
        "Lines that the plugin logged",
        lines,
    )?;
    rows.counter(
        "cogwright_plugin_host_calls",
        "What the plugin asked of the host",
        calls,
    )
}

fn times(rows: &mut Rows<'_>, all: &[Serving]) -> fmt::Result {
    let waited = all
        .iter()
        .filter_map(|plugin| timing(plugin.label(), &plugin.figures.waited));
    rows.histogram(
        "cogwright_plugin_mailbox_wait_seconds",
        "From being queued to being taken by the plugin",
        waited.collect(),
    )?;
    let mut handled = Vec::new();
    let mut called = Vec::new();
    for plugin in all {
        plugin.figures.each_handled(|kind, name, of| {
            let mut labels = plugin.labels("kind", kind);
            labels.push(("name", name.to_owned()));
            handled.extend(timing(labels, of));
        });
        for (call, of) in plugin.figures.all_calls() {
            called.extend(timing(plugin.labels("call", &call), &of.took));
        }
    }
    rows.histogram(
        "cogwright_plugin_handler_duration_seconds",
        "From being taken by the plugin to being given back",
        handled,
    )?;
    rows.histogram(
        "cogwright_plugin_host_call_duration_seconds",
        "How long the host took to answer",
        called,
    )
}
