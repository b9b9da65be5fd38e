//! Shards: the gateway's connections, how each fares, and what has become of them over the last hour.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `history.rs` | latencies and what has happened: looked at each minute, and while somebody looks |
//! | `list.rs` | totals, the map, and each shard |

mod history;
mod list;

use maud::{Markup, html};
use plugin_api::{Route, RouteContext, RouteReply, Tab, prelude::*};
use serde::Deserialize;

pub(crate) use self::history::{History, start};
use crate::{Dashboard, shell, shell::Head};

/// Who may see shards, who may have one connect again, and who may have it count from zero.
const SEES: &str = "shards.list";
const RECONNECTS: &str = "shards.reconnect";
const RESETS: &str = "shards.reset";

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .tab(
            Tab::new("shards", "Shards", "/shards")
                .icon("🔷")
                .group("Tools"),
        )
        .route(
            Route::get("/shards")
                .right(SEES)
                .words("The gateway's shards"),
            page,
        )
        .route(
            Route::get("/shards/list")
                .right(SEES)
                .words("The same, without the page around"),
            part,
        )
        .route(
            Route::post("/shards/reconnect")
                .right(RECONNECTS)
                .words("Has the shard of this number (`shard`) connect again, with its session"),
            reconnect,
        )
        .route(
            Route::post("/shards/reset")
                .right(RESETS)
                .words("Has the shard of this number (`shard`), or each, count from zero"),
            reset,
        )
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let content = drawn(&ctx).await?;
    let page: u64 = ctx.query_or("page", 1)?;
    let source = format!("{}/shards/list?page={page}", ctx.base());
    let live = match ctx.may("bot.status") {
        true => Some("host:health"),
        false => None,
    };
    let head = Head {
        tab: "shards",
        title: "Shards",
        words: "The connections by which Discord tells the bot what happens, each for a part of the servers.",
        actions: html! {},
    };
    let content = html! {
        div #shards.stack data-src=(source) data-every="5" data-live=[live] { (content) }
    };
    shell::page_with(&ctx, head, content).await
}

async fn part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&drawn(&ctx).await?))
}

async fn drawn(ctx: &RouteContext<Dashboard>) -> Result<Markup> {
    let reply = ctx.host().shards().await?;
    let history = &ctx.state().shards;
    history.saw(&reply.shards);
    let may = list::May {
        reconnect: ctx.may(RECONNECTS),
        reset: ctx.may(RESETS),
    };
    Ok(list::drawn(
        ctx.base(),
        &reply,
        history,
        may,
        ctx.query_or("page", 1)?,
    ))
}

/// A shard that is none of this process's is whoever's mistake who asks; told to those who may know which there are.
async fn must_be_here(ctx: &RouteContext<Dashboard>, shard: u32) -> Result {
    if !ctx.may(SEES) {
        return Ok(());
    }
    let shards = ctx.host().shards().await?.shards;
    match shards.iter().any(|it| it.id == shard) {
        true => Ok(()),
        false => Err(Error::user(format!(
            "This process has no shard {shard}. The page Shards lists those that it has."
        ))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    shard: Option<u32>,
}

async fn reconnect(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let which: Which = ctx.json()?;
    let shard = which
        .shard
        .ok_or_else(|| Error::user("Say which shard: its number as `shard`."))?;
    must_be_here(&ctx, shard).await?;
    let begun = ctx.host().reconnect_shard(shard).await?;
    Ok(RouteReply::text(match begun {
        true => {
            format!("Shard {shard} connects again; its session goes on, and nothing is missed.")
        }
        false => format!("Shard {shard} looks for a connection already."),
    }))
}

async fn reset(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let which: Which = ctx.json()?;
    if let Some(shard) = which.shard {
        must_be_here(&ctx, shard).await?;
    }
    ctx.host().reset_shard(which.shard).await?;
    Ok(RouteReply::text(match which.shard {
        Some(shard) => format!("Shard {shard} counts from zero."),
        None => "All shards count from zero.".to_owned(),
    }))
}
