//! Catalog of the owner commands: their names and options, as they are looked up and as Discord lists them.

use std::sync::Arc;

use host_commands::OwnCommand;
use plugin_api::manifest::{CommandManifest, OptionKind, OptionManifest};
use serde_json::{Value, json};

/// An owner command.
struct OwnerCommand {
    /// Its name in the group: `cogwright log`.
    name: &'static str,
    /// By which it is known besides, when it is typed alone: `fw_log`, as in systems that people come from. What has none
    /// is known by its name.
    alone: &'static str,
    /// What it does. Discord shows it behind the name.
    description: &'static str,
    options: &'static [Parameter],
}

/// A parameter of a command.
struct Parameter {
    name: &'static str,
    description: &'static str,
    kind: Kind,
    required: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Flag,
}

impl Parameter {
    const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            description,
            kind,
            required: false,
        }
    }

    const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }
}

const fn command(
    name: &'static str,
    description: &'static str,
    options: &'static [Parameter],
) -> OwnerCommand {
    OwnerCommand {
        name,
        alone: name,
        description,
        options,
    }
}

const fn in_group(
    name: &'static str,
    alone: &'static str,
    description: &'static str,
    options: &'static [Parameter],
) -> OwnerCommand {
    OwnerCommand {
        alone,
        ..command(name, description, options)
    }
}

const PLUGIN: Parameter = Parameter::new("name", Kind::Text, "Name of the plugin").required();
const SETTING: Parameter =
    Parameter::new("setting", Kind::Text, "PLUGIN.NAME or TABLE.KEY").required();

const COMMANDS: &[OwnerCommand] = &[
    command("extensions", "Shows the plugins that are loaded", &[]),
    command(
        "load",
        "Loads a plugin",
        &[
            PLUGIN,
            Parameter::new(
                "again",
                Kind::Flag,
                "Also one that is in quarantine since it has crashed the bot",
            ),
        ],
    ),
    command(
        "reload",
        "Reloads plugins without losing a message, several in one step",
        &[Parameter::new(
            "name",
            Kind::Text,
            "Name of the plugin, several names, or all; NAME canary: a newer file for chosen servers first",
        )
        .required()],
    ),
    command(
        "unload",
        "Unloads a plugin until it is loaded again, also over a restart",
        &[
            PLUGIN,
            Parameter::new(
                "force",
                Kind::Flag,
                "Also those that need it, and without its state if it can't be saved",
            ),
            Parameter::new(
                "reason",
                Kind::Text,
                "Why: it is shown until the plugin is loaded again",
            ),
        ],
    ),
    command(
        "rollback",
        "Loads a file of a plugin that served before",
        &[
            PLUGIN,
            Parameter::new(
                "which",
                Kind::Text,
                "Its number or the beginning of its hash, or list: shows them; without: the last one",
            ),
            Parameter::new(
                "state",
                Kind::Text,
                "now: with the present state; then: with the one that it had left",
            ),
            Parameter::new("again", Kind::Flag, "Also one that is in quarantine"),
        ],
    ),
    command(
        "sync",
        "Registers the slash commands with Discord again",
        &[],
    ),
    in_group(
        "set",
        "fw_set",
        "Changes a setting of a plugin or of the host",
        &[
            SETTING,
            Parameter::new("value", Kind::Text, "Its new value").required(),
        ],
    ),
    in_group(
        "unset",
        "fw_unset",
        "Gives a setting its default again",
        &[SETTING],
    ),
];

/// Group of the owners' commands: `!cogwright log` and `/cogwright log`.
pub const GROUP: &str = host_commands::HOST;

/// Names of the host's own that are typed alone. No plugin may take them.
pub const NAMES: &[&str] = &{
    let mut names = [GROUP; COMMANDS.len() + 1];
    let mut at = 0;
    while at < COMMANDS.len() {
        names[at] = COMMANDS[at].alone;
        at += 1;
    }
    names
};

/// How many commands there are.
pub const COUNT: usize = COMMANDS.len();

/// Names in the group.
pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    COMMANDS.iter().map(|it| it.name)
}

/// The owner command that a line begins with, `log debug` behind `cogwright` or behind nothing, and what stands behind it.
#[must_use]
pub fn find<'a>(name: &str, rest: &'a str) -> Option<(&'static str, &'a str)> {
    if name != GROUP {
        return Some((alone(name)?, rest));
    }
    let (word, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    Some((grouped(&word.to_lowercase())?, behind.trim()))
}

/// The command that is called so where it is typed alone.
#[must_use]
pub(super) fn alone(typed: &str) -> Option<&'static str> {
    let found = COMMANDS.iter().find(|it| it.alone == typed);
    found.map(|it| it.name)
}

/// The command that is called so in the group, by either of its names.
#[must_use]
pub fn grouped(typed: &str) -> Option<&'static str> {
    let found = COMMANDS.iter().find(|it| it.name == typed);
    let found = found.or_else(|| COMMANDS.iter().find(|it| it.alone == typed));
    found.map(|it| it.name)
}

/// The owners' commands as one slash command. Discord shows it to administrators alone; the host answers the owners alone.
#[must_use]
pub fn group() -> Value {
    let options: Vec<Value> = COMMANDS.iter().map(leaf).collect();
    json!({
        "name": GROUP,
        "type": 1,
        "description": "Runs the bot: for its owners",
        "default_member_permissions": "0",
        "options": options,
    })
}

/// A command, or one of a group: Discord's number is the same.
fn leaf(declared: &OwnerCommand) -> Value {
    let options: Vec<Value> = declared.options.iter().map(option).collect();
    json!({"name": declared.name, "type": 1, "description": declared.description, "options": options})
}

/// The commands as plugins' are listed and asked about.
pub(super) fn declared() -> Vec<OwnCommand> {
    let declared = |it: &OwnerCommand| {
        let mut command = CommandManifest::default();
        it.alone.clone_into(&mut command.name);
        it.description.clone_into(&mut command.description);
        command.options = it.options.iter().map(Parameter::manifest).collect();
        (command.prefix, command.slash) = (true, true);
        command.aliases.push(format!("{GROUP} {}", it.name));
        command.access.owner_only = true;
        OwnCommand {
            name: it.name,
            is_grouped: true,
            command: Arc::new(command),
        }
    };
    COMMANDS.iter().map(declared).collect()
}

impl Parameter {
    fn manifest(&self) -> OptionManifest {
        let mut option = OptionManifest::default();
        self.name.clone_into(&mut option.name);
        self.description.clone_into(&mut option.description);
        option.required = self.required;
        option.kind = match self.kind {
            Kind::Text => OptionKind::String,
            Kind::Flag => OptionKind::Boolean,
        };
        option
    }
}

fn option(taken: &Parameter) -> Value {
    let number = match taken.kind {
        Kind::Text => 3,
        Kind::Flag => 5,
    };
    let mut option = json!({"type": number, "name": taken.name, "description": taken.description});
    if taken.required {
        option["required"] = true.into();
    }
    option
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discord_takes_them_all() {
        let group = group();
        let inside = group["options"].as_array().unwrap();
        assert!(inside.len() <= 25, "Discord accepts 25 in a group");
        assert_eq!(inside.len(), COUNT);
        for command in inside.iter().chain([&group]) {
            let is_short = |text: &Value| (1..=100).contains(&text.as_str().unwrap().len());
            assert!(is_short(&command["description"]), "{command}");
            let options = command["options"].as_array().unwrap();
            assert!(options.iter().all(|one| is_short(&one["description"])));
            // What is required comes first.
            let required = options.iter().map(|one| one["required"] == true);
            assert!(required.is_sorted_by(|a, b| a >= b), "{command}");
        }
        // Each is found by each of its names, and no two have one.
        for command in COMMANDS {
            assert_eq!(alone(command.alone), Some(command.name));
            assert_eq!(grouped(command.name), Some(command.name));
            assert_eq!(grouped(command.alone), Some(command.name));
        }
        assert_eq!(
            find(GROUP, "Set shop.limit 5"),
            Some(("set", "shop.limit 5"))
        );
        assert_eq!(find("fw_set", "a b"), Some(("set", "a b")));
        assert_eq!(find("set", "a b"), None, "a plugin may have it");
        assert_eq!(find(GROUP, ""), None);
        let mut names = NAMES.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NAMES.len());
    }
}
