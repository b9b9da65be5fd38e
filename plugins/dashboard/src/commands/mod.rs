//! Commands: which there are, how they are used and fail, who may use them, why somebody may not, and the rules of servers.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `list.rs` | the list: search, filters, orders, rows; a hybrid command is one row |
//! | `detail.rs` | the page of one command |
//! | `who.rs` | who may use a command, in sentences |
//! | `days.rs` | its use by day, as a picture and as a table |
//! | `trial.rs` | whether somebody may use it somewhere, and why not |
//! | `servers.rs` | commands of a server: their use there, and its rules |

mod days;
mod detail;
mod list;
mod servers;
mod trial;
mod who;

use std::collections::BTreeSet;

use maud::{Markup, html};
use plugin_api::{
    CommandView, Route, RouteContext, RouteReply, Tab, manifest::RightLevel, prelude::*,
    text::number,
};

use self::list::Wanted;
use crate::{Dashboard, shell, shell::Head, ui};

/// Who may see all commands.
const SEES: &str = "commands.see";

/// Who may see those of a server.
const SEES_SERVER: &str = "commands.server";

/// Who may ask whether somebody may use one: plugins' own checks are asked in that user's name.
const TRIES: &str = "commands.try";

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let plugin = plugin
        .right(
            SEES,
            RightLevel::Visitor,
            "sees all commands, and how they are used",
        )
        .right(
            SEES_SERVER,
            RightLevel::Server,
            "sees a server's commands, how they are used there, and its rules",
        )
        .right(
            TRIES,
            RightLevel::Helper,
            "asks whether somebody may use a command, and why not",
        )
        .tab(
            Tab::new("commands", "Commands", "/commands")
                .icon("⌨️")
                .group("Core")
                .right(SEES_SERVER),
        )
        .route(Route::get("/commands").words("All commands"), page)
        .route(
            Route::get("/commands/list")
                .right(SEES)
                .words("The commands that are searched for"),
            list_part,
        )
        .route(
            Route::get("/commands/command")
                .right(SEES)
                .words("A command: how it is typed, who may use it, its use and its errors"),
            detail::page,
        )
        .route(
            Route::post("/commands/try")
                .right(TRIES)
                .words("Whether a user may use a command in a channel, and why not"),
            trial::anywhere,
        );
    servers::add(plugin)
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    if ctx.session().own_servers || !ctx.may(SEES) {
        return Ok(RouteReply::see(format!("{}/commands/servers", ctx.base())));
    }
    let all = ctx.host().commands().list(None).await?;
    let address = format!("{}/commands", ctx.base());
    let content = sheet(&ctx, &all, &address)?;
    let head = Head {
        tab: "commands",
        title: "Commands",
        words: "What members use the bot by. Figures are of the last 30 days; those of the last half minute may be missing.",
        actions: html! { a.button href={ (address) "/servers" } { "Commands of a server" } },
    };
    shell::page_with(&ctx, head, content).await
}

async fn list_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let all = ctx.host().commands().list(None).await?;
    let address = format!("{}/commands", ctx.base());
    Ok(shell::part(&part(&ctx, &all, &address)?))
}

/// The bar of filters, and the list. `address` is the page's own.
fn sheet(ctx: &RouteContext<Dashboard>, all: &[CommandView], address: &str) -> Result<Markup> {
    let wanted = Wanted::of(ctx);
    let plugins: BTreeSet<&str> = all.iter().map(|it| it.plugin.as_str()).collect();
    let mut of_plugin = vec![("", "All plugins")];
    of_plugin.extend(plugins.into_iter().map(|name| (name, name)));
    let source = format!(
        "{address}/list?q={}&plugin={}&kind={}&sort={}&page={}",
        ui::encoded(wanted.search),
        ui::encoded(wanted.plugin),
        ui::encoded(wanted.kind),
        ui::encoded(wanted.order),
        ctx.query_or("page", 1_u64)?
    );
    let part = part(ctx, all, address)?;
    Ok(html! {
        (ui::filter_bar(address, html! {
            (ui::search_field("q", "Search commands", wanted.search))
            (ui::select_field("plugin", "Plugin", &of_plugin, wanted.plugin))
            (ui::select_field("kind", "Kind", &list::KINDS, wanted.kind))
            (ui::select_field("sort", "Order", &list::ORDERS, wanted.order))
        }))
        div #commands.stack data-src=(source) data-live=[(!ctx.session().own_servers).then_some("host:plugins")] data-every="30" { (part) }
    })
}

fn part(ctx: &RouteContext<Dashboard>, all: &[CommandView], address: &str) -> Result<Markup> {
    let picked = Wanted::of(ctx).pick(all);
    let page = ctx.query_or("page", 1)?;
    Ok(html! {
        (figures(all))
        (list::drawn(ctx, &picked, address, page))
    })
}

fn figures(all: &[CommandView]) -> Markup {
    let count = |what: &dyn Fn(&CommandView) -> bool| {
        number(all.iter().filter(|it| what(it)).count() as u64)
    };
    let uses: u64 = all.iter().map(|it| it.uses).sum();
    let errors: u64 = all.iter().map(|it| it.errors).sum();
    html! {
        div.stats {
            (ui::stat("Commands", number(all.len() as u64), ""))
            (ui::stat("Hybrid", count(&|it| it.prefix && it.slash), "by slash and by prefix"))
            (ui::stat("Slash only", count(&|it| it.slash && !it.prefix), ""))
            (ui::stat("Prefix only", count(&|it| it.prefix && !it.slash), ""))
            (ui::stat("Uses", number(uses), "in 30 days"))
            (ui::stat("Errors", number(errors), success(uses, errors)))
        }
    }
}

/// How many of the uses went well: "99.1 % went well".
fn success(uses: u64, errors: u64) -> String {
    if uses == 0 {
        return "no use yet".to_owned();
    }
    let well = uses.saturating_sub(errors) as f64 / uses as f64 * 100.0;
    format!("{well:.1} % went well")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_where_there_is_one() {
        assert_eq!(success(0, 0), "no use yet");
        assert_eq!(success(8, 1), "87.5 % went well");
        assert_eq!(success(1, 2), "0.0 % went well");
    }
}
