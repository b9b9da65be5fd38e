//! Actions on the bot as a whole: reload all plugins, clear caches, register slash commands, restart, stop.

use maud::{Markup, Render, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{CachesCleared, ManagedReply, SyncReply},
    prelude::*,
    text::{counted, size},
};
use serde::Deserialize;

use crate::{Dashboard, ui::Action};

/// Longest reason that goes into the log and the audit journal.
const REASON: usize = 200;

/// What there is to do: the host call that is the right to it, the path, and the button.
struct Deed {
    right: &'static str,
    path: &'static str,
    words: &'static str,
    confirm: &'static str,
    danger: bool,
}

const DEEDS: [Deed; 5] = [
    Deed {
        right: "plugins.reload_all",
        path: "/actions/reload-all",
        words: "Reload all plugins",
        confirm: "Reload all plugins? Their states are handed over, and nothing is missed.",
        danger: false,
    },
    Deed {
        right: "bot.clear_caches",
        path: "/actions/clear-caches",
        words: "Clear caches",
        confirm: "Empty all caches? They fill again by themselves; the first look at each thing takes longer.",
        danger: false,
    },
    Deed {
        right: "slash.sync",
        path: "/actions/sync",
        words: "Sync slash commands",
        confirm: "",
        danger: false,
    },
    Deed {
        right: "bot.restart",
        path: "/actions/restart",
        words: "Restart",
        confirm: "Restart the bot? It answers what runs, saves all states, and is back in a few seconds.",
        danger: true,
    },
    Deed {
        right: "bot.stop",
        path: "/actions/stop",
        words: "Stop",
        confirm: "Stop the bot? These pages stop with it: somebody has to start it again where it runs.",
        danger: true,
    },
];

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let route = |at: usize, words: &str| {
        let deed = &DEEDS[at];
        Route::post(deed.path).right(deed.right).words(words)
    };
    plugin
        .route(route(0, "Reloads all plugins, providers first"), reload_all)
        .route(
            route(1, "Empties caches: those named in `caches`, or all"),
            clear_caches,
        )
        .route(
            route(2, "Registers slash commands with Discord, where any differ"),
            sync,
        )
        .route(route(3, "Restarts the bot"), restart)
        .route(route(4, "Stops the bot"), stop)
}

/// The buttons of what whoever asks may do.
pub(crate) fn buttons(ctx: &RouteContext<Dashboard>) -> Vec<Markup> {
    let may = DEEDS.iter().filter(|deed| ctx.may(deed.right));
    may.map(|deed| button(deed, ctx.base())).collect()
}

fn button(deed: &Deed, base: &str) -> Markup {
    let mut action = Action::new(deed.words, format!("{base}{}", deed.path)).in_palette();
    if !deed.confirm.is_empty() {
        action = action.confirm(deed.confirm);
    }
    if deed.danger {
        action = action.danger();
    }
    action.render()
}

/// The same, out of sight: for Ctrl+K on every page.
pub(crate) fn for_palette(ctx: &RouteContext<Dashboard>) -> Markup {
    html! { div hidden { @for button in buttons(ctx) { (button) } } }
}

async fn reload_all(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let reply = ctx.host().plugins().reload_all().await?;
    Ok(RouteReply::text(reloaded(&reply)))
}

fn reloaded(reply: &ManagedReply) -> String {
    let loads = reply.loads.len() as u64;
    match (reply.begun, loads) {
        // This plugin is among them: it is reloaded when this is answered.
        (true, _) => "All plugins are being reloaded. The log says what came of each.".to_owned(),
        (false, 0) => "There is no plugin to reload.".to_owned(),
        (false, _) => format!("Reloaded {}.", counted(loads, "plugin")),
    }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Which {
    caches: Vec<String>,
}

async fn clear_caches(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let which: Which = ctx.json()?;
    let named: Vec<&str> = which.caches.iter().map(String::as_str).collect();
    let cleared = ctx.host().clear_caches(&named).await?;
    Ok(RouteReply::text(emptied(&cleared)))
}

fn emptied(cleared: &CachesCleared) -> String {
    let parts = [
        (cleared.files, "file"),
        (cleared.rules, "server's rules"),
        (cleared.settings, "server's settings"),
        (cleared.members, "member"),
    ];
    let told: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| match what.strip_prefix("server's ") {
            Some(what) => format!("{what} of {}", counted(count, "server")),
            None => counted(count, what),
        })
        .collect();
    match told.as_slice() {
        [] => "The caches were empty already.".to_owned(),
        told => {
            let freed = match cleared.file_bytes {
                0 => String::new(),
                bytes => format!(" {} of memory are free again.", size(bytes)),
            };
            format!("Forgotten: {}.{freed}", told.join(", "))
        }
    }
}

async fn sync(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let reply = ctx.host().bot().sync().await?;
    Ok(RouteReply::text(synced(&reply)))
}

fn synced(reply: &SyncReply) -> String {
    let parts = [
        (&reply.created, "created"),
        (&reply.edited, "changed"),
        (&reply.deleted, "deleted"),
        (
            &reply.later,
            "left for another day, as Discord takes no more today",
        ),
    ];
    let told: Vec<String> = parts
        .into_iter()
        .filter(|(names, _)| !names.is_empty())
        .map(|(names, what)| format!("{} {what}", names.len()))
        .collect();
    match told.as_slice() {
        [] => format!(
            "All {} are registered as they should be.",
            counted(reply.unchanged, "command")
        ),
        told => format!(
            "Slash commands: {}; {} as they should be.",
            told.join(", "),
            reply.unchanged
        ),
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Why {
    reason: String,
}

fn why(ctx: &RouteContext<Dashboard>) -> Result<String> {
    let why: Why = ctx.json()?;
    let given: String = why.reason.trim().chars().take(REASON).collect();
    Ok(match given.as_str() {
        "" => "asked for on the dashboard".to_owned(),
        _ => given,
    })
}

async fn restart(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    ctx.host().bot().restart(&why(&ctx)?).await?;
    Ok(RouteReply::text(
        "The bot restarts. This page goes on when it is back.",
    ))
}

async fn stop(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    ctx.host().bot().stop(&why(&ctx)?).await?;
    Ok(RouteReply::text("The bot stops."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_it_is_told_in_sentences() {
        let mut cleared = CachesCleared::default();
        assert_eq!(emptied(&cleared), "The caches were empty already.");
        (cleared.rules, cleared.members) = (1, 2);
        assert_eq!(
            emptied(&cleared),
            "Forgotten: rules of 1 server, 2 members."
        );
        let mut reply = SyncReply::default();
        reply.unchanged = 3;
        assert_eq!(
            synced(&reply),
            "All 3 commands are registered as they should be."
        );
        reply.created = vec!["tea".to_owned()];
        assert_eq!(
            synced(&reply),
            "Slash commands: 1 created; 3 as they should be."
        );
        let mut managed = ManagedReply::default();
        assert_eq!(reloaded(&managed), "There is no plugin to reload.");
        managed.begun = true;
        assert!(reloaded(&managed).starts_with("All plugins are being"));
    }

    #[test]
    fn what_cannot_be_undone_is_asked_for() {
        for deed in DEEDS.iter().filter(|deed| deed.danger) {
            assert!(!deed.confirm.is_empty(), "{}", deed.words);
            let button = button(deed, "/p/d").into_string();
            assert!(button.contains("data-danger"), "{button}");
        }
    }
}
