//! Declarations of a plugin: all of its manifest, a card for each kind of thing.

use maud::{Markup, html};
use plugin_api::{
    manifest::{CommandManifest, Manifest},
    prelude::*,
    text::{clip, counted, span},
};

use crate::ui;

/// Rows of a card: a plugin with more has a page of them elsewhere.
const ROWS: usize = 150;

/// Characters of a description.
const WORDS: usize = 160;

/// All but its powers and relations, which stand on the plugin's first page.
pub(super) fn drawn(manifest: &Manifest) -> Markup {
    let pages = &manifest.pages;
    let cards = [
        commands(manifest),
        names("Components", manifest.components.iter().map(String::as_str)),
        listeners(manifest),
        hooks(manifest),
        functions(manifest),
        schedules(manifest),
        settings(manifest),
        tables(manifest),
        names("Web hosts", manifest.web_hosts.iter().map(String::as_str)),
        names(
            "Boundary features",
            manifest.requires.iter().map(String::as_str),
        ),
        names(
            "Hooks that it emits",
            manifest.tells.iter().map(String::as_str),
        ),
    ];
    html! {
        (limits(manifest))
        div.grid.even { @for card in cards.iter().filter(|card| !card.0.is_empty()) { (card) } }
        @if !pages.is_empty() { (web(manifest)) }
    }
}

/// A card with a list, and how many there are; nothing where there are none.
fn listed(title: &str, count: usize, rows: Markup) -> Markup {
    html! {
        @if count > 0 {
            (ui::card_with(title, html! { span.muted { (count) } }, html! {
                ul.list { (rows) }
                @if count > ROWS { p.muted { "and " (count - ROWS) " more" } }
            }))
        }
    }
}

fn names<'a>(title: &str, names: impl ExactSizeIterator<Item = &'a str>) -> Markup {
    let count = names.len();
    let rows = html! { @for name in names.take(ROWS) { li { bdi.cut { (name) } } } };
    listed(title, count, rows)
}

/// The commands that run, behind the names of their groups.
fn commands_below<'a>(
    all: &'a [CommandManifest],
    groups: &str,
    found: &mut Vec<(String, &'a CommandManifest)>,
) {
    for command in all {
        let path = match groups {
            "" => command.name.clone(),
            groups => format!("{groups} {}", command.name),
        };
        if command.subcommands.is_empty() {
            found.push((path, command));
            continue;
        }
        if command.runs {
            found.push((path.clone(), command));
        }
        commands_below(&command.subcommands, &path, found);
    }
}

fn commands(manifest: &Manifest) -> Markup {
    let mut found = Vec::new();
    commands_below(&manifest.commands, "", &mut found);
    let kind = |command: &CommandManifest| match (command.prefix, command.slash) {
        (true, true) => "hybrid",
        (true, false) => "prefix",
        (false, true) => "slash",
        (false, false) => "menu",
    };
    let rows = html! {
        @for (path, command) in found.iter().take(ROWS) {
            li {
                span.tag { (kind(command)) }
                div.grow { code.cut { (path) } small.muted { " " bdi { (clip(&command.description, WORDS)) } } }
            }
        }
    };
    listed("Commands", found.len(), rows)
}

fn listeners(manifest: &Manifest) -> Markup {
    let all = &manifest.listeners;
    let rows = html! {
        @for one in all.iter().take(ROWS) {
            li {
                code { (one.event) }
                @if let Some(guild) = one.guild_id { small.muted { "in server " (guild) } }
                @if one.ignore_bots { small.muted { "not of bots" } }
                @if one.without_content { small.muted { "without content" } }
            }
        }
    };
    let card = listed("Listeners", all.len(), rows);
    let intents: Vec<&str> = Intents::from_bits_truncate(manifest.intents)
        .iter_names()
        .map(|(name, _)| name)
        .collect();
    html! {
        (card)
        @if !intents.is_empty() { (names("Intents", intents.into_iter())) }
    }
}

fn hooks(manifest: &Manifest) -> Markup {
    let all = &manifest.hooks;
    let rows = html! {
        @for one in all.iter().take(ROWS) {
            li { code.cut { (one.event) } small.muted.cut { bdi { (one.handler) } } small.muted { "priority " (one.priority) } }
        }
    };
    listed("Hook handlers", all.len(), rows)
}

fn functions(manifest: &Manifest) -> Markup {
    let all = &manifest.functions;
    let rows = html! {
        @for one in all.iter().take(ROWS) { li { code.cut { (one.name) } small.muted { "version " (one.version) } } }
    };
    listed("Functions for other plugins", all.len(), rows)
}

fn schedules(manifest: &Manifest) -> Markup {
    let all = &manifest.schedules;
    let rows = html! {
        @for one in all.iter().take(ROWS) {
            li {
                bdi.cut { (one.name) }
                small.muted {
                    @match (&one.cron, one.every_ms) {
                        (Some(cron), _) => { code { (cron) } @if let Some(zone) = &one.zone { " " bdi { (zone) } } },
                        (None, Some(ms)) => { "every " (span(ms)) },
                        (None, None) => "when it is asked for",
                    }
                }
            }
        }
    };
    listed("Schedules", all.len(), rows)
}

fn settings(manifest: &Manifest) -> Markup {
    let all = &manifest.settings;
    let rows = html! {
        @for one in all.iter().take(ROWS) {
            li {
                div.grow { code.cut { (one.name) } small.muted { " " bdi { (clip(&one.description, WORDS)) } } }
                @if one.per_guild { span.tag { "by server" } }
            }
        }
    };
    listed("Settings", all.len(), rows)
}

fn tables(manifest: &Manifest) -> Markup {
    let count = manifest.migrations.len()
        + manifest.shares.len()
        + manifest.uses_tables.len()
        + manifest.subjects.len();
    let verb = |writes: bool| if writes { "reads and writes" } else { "reads" };
    let rows = html! {
        @for one in manifest.migrations.iter().take(ROWS) {
            li {
                details.grow {
                    summary { "Migration " (one.number) " · " @if one.scope == Scope::Bot { "the bot's database" } @else { "each server's database" } }
                    (ui::code_block("SQL of the migration", &clip(&one.sql, 4_000)))
                }
            }
        }
        @for one in &manifest.shares { li { code.cut { (one.table) } small.muted { "others: " (verb(one.writes)) } } }
        @for one in &manifest.uses_tables { li { code.cut { (one.table) } small.muted { "of another plugin: " (verb(one.writes)) } } }
        @for one in &manifest.subjects { li { code.cut { (one.table) "." (one.column) } small.muted { "says whose data it is" } } }
    };
    listed("Tables", count, rows)
}

fn limits(manifest: &Manifest) -> Markup {
    let yes_no = |yes: bool| if yes { "yes" } else { "no" };
    html! {
        (ui::card("How it runs", html! {
            dl.facts {
                (ui::fact("Keeps its state", yes_no(manifest.keeps_state)))
                (ui::fact("Erases somebody's data", yes_no(manifest.erases)))
                @if let Some(most) = manifest.concurrency { (ui::fact("At once", counted(u64::from(most), "handler"))) }
                @if let Some(ms) = manifest.deadline_ms { (ui::fact("Deadline", span(ms))) }
            }
        }))
    }
}

fn web(manifest: &Manifest) -> Markup {
    let pages = &manifest.pages;
    let routes = html! {
        @for route in pages.routes.iter().take(ROWS) {
            tr {
                th scope="row" { code { (route.method) " " (clip(&route.path, 120)) } }
                td { @if route.right.is_empty() { span.muted { "a session" } } @else { code { (route.right) } } }
                td { bdi { (clip(&route.words, WORDS)) } }
            }
        }
    };
    html! {
        (ui::card_with("Web pages", html! { span.muted { (counted(pages.routes.len() as u64, "route")) } }, html! {
            @if !pages.tabs.is_empty() {
                p { "Tabs: " @for (at, tab) in pages.tabs.iter().enumerate() { @if at > 0 { ", " } bdi { (clip(&tab.title, 60)) } } }
            }
            @if !pages.topics.is_empty() {
                p { "Topics: " @for (at, topic) in pages.topics.iter().enumerate() { @if at > 0 { ", " } code { (topic.name) } } }
            }
            @if !pages.rights.is_empty() {
                p { "Rights: " @for (at, right) in pages.rights.iter().enumerate() { @if at > 0 { ", " } code { (right.name) } " (" bdi { (clip(&right.means, WORDS)) } ")" } }
            }
            @if !pages.routes.is_empty() {
                div.scroll.tall { (ui::table("Routes of the plugin", &["Route", "Right", "What it does"], routes)) }
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest() -> Manifest {
        serde_json::from_value(json!({
            "name": "tea",
            "commands": [
                {"name": "pour", "prefix": true, "slash": true, "runs": true},
                {"name": "tag", "subcommands": [{"name": "add", "slash": true, "runs": true}]},
            ],
            "listeners": [{"event": "message_create", "ignore_bots": true}],
            "hooks": [{"event": "shop/sold", "handler": "<b>count</b>", "priority": 3}],
            "schedules": [{"name": "daily", "cron": "0 8 * * *"}],
            "web_hosts": ["tea.example"],
            "migrations": [{"number": 1, "scope": "bot", "sql": "CREATE TABLE cups (n)"}],
            "pages": {"tabs": [{"title": "Rooms"}], "routes": [{"method": "GET", "path": "/rooms"}]},
        }))
        .unwrap()
    }

    #[test]
    fn commands_of_groups_stand_behind_their_groups_names_and_groups_are_none() {
        let manifest = manifest();
        let mut found = Vec::new();
        commands_below(&manifest.commands, "", &mut found);
        let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["pour", "tag add"]);
    }

    #[test]
    fn all_kinds_of_things_are_shown_and_others_words_escaped() {
        let shown = drawn(&manifest()).into_string();
        for words in [
            "tag add",
            "hybrid",
            "message_create",
            "shop/sold",
            "priority 3",
            "0 8 * * *",
            "tea.example",
            "the bot's database",
            "GET /rooms",
            "Rooms",
        ] {
            assert!(shown.contains(words), "{words} in {shown}");
        }
        assert!(!shown.contains("<b>"));
    }
}
