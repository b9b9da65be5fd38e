//! Information for everybody: how the bot fares, what is loaded, this server and its members.
//!
//! Figures of the bot need the powers that the operator grants in `[grants.info]`; without one, a command says what is left.

mod framework;
mod modules;
mod ping;
mod server;
mod shards;
mod stats;
mod user;
mod words;

use std::time::Duration;

use plugin_api::{Power, given, prelude::*};

/// What a reader is told where a power was taken away.
const NOT_GRANTED: &str =
    "The bot's owner keeps that private: this plugin has not been granted the power to see it.";

export_plugin!(|| {
    Plugin::new()
        .category("Framework", "ℹ️")
        .powers([Power::BotRead, Power::PluginsRead])
        .command(for_everybody(stats::stats()))
        .command(for_everybody(ping::ping()))
        .command(for_everybody(ping::uptime()))
        .command(for_everybody(modules::modules()))
        .command(for_everybody(framework::discordbotframework()))
        .command(for_everybody(shards::shardinfo()))
        .command(for_everybody(server::serverinfo()))
        .command(for_everybody(user::userinfo()))
        .pages("modules", modules::page)
        .pages("shards", shards::page)
});

fn for_everybody(command: Command) -> Command {
    command.cooldown(1, Duration::from_secs(10))
}
