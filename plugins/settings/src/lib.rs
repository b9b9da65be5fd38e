//! Settings: what a server has set, changed by command, menu or form; and the owner's view of all of them.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `server.rs` | `serversettings`: this server at a glance |
//! | `typed.rs` | `settings`: by typing, or with the menu |
//! | `overview.rs` | `fw_settings`: all settings of host and plugins, with the menu |
//! | `config.rs`, `schema.rs` | `fw_config_validate`, `fw_config_schema` |
//! | `menu.rs`, `view.rs` | the menu: what its buttons, selects and forms do; its pages |
//! | `place.rs`, `listing.rs`, `words.rs` | whose values they are, and which setting; settings and values in words |
//!
//! A page of the menu is told by its custom ids and its own text: there is no other state, so that menus and half-filled forms outlive
//! a reload. The host checks each value, and who may set it.

mod config;
mod listing;
mod menu;
mod overview;
mod place;
mod schema;
mod server;
mod typed;
mod view;
mod words;

use plugin_api::{Power, given, prelude::*};

export_plugin!(|| {
    menu::handlers(
        Plugin::new()
            .category("Framework", "⚙️")
            .powers([Power::SettingsRead, Power::SettingsWrite]),
    )
    .command(server::command())
    .command(typed::command())
    .command(for_owners(overview::command()))
    .command(for_owners(config::validate()))
    .command(for_owners(config::schema()))
});

fn for_owners(command: Command) -> Command {
    command.owner_only().ephemeral_by_slash()
}
