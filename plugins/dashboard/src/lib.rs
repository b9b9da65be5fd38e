//! Dashboard: web pages that show the bot live and steer it, and that other plugins' tabs are shown in.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `shell.rs`, `sidebar.rs` | what every page has: sidebar, header, footer; and other plugins' tabs within it |
//! | `header.rs` | the figures in the header, which are fetched again and again |
//! | `pulse.rs` | the bot's figures over the last hour: sampled each minute, and faster while somebody looks |
//! | `wanted.rs` | events that tabs want to hear while somebody looks, chosen together |
//! | `actions.rs` | what is done to the bot as a whole: reload all, clear caches, register commands, restart, stop |
//! | `livemonitor/` | commands for the bot's owners: a link to log in with, whether pages are served, sessions |
//! | `ui/` | pieces that tabs are built of: cards, tables, pills, buttons, charts, times |
//! | `deed.rs` | deeds at Discord, in the audit journal before they are done |
//! | `icons.rs` | the icons, drawn as SVG |
//! | `assets.rs` | the files of the folder `assets/`, served under their hash |
//! | `overview/` | the tab Overview: health, reach, lines of the last hour, what needs a look |
//! | `system/` | the tab System: process, lag, limits, caches, hooks, presence, metrics |
//! | `commands/` | the tab Commands: use, errors, who may, why not, rules by server |
//! | `plugins/` | the tab Plugins: each one's state, figures and files; load, reload, roll back, install; the graph |
//! | `picker.rs` | pages to pick a server from |
//! | `place.rs` | servers, channels and users as somebody writes them into a field |
//! | `settings/` | the tab Settings: all settings of the host and of plugins, also by server |
//! | `hooks/` | the tab Hooks: handlers, their figures, and what became of events |
//! | `servers/` | the tab Servers: all there are, and each with its channels and roles |
//! | `events/` | the tab Events live: everything that happens, while somebody looks |
//! | `shards/` | the tab Shards: how each fares, and over the last hour |
//! | `invite/` | the tab Invite: the address that the bot is added by |
//! | `log/` | the tab Log: lines, errors, levels |
//! | `files/` | the tab Files: the bot's own folder, edited, with a bin |
//! | `backups.rs` | the tab Backups: copies of the databases |
//! | `database/` | the tab Database: tables, rows, SQL, checks, migrations |
//! | `features.rs` | the tab More: which features come from which plugin |
//! | `chat/` | the tab Chat: channels read, and written in as the bot |
//! | `roles/` | the tab Roles: who may use these pages, and what |
//! | `security/` | the tab Security: who is logged in, and the audit journal |
//! | `credits.rs` | the tab Credits, and the shortest example of one |
//!
//! A tab is a module with `add`: it declares its [`Tab`](plugin_api::Tab), its routes, its own rights and topics. What a route shows is the
//! bot's as the host gives it to whoever is logged in: every right is looked at by the host, and what would be refused is left out here.

mod actions;
mod assets;
mod backups;
mod chat;
mod commands;
mod credits;
mod database;
mod deed;
mod events;
mod features;
mod files;
mod header;
mod hooks;
mod icons;
mod invite;
mod livemonitor;
mod log;
mod overview;
mod picker;
mod place;
mod plugins;
mod pulse;
mod roles;
mod security;
mod servers;
mod settings;
mod shards;
mod shell;
mod sidebar;
mod system;
mod ui;
mod wanted;

use std::{collections::BTreeMap, rc::Rc};

use plugin_api::{Power, prelude::*};
use serde::{Deserialize, Serialize};

use self::{chat::Latest, pulse::Pulse, wanted::Wanted};

/// What all tabs share. A tab with a state of its own keeps it in an `Rc` that its handlers hold, or has a field here.
#[derive(Debug)]
pub(crate) struct Dashboard {
    /// The host of the start, which asks for the plugin alone: for what goes on behind the pages.
    host: Host,
    /// The bot's figures over the last hour.
    pulse: Rc<Pulse>,
    /// The last events, while somebody looks.
    events: Rc<events::Ring>,
    /// How the shards have fared over the last hour.
    shards: Rc<shards::History>,
    /// The latest messages of channels that somebody looks at.
    chat: Rc<Latest>,
    /// Events that tabs want to hear.
    wanted: Rc<Wanted>,
    /// What each plugin has used over the last hour.
    samples: Rc<plugins::Samples>,
}

impl Dashboard {
    fn new(host: Host) -> Self {
        let pulse = Rc::default();
        pulse::start(&host, &pulse);
        let shards = Rc::default();
        shards::start(&host, &shards);
        let samples = Rc::default();
        plugins::start(&host, &samples);
        Self {
            host,
            pulse,
            events: Rc::default(),
            shards,
            chat: Rc::default(),
            wanted: Rc::default(),
            samples,
        }
    }

    fn kept(&self) -> Kept {
        Kept {
            pulse: self.pulse.kept(),
            plugins: self.samples.kept(),
        }
    }

    fn restore(&self, kept: Kept) {
        self.pulse.restore(kept.pulse);
        self.samples.restore(kept.plugins);
    }
}

/// What the next generation goes on with.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    pulse: Vec<pulse::Sample>,
    plugins: BTreeMap<String, Vec<plugins::Sample>>,
}

/// The form of [`Kept`]. The first one was the pulse alone.
const SCHEMA: u32 = 2;

export_plugin!(|| {
    let mut plugin = Plugin::with_state(|host| async { Ok(Dashboard::new(host)) })
        .on_save(|dashboard| State::new(SCHEMA, &dashboard.kept()))
        .on_restore(|dashboard, saved| {
            match saved.schema() {
                1 => dashboard.pulse.restore(saved.read()?),
                _ => dashboard.restore(saved.read()?),
            }
            Ok(())
        })
        .category("Framework", "🖥️")
        .home()
        // One table of what it may do beside the operator's grants: the host looks at each call, for whoever is logged in.
        .powers(
            Power::ALL
                .iter()
                .copied()
                .filter(|power| *power != Power::Unknown),
        );
    // In the order of the sidebar.
    for add in [
        assets::add,
        shell::add,
        header::add,
        pulse::add,
        actions::add,
        livemonitor::add,
        overview::add,
        commands::add,
        plugins::add,
        hooks::add,
        system::add,
        settings::add,
        files::add,
        chat::add,
        servers::add,
        events::add,
        invite::add,
        backups::add,
        shards::add,
        roles::add,
        security::add,
        log::add,
        database::add,
        features::add,
        credits::add,
    ] {
        plugin = add(plugin);
    }
    plugin
});
