//! All plugins with what they declare, as one look at the host gives them.

use std::collections::BTreeMap;

use plugin_api::{
    abi::{PluginState, PluginView, PluginsCall},
    manifest::Manifest,
    prelude::*,
};

/// Plugins that one host call gives.
const PAGE: u32 = 100;

/// A plugin: how it fares, and what it declares (nothing, where it does not serve).
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) view: PluginView,
    pub(crate) manifest: Manifest,
}

impl Entry {
    fn read(mut view: PluginView) -> Result<Self> {
        let manifest = view.manifest.take();
        let mut manifest: Manifest = match manifest {
            Some(manifest) => serde_json::from_value(manifest)?,
            None => Manifest::default(),
        };
        // As the host knows them.
        let wanted = [&mut manifest.dependencies, &mut manifest.conflict_versions];
        for dependency in wanted.into_iter().flatten() {
            dependency.name = plugin_name(&dependency.name);
        }
        for provided in &mut manifest.provides {
            provided.name = plugin_name(&provided.name);
        }
        for name in [&mut manifest.conflicts, &mut manifest.optional_dependencies]
            .into_iter()
            .flatten()
        {
            *name = plugin_name(name);
        }
        Ok(Self { view, manifest })
    }

    pub(crate) fn serves(&self) -> bool {
        self.view.state == PluginState::Serving
    }
}

/// All of them, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry {
    pub(crate) plugins: BTreeMap<String, Entry>,
    pub(crate) enforces_dependencies: bool,
    pub(crate) enforces_conflicts: bool,
}

impl Registry {
    pub(crate) async fn read(host: &Host) -> Result<Self> {
        let mut registry = Self::default();
        let mut call = PluginsCall {
            manifests: true,
            limit: Some(PAGE),
            ..PluginsCall::default()
        };
        loop {
            let page = host.plugins().page(&call).await?;
            registry.enforces_dependencies = page.enforces_dependencies;
            registry.enforces_conflicts = page.enforces_conflicts;
            for view in page.plugins {
                registry
                    .plugins
                    .insert(view.name.clone(), Entry::read(view)?);
            }
            match page.next {
                Some(next) => call.after = Some(next),
                None => return Ok(registry),
            }
        }
    }

    /// The one that somebody has written so.
    pub(crate) fn find(&self, written: &str) -> Option<&Entry> {
        self.plugins.get(&plugin_name(written))
    }

    /// All that serve and answer to a name, the plugin of that name first; each with the version that it is there in.
    pub(crate) fn offering<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a Entry, &'a str)> {
        let own = self.serving(name);
        let own = own.map(|entry| (entry, &*entry.view.version));
        let others = self.plugins.values().filter(|it| it.serves());
        let others = others.filter(move |it| it.view.name != name);
        let provided = others.filter_map(move |entry| {
            let mut provided = entry.manifest.provides.iter();
            let found = provided.find(|it| it.name == name)?;
            Some((entry, found.version.as_deref().unwrap_or_default()))
        });
        own.into_iter().chain(provided)
    }

    /// One that serves.
    pub(crate) fn serving(&self, name: &str) -> Option<&Entry> {
        self.plugins.get(name).filter(|it| it.serves())
    }
}

/// A plugin's name as the host writes it: files and packages have dashes and blanks where it has underscores.
pub(crate) fn plugin_name(written: &str) -> String {
    let is_other = |it: char| it == '-' || it.is_whitespace();
    written.trim().replace(is_other, "_")
}
