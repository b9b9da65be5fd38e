//! Metrics of each plugin, through all its generations.

mod plugin;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use host_base::PluginName;

pub use plugin::{Calls, Handled, PluginFigures};

use crate::footprint::Footprints;

/// Kinds of events that are told apart; what has a higher number counts as unknown.
pub const KINDS: usize = 128;

/// What is counted of plugins, by name. A plugin's figures are there until its last generation has ended.
#[derive(Debug, Default)]
pub struct Figures {
    plugins: Mutex<BTreeMap<PluginName, Arc<PluginFigures>>>,
    /// What plugins take of the process and leave in it, which is kept when they are gone.
    pub footprints: Footprints,
}

impl Figures {
    /// A generation of a plugin begins: the plugin's figures.
    #[must_use]
    pub fn generation_begins(&self, plugin: &PluginName) -> Arc<PluginFigures> {
        let mut plugins = self.plugins();
        let figures = plugins.entry(plugin.clone()).or_default();
        figures.begin();
        Arc::clone(figures)
    }

    /// A generation is over.
    pub fn generation_ends(&self, plugin: &PluginName) {
        let mut plugins = self.plugins();
        let Some(figures) = plugins.get(plugin).filter(|figures| figures.end()) else {
            return;
        };
        self.footprints.figures_end(plugin, figures.cpu());
        plugins.remove(plugin);
    }

    /// How many plugins have figures.
    #[must_use]
    pub fn plugin_count(&self) -> usize {
        self.plugins().len()
    }

    /// How many generations have begun and are not over.
    #[must_use]
    pub fn generations_alive(&self) -> usize {
        self.plugins().values().map(|figures| figures.alive()).sum()
    }

    /// A plugin's figures.
    #[must_use]
    pub fn plugin(&self, plugin: &PluginName) -> Option<Arc<PluginFigures>> {
        self.plugins().get(plugin).map(Arc::clone)
    }

    fn plugins(&self) -> MutexGuard<'_, BTreeMap<PluginName, Arc<PluginFigures>>> {
        self.plugins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
