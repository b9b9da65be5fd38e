//! Shape of `plugin_registry.json`.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use plugin_api::twilight_model::util::Timestamp;
use serde::Serialize;

use crate::{
    info::commands,
    registry::{Entry, Registry},
    relations::{circle, faults, mark},
};

/// The file.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    last_updated: Option<Timestamp>,
    total_plugins: usize,
    serving_plugins: usize,
    total_commands: u64,
    enforcement: Enforcement,
    plugins: BTreeMap<String, PluginRecord>,
}

#[derive(Debug, Serialize)]
struct Enforcement {
    dependencies: bool,
    conflicts: bool,
}

#[derive(Debug, Serialize)]
struct PluginRecord {
    version: String,
    state: &'static str,
    description: String,
    authors: Vec<String>,
    license: String,
    homepage: String,
    category: String,
    file: String,
    generation: u64,
    loaded_at: Option<Timestamp>,
    load_ms: f64,
    commands: Vec<String>,
    /// By name, with the version that is asked for; `*`: any.
    dependencies: BTreeMap<String, String>,
    optional_dependencies: Vec<String>,
    /// The plugins in use for what it needs, by the name that it needs.
    providers: BTreeMap<String, String>,
    /// By name, with the version of what it provides under it; empty: none.
    provides: BTreeMap<String, String>,
    needed_by: Vec<String>,
    conflicts_with: Vec<String>,
    provides_hooks: Vec<String>,
    listens_to_hooks: Vec<String>,
    functions: Vec<String>,
    /// By name, with whether it is granted.
    powers: BTreeMap<String, bool>,
    circle: Vec<String>,
    faults: Vec<String>,
    error: Option<String>,
}

impl Record {
    pub(crate) fn of(all: &Registry) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since.map_or(0, |since| since.as_millis() as u64);
        Self {
            last_updated: timestamp(now),
            total_plugins: all.plugins.len(),
            serving_plugins: all.plugins.values().filter(|it| it.serves()).count(),
            total_commands: all
                .plugins
                .values()
                .map(|it| u64::from(it.view.commands))
                .sum(),
            enforcement: Enforcement {
                dependencies: all.enforces_dependencies,
                conflicts: all.enforces_conflicts,
            },
            plugins: all
                .plugins
                .iter()
                .map(|(name, entry)| (name.clone(), plugin(entry, all)))
                .collect(),
        }
    }
}

fn timestamp(ms: u64) -> Option<Timestamp> {
    let micros = i64::try_from(ms).ok()?.checked_mul(1_000)?;
    Timestamp::from_micros(micros).ok().filter(|_| ms > 0)
}

fn plugin(entry: &Entry, all: &Registry) -> PluginRecord {
    let (view, manifest) = (&entry.view, &entry.manifest);
    let dependencies = manifest.dependencies.iter();
    let wanted = |version: &Option<String>| version.clone().unwrap_or_else(|| "*".into());
    let provides = manifest.provides.iter();
    let provides = provides.map(|it| (it.name.clone(), it.version.clone().unwrap_or_default()));
    let function =
        |it: &plugin_api::manifest::FunctionManifest| format!("{} {}", it.name, it.version);
    PluginRecord {
        version: view.version.clone(),
        state: mark(entry, all).word(),
        description: view.description.clone(),
        authors: manifest.authors.clone(),
        license: manifest.license.clone(),
        homepage: manifest.homepage.clone(),
        category: manifest.category.clone(),
        file: view.file.clone(),
        generation: view.generation,
        loaded_at: timestamp(view.since_ms),
        load_ms: view.load_us as f64 / 1_000.0,
        commands: commands(&manifest.commands),
        dependencies: dependencies
            .map(|it| (it.name.clone(), wanted(&it.version)))
            .collect(),
        optional_dependencies: manifest.optional_dependencies.clone(),
        providers: view.providers.clone(),
        provides: provides.collect(),
        needed_by: view.needed_by.clone(),
        conflicts_with: manifest.conflicts.clone(),
        provides_hooks: manifest.tells.clone(),
        listens_to_hooks: manifest.hooks.iter().map(|it| it.event.clone()).collect(),
        functions: manifest.functions.iter().map(function).collect(),
        powers: view
            .powers
            .iter()
            .map(|it| (it.power.clone(), it.granted))
            .collect(),
        circle: circle(&view.name, all),
        faults: faults(entry, all),
        error: view.error.clone(),
    }
}

#[cfg(test)]
mod tests {
    use plugin_api::manifest::Dependency;

    use super::*;
    use crate::relations::tests::registry;

    #[test]
    fn the_file_has_totals_and_each_plugin_with_what_it_needs() {
        let all = registry(&[
            ("bank", "1.0.0", &[]),
            ("shop", "2.0.0", &[Dependency::new("bank", "^1")]),
        ]);
        let json = serde_json::to_value(Record::of(&all)).unwrap_or_default();
        assert_eq!(json["total_plugins"], 2);
        assert_eq!(json["plugins"]["shop"]["dependencies"]["bank"], "^1");
        assert_eq!(json["plugins"]["bank"]["state"], "serves");
        assert!(
            json["last_updated"]
                .as_str()
                .is_some_and(|it| it.starts_with("20")),
            "{json}"
        );
        assert!(json["plugins"]["bank"]["loaded_at"].is_null());
    }
}
