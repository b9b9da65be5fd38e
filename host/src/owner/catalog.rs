//! Catalog of the owner commands: their names and options, as they are looked up and as Discord lists them.

use std::sync::Arc;

use host_commands::OwnCommand;
use plugin_api::manifest::{ChoiceManifest, CommandManifest, OptionKind, OptionManifest};
use serde_json::{Value, json};
use twilight_model::guild::Permissions;

/// The command of a server's managers.
pub const OF_MANAGERS: &str = "settings";

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
    User,
    /// One of these words.
    OneOf(&'static [&'static str]),
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

const USER: Parameter =
    Parameter::new("user", Kind::User, "User whom the data are about").required();
const PLUGIN: Parameter = Parameter::new("name", Kind::Text, "Name of the plugin").required();
const SETTING: Parameter =
    Parameter::new("setting", Kind::Text, "PLUGIN.NAME or TABLE.KEY").required();

const COMMANDS: &[OwnerCommand] = &[
    command("extensions", "Shows the plugins that are loaded", &[]),
    command("load", "Loads a plugin", &[PLUGIN]),
    command(
        "reload",
        "Reloads a plugin without losing a message",
        &[Parameter::new("name", Kind::Text, "Name of the plugin, or all").required()],
    ),
    command(
        "unload",
        "Unloads a plugin",
        &[
            PLUGIN,
            Parameter::new(
                "force",
                Kind::Flag,
                "Also those that need it, and without its state if it can't be saved",
            ),
        ],
    ),
    command(
        "sync",
        "Registers the slash commands with Discord again",
        &[],
    ),
    in_group(
        "slash-limit",
        "slashlimit",
        "Shows how many slash commands there are, and may be",
        &[],
    ),
    in_group("plugin", "fw_plugin", "Shows what a plugin uses", &[PLUGIN]),
    in_group(
        "files",
        "fw_files",
        "Shows figures of plugins' files: reads, writes, failures, locks",
        &[],
    ),
    in_group(
        "hooks",
        "fw_hooks",
        "Shows the handlers of hooks, switches one on or off, closes its breaker",
        &[
            Parameter::new(
                "what",
                Kind::OneOf(&["list", "history", "enable", "disable", "reset"]),
                "What to do; left out: shows all",
            ),
            Parameter::new("id", Kind::Text, "The handler, as the list shows it"),
        ],
    ),
    in_group(
        "schedules",
        "fw_schedules",
        "Shows the schedules of plugins, or changes one",
        &[
            Parameter::new(
                "action",
                Kind::OneOf(&["run", "pause", "resume"]),
                "What to do; left out: shows all",
            ),
            Parameter::new("plugin", Kind::Text, "Whose schedule"),
            Parameter::new("name", Kind::Text, "Which one"),
        ],
    ),
    in_group(
        "log",
        "fw_log",
        "Shows or changes what is logged",
        &[
            Parameter::new("of", Kind::Text, "A plugin or a module; left out: all"),
            Parameter::new(
                "level",
                Kind::OneOf(&["error", "warn", "info", "debug", "trace", "off", "default"]),
                "Lowest level that is logged; default removes an exception",
            ),
        ],
    ),
    in_group(
        "config",
        "fw_settings",
        "Shows settings, their values and what they accept",
        &[Parameter::new(
            "of",
            Kind::Text,
            "A plugin, or a table of config.toml",
        )],
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
    in_group(
        "backup",
        "fw_backup",
        "Copies all databases to the backups folder",
        &[],
    ),
    in_group(
        "migrations",
        "fw_migrations",
        "Shows which migrations have run",
        &[],
    ),
    in_group(
        "migrate",
        "fw_migrate",
        "Runs the migrations that are missing, in every database",
        &[Parameter::new(
            "plugin",
            Kind::Text,
            "One plugin's; left out: all",
        )],
    ),
    in_group(
        "export-data",
        "fw_export_data",
        "Writes all that is kept about a user into a file",
        &[USER],
    ),
    in_group(
        "erase-data",
        "fw_erase_data",
        "Erases all that is kept about a user, for good",
        &[
            USER,
            Parameter::new("confirm", Kind::Text, "The word erase"),
        ],
    ),
    command(
        OF_MANAGERS,
        "Shows and changes the settings of this server",
        &[
            Parameter::new(
                "action",
                Kind::OneOf(&["show", "set", "reset"]),
                "What to do; left out: shows them",
            ),
            Parameter::new("setting", Kind::Text, "PLUGIN.NAME; to show also PLUGIN"),
            Parameter::new("value", Kind::Text, "Its new value"),
        ],
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
    let owners = COMMANDS.iter().filter(|it| it.name != OF_MANAGERS);
    owners.map(|it| it.name)
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
    let owners = || COMMANDS.iter().filter(|it| it.name != OF_MANAGERS);
    let found = owners().find(|it| it.name == typed);
    let found = found.or_else(|| owners().find(|it| it.alone == typed));
    found.map(|it| it.name)
}

/// What is registered for everybody: the command of a server's managers.
#[must_use]
pub fn slash_commands() -> Vec<Value> {
    let of_managers = COMMANDS.iter().filter(|it| it.name == OF_MANAGERS);
    of_managers
        .map(|declared| {
            let mut command = leaf(declared);
            // MANAGE_GUILD
            command["default_member_permissions"] = "32".into();
            command["dm_permission"] = false.into();
            command
        })
        .collect()
}

/// The owners' commands as one slash command. Discord shows it to administrators alone; the host answers the owners alone.
#[must_use]
pub fn group() -> Value {
    let owners = COMMANDS.iter().filter(|it| it.name != OF_MANAGERS);
    let options: Vec<Value> = owners.map(leaf).collect();
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
        let is_grouped = it.name != OF_MANAGERS;
        if is_grouped {
            command.aliases.push(format!("{GROUP} {}", it.name));
            command.access.owner_only = true;
        } else {
            command.guild_only = true;
            command.access.permissions = Permissions::MANAGE_GUILD.bits();
        }
        OwnCommand {
            name: it.name,
            is_grouped,
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
            Kind::Text | Kind::OneOf(_) => OptionKind::String,
            Kind::Flag => OptionKind::Boolean,
            Kind::User => OptionKind::User,
        };
        if let Kind::OneOf(words) = self.kind {
            let choices = words.iter().map(|word| ChoiceManifest::new(*word, *word));
            option.choices = choices.collect();
        }
        option
    }
}

fn option(taken: &Parameter) -> Value {
    let number = match taken.kind {
        Kind::Text | Kind::OneOf(_) => 3,
        Kind::Flag => 5,
        Kind::User => 6,
    };
    let mut option = json!({"type": number, "name": taken.name, "description": taken.description});
    if taken.required {
        option["required"] = true.into();
    }
    if let Kind::OneOf(words) = taken.kind {
        let choices = words
            .iter()
            .map(|word| json!({"name": word, "value": word}));
        option["choices"] = choices.collect();
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
        assert_eq!(inside.len() + slash_commands().len(), COUNT);
        for command in slash_commands().iter().chain(inside).chain([&group]) {
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
            let owners = command.name != OF_MANAGERS;
            let name = owners.then_some(command.name);
            assert_eq!(grouped(command.name), name);
            assert_eq!(grouped(command.alone), name);
        }
        assert_eq!(find(GROUP, "Log shop debug"), Some(("log", "shop debug")));
        assert_eq!(find("fw_log", "debug"), Some(("log", "debug")));
        assert_eq!(find("log", "debug"), None, "a plugin may have it");
        assert_eq!(find(GROUP, ""), None);
        let mut names = NAMES.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NAMES.len());
    }
}
