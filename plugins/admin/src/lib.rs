//! Administration of the bot, for its owners; and the settings of a server, for those who manage it.
//!
//! Each command is there twice: `fw_log` where it is typed, and `/admin log`, which takes one place of a hundred for all of them.
//! Nothing is checked here that the host does not check again: each call needs a power, and somebody who may.

mod databases;
mod files;
mod hooks;
mod log;
mod schedules;
mod server;
mod settings;
mod subjects;

use plugin_api::{Power, prelude::*};

/// A command, by the name that it has.
type Declared = fn(&str) -> Command;

/// The owners' commands: the name in the group, the name alone, and what they are.
const COMMANDS: &[(&str, &str, Declared)] = &[
    ("files", "fw_files", files::command),
    ("hooks", "fw_hooks", hooks::command),
    ("schedules", "fw_schedules", schedules::command),
    ("log", "fw_log", log::command),
    ("config", "fw_settings", settings::command),
    ("backup", "fw_backup", databases::backup),
    ("migrations", "fw_migrations", databases::migrations),
    ("migrate", "fw_migrate", databases::migrate),
    ("export-data", "fw_export_data", subjects::export),
    ("erase-data", "fw_erase_data", subjects::erase),
];

export_plugin!(|| {
    let mut group = Command::group("admin", "Looks after the bot: for its owners").owner_only();
    let mut plugin = Plugin::new().category("Framework", "🔧").powers([
        Power::BotRead,
        Power::PluginsRead,
        Power::HooksRead,
        Power::HooksManage,
        Power::SchedulesRead,
        Power::SchedulesManage,
        Power::LogRead,
        Power::LogLevels,
        Power::SettingsRead,
        Power::SettingsWrite,
        Power::DatabaseManage,
        Power::Subjects,
    ]);
    for (name, alone, declared) in COMMANDS {
        group = group.command(declared(name).slash_only().ephemeral());
        let mut typed = declared(alone).prefix_only().owner_only();
        // `cogwright log` stands for `fw_log`, and `cogwright config` for `fw_config`.
        let grouped = format!("fw_{}", name.replace('-', "_"));
        if grouped != *alone {
            typed = typed.alias(grouped);
        }
        plugin = plugin.command(typed);
    }
    plugin.command(group).command(server::command())
});
