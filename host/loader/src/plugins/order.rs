//! Dependency order of plugins.

use std::{collections::BTreeMap, path::PathBuf};

use host_base::PluginName;
use plugin_api::manifest::Manifest;

use super::Plugins;
use crate::file;

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

    /// All that is loaded, dependencies before those that need them, and optional ones as far as that goes.
    pub(super) fn in_order(&self) -> Vec<PluginName> {
        in_order(&self.manifests())
    }

    /// The files of those that a plugin does without and that are still to be loaded, in its own order.
    pub(super) fn optional_before(&self, manifest: &Manifest) -> Vec<PathBuf> {
        let mut set = self.set();
        let names = manifest.optional_dependencies.iter();
        names
            .filter_map(|name| {
                let is_it = |file: &PathBuf| file::plugin_name(file).is_some_and(|it| it.is(name));
                set.take_from_load(is_it)
            })
            .collect()
    }
}

fn in_order(manifests: &BTreeMap<PluginName, Manifest>) -> Vec<PluginName> {
    let mut order: Vec<PluginName> = Vec::new();
    while order.len() < manifests.len() {
        let left = || manifests.iter().filter(|(name, _)| !order.contains(name));
        let is_there = |needed: &String| {
            let needed = PluginName::new(needed);
            order.contains(&needed) || !manifests.contains_key(&needed)
        };
        let needs = |manifest: &Manifest| manifest.dependencies.iter().all(|it| is_there(&it.name));
        let wishes = |manifest: &Manifest| manifest.optional_dependencies.iter().all(is_there);
        let next = left()
            .find(|(_, manifest)| needs(manifest) && wishes(manifest))
            .or_else(|| left().find(|(_, manifest)| needs(manifest)))
            // A circle can't be loaded; this only keeps a bug from being a hang.
            .or_else(|| left().next());
        let Some((name, _)) = next else { break };
        order.push(name.clone());
    }
    order
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(plugins: &[(&str, &[&str], &[&str])], expect: &[&str]) {
        let manifest = |(name, needs, wishes): &(&str, &[&str], &[&str])| {
            let needs: Vec<_> = needs.iter().map(|name| json!({"name": name})).collect();
            let json =
                json!({"name": name, "dependencies": needs, "optional_dependencies": wishes});
            (PluginName::new(name), serde_json::from_value(json).unwrap())
        };
        let order = in_order(&plugins.iter().map(manifest).collect());
        let order: Vec<&str> = order.iter().map(|name| &**name).collect();
        assert_eq!(order, expect, "{plugins:?}");
    }

    #[test]
    fn dependencies_come_first_and_optional_ones_where_they_can() {
        check(&[("a", &["b"], &[]), ("b", &[], &[])], &["b", "a"]);
        check(&[("a", &[], &["b"]), ("b", &[], &[])], &["b", "a"]);
        check(&[("a", &[], &["absent"])], &["a"]);
        // Two that wish for each other are no circle, and what is needed goes before what is wished for.
        check(&[("a", &[], &["b"]), ("b", &[], &["a"])], &["a", "b"]);
        check(&[("a", &[], &["b"]), ("b", &["a"], &[])], &["a", "b"]);
        check(&[("a", &["b"], &[]), ("b", &["a"], &[])], &["a", "b"]);
    }
}
