//! Dependency order of plugins.

use std::collections::BTreeMap;

use host_base::PluginName;
use plugin_api::manifest::Manifest;

use super::Plugins;

/// Those that need `name` themselves, and not by way of others.
pub(super) fn that_need(
    manifests: &BTreeMap<PluginName, Manifest>,
    name: &PluginName,
) -> Vec<PluginName> {
    let needs = |manifest: &Manifest| {
        let mut needs = manifest.dependencies.iter();
        needs.any(|it| name.is(&it.name))
    };
    manifests
        .iter()
        .filter(|(other, manifest)| *other != name && needs(manifest))
        .map(|(other, _)| other.clone())
        .collect()
}

impl Plugins {
    /// Those that need `name`, nearest first.
    pub(super) fn dependents(&self, name: &PluginName) -> Vec<PluginName> {
        self.dependents_among(name, &self.manifests())
    }

    /// The same among these.
    #[must_use]
    pub fn dependents_among(
        &self,
        name: &PluginName,
        manifests: &BTreeMap<PluginName, Manifest>,
    ) -> Vec<PluginName> {
        let mut found = vec![name.clone()];
        let mut at = 0;
        while at < found.len() {
            for (other, manifest) in manifests {
                let needs = manifest
                    .dependencies
                    .iter()
                    .any(|dependency| found[at].is(&dependency.name));
                if needs && !found.contains(other) {
                    found.push(other.clone());
                }
            }
            at += 1;
        }
        found.remove(0);
        found
    }

    /// All that is loaded, dependencies before those that need them.
    pub(super) fn in_order(&self) -> Vec<PluginName> {
        let manifests = self.manifests();
        let mut order: Vec<PluginName> = Vec::new();
        while order.len() < manifests.len() {
            let before = order.len();
            for (name, manifest) in &manifests {
                let ready = manifest.dependencies.iter().all(|dependency| {
                    let needed = PluginName::new(&dependency.name);
                    order.contains(&needed) || !manifests.contains_key(&needed)
                });
                if ready && !order.contains(name) {
                    order.push(name.clone());
                }
            }
            if order.len() == before {
                // A circle can't be loaded; this only keeps a bug from being a hang.
                order.extend(
                    manifests
                        .keys()
                        .filter(|name| !order.contains(name))
                        .cloned()
                        .collect::<Vec<_>>(),
                );
            }
        }
        order
    }
}
