//! Selection of the plugins that are loaded, while the others are left out: in safe mode, and while it is looked for whose fault
//! crashes are.

use std::{collections::BTreeSet, path::PathBuf};

use host_base::PluginName;

use super::Plugins;
use crate::LoadError;

/// The plugins that may be loaded, and why no others.
#[derive(Debug)]
pub(super) struct Selection {
    plugins: BTreeSet<PluginName>,
    why: String,
}

impl Plugins {
    /// From here on loads these plugins and no others. To be called before any is loaded.
    pub fn load_only(&self, plugins: Vec<PluginName>, why: &str) {
        self.set().selection = Some(Selection {
            plugins: plugins.into_iter().collect(),
            why: why.to_owned(),
        });
    }

    /// Loads these as well.
    pub async fn load_also(&self, plugins: Vec<PluginName>) {
        self.select(&plugins);
        self.load_left_out().await;
    }

    /// Leaves none out any more, and loads those that were.
    pub async fn load_what_was_left_out(&self) {
        self.set().selection = None;
        self.load_left_out().await;
    }

    /// Takes these into the selection, if there is one.
    pub(super) fn select(&self, plugins: &[PluginName]) {
        if let Some(selection) = &mut self.set().selection {
            selection.plugins.extend(plugins.iter().cloned());
        }
    }

    /// Whether a plugin may be loaded.
    pub(super) fn check_selection(&self, name: &PluginName) -> Result<(), LoadError> {
        match &self.set().selection {
            Some(selection) if !selection.plugins.contains(name) => Err(LoadError::LeftOut {
                name: name.clone(),
                why: selection.why.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Tries the files again that were left out.
    async fn load_left_out(&self) {
        let files: Vec<PathBuf> = {
            let set = self.set();
            let left_out = set.failed.values().filter(|it| it.left_out);
            left_out.map(|it| it.file.clone()).collect()
        };
        self.load_all(files).await;
    }
}
