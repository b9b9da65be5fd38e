//! Hooks, for the bot's owners: the handlers of all plugins, the latest events, and where alerts about them go.
//!
//! What sees needs the power `hooks.read`, what switches `hooks.manage`, and the alert channel `settings.write`.

mod alert_channel;
mod handlers;
mod history;
mod list;
mod switch;

use plugin_api::{Power, prelude::*};

export_plugin!(|| {
    Plugin::new()
        .category("Framework", "🔧")
        .powers([Power::HooksRead, Power::HooksManage, Power::SettingsWrite])
        .command(for_owners(list::eh_list()))
        .command(for_owners(history::eh_history()))
        .command(for_owners(switch::eh_disable()))
        .command(for_owners(switch::eh_enable()))
        .command(for_owners(switch::eh_reset_circuit()))
        .command(for_owners(alert_channel::eh_alert_channel()))
        .pages("handlers", list::page)
        .pages("events", history::page)
});

/// By slash for their eyes alone, by prefix where they have asked.
fn for_owners(command: Command) -> Command {
    command.owner_only().ephemeral_by_slash()
}
