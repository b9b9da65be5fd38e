//! Declared top-level commands, each with the commands in it.

use std::{borrow::Cow, collections::BTreeMap};

use host_base::PluginName;
use plugin_api::manifest::{CommandKind, CommandManifest};
use serde_json::{Map, Value};

use crate::{HOST, Key, registration::shape, router::inherited};

/// Declared command of a plugin: one with its own name, or a group with all in it.
#[derive(Debug, Clone)]
pub struct DeclaredCommand {
    /// Whose it is.
    pub plugin: PluginName,
    /// For a line of text and slash, or a context menu.
    pub kind: CommandKind,
    /// As Discord wants it; `None` when nothing of it is for slash.
    pub(super) json: Option<Value>,
    /// The commands in it.
    pub(super) commands: BTreeMap<String, Known>,
    /// The servers that it is for; none: all.
    pub guilds: Vec<u64>,
}

/// Properties of a command in a declared one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    pub(super) prefix: bool,
    pub(super) slash: bool,
    /// Characters that Discord counts.
    size: usize,
}

/// A command that is to be registered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf<'a> {
    /// As Discord wants it, below a group or on its own.
    pub(super) json: &'a Value,
    /// The group that it is in.
    pub(super) group: Option<&'a Value>,
    /// The names of the groups that it is in, then its own.
    pub(super) words: [&'a str; 3],
    pub(super) depth: usize,
    pub(super) prefix: bool,
    /// Characters that Discord counts.
    pub(super) size: usize,
}

impl DeclaredCommand {
    /// A command of a plugin's.
    pub fn of(plugin: PluginName, command: &CommandManifest) -> Self {
        let mut commands = BTreeMap::new();
        collect(command, "", &mut commands);
        Self {
            plugin,
            kind: command.kind,
            json: shape::command(command),
            commands,
            guilds: command.guilds.clone(),
        }
        .measured()
    }

    /// A command of the host's, as Discord wants it.
    pub fn of_host(json: Value) -> Self {
        let name = json["name"].as_str().unwrap_or_default().to_owned();
        Self {
            plugin: HOST.into(),
            kind: CommandKind::Chat,
            commands: BTreeMap::from([(
                name,
                Known {
                    prefix: true,
                    slash: true,
                    size: 0,
                },
            )]),
            json: Some(json),
            guilds: Vec::new(),
        }
        .measured()
    }

    /// Counts once what every plan asks for.
    fn measured(mut self) -> Self {
        let leaves = self.json.iter().flat_map(|json| leaves(&self, json));
        let sizes: Vec<_> = leaves.map(|it| (it.path(), size(it.json))).collect();
        for (path, size) in sizes {
            if let Some(known) = self.commands.get_mut(&path) {
                known.size = size;
            }
        }
        self
    }

    /// Whether this is, or has in it, the command of that kind and path.
    pub fn declares(&self, (kind, path): &Key) -> bool {
        self.kind == *kind && self.commands.contains_key(path)
    }

    /// As Discord wants it; `None` when nothing of it is for slash.
    pub fn json(&self) -> Option<&Value> {
        self.json.as_ref()
    }

    /// The commands in it by path, and whether each is for prefix and for slash.
    pub fn leaves(&self) -> impl Iterator<Item = (&str, bool, bool)> {
        let commands = self.commands.iter();
        commands.map(|(path, known)| (&**path, known.prefix, known.slash))
    }

    pub(super) fn name(&self) -> &str {
        let known = self.json.as_ref().and_then(|json| json["name"].as_str());
        known.unwrap_or_default()
    }

    /// Without the commands that Discord does not take.
    pub(super) fn without(&self, refused: &BTreeMap<Key, String>) -> Option<Cow<'_, Value>> {
        let json = self.json.as_ref()?;
        let is_refused = |path: &str| refused.contains_key(&(self.kind, path.to_owned()));
        if refused.is_empty() || !self.commands.keys().any(|path| is_refused(path)) {
            return Some(Cow::Borrowed(json));
        }
        let mut json = json.clone();
        prune(&mut json, "", &mut |path| !is_refused(path)).then_some(Cow::Owned(json))
    }
}

fn collect(command: &CommandManifest, above: &str, into: &mut BTreeMap<String, Known>) {
    let path = format!("{above}{}", command.name);
    if command.subcommands.is_empty() {
        let known = Known {
            prefix: command.prefix,
            slash: command.slash,
            size: 0,
        };
        into.insert(path, known);
        return;
    }
    for child in &command.subcommands {
        collect(&inherited(command, child), &format!("{path} "), into);
    }
}

/// Keeps the commands that are wanted; whether any is left.
pub(super) fn prune(json: &mut Value, above: &str, wanted: &mut dyn FnMut(&str) -> bool) -> bool {
    let path = format!("{above}{}", json["name"].as_str().unwrap_or_default());
    if !is_group(json) {
        return wanted(&path);
    }
    let above = format!("{path} ");
    let Some(inside) = json["options"].as_array_mut() else {
        return false;
    };
    inside.retain_mut(|child| prune(child, &above, wanted));
    !inside.is_empty()
}

pub(super) fn is_group(json: &Value) -> bool {
    matches!(json["options"][0]["type"].as_u64(), Some(1 | 2))
}

/// The commands in a declared one, pruned as it may be.
pub(super) fn leaves<'a>(declared: &'a DeclaredCommand, json: &'a Value) -> Vec<Leaf<'a>> {
    let mut leaves = Vec::new();
    gather(declared, (json, None), [""; 3], 0, &mut leaves);
    leaves
}

fn gather<'a>(
    declared: &DeclaredCommand,
    (json, group): (&'a Value, Option<&'a Value>),
    mut words: [&'a str; 3],
    depth: usize,
    into: &mut Vec<Leaf<'a>>,
) {
    words[depth] = json["name"].as_str().unwrap_or_default();
    if is_group(json) && depth < 2 {
        for child in json["options"].as_array().into_iter().flatten() {
            gather(declared, (child, Some(json)), words, depth + 1, into);
        }
        return;
    }
    let path = words[..=depth].join(" ");
    let known = declared.commands.get(&path).copied().unwrap_or_default();
    into.push(Leaf {
        json,
        group,
        words,
        depth,
        prefix: known.prefix,
        size: known.size,
    });
}

impl<'a> Leaf<'a> {
    pub(super) fn path(&self) -> String {
        self.words[..=self.depth].join(" ")
    }

    pub(super) fn name(&self) -> &'a str {
        self.words[self.depth]
    }
}

/// What Discord counts: names, descriptions and values, each in its longest language.
pub(super) fn size(json: &Value) -> usize {
    let Some(fields) = json.as_object() else {
        return 0;
    };
    let value = fields.get("value").map_or(0, count);
    let inside = ["options", "choices"].into_iter();
    let inside = inside.filter_map(|key| fields.get(key)?.as_array());
    longest(fields, "name", "name_localizations")
        + longest(fields, "description", "description_localizations")
        + value
        + inside.flatten().map(size).sum::<usize>()
}

fn longest(fields: &Map<String, Value>, key: &str, localized: &str) -> usize {
    let own = fields.get(key).map_or(0, count);
    let others = fields.get(localized).and_then(Value::as_object);
    let others = others.into_iter().flat_map(Map::values).map(count);
    others.chain([own]).max().unwrap_or_default()
}

fn count(text: &Value) -> usize {
    text.as_str().map_or(0, |text| text.chars().count())
}
