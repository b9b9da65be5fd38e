//! Assembly of the plan: names, Discord's JSON, and what became of each command.

use std::collections::{BTreeMap, BTreeSet};

use plugin_api::manifest::CommandKind;
use serde_json::{Map, Value, json};

use super::{
    Input, Layout, Limits, Plan, Planned,
    declared_command::{DeclaredCommand, Leaf, prune},
    menus, merge,
    modes::{Mode, Set, Top},
    namesakes,
    pack::free_name,
    units::Unit,
};
use crate::{How, Key, ListedCommand};

/// The name of commands that several plugins share.
const SHARED: &str = "more";

/// A registered name with commands of one or more plugins below it.
struct Bin<'a> {
    /// What it was called.
    key: Option<String>,
    /// What it would be called.
    base: String,
    about: String,
    /// Each with its plugin.
    units: Vec<(usize, Unit<'a>)>,
}

/// Builds a plan that keeps to `before` as far as it can.
pub(super) fn build(input: &Input<'_>, limits: &Limits, before: &Layout) -> Plan {
    let mut tops: Vec<Top<'_>> = input
        .declared
        .iter()
        .filter(|declared| declared.kind == CommandKind::Chat)
        .filter_map(|declared| {
            let json = declared.without(input.refused)?;
            Some(Top { declared, json })
        })
        .collect();
    tops.sort_by(|a, b| {
        let key = |top: &Top<'_>| (top.declared.plugin.clone(), top.declared.name().to_owned());
        key(a).cmp(&key(b))
    });
    let set = Set::of(&tops, input, limits, before);
    let modes = set.decide();
    let mut plan = Plan {
        used: set.count(&modes),
        listed: list(input),
        ..Plan::default()
    };
    let mut taken = BTreeSet::new();
    for (plugin, mode) in modes.iter().enumerate() {
        for top in set.tops(plugin, *mode) {
            let mut json = top.top.json.clone().into_owned();
            let wanted: BTreeSet<String> = set.wanted(top, *mode).map(Leaf::path).collect();
            if wanted.len() < top.leaves.len() {
                prune(&mut json, "", &mut |path| wanted.contains(path));
            }
            taken.insert(top.top.declared.name().to_owned());
            for path in wanted {
                plan.found(CommandKind::Chat, path, How::Itself);
            }
            plan.commands.push(Planned {
                json,
                plugins: BTreeSet::from([top.top.declared.plugin.clone()]),
                uses: set.plugins[plugin].uses,
            });
        }
    }
    for (name, bin) in named(bins(&set, &modes), &mut taken) {
        plan.bin(&set, &name, bin);
    }
    let name = |plugin: usize| set.plugins[plugin].name.to_owned();
    plan.layout.by_prefix = limits.by_prefix;
    plan.layout.known = (0..modes.len()).map(name).collect();
    plan.layout.modes = modes
        .iter()
        .enumerate()
        .filter(|(_, mode)| **mode != Mode::Top)
        .map(|(plugin, mode)| (name(plugin), *mode))
        .collect();
    menus::plan(input, before, &mut plan);
    plan.warn(limits);
    let all = plan.commands.iter_mut().map(|planned| &mut planned.json);
    plan.warnings.extend(namesakes::settle(all));
    plan
}

/// Every command, with what is known of it before anything is placed.
fn list(input: &Input<'_>) -> BTreeMap<Key, ListedCommand> {
    let of = |declared: &DeclaredCommand| -> Vec<(Key, ListedCommand)> {
        let commands = declared.commands.iter();
        let listed = commands.map(|(path, known)| {
            let key = (declared.kind, path.clone());
            let how = match input.refused.get(&key) {
                Some(why) => How::LeftOut(format!("Discord refused it: {why}")),
                None if !known.slash => How::NotDeclared,
                None => How::LeftOut("there are more commands than Discord accepts".into()),
            };
            let listed = ListedCommand {
                plugin: declared.plugin.clone(),
                prefix: known.prefix,
                how,
            };
            (key, listed)
        });
        listed.collect()
    };
    input.declared.iter().flat_map(of).collect()
}

/// What is grouped, plugin by plugin, then what is shared.
fn bins<'a>(set: &Set<'a>, modes: &[Mode]) -> Vec<Bin<'a>> {
    let mut bins = Vec::new();
    for (plugin, mode) in modes.iter().enumerate() {
        let name = set.plugins[plugin].name;
        for packed in set.bins(plugin, *mode) {
            let units = packed.items.iter();
            bins.push(Bin {
                key: packed.key.clone(),
                base: name.to_lowercase(),
                about: about(name),
                units: units
                    .map(|&unit| (plugin, set.own(plugin)[unit].clone()))
                    .collect(),
            });
        }
    }
    let (units, packed) = set.pack_shared(modes);
    let mut units: Vec<(usize, Unit<'a>)> = units
        .into_iter()
        .map(|(plugin, unit)| (plugin, unit.clone()))
        .collect();
    name_groups(set, &mut units);
    for packed in packed {
        bins.push(Bin {
            key: packed.key,
            base: SHARED.into(),
            about: "Commands of several plugins".into(),
            units: packed
                .items
                .iter()
                .map(|&unit| units[unit].clone())
                .collect(),
        });
    }
    bins
}

fn about(plugin: &str) -> String {
    let text = format!("Commands of {plugin}");
    text.chars().take(100).collect()
}

/// Names the groups in shared commands: no two are alike, whichever command they are in.
fn name_groups(set: &Set<'_>, units: &mut [(usize, Unit<'_>)]) {
    let mut taken = BTreeSet::new();
    for (_, unit) in units.iter_mut() {
        if !unit.name.is_empty() && !taken.insert(unit.name.clone()) {
            unit.name.clear();
        }
    }
    for (plugin, unit) in units.iter_mut() {
        if unit.name.is_empty() {
            let base = set.plugins[*plugin].name.to_lowercase();
            unit.name = free_name(&base, |name| taken.contains(name));
            taken.insert(unit.name.clone());
        }
    }
}

/// The registered names: those that were there first, then new ones.
fn named<'a>(bins: Vec<Bin<'a>>, taken: &mut BTreeSet<String>) -> Vec<(String, Bin<'a>)> {
    let keep = |bin: &Bin<'_>, taken: &mut BTreeSet<String>| {
        let key = bin.key.clone()?;
        taken.insert(key.clone()).then_some(key)
    };
    let kept: Vec<(Option<String>, Bin<'a>)> = bins
        .into_iter()
        .map(|bin| (keep(&bin, taken), bin))
        .collect();
    let named = kept.into_iter().map(|(kept, bin)| {
        let name = kept.unwrap_or_else(|| {
            let name = free_name(&bin.base, |name| taken.contains(name));
            taken.insert(name.clone());
            name
        });
        (name, bin)
    });
    named.collect()
}

impl Plan {
    pub(super) fn found(&mut self, kind: CommandKind, path: String, how: How) {
        if let Some(listed) = self.listed.get_mut(&(kind, path)) {
            listed.how = how;
        }
    }

    fn bin(&mut self, set: &Set<'_>, name: &str, bin: Bin<'_>) {
        let mut options = Vec::new();
        let mut declared = Vec::new();
        let plugins: BTreeSet<usize> = bin.units.iter().map(|(plugin, _)| *plugin).collect();
        for (plugin, unit) in &bin.units {
            let tops = set.plugins[*plugin].tops.iter();
            let inside = |top: &&super::modes::TopLeaves<'_>| {
                let mut leaves = unit.leaves.iter();
                leaves.any(|(leaf, _)| leaf.words[0] == top.top.declared.name())
            };
            declared.extend(tops.filter(inside).map(|top| &*top.top.json));
            for (leaf, below) in &unit.leaves {
                let mut names = vec![name.to_owned(), unit.name.clone()];
                if unit.is_group {
                    names.push(below.clone());
                }
                self.layout.names.insert(leaf.path(), names.clone());
                self.found(CommandKind::Chat, leaf.path(), How::Grouped(names));
            }
            options.push(option(unit, set.plugins[*plugin].name));
        }
        options.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
        let mut json = Map::new();
        json.insert("type".into(), 1.into());
        json.insert("name".into(), name.into());
        json.insert("description".into(), bin.about.into());
        json.insert("options".into(), options.into());
        merge::who_sees(&mut json, declared.into_iter());
        self.commands.push(Planned {
            json: json.into(),
            uses: plugins.iter().map(|&it| set.plugins[it].uses).sum(),
            plugins: plugins
                .iter()
                .map(|&it| set.plugins[it].name.into())
                .collect(),
        });
    }

    fn warn(&mut self, limits: &Limits) {
        let Limits { warn_at, limit, .. } = limits;
        if self.used >= *warn_at {
            let used = self.used;
            self.warnings
                .push(format!("{used} of {limit} slash commands are in use"));
        }
        let grouped: Vec<&str> = self.layout.modes.keys().map(String::as_str).collect();
        if !grouped.is_empty() {
            let what = if limits.by_prefix {
                "left to the prefix, or grouped where they have none"
            } else {
                "grouped"
            };
            let text = format!(
                "the slash commands of these plugins are {what}: {}",
                grouped.join(", ")
            );
            self.warnings.push(text);
        }
        let lost = self
            .listed
            .iter()
            .filter(|(_, listed)| !listed.prefix && matches!(listed.how, How::LeftOut(_)));
        let lost: Vec<String> = lost
            .map(|((kind, path), listed)| {
                format!("`{path}` of {}: {}", listed.plugin, listed.kind(*kind))
            })
            .collect();
        self.warnings.extend(lost);
    }
}

fn option(unit: &Unit<'_>, plugin: &str) -> Value {
    let subcommands = unit
        .leaves
        .iter()
        .map(|(leaf, name)| subcommand(leaf.json, name));
    let mut subcommands: Vec<Value> = subcommands.collect();
    if !unit.is_group {
        return subcommands.pop().unwrap_or_default();
    }
    let group = unit.leaves.first().and_then(|(leaf, _)| leaf.group);
    let is_own = unit
        .leaves
        .iter()
        .all(|(leaf, name)| leaf.name() == name && leaf.depth > 0);
    let mut json = match group.filter(|_| is_own) {
        Some(group) => head(group, &unit.name),
        None => Map::from_iter([("description".to_owned(), json!(about(plugin)))]),
    };
    json.insert("type".into(), 2.into());
    json.insert("name".into(), (&*unit.name).into());
    json.insert("options".into(), subcommands.into());
    json.into()
}

fn subcommand(leaf: &Value, name: &str) -> Value {
    let mut json = head(leaf, name);
    json.insert("type".into(), 1.into());
    json.insert("name".into(), name.into());
    json.insert("options".into(), leaf["options"].clone());
    json.into()
}

/// Description and languages; those of the name only where it is still that name.
fn head(of: &Value, name: &str) -> Map<String, Value> {
    let mut json = Map::new();
    for key in [
        "name_localizations",
        "description",
        "description_localizations",
    ] {
        let is_renamed = key == "name_localizations" && of["name"] != name;
        if let Some(value) = of.get(key).filter(|_| !is_renamed) {
            json.insert(key.into(), value.clone());
        }
    }
    json
}
