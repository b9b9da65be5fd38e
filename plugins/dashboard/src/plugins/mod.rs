//! Plugins: which there are, how they fare, what each declares and uses, and everything that is done with them.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `standing.rs` | how a plugin is, in a word, and what is wrong with it |
//! | `list.rs` | the list: search, filters, orders, rows |
//! | `detail.rs` | the page of one plugin |
//! | `uses.rs`, `samples.rs` | what it uses, now and over the last hour |
//! | `declares.rs` | what it declares: commands, listeners, hooks, powers, and so on |
//! | `files.rs` | files that are kept for a rollback, canaries, what unloads have left |
//! | `deeds.rs`, `outcome.rs` | load, unload, reload, remove, roll back, canaries; what came of it, in sentences |
//! | `upload.rs` | files that are uploaded: dry run, then install |
//! | `nodes.rs` | the graph of dependencies |
//! | `graph.rs`, `drawing.rs` | its page: which plugin needs which, as a picture and as a table |

mod declares;
mod deeds;
mod detail;
mod drawing;
mod files;
mod graph;
mod list;
mod nodes;
mod outcome;
mod samples;
mod standing;
mod upload;
mod uses;

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply, Tab,
    abi::{PluginsCall, PluginsReply},
    prelude::*,
    text::number,
};
use serde_json::json;

pub(crate) use self::samples::{Sample, Samples, start};
use self::{
    list::Wanted,
    standing::{issues, serves},
};
use crate::{Dashboard, settings, shell, shell::Head, ui, ui::Action};

/// Who may see plugins.
const SEES: &str = "plugins.list";

/// Plugins that the host gives at once.
const AT_ONCE: u32 = 500;

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let plugin = plugin
        .tab(
            Tab::new("plugins", "Plugins", "/plugins")
                .icon("🧩")
                .group("Core"),
        )
        .route(
            Route::get("/plugins").right(SEES).words("All plugins"),
            page,
        )
        .route(
            Route::get("/plugins/list")
                .right(SEES)
                .words("The plugins that are searched for"),
            list_part,
        )
        .route(
            Route::get("/plugins/graph")
                .right(SEES)
                .words("Which plugin needs which"),
            graph::page,
        );
    let plugin = detail::add(plugin);
    upload::add(deeds::add(plugin))
}

/// All plugins, and what the host says of them together. With manifests they are large.
async fn all(host: &Host, manifests: bool) -> Result<PluginsReply> {
    let mut call = PluginsCall {
        limit: Some(AT_ONCE),
        manifests,
        ..PluginsCall::default()
    };
    let mut whole = host.plugins().page(&call).await?;
    while let Some(next) = whole.next.take() {
        call.after = Some(next);
        let page = host.plugins().page(&call).await?;
        whole.plugins.extend(page.plugins);
        whole.next = page.next;
    }
    Ok(whole)
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let wanted = Wanted::of(&ctx);
    let address = format!("{}/plugins", ctx.base());
    let source = format!(
        "{address}/list?q={}&show={}&sort={}&page={}",
        ui::encoded(wanted.search),
        ui::encoded(wanted.shown),
        ui::encoded(wanted.order),
        ctx.query_or("page", 1_u64)?
    );
    let part = part(&ctx).await?;
    let content = html! {
        (ui::filter_bar(&address, html! {
            (ui::search_field("q", "Search plugins", wanted.search))
            (ui::select_field("show", "Which", &list::SHOWN, wanted.shown))
            (ui::select_field("sort", "Order", &list::ORDERS, wanted.order))
        }))
        (upload::card(&ctx))
        div #report aria-live="polite" {}
        div #plugins.stack data-src=(source) data-live="host:plugins host:settings" data-every="30" { (part) }
    };
    let head = Head {
        tab: "plugins",
        title: "Plugins",
        words: "What the bot is made of. Each is loaded, reloaded and unloaded while the bot runs.",
        actions: html! {
            a.button href={ (address) "/graph" } { "Graph" }
            @if ctx.may("plugins.reload_all") {
                (Action::new("Reload all", format!("{}/actions/reload-all", ctx.base()))
                    .confirm("Reload all plugins? Their states are handed over, and nothing is missed.")
                    .then("refresh:#plugins"))
            }
        },
    };
    shell::page_with(&ctx, head, content).await
}

async fn list_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&part(&ctx).await?))
}

async fn part(ctx: &RouteContext<Dashboard>) -> Result<Markup> {
    let reply = all(ctx.host(), false).await?;
    let picked = Wanted::of(ctx).pick(&reply.plugins);
    let page = ctx.query_or("page", 1)?;
    Ok(html! {
        (figures(&reply))
        @if !reply.abandoned.is_empty() {
            p.notice.warn {
                "These did not stop, and stay in memory until the bot is restarted: "
                @for (at, name) in reply.abandoned.iter().enumerate() { @if at > 0 { ", " } code { (name) } }
            }
        }
        (list::drawn(ctx, &picked, page))
        (enforcement(ctx, &reply))
    })
}

fn figures(reply: &PluginsReply) -> Markup {
    let count = |what: &dyn Fn(&plugin_api::abi::PluginView) -> bool| {
        number(reply.plugins.iter().filter(|it| what(it)).count() as u64)
    };
    let commands: u64 = reply.plugins.iter().map(|it| u64::from(it.commands)).sum();
    html! {
        div.stats {
            (ui::stat("Plugins", number(reply.total), ""))
            (ui::stat("Loaded", count(&serves), ""))
            (ui::stat("Not loaded", count(&|it| !serves(it)), ""))
            (ui::stat("With issues", count(&|it| !issues(it).is_empty()), ""))
            (ui::stat("Commands", number(commands), "those in groups one by one"))
        }
    }
}

/// Whether dependencies and conflicts are enforced, and the switches, which are settings of the bot.
fn enforcement(ctx: &RouteContext<Dashboard>, reply: &PluginsReply) -> Markup {
    let switches = [
        (
            "dependencies",
            reply.enforces_dependencies,
            "A plugin is loaded only beside what it needs.",
            "A plugin is loaded also where something that it needs is missing.",
        ),
        (
            "conflicts",
            reply.enforces_conflicts,
            "A plugin is refused beside one that it conflicts with.",
            "Plugins that conflict are loaded all the same.",
        ),
    ];
    html! {
        section.card aria-label="What loads are checked for" {
            ul.list.switches {
                @for (what, on, enforced, not) in switches {
                    li data-key=(what) {
                        (ui::badge(if on { ui::Tone::Good } else { ui::Tone::Warn }, if on { "enforced" } else { "not enforced" }))
                        div.grow {
                            strong { @if what == "conflicts" { "Conflicts" } @else { "Dependencies" } }
                            p.muted { (if on { enforced } else { not }) }
                        }
                        @if ctx.may(settings::CHANGES) {
                            (Action::new(if on { "Stop enforcing" } else { "Enforce" }, format!("{}/settings/write", ctx.base()))
                                .body(&json!({ "path": format!("extensions.enforce_{what}"), "value": (!on).to_string() }))
                                .label(format!("{} {what}", if on { "Stop enforcing" } else { "Enforce" }))
                                .then("refresh:#plugins"))
                        }
                    }
                }
            }
        }
    }
}
