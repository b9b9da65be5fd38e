//! Relations among the plugins of the set: who uses whom, who goes after whom, and what stands in a plugin's way.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use host_base::PluginName;
use plugin_api::manifest::Manifest;

use super::{Plugins, Set};
use crate::{
    Generation, file,
    resolve::{Candidate, Enforced, Providers, Universe},
};

/// The plugins in use, by who uses them and the name that those need.
pub type InUse = BTreeMap<PluginName, Providers>;

/// Those that use `name` themselves, and not by way of others.
pub(super) fn that_use(in_use: &InUse, name: &PluginName) -> Vec<PluginName> {
    let uses = |(other, providers): &(&PluginName, &Providers)| {
        *other != name && providers.values().any(|it| it == name)
    };
    let using = in_use.iter().filter(uses);
    using.map(|(other, _)| other.clone()).collect()
}

/// Those that use `name`, nearest first.
fn dependents_of(in_use: &InUse, name: &PluginName) -> Vec<PluginName> {
    let mut found = vec![name.clone()];
    let mut at = 0;
    while at < found.len() {
        for other in that_use(in_use, &found[at]) {
            if !found.contains(&other) {
                found.push(other);
            }
        }
        at += 1;
    }
    found.remove(0);
    found
}

impl Set {
    /// What serves, and the files that were refused with what stands in their way. Each newcomer stands in its own place;
    /// `without` is not there.
    pub(super) fn universe<'n>(
        &self,
        enforced: Enforced,
        newcomers: impl IntoIterator<Item = Candidate<'n>>,
        without: Option<&PluginName>,
    ) -> Universe {
        let loaded = self
            .loaded
            .iter()
            .filter(|(name, _)| Some(*name) != without);
        let serving: Vec<(&PluginName, Arc<Generation>)> = loaded
            .map(|(name, loaded)| (name, loaded.slot.current()))
            .collect();
        let nothing_known = Manifest::default();
        let refused = self.failed.iter().map(|(file_name, failed)| {
            let manifest = failed.manifest.as_ref();
            let name = manifest.map(|it| PluginName::new(&it.name));
            Candidate {
                refused: (!failed.is_relation).then(|| failed.error.clone()),
                ..Candidate::new(
                    name.unwrap_or_else(|| file_name.clone()),
                    manifest.unwrap_or(&nothing_known),
                )
            }
        });
        let serving = serving
            .iter()
            .map(|(name, generation)| Candidate::serving(*name, &generation.manifest));
        // Of no longer a life than the others.
        let newcomers = newcomers.into_iter().map(|it| Candidate {
            name: it.name,
            manifest: it.manifest,
            serves: it.serves,
            refused: it.refused,
        });
        // Of two of one name the last counts.
        Universe::new(refused.chain(serving).chain(newcomers), enforced)
    }

    /// Which plugins those that serve use.
    pub(super) fn in_use(&self) -> InUse {
        let universe = self.universe(Enforced::ALL, None, None);
        let providers = |name: &PluginName| {
            let providers = universe.providers(name, self.uses.get(name));
            (name.clone(), providers)
        };
        self.loaded.keys().map(providers).collect()
    }
}

impl Plugins {
    pub(super) fn enforced(&self) -> Enforced {
        let options = self.program.options();
        Enforced {
            dependencies: options.enforce_dependencies,
            conflicts: options.enforce_conflicts,
        }
    }

    pub(super) fn universe(&self, newcomer: Option<(&PluginName, &Manifest)>) -> Universe {
        let enforced = self.enforced();
        let newcomer = newcomer.map(|(name, manifest)| Candidate::new(name, manifest));
        self.set().universe(enforced, newcomer, None)
    }

    /// Which plugins those that serve use for what they need, by the name that they need.
    #[must_use]
    pub fn in_use(&self) -> InUse {
        self.set().in_use()
    }

    /// Which plugin is meant by one that asks for a name: the one in use for its need, the plugin of that name, or one that provides it.
    #[must_use]
    pub fn provider(&self, asking: &PluginName, named: &str) -> Option<PluginName> {
        let named = PluginName::new(named);
        let set = self.set();
        let used = set.uses.get(asking).and_then(|uses| uses.get(&named));
        if let Some(used) = used.filter(|used| set.loaded.contains_key(*used)) {
            return Some(used.clone());
        }
        if set.loaded.contains_key(&named) {
            return Some(named);
        }
        let provides = |loaded: &super::Loaded| {
            let generation = loaded.slot.current();
            let mut provided = generation.manifest.provides.iter();
            provided.any(|it| named.is(&it.name))
        };
        let mut loaded = set.loaded.iter();
        let found = loaded.find(|(_, loaded)| provides(loaded));
        found.map(|(name, _)| name.clone())
    }

    /// Those that use `name`, nearest first.
    #[must_use]
    pub fn dependents(&self, name: &PluginName) -> Vec<PluginName> {
        self.dependents_among(name, &self.in_use())
    }

    /// The same among these.
    #[must_use]
    pub fn dependents_among(&self, name: &PluginName, in_use: &InUse) -> Vec<PluginName> {
        dependents_of(in_use, name)
    }

    /// Those that are reloaded when `name` was: they use it, or would use it and do without; and those that use them. In order.
    pub(super) fn followers(&self, name: &PluginName) -> Vec<PluginName> {
        let universe = self.universe(None);
        let in_use = self.in_use();
        let wishing = in_use
            .keys()
            .filter(|it| universe.wishes(it).contains(name));
        let mut following: BTreeSet<PluginName> =
            dependents_of(&in_use, name).into_iter().collect();
        for wishing in wishing {
            following.extend(dependents_of(&in_use, wishing));
            following.insert(wishing.clone());
        }
        following.remove(name);
        let mut order = universe.order();
        order.retain(|it| following.contains(it));
        order
    }

    /// All that is loaded, dependencies before those that need them, and optional ones as far as that goes.
    pub(super) fn in_order(&self) -> Vec<PluginName> {
        let mut order = self.universe(None).order();
        let set = self.set();
        order.retain(|name| set.loaded.contains_key(name));
        order
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

    /// The way on which a plugin would need itself, beside what is loaded and what was refused: `a`, `b`, `a`; empty when it does not.
    #[must_use]
    pub fn cycle(&self, name: &PluginName, manifest: &Manifest) -> Vec<PluginName> {
        self.universe(Some((name, manifest))).cycle(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_use_a_plugin_are_found_nearest_first() {
        let uses = |name: &str, of: &[(&str, &str)]| {
            let of = of.iter().map(|(need, by)| ((*need).into(), (*by).into()));
            (PluginName::new(name), of.collect::<Providers>())
        };
        let in_use: InUse = [
            uses("bank", &[]),
            uses("tea", &[("shop", "shop")]),
            uses("shop", &[("economy", "bank")]),
            uses("coins", &[("coins", "coins")]),
        ]
        .into();
        assert_eq!(dependents_of(&in_use, &"bank".into()), ["shop", "tea"]);
        assert_eq!(that_use(&in_use, &"bank".into()), ["shop"]);
        assert_eq!(dependents_of(&in_use, &"coins".into()), [""; 0]);
    }
}
