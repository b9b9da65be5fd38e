//! Checks of a manifest that hold in any program: its name and version, sizes, and who is beside it.

use std::collections::BTreeMap;

use host_base::{PluginName, names, shown};
use plugin_api::manifest::Manifest;
use semver::Version;

use super::{resolve, unknown};

/// What is loaded beside the plugin.
pub struct Neighbour<'a> {
    /// Its name.
    pub name: &'a PluginName,
    /// What it declared.
    pub manifest: &'a Manifest,
}

/// What a manifest may declare in a program.
pub trait Rules {
    /// The host calls that the program knows, by name.
    fn calls(&self) -> Vec<&'static str>;

    /// Adds what is wrong with a manifest, in words, beyond what the loader checks: names, versions, sizes, dependencies.
    fn problems(
        &self,
        plugin: &PluginName,
        manifest: &Manifest,
        neighbours: &[Neighbour<'_>],
        problems: &mut Vec<String>,
    );
}

/// All of them but a plugin itself.
pub fn neighbours<'a>(
    plugin: &PluginName,
    others: &'a BTreeMap<PluginName, Manifest>,
) -> Vec<Neighbour<'a>> {
    others
        .iter()
        .filter(|(name, _)| *name != plugin)
        .map(|(name, manifest)| Neighbour { name, manifest })
        .collect()
}

/// All that is wrong with a manifest; empty when it can be served.
#[must_use]
pub fn problems(
    rules: &(impl Rules + ?Sized),
    plugin: &PluginName,
    manifest: &Manifest,
    neighbours: &[Neighbour<'_>],
) -> Vec<String> {
    let mut problems = Vec::new();
    if !plugin.is(&manifest.name) {
        problems.push(format!(
            "the file's note says `{plugin}`, its manifest says `{}`",
            manifest.name
        ));
    }
    if Version::parse(&manifest.version).is_err() {
        problems.push(format!(
            "version `{}` is no semantic version such as 1.2.0",
            manifest.version
        ));
    }
    sizes(manifest, &mut problems);
    problems.extend(resolve::unreadable(manifest));
    same_names(plugin, manifest, neighbours, &mut problems);
    unknown::problems(manifest, &mut problems);
    if manifest.concurrency == Some(0) {
        problems.push("`concurrency(0)`: at least one handler has to run".into());
    }
    let known = rules.calls();
    for call in &manifest.requires {
        if !known.contains(&&**call) {
            problems.push(format!(
                "this host ({}) does not know the host call `{call}` that the plugin requires: update the host",
                env!("CARGO_PKG_VERSION")
            ));
        }
    }
    rules.problems(plugin, manifest, neighbours, &mut problems);
    problems
}

/// Entries of each kind that a plugin may declare.
const MOST: usize = 1_000;

/// Bytes of a name.
const NAME: usize = 100;

/// What is too much, and names that can't be shown.
fn sizes(manifest: &Manifest, problems: &mut Vec<String>) {
    let names = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>();
    let declared = [
        (
            "commands",
            names(manifest.commands.iter().map(|it| &it.name).collect()),
        ),
        ("components", names(manifest.components.iter().collect())),
        (
            "listeners",
            names(manifest.listeners.iter().map(|it| &it.event).collect()),
        ),
        (
            "dependencies",
            names(manifest.dependencies.iter().map(|it| &it.name).collect()),
        ),
        (
            "optional dependencies",
            names(manifest.optional_dependencies.iter().collect()),
        ),
        ("conflicts", names(manifest.conflicts.iter().collect())),
        (
            "conflicts with versions",
            names(
                manifest
                    .conflict_versions
                    .iter()
                    .map(|it| &it.name)
                    .collect(),
            ),
        ),
        (
            "provided names",
            names(manifest.provides.iter().map(|it| &it.name).collect()),
        ),
        ("told hooks", names(manifest.tells.iter().collect())),
        ("authors", vec![String::new(); manifest.authors.len()]),
        (
            "categories",
            names(vec![&manifest.category, &manifest.icon]),
        ),
        ("host calls", names(manifest.requires.iter().collect())),
        (
            "hooks",
            names(manifest.hooks.iter().map(|it| &it.event).collect()),
        ),
        (
            "hooks' handlers",
            names(manifest.hooks.iter().map(|it| &it.handler).collect()),
        ),
        (
            "functions",
            names(manifest.functions.iter().map(|it| &it.name).collect()),
        ),
        ("migrations", vec![String::new(); manifest.migrations.len()]),
        (
            "shared tables",
            names(manifest.shares.iter().map(|it| &it.table).collect()),
        ),
        (
            "tables of others",
            names(manifest.uses_tables.iter().map(|it| &it.table).collect()),
        ),
        (
            "subjects",
            names(manifest.subjects.iter().map(|it| &it.table).collect()),
        ),
        (
            "hosts on the web",
            vec![String::new(); manifest.web_hosts.len()],
        ),
        (
            "schedules",
            names(manifest.schedules.iter().map(|it| &it.name).collect()),
        ),
        (
            "settings",
            names(manifest.settings.iter().map(|it| &it.name).collect()),
        ),
    ];
    for (what, names) in declared {
        if names.len() > MOST {
            problems.push(format!(
                "it declares {} {what}, and {MOST} are the most",
                names.len()
            ));
        }
        let is_odd = |name: &&String| name.len() > NAME || *shown::line(name) != ***name;
        if let Some(odd) = names.iter().find(is_odd) {
            problems.push(format!(
                "`{:.100}` is no name for one of its {what}: {NAME} bytes at most, all of which can be seen",
                shown::word(odd)
            ));
        }
    }
}

/// Names that differ in case alone, the plugin's own and those of what it declares.
fn same_names(
    plugin: &PluginName,
    manifest: &Manifest,
    neighbours: &[Neighbour<'_>],
    problems: &mut Vec<String>,
) {
    if let Some(other) = names::twin(
        plugin,
        neighbours.iter().map(|neighbour| neighbour.name.as_str()),
    ) {
        problems.push(format!(
            "the plugin `{plugin}` and the plugin `{other}`, which is loaded, differ in upper and lower case alone, and would share their tables: give one of them another name, or unload that one first"
        ));
    }
    let shared = manifest.shares.iter().map(|table| &*table.table);
    let used = manifest.uses_tables.iter().map(|table| &*table.table);
    let about = manifest.subjects.iter().map(|subject| &*subject.table);
    names::problems("table", shared.chain(used).chain(about), problems);
    let functions = manifest.functions.iter().map(|function| &*function.name);
    names::problems("function", functions, problems);
    let settings = manifest.settings.iter().map(|setting| &*setting.name);
    names::problems("setting", settings, problems);
    let schedules = manifest.schedules.iter().map(|schedule| &*schedule.name);
    names::problems("schedule", schedules, problems);
    let handlers = manifest.hooks.iter().map(|hook| &*hook.handler);
    names::problems("hook handler", handlers, problems);
    let hooks = manifest.hooks.iter().map(|hook| &*hook.event);
    names::problems("hook", hooks, problems);
    let components = manifest.components.iter().map(|component| &**component);
    names::problems("component handler", components, problems);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Nobody;

    fn manifest(json: serde_json::Value) -> Manifest {
        let mut manifest: Manifest = serde_json::from_value(json).unwrap();
        manifest.name = "shop".into();
        manifest.version = "1.0.0".into();
        manifest
    }

    fn check(json: serde_json::Value, expect: &[&str]) {
        let found = problems(&Nobody::default(), &"shop".into(), &manifest(json), &[]);
        assert_eq!(found.len(), expect.len(), "{found:#?}");
        for (found, expect) in found.iter().zip(expect) {
            assert!(found.contains(expect), "{found} does not say {expect}");
        }
    }

    #[test]
    fn names_that_differ_in_case_alone_are_refused() {
        let differ = |kind: &str, one: &str, other: &str| {
            format!("{kind} `{other}` and {kind} `{one}` differ in upper and lower case alone")
        };
        check(
            serde_json::json!({
                "shares": [{"table": "shop__items"}],
                "subjects": [{"table": "shop__Items", "column": "user_id"}],
                "functions": [{"name": "price", "version": 1}, {"name": "Price", "version": 1}],
                "components": ["buy", "BUY", "buy-more"],
                "hooks": [
                    {"event": "bot_ready", "handler": "greet"},
                    {"event": "shop.sold", "handler": "Greet"},
                    {"event": "shop.Sold", "handler": "thank"},
                ],
            }),
            &[
                &differ("table", "shop__items", "shop__Items"),
                &differ("function", "price", "Price"),
                &differ("hook handler", "greet", "Greet"),
                &differ("hook", "shop.sold", "shop.Sold"),
                &differ("component handler", "buy", "BUY"),
            ],
        );
        let other = manifest(serde_json::json!({}));
        let beside = |name: &str| {
            problems(
                &Nobody::default(),
                &"shop".into(),
                &manifest(serde_json::json!({})),
                &[Neighbour {
                    name: &name.into(),
                    manifest: &other,
                }],
            )
        };
        let found = beside("Shop");
        assert!(
            found[0].contains("the plugin `shop` and the plugin `Shop`, which is loaded, differ"),
            "{found:?}"
        );
        let found = beside("shop2");
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn no_handler_at_once_is_no_limit() {
        check(
            serde_json::json!({"concurrency": 0}),
            &["`concurrency(0)`: at least one"],
        );
    }

    #[test]
    fn what_is_too_much_or_can_not_be_shown_is_refused() {
        let many: Vec<String> = (0..1_001).map(|number| format!("n{number}")).collect();
        check(serde_json::json!({"components": many[..1_000]}), &[]);
        check(
            serde_json::json!({"conflicts": many}),
            &["it declares 1001 conflicts, and 1000 are the most"],
        );
        for odd in ["a\nb", "\u{202e}a", "\u{200b}", &"x".repeat(101)] {
            check(
                serde_json::json!({"components": [odd]}),
                &["no name for one of its components"],
            );
        }
    }
}
