//! Administration of the bot, for its owners.
//!
//! Each command is there twice: `fw_plugin` where it is typed, and `/admin plugin`, which takes one place of a hundred for all of them.
//! Nothing is checked here that the host does not check again: each call needs a power, and somebody who may.

mod costs;
mod slash;

use plugin_api::{Power, prelude::*};

/// A command, by the name that it has.
type Declared = fn(&str) -> Command;

/// The owners' commands: the name in the group, the name alone, and what they are.
const COMMANDS: &[(&str, &str, Declared)] = &[
    ("plugin", "fw_plugin", costs::command),
    ("slash-limit", "slashlimit", slash::command),
];

export_plugin!(|| {
    let mut group = Command::group("admin", "Looks after the bot: for its owners").owner_only();
    let mut plugin = Plugin::new()
        .category("Framework", "🔧")
        .powers([Power::BotRead, Power::PluginsRead]);
    for (name, alone, declared) in COMMANDS {
        group = group.command(declared(name).slash_only().ephemeral());
        let mut typed = declared(alone).prefix_only().owner_only();
        // `cogwright slash-limit` stands for `fw_slash_limit`.
        let grouped = format!("fw_{}", name.replace('-', "_"));
        if grouped != *alone {
            typed = typed.alias(grouped);
        }
        plugin = plugin.command(typed);
    }
    plugin.command(group)
});
