//! Snapshots of a server (`backup create, list, view, diff, verify, export, import`), and their restore (`backup restore, undo`).
//!
//! What is compared and planned is pure and knows no Discord: `format` is a snapshot's file, `fields` what is kept of Discord's objects,
//! `pairs` which is which in two pictures of a server, `diff` their differences, `plan` the steps from the one to the other, and
//! `journal` how far a restore is. The rest asks Discord and people.

mod archive;
mod body;
mod busy;
mod change;
mod commands;
mod compare;
#[cfg(test)]
mod converge;
mod diff;
mod erase;
mod fields;
mod form;
mod format;
mod inbox;
mod journal;
mod listing;
mod model;
mod order;
mod pack;
mod pairs;
mod pictures;
mod plan;
mod restore;
mod retention;
mod roster;
mod schedule;
mod store;
mod take;
#[cfg(test)]
mod testing;
mod transfer;
mod words;

use plugin_api::{Power, prelude::*};

use self::busy::Busy;

/// What the operator, and those who manage a server, may set.
#[derive(Settings)]
struct Options {
    /// How many snapshots a server may have, beside those that are taken before a restore.
    #[setting(default = 25, min = 1, max = 1000)]
    limit: u64,
    /// Where Discord has pictures of emojis, stickers and icons.
    #[setting(default = "https://cdn.discordapp.com", format = "url")]
    pictures: String,
    /// How many days a snapshot is kept that is not pinned; 0: for ever.
    #[setting(default = 0, max = 3650, per_guild)]
    keep_days: u64,
}

/// What handlers share.
struct State {
    /// The plugin's own: what goes on in the background acts for nobody.
    host: Host,
    busy: Busy,
}

export_plugin!(|| {
    let start = |host: Host| async move {
        let busy = Busy::default();
        host.spawn(restore::resume_all(host.clone(), busy.clone()));
        inbox::begin(&host, &busy);
        let of_task = host.clone();
        host.spawn(async move { archive::sweep(&of_task).await });
        Ok(State { host, busy })
    };
    let plugin = Plugin::with_state(start)
        .category("Framework", "💾")
        .powers([Power::CommandsRules])
        .web_hosts(["cdn.discordapp.com", "media.discordapp.net"])
        .settings::<Options>()
        .migration(1, Scope::Guild, store::TABLES)
        .subject("backup__audit", "user_id")
        .on_erase(erase::forget)
        .component(restore::COMPONENT, restore::chosen)
        .scheduled(schedule::SNAPSHOT, schedule::due)
        .scheduled(schedule::LATE, schedule::due_late)
        .scheduled(schedule::RETENTION, schedule::expire);
    commands::all().into_iter().fold(plugin, Plugin::command)
});
