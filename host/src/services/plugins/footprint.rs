//! View of a plugin's footprint as it crosses.

use std::time::{Duration, UNIX_EPOCH};

use host_base::PluginName;
use host_loader::{
    Figures,
    footprint::{Sample, Unloaded},
};
use plugin_api::abi::{FootprintSample, PluginFootprint, RemainsView};

/// Samples that cross: a quarter of an hour each, when there is a day of them.
const SAMPLES: usize = 96;

/// What is known of a plugin.
pub(super) fn view(figures: &Figures, name: &PluginName) -> PluginFootprint {
    let known = figures.footprints.of(name, SAMPLES);
    let mut view = PluginFootprint::default();
    let mut cpu = known.cpu_before;
    if let Some(now) = figures.plugin(name) {
        cpu += now.cpu();
        view.threads = now.threads().try_into().unwrap_or(u32::MAX);
    }
    view.heap_peak_bytes = known.heap_peak_bytes;
    view.cpu_us = us(cpu);
    view.unloads = known.remains.unloads;
    view.tidied = known.remains.tidied;
    view.pinned = known.remains.pinned;
    view.pinned_bytes = known.remains.pinned_bytes;
    view.stays = known.stays;
    view.remains = known.remains.last.iter().map(remains).collect();
    view.history = known.samples.iter().map(sample).collect();
    view
}

fn remains(unloaded: &Unloaded) -> RemainsView {
    let mut view = RemainsView::default();
    view.generation = unloaded.generation;
    let at = unloaded.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    view.at_ms = at.as_millis().try_into().unwrap_or(u64::MAX);
    view.returned_bytes = unloaded.returned_bytes;
    view.pinned_bytes = unloaded.pinned_bytes;
    view.stayed.clone_from(&unloaded.stayed);
    view
}

fn sample(sample: &Sample) -> FootprintSample {
    let mut view = FootprintSample::default();
    view.at_ms = sample.at_ms;
    view.heap_bytes = sample.heap_bytes;
    view.heap_peak_bytes = sample.heap_peak_bytes;
    view.cpu_us = us(sample.cpu);
    view.threads = sample.threads;
    view
}

fn us(time: Duration) -> u64 {
    time.as_micros().try_into().unwrap_or(u64::MAX)
}
