//! Views of plugins as they cross: what each is, and what it uses.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use host_base::PluginName;
use host_capability::Failure;
use host_commands::router::count;
use host_loader::{
    Calls, CanaryStatus, Generation, InUse, LoadReport, PluginFigures, Plugins, Serving, Status,
    cell::Cell,
};
use plugin_api::abi::{
    CanaryView, CellView, CountView, LoadView, PluginState, PluginUsage, PluginView, PluginsCall,
    PluginsReply, PowerView,
};
use serde_json::Value;

use super::{footprint, told};
use crate::services::Services;

/// Plugins that a page has, where nothing is said.
const PAGE: usize = 100;
/// Most of them.
const MOST: usize = 500;

/// A page of all plugins; with a name that one alone.
pub(super) fn list(services: &Services, set: &Plugins, call: &PluginsCall) -> PluginsReply {
    let all = set.status();
    let in_use = set.in_use();
    let limit = call
        .limit
        .map_or(PAGE, |limit| limit as usize)
        .clamp(1, MOST);
    let is_wanted = |status: &&Status| {
        let after = call.after.as_ref();
        let named = call.name.is_empty() || status.plugin.is(&call.name);
        named && after.is_none_or(|after| status.plugin > PluginName::new(after))
    };
    let mut wanted = all.iter().filter(is_wanted);
    let page: Vec<&Status> = wanted.by_ref().take(limit).collect();
    let mut reply = PluginsReply::default();
    reply.total = all.len() as u64;
    let is_more = wanted.next().is_some();
    reply.next = page
        .last()
        .filter(|_| is_more)
        .map(|last| last.plugin.to_string());
    reply.abandoned = set.abandoned();
    let extensions = &services.authority.config().extensions;
    reply.enforces_dependencies = extensions.enforce_dependencies;
    reply.enforces_conflicts = extensions.enforce_conflicts;
    reply.plugins = page
        .into_iter()
        .map(|status| view(services, set, status, &in_use, call.manifests))
        .collect();
    reply
}

fn view(
    services: &Services,
    set: &Plugins,
    status: &Status,
    in_use: &InUse,
    with_manifest: bool,
) -> PluginView {
    let mut view = PluginView::default();
    view.name = status.plugin.to_string();
    view.file = status
        .file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    view.error.clone_from(&status.error);
    if let Some(note) = &status.unloaded {
        view.unloaded = true;
        view.error = Some(note.in_words(SystemTime::now()));
    }
    view.quarantined = status.quarantined;
    let crashed = status.crashed.as_ref();
    view.crashed = crashed.map(|it| it.in_words(SystemTime::now()));
    if let Some(serving) = &status.serving {
        view.state = PluginState::Serving;
        serves(services, set, &mut view, &status.plugin, serving, in_use);
        view.manifest =
            with_manifest.then(|| serde_json::to_value(&serving.manifest).unwrap_or_default());
    }
    view
}

fn serves(
    services: &Services,
    set: &Plugins,
    view: &mut PluginView,
    name: &PluginName,
    serving: &Serving,
    in_use: &InUse,
) {
    let manifest = &serving.manifest;
    view.version.clone_from(&serving.version);
    view.description.clone_from(&manifest.description);
    view.generation = serving.generation;
    view.since_ms = ms(serving.since);
    view.load_us = us(serving.load_time);
    view.commands = count(&manifest.commands).try_into().unwrap_or(u32::MAX);
    view.needs = manifest
        .dependencies
        .iter()
        .map(|it| it.name.clone())
        .collect();
    let providers = in_use.get(name).into_iter().flatten();
    view.providers = providers
        .map(|(need, by)| (need.to_string(), by.to_string()))
        .collect();
    let needed_by = set.dependents_among(name, in_use);
    view.needed_by = needed_by.iter().map(ToString::to_string).collect();
    view.powers = powers(services, name, &manifest.powers);
    view.waiting = serving.load.depth as u64;
    view.dropped = serving.load.dropped_events;
    view.panics = serving.load.panics;
    view.authors.clone_from(&manifest.authors);
    view.canary = serving.canary.as_ref().map(canary_view);
    view.cell = serving.cell.as_deref().map(cell_view);
}

pub(super) fn canary_view(status: &CanaryStatus) -> CanaryView {
    let mut view = CanaryView::default();
    view.version.clone_from(&status.version);
    view.generation = status.generation;
    view.sha256.clone_from(&status.sha256);
    view.since_ms = ms(status.since);
    view.guilds.clone_from(&status.guilds);
    view.handled = status.tally.handled;
    view.failed = status.tally.failed;
    view
}

fn cell_view(cell: &Cell) -> CellView {
    let mut view = CellView::default();
    view.pid = cell.pid();
    view.memory_bytes = cell.memory();
    view.processor_percent = cell.limits().processor_percent;
    view.closed_in = cell.sandbox().is_some();
    view.lacks = cell.sandbox().unwrap_or_default().to_vec();
    if let Some(why) = cell.unlimited() {
        view.lacks
            .push(format!("its processor time is not limited: {why}"));
    }
    view
}

/// Powers that are declared, and whether they are granted.
pub(super) fn powers(services: &Services, plugin: &PluginName, words: &[String]) -> Vec<PowerView> {
    let config = services.authority.config();
    let granted = config
        .grants
        .get(plugin)
        .map_or(&[][..], |grants| &grants.powers);
    let view = |word: &String| {
        let mut view = PowerView::default();
        view.power.clone_from(word);
        view.granted = granted.iter().any(|power| power.word() == *word);
        view
    };
    words.iter().map(view).collect()
}

/// What a plugin uses.
pub(super) async fn usage(
    services: &Services,
    set: &Plugins,
    name: &str,
) -> Result<PluginUsage, Failure> {
    let loaded = set.generations();
    let found = loaded.iter().find(|(known, _)| known.is(name));
    let Some((name, generation)) = found else {
        let why = match set.loaded_name(name).await {
            Err(error) => error.to_string(),
            Ok(_) => "it has only just come; ask again".to_owned(),
        };
        return Err(told(why));
    };
    let mut usage = PluginUsage::default();
    usage.name = name.to_string();
    usage.version.clone_from(&generation.manifest.version);
    usage.generation = generation.number;
    usage.up_ms = generation
        .since
        .elapsed()
        .as_millis()
        .try_into()
        .unwrap_or(u64::MAX);
    usage.heap_bytes = generation.heap();
    usage.waiting = generation.load().depth as u64;
    let disk = services.storage.disk();
    let kept = disk.of(name);
    (usage.tables_bytes, usage.files_bytes) = (kept.tables, kept.files);
    usage.limit_bytes = disk.limit();
    if let Some(figures) = services.figures.plugins.plugin(name) {
        counted(&mut usage, &figures);
    }
    usage.footprint = footprint::view(&services.figures.plugins, name);
    Ok(usage)
}

fn counted(usage: &mut PluginUsage, figures: &PluginFigures) {
    let (served, waited) = figures.waited.total();
    usage.reloads = figures.begun().saturating_sub(1);
    usage.cpu_us = us(figures.cpu());
    (usage.served, usage.waited_us) = (served, us(waited));
    usage.dropped = figures.dropped.load(Relaxed);
    usage.failed = figures.failed.load(Relaxed);
    usage.panics = figures.panics.load(Relaxed);
    figures.each_handled(|kind, name, timing| {
        usage
            .handlers
            .push(count_view(kind, name, timing.total(), 0));
    });
    let call = |(name, calls): (String, Arc<Calls>)| {
        count_view(
            "call",
            &name,
            calls.took.total(),
            calls.failed.load(Relaxed),
        )
    };
    usage.calls = figures.all_calls().into_iter().map(call).collect();
    for rows in [&mut usage.handlers, &mut usage.calls] {
        rows.sort_by_key(|row| std::cmp::Reverse(row.took_us));
    }
}

fn count_view(kind: &str, name: &str, (count, took): (u64, Duration), failed: u64) -> CountView {
    let mut view = CountView::default();
    (view.kind, view.name) = (kind.to_owned(), name.to_owned());
    (view.count, view.failed, view.took_us) = (count, failed, us(took));
    view
}

pub(super) fn us(took: Duration) -> u64 {
    took.as_micros().try_into().unwrap_or(u64::MAX)
}

pub(super) fn ms(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis().try_into().unwrap_or(u64::MAX)
}

/// Names, versions and generations of what serves.
pub(super) fn versions(set: &Plugins) -> Value {
    let of = |(name, generation): (PluginName, Arc<Generation>)| {
        let version = format!("{}#{}", generation.manifest.version, generation.number);
        (name.to_string(), Value::from(version))
    };
    Value::Object(set.generations().into_iter().map(of).collect())
}

pub(super) fn load_view(report: &LoadReport) -> LoadView {
    let mut view = LoadView::default();
    view.name = report.plugin.to_string();
    view.version.clone_from(&report.version);
    view.generation = report.generation;
    view.took_us = us(report.load_time);
    view.replaced = report.replaced;
    view
}
