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
        .command(list::eh_list().owner_only())
        .command(history::eh_history().owner_only())
        .command(switch::eh_disable().owner_only())
        .command(switch::eh_enable().owner_only())
        .command(switch::eh_reset_circuit().owner_only())
        .command(alert_channel::eh_alert_channel().owner_only())
        .pages("handlers", list::page)
        .pages("events", history::page)
});

/// Argument of pages that only the reader may see.
const PRIVATE: char = 'p';

/// An answer to an owner: by slash for their eyes alone.
fn for_owner(answer: impl Into<NewMessage>, by_prefix: bool) -> NewMessage {
    match by_prefix {
        true => answer.into(),
        false => answer.into().ephemeral(),
    }
}
