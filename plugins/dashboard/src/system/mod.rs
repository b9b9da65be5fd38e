//! System: the process and what it takes, how late it is, Discord's limits, caches, hooks, presence, metrics.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `process.rs` | the process and its machine, and the host's lag |
//! | `limits.rs` | slash commands, and requests to Discord |
//! | `caches.rs` | what is kept in memory, and buttons that empty it |
//! | `hooks.rs` | handlers of hooks, by plugin |
//! | `presence.rs` | what the bot shows below its name |
//! | `metrics.rs` | all metrics, searchable |

mod caches;
mod hooks;
mod limits;
mod metrics;
mod presence;
mod process;

use maud::{Markup, html};
use plugin_api::{Route, RouteContext, RouteReply, Tab, prelude::*};

use crate::{Dashboard, pulse, shell, shell::Head, ui};

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let plugin = plugin
        .tab(
            Tab::new("system", "System", "/system")
                .icon("🖥️")
                .group("Core"),
        )
        .route(
            Route::get("/system")
                .right(shell::FIGURES)
                .words("The process, limits, caches and hooks"),
            page,
        )
        .route(
            Route::get("/system/process")
                .right(shell::FIGURES)
                .words("What the process takes, and how late the host is"),
            process_part,
        )
        .route(
            Route::get("/system/limits")
                .right(shell::FIGURES)
                .words("Slash commands, and requests to Discord"),
            limits_part,
        )
        .route(
            Route::get("/system/caches")
                .right("bot.caches")
                .words("What is kept in memory"),
            caches_part,
        )
        .route(
            Route::get("/system/hooks")
                .right("hooks.list")
                .words("Handlers of hooks, by plugin"),
            hooks_part,
        );
    metrics::add(presence::add(plugin))
}

/// The pages of this tab that whoever looks may open.
fn pages(ctx: &RouteContext<Dashboard>, current: &str) -> Markup {
    let base = ctx.base();
    let mut pages = vec![(format!("{base}/system"), "Process")];
    if presence::sees(ctx) {
        pages.push((format!("{base}/system/presence"), "Presence"));
    }
    if ctx.may(metrics::RIGHT) {
        pages.push((format!("{base}/system/metrics"), "Metrics"));
    }
    ui::subtabs("Pages of System", &pages, &format!("{base}{current}"))
}

/// A page of this tab.
async fn shown(
    ctx: &RouteContext<Dashboard>,
    current: &str,
    content: Markup,
) -> Result<RouteReply> {
    let head = Head {
        tab: "system",
        title: "System",
        words: "",
        actions: html! {},
    };
    let content = html! { (pages(ctx, current)) (content) };
    shell::page_with(ctx, head, content).await
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let (process, limits) = tokio::join!(process(&ctx), limits::of(&ctx));
    let (process, limits) = (process?, limits?);
    let caches = match ctx.may("bot.caches") {
        true => Some(caches::of(&ctx).await?),
        false => None,
    };
    let hooks = match ctx.may("hooks.list") {
        true => Some(hooks::of(ctx.host()).await?),
        false => None,
    };
    let base = ctx.base();
    let topic = format!("{}:{}", ctx.host().plugin_name(), pulse::TOPIC);
    let content = html! {
        div.stack data-src={ (base) "/system/process" } data-live=(topic) data-every="30" { (process) }
        div.stack data-src={ (base) "/system/limits" } data-live="host:plugins" data-every="15" { (limits) }
        div.grid {
            @if let Some(caches) = &caches {
                div #caches data-src={ (base) "/system/caches" } data-every="10" { (caches) }
            }
            @if let Some(hooks) = &hooks {
                div data-src={ (base) "/system/hooks" } data-live="host:hooks" data-every="15" { (hooks) }
            }
        }
    };
    shown(&ctx, "/system", content).await
}

async fn process(ctx: &RouteContext<Dashboard>) -> Result<Markup> {
    shell::is_of_all(ctx)?;
    let state = ctx.state();
    pulse::watch(state);
    let status = state.pulse.status(&state.host).await?;
    let lag = match ctx.may("bot.lag") {
        true => Some(ctx.host().lag().await?),
        false => None,
    };
    Ok(process::drawn(&status, lag.as_ref()))
}

async fn process_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&process(&ctx).await?))
}

async fn limits_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&limits::of(&ctx).await?))
}

async fn caches_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&caches::of(&ctx).await?))
}

async fn hooks_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&hooks::of(ctx.host()).await?))
}
