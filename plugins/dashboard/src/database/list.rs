//! List of databases: how large they are, what is open, and those of a server that is searched for.

use std::collections::HashMap;

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::{DatabaseCall, DatabaseFile, DatabaseStats, ServersCall},
    prelude::*,
    text::{counted, number, size},
};

use super::right;
use crate::{
    Dashboard,
    ui::{self, Tone},
};

/// Databases on a page.
const PAGE: u32 = 50;

/// Servers that a search finds at most.
const FOUND: u32 = 25;

pub(super) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin.route(
        Route::get("/database")
            .right(right::TABLES)
            .words("All databases, a page behind `after`, or those of servers by name or id (`q`)"),
        page,
    )
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let host = ctx.host();
    let search = ctx.query("q").trim();
    let call = DatabaseCall {
        after: Some(ctx.query("after").to_owned()).filter(|after| !after.is_empty()),
        limit: Some(if search.is_empty() { PAGE } else { 0 }),
        ..DatabaseCall::default()
    };
    let stats = host.databases().stats(&call).await?;
    let files = match search {
        "" => stats.files.clone(),
        search => found(host, search).await?,
    };
    let names = names(host, &files).await;
    let address = format!("{}/database", ctx.base());
    let next = match search {
        "" => stats
            .next
            .as_ref()
            .map(|next| format!("{address}?after={}", ui::encoded(next))),
        _ => None,
    };
    let content = html! {
        (figures(&stats))
        (ui::filter_bar(&address, ui::search_field("q", "Search a server by name or id", search)))
        (ui::card("Databases", html! {
            @if files.is_empty() {
                (ui::empty(if search.is_empty() { "No databases yet" } else { "No such database" }, "A server has one as soon as something is kept of it."))
            } @else { (table(ctx.base(), &files, &names)) }
            @if let Some(next) = next {
                nav.pager aria-label="Pages" { a.button href=(next) { "Next page" } }
            }
        }))
    };
    let words = "What is kept: the bot's own database, and one of each server.";
    super::shown(&ctx, "/database", "Database", words, content).await
}

fn figures(stats: &DatabaseStats) -> Markup {
    html! {
        div.stats {
            (ui::stat("Databases", number(stats.databases), size(stats.bytes)))
            (ui::stat("Open", number(stats.open), format!("{} at most so far", number(stats.most_open))))
            (ui::stat("Waiting calls", number(stats.queued), counted(stats.threads, "thread")))
            (ui::stat("Slow statements", number(stats.slow_statements), "since the start"))
            (ui::stat("Of servers left", number(stats.left), size(stats.left_bytes)))
            (ui::stat("Last backup", ui::ago(stats.last_backup_ms.unwrap_or_default()), ""))
        }
    }
}

fn table(base: &str, files: &[DatabaseFile], names: &HashMap<u64, String>) -> Markup {
    let rows = html! {
        @for file in files {
            @let key = file.guild_id.map_or_else(|| "main".to_owned(), |id| id.to_string());
            @let name = match file.guild_id {
                None => "The bot's own",
                Some(id) => names.get(&id).map_or(key.as_str(), String::as_str),
            };
            tr {
                th scope="row" {
                    a href={ (base) "/database/tables?db=" (key) } { (ui::name(name)) }
                    @if file.guild_id.is_some() { " " small.muted { (key) } }
                }
                td.number { (size(file.bytes)) }
                td.number { (size(file.log_bytes)) }
                td.number { (size(file.free_pages.saturating_mul(file.page_bytes))) }
                td { (ui::ago(file.modified_ms)) }
                td {
                    @if file.left { (ui::badge(Tone::Warn, "left")) }
                    @else if file.open { (ui::badge(Tone::Good, "open")) }
                    @else { (ui::badge(Tone::Plain, "closed")) }
                    @if file.queued > 0 { " " (ui::badge(Tone::Info, counted(file.queued, "call"))) }
                }
            }
        }
    };
    let headings = ["Database", "Size", "Log", "Free", "Changed", "State"];
    ui::table("Databases", &headings, rows)
}

/// The databases of servers whose names have these words, or whose id it is.
async fn found(host: &Host, search: &str) -> Result<Vec<DatabaseFile>> {
    let mut ids: Vec<u64> = search.parse().into_iter().collect();
    let call = ServersCall {
        after: None,
        limit: Some(FOUND),
        name: search.to_owned(),
    };
    // Whoever may not see the servers still has their ids.
    if let Ok(reply) = host.cache().servers(&call).await {
        ids.extend(reply.servers.into_iter().map(|server| server.id));
    }
    let mut files = Vec::new();
    for id in ids.into_iter().filter(|id| *id != 0) {
        let call = DatabaseCall {
            guild_id: Some(id),
            ..DatabaseCall::default()
        };
        files.extend(host.databases().stats(&call).await?.files);
    }
    files.dedup_by_key(|file| file.guild_id);
    Ok(files)
}

/// What the servers are called, as far as it is known.
async fn names(host: &Host, files: &[DatabaseFile]) -> HashMap<u64, String> {
    let mut names = HashMap::new();
    for id in files.iter().filter_map(|file| file.guild_id) {
        let Some(guild) = Id::new_checked(id) else {
            continue;
        };
        if let Ok(guild) = host.cache().guild(guild).known().await {
            names.insert(id, guild.name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_name_is_escaped_and_one_that_is_not_known_has_its_id() {
        let file = |id: u64| {
            let mut file = DatabaseFile::default();
            file.guild_id = Some(id);
            file
        };
        let names = HashMap::from([(7, "<script>".to_owned())]);
        let shown =
            table("/p/d", &[DatabaseFile::default(), file(7), file(8)], &names).into_string();
        assert!(
            !shown.contains("<script>") && shown.contains("&lt;script&gt;"),
            "{shown}"
        );
        assert!(
            shown.contains("db=main") && shown.contains("db=8"),
            "{shown}"
        );
    }
}
