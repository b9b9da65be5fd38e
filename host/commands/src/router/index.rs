//! Index of commands: by path, by alias and by context menu.

use std::{collections::HashMap, sync::Arc};

use host_base::{PluginName, invisible};
use host_loader::Slot;
use plugin_api::manifest::{CommandKind, CommandManifest};

/// Route of a command.
#[derive(Debug, Clone)]
pub struct CommandRoute {
    /// Its name, behind those of the groups that it is in: `tag add`.
    pub path: Arc<str>,
    /// The command; what its groups declare for all in them is in here.
    pub command: Arc<CommandManifest>,
    /// Its plugin's name.
    pub plugin: PluginName,
    /// Its plugin.
    pub slot: Arc<Slot>,
}

/// A group of commands.
#[derive(Debug, Clone)]
pub struct GroupRoute {
    /// Its name, behind that of the group that it is in.
    pub path: Arc<str>,
    /// The group.
    pub group: Arc<CommandManifest>,
}

/// Result of looking words up.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// A command.
    Command(CommandRoute),
    /// A group, of which no command was named.
    Group(GroupRoute),
}

/// The deepest path: a group in a group, and the command.
const DEPTH: usize = 3;

/// The commands of all plugins.
#[derive(Debug, Default)]
pub struct Index {
    /// By path, each name in it or one of its aliases.
    typed: HashMap<String, Lookup>,
    menus: HashMap<(CommandKind, String), CommandRoute>,
    /// Each command once, by plugin and as declared.
    all: Vec<CommandRoute>,
    /// What the plugins declare: a group is one.
    declared: Vec<(PluginName, Arc<CommandManifest>)>,
}

impl Index {
    /// The commands of the plugins in `slots`.
    pub fn of(slots: &[Arc<Slot>]) -> Self {
        let mut commands = Self::default();
        for slot in slots {
            let generation = slot.current();
            let plugin = &generation.plugin;
            for command in &generation.manifest.commands {
                let mut add = Adding {
                    commands: &mut commands,
                    plugin,
                    slot,
                };
                add.command(command, "", &[String::new()]);
                commands
                    .declared
                    .push((plugin.clone(), Arc::new(command.clone())));
            }
        }
        commands
    }

    /// What a line begins with: the longest path that is known, and what stands behind it.
    pub fn find<'a>(&self, line: &'a str) -> Option<(Lookup, &'a str)> {
        let mut path = String::new();
        let mut rest = line.trim_start();
        let mut found = None;
        for _ in 0..DEPTH {
            let (word, after) = match rest.find(char::is_whitespace) {
                Some(end) => rest.split_at(end),
                None => (rest, ""),
            };
            if word.is_empty() {
                break;
            }
            if !path.is_empty() {
                path.push(' ');
            }
            path.push_str(&invisible::trim(word).to_lowercase());
            let Some(here) = self.typed.get(&path) else {
                break;
            };
            rest = after.trim_start_matches(invisible::is_unseen);
            found = Some((here.clone(), rest));
            if matches!(here, Lookup::Command(route) if route.command.subcommands.is_empty()) {
                break;
            }
        }
        found
    }

    /// The command with exactly this path.
    pub fn at(&self, kind: CommandKind, path: &str) -> Option<&CommandRoute> {
        match kind {
            CommandKind::Chat => match self.typed.get(path) {
                Some(Lookup::Command(route)) => Some(route),
                _ => None,
            },
            kind => self.menus.get(&(kind, path.to_owned())),
        }
    }

    /// Each command once, by plugin and as declared.
    pub fn all(&self) -> &[CommandRoute] {
        &self.all
    }

    /// What the plugins declare, by plugin: a group counts as one.
    pub fn declared(&self) -> &[(PluginName, Arc<CommandManifest>)] {
        &self.declared
    }
}

struct Adding<'a> {
    commands: &'a mut Index,
    plugin: &'a PluginName,
    slot: &'a Arc<Slot>,
}

impl Adding<'_> {
    /// Adds a command below a group's `path`, which is reached by all of `ways`; either ends with a blank, or is empty.
    fn command(&mut self, command: &CommandManifest, path: &str, ways: &[String]) {
        let path = format!("{path}{}", command.name);
        let names = || std::iter::once(&command.name).chain(&command.aliases);
        let ways: Vec<String> = ways
            .iter()
            .flat_map(|way| names().map(move |name| format!("{way}{}", name.to_lowercase())))
            .collect();
        if command.subcommands.is_empty() {
            return self.leaf(command, &path, ways);
        }
        let below: Vec<String> = ways.iter().map(|way| format!("{way} ")).collect();
        let group = Lookup::Group(GroupRoute {
            path: path.as_str().into(),
            group: Arc::new(command.clone()),
        });
        if command.runs {
            // By slash Discord has no such thing.
            let mut command = command.clone();
            command.slash = false;
            self.leaf(&command, &path, ways);
        } else {
            for way in ways {
                self.commands.typed.insert(way, group.clone());
            }
        }
        for child in &command.subcommands {
            let child = inherited(command, child);
            self.command(&child, &format!("{path} "), &below);
        }
    }

    fn leaf(&mut self, command: &CommandManifest, path: &str, ways: Vec<String>) {
        let route = CommandRoute {
            path: path.into(),
            command: Arc::new(command.clone()),
            plugin: self.plugin.clone(),
            slot: Arc::clone(self.slot),
        };
        self.commands.all.push(route.clone());
        if command.kind == CommandKind::Chat {
            let found = Lookup::Command(route);
            for way in ways {
                self.commands.typed.insert(way, found.clone());
            }
        } else {
            let key = (command.kind, command.name.clone());
            self.commands.menus.insert(key, route);
        }
    }
}

/// How many commands these are, each of a group's as one.
pub fn count(commands: &[CommandManifest]) -> usize {
    let inside = |command: &CommandManifest| match &*command.subcommands {
        [] => 1,
        inside => count(inside),
    };
    commands.iter().map(inside).sum()
}

/// A command with what its group declares for all in it.
pub fn inherited(group: &CommandManifest, command: &CommandManifest) -> CommandManifest {
    let mut command = command.clone();
    command.prefix &= group.prefix;
    command.slash &= group.slash;
    command.ephemeral |= group.ephemeral;
    command.typed_openly |= group.typed_openly;
    command.guild_only |= group.guild_only;
    command.dm_only |= group.dm_only;
    command.age_restricted |= group.age_restricted;
    command.hidden |= group.hidden;
    if command.guilds.is_empty() {
        command.guilds.clone_from(&group.guilds);
    }
    command.cooldown = command.cooldown.or(group.cooldown);
    command.concurrency = command.concurrency.or(group.concurrency);
    let (own, above) = (&mut command.access, &group.access);
    own.owner_only |= above.owner_only;
    own.guild_owner_only |= above.guild_owner_only;
    own.permissions |= above.permissions;
    own.bot_permissions |= above.bot_permissions;
    own.checked |= above.checked;
    if own.any_role.is_empty() {
        own.any_role.clone_from(&above.any_role);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_group_declares_holds_for_all_in_it() {
        let group: CommandManifest = serde_json::from_value(serde_json::json!({
            "name": "tag", "prefix": true, "slash": true, "guild_only": true,
            "access": {"permissions": 8, "any_role": ["Staff"]},
        }))
        .unwrap();
        let command: CommandManifest = serde_json::from_value(serde_json::json!({
            "name": "add", "prefix": true, "slash": false, "access": {"permissions": 4},
        }))
        .unwrap();
        let mut with_one = group.clone();
        with_one.subcommands = vec![command.clone(), command.clone()];
        assert_eq!(count(&[with_one, command.clone()]), 3);
        let command = inherited(&group, &command);
        assert!(command.guild_only && command.prefix && !command.slash);
        assert_eq!(command.access.permissions, 12);
        assert_eq!(command.access.any_role, ["Staff"]);
    }
}
