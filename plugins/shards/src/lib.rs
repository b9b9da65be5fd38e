//! Shards, for the bot's owners: how each connection to Discord fares, and an alert when one is lost, slow or silent.
//!
//! What is shown is what the host counts (`bot.read`) and what was seen of it each minute; resetting counts needs `gateway.control`.

mod alerts;
mod details;
mod health;
mod memory;
mod monitor;
mod reset;
mod verdict;
mod views;
mod watch;
mod words;

use std::time::Duration;

use plugin_api::{Power, prelude::*};

use self::memory::Watch;

export_plugin!(|| {
    Plugin::with_state(|host| async move {
        let watch = Watch::default();
        host.spawn(watch::run(host.clone(), watch.clone()));
        Ok(watch)
    })
    .category("Framework", "🔧")
    .powers([Power::BotRead, Power::GatewayControl])
    .setting(
        Setting::duration("check_every", "How often the shards are looked at")
            .default("60s")
            .min(1_000)
            .max(3_600_000),
    )
    .setting(
        Setting::duration(
            "cool_down",
            "How long no second alert is raised about a shard",
        )
        .default("5m")
        .max(86_400_000),
    )
    .command(for_owners(monitor::shardmonitor()).cooldown(1, Duration::from_secs(10)))
    .command(for_owners(details::sharddetails()).cooldown(1, Duration::from_secs(10)))
    .command(for_owners(health::shardhealth()).cooldown(1, Duration::from_secs(30)))
    .command(for_owners(alerts::shardalerts()))
    .command(for_owners(reset::shardreset()))
    .component("view", monitor::turn)
    .on_hook("connected", memory::connected)
    .on_hook("lost", memory::lost)
    .on_hook("resumed", memory::resumed)
    .on_save(Watch::save)
    .on_restore(Watch::restore)
    // It is about shards alone.
    .on_erase(async |_| Ok(()))
});

/// By slash for their eyes alone, by prefix where they have asked.
fn for_owners(command: Command<Watch>) -> Command<Watch> {
    command.owner_only().ephemeral_by_slash()
}
