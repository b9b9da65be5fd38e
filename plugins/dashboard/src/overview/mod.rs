//! Overview: how the bot is, whom it serves, what needs a look, and what has happened last.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `now.rs` | health, figures, and the lines of the last hour |
//! | `alerts.rs` | what needs a look, and why |
//! | `lists.rs` | plugins at a glance, the latest errors, the last framework events |
//!
//! Each part is a route of its own, which the page asks again when something changes; the first time they come with the page.

mod alerts;
mod lists;
mod now;

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply, Tab,
    abi::{ErrorsCall, HooksCall, PluginView, TabView},
    prelude::*,
};

use crate::{Dashboard, actions, pulse, shell, shell::Head, ui};

/// Errors and events that are shown.
const LATEST: u32 = 8;

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .tab(
            Tab::new(shell::OVERVIEW, "Overview", "/")
                .icon("🏠")
                .group("Core"),
        )
        .route(Route::get("/").words("How the bot is"), page)
        .route(
            Route::get("/overview/now")
                .right(shell::FIGURES)
                .words("Health, figures, the last hour, and what needs a look"),
            now_part,
        )
        .route(
            Route::get("/overview/plugins")
                .right("plugins.list")
                .words("Plugins at a glance"),
            plugins_part,
        )
        .route(
            Route::get("/overview/errors")
                .right("errors.list")
                .words("The latest errors"),
            errors_part,
        )
        .route(
            Route::get("/overview/events")
                .right("hooks.history")
                .words("The last framework events"),
            events_part,
        )
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let tabs = ctx.host().pages().tabs().await?;
    let (now, plugins, errors, events) =
        tokio::join!(now(&ctx), plugins(&ctx), errors(&ctx), events(&ctx));
    let (now, plugins, errors, events) = (now?, plugins?, errors?, events?);
    let base = ctx.base();
    let topic = format!("{}:{}", ctx.host().plugin_name(), pulse::TOPIC);
    let live = |path: &str, topics: &str, part: &Markup| {
        html! { div data-src={ (base) "/overview/" (path) } data-live=(topics) data-every="60" { (part) } }
    };
    let all = |tab: &str| link(&tabs, ctx.host().plugin_name(), tab);
    let content = html! {
        @match &now {
            Some(now) => div.stack data-src={ (base) "/overview/now" } data-live={ (topic) " host:plugins" } data-every="30" { (now) },
            None => (ui::empty(
                "Welcome",
                "Your role shows you what is in the sidebar. How the bot fares is not part of it.",
            )),
        }
        div.grid.two-one {
            @if let Some(plugins) = &plugins {
                (ui::card_with("Plugins", all("plugins"), live("plugins", "host:plugins", plugins)))
            }
            @if let Some(errors) = &errors {
                (ui::card_with("Latest errors", all("log"), live("errors", "host:errors", errors)))
            }
        }
        @if let Some(events) = &events {
            (ui::card_with("Last framework events", all("hooks"), live("events", "host:hooks", events)))
        }
    };
    let actions = actions::buttons(&ctx);
    let head = Head {
        tab: shell::OVERVIEW,
        title: "Overview",
        words: "",
        actions: html! { @for button in &actions { (button) } },
    };
    shell::page_with(&ctx, head, content).await
}

/// A link to one of the dashboard's own tabs, where whoever looks may open it.
fn link(tabs: &[TabView], own: &str, id: &str) -> Markup {
    let found = tabs.iter().find(|tab| tab.plugin == own && tab.id == id);
    html! { @if let Some(tab) = found { a href=(tab.address) { "All" span.hidden { " in " (tab.title) } } } }
}

async fn now_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&now(&ctx).await?.unwrap_or_default()))
}

async fn plugins_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&plugins(&ctx).await?.unwrap_or_default()))
}

async fn errors_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&errors(&ctx).await?.unwrap_or_default()))
}

async fn events_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&events(&ctx).await?.unwrap_or_default()))
}

/// `None`, here and below: it is nothing for whoever looks.
async fn now(ctx: &RouteContext<Dashboard>) -> Result<Option<Markup>> {
    if !shell::sees(ctx, shell::FIGURES) {
        return Ok(None);
    }
    let state = ctx.state();
    pulse::watch(state);
    let status = state.pulse.status(&state.host).await?;
    let host = ctx.host();
    let bot = host.bot();
    let latest = ErrorsCall {
        limit: Some(1),
        ..ErrorsCall::default()
    };
    // Side by side: none of them needs another.
    let (plugins, budget, verified, newest) = tokio::join!(
        when(shell::sees(ctx, "plugins.list"), all_plugins(host)),
        when(shell::sees(ctx, "slash.budget"), bot.slash_budget()),
        when(shell::sees(ctx, "settings.verify"), host.verify_settings()),
        when(shell::sees(ctx, "errors.list"), host.errors(&latest)),
    );
    let newest = newest?.and_then(|reply| reply.errors.into_iter().next());
    let seen = alerts::Seen {
        status: &status,
        plugins: plugins?.unwrap_or_default(),
        budget: budget?,
        faults: verified?.map_or_else(Vec::new, |verified| verified.errors),
        latest_error_ms: newest.map(|error| error.at_ms),
        now_ms: pulse::now_ms(),
    };
    let alerts = alerts::of(&seen);
    Ok(Some(now::drawn(
        &status,
        &state.pulse,
        &alerts,
        seen.now_ms,
    )))
}

/// What a call gives, for whoever may make it.
async fn when<T>(may: bool, call: impl Future<Output = Result<T>>) -> Result<Option<T>> {
    match may {
        true => call.await.map(Some),
        false => Ok(None),
    }
}

async fn all_plugins(host: &Host) -> Result<Vec<PluginView>> {
    host.plugins().all().await
}

async fn plugins(ctx: &RouteContext<Dashboard>) -> Result<Option<Markup>> {
    if !shell::sees(ctx, "plugins.list") {
        return Ok(None);
    }
    Ok(Some(lists::plugins(&all_plugins(ctx.host()).await?)))
}

async fn errors(ctx: &RouteContext<Dashboard>) -> Result<Option<Markup>> {
    if !shell::sees(ctx, "errors.list") {
        return Ok(None);
    }
    let call = ErrorsCall {
        limit: Some(LATEST),
        ..ErrorsCall::default()
    };
    Ok(Some(lists::errors(&ctx.host().errors(&call).await?)))
}

async fn events(ctx: &RouteContext<Dashboard>) -> Result<Option<Markup>> {
    if !shell::sees(ctx, "hooks.history") {
        return Ok(None);
    }
    let call = HooksCall {
        limit: Some(LATEST),
        ..HooksCall::default()
    };
    Ok(Some(lists::events(&ctx.host().hook_history(&call).await?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_the_dashboards_own_tab_alone_and_only_where_there_is_one() {
        let mut tab = TabView::default();
        tab.plugin = "tea".to_owned();
        tab.id = "log".to_owned();
        tab.address = "/p/tea/log".to_owned();
        assert_eq!(link(&[tab.clone()], "dashboard", "log").into_string(), "");
        tab.plugin = "dashboard".to_owned();
        let shown = link(&[tab], "dashboard", "log").into_string();
        assert!(shown.contains("/p/tea/log"), "{shown}");
    }
}
