//! Hooks: handlers of framework events and plugins' events, their figures, and what has become of each event.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `list.rs` | totals, and the handlers: filtered, sorted, page by page |
//! | `one.rs` | a handler's figures, and the latest events that were for it |
//! | `history.rs` | the latest events and what has become of them |

mod history;
mod list;
mod one;

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply, Tab,
    abi::{HookInfo, HooksCall, HooksReply},
    prelude::*,
};
use serde::Deserialize;

use self::list::Filter;
use crate::{Dashboard, shell, shell::Head, ui};

/// Who may see handlers, who the events, who may switch, who may close a breaker.
const SEES: &str = "hooks.list";
const SEES_HISTORY: &str = "hooks.history";
const SWITCHES: &str = "hooks.switch";
const RESETS: &str = "hooks.reset";

/// Handlers that the host gives at once.
const AT_ONCE: u32 = 200;

/// Events that are shown.
const LATEST: u32 = 25;

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    plugin
        .tab(
            Tab::new("hooks", "Hooks", "/hooks")
                .icon("🪝")
                .group("Core"),
        )
        .route(
            Route::get("/hooks")
                .right(SEES)
                .words("Handlers of hooks with their figures"),
            page,
        )
        .route(
            Route::get("/hooks/list").right(SEES).words(
                "Totals, and the handlers that `q`, `plugin` and `state` leave, sorted by `sort`",
            ),
            list_part,
        )
        .route(
            Route::get("/hooks/history")
                .right(SEES_HISTORY)
                .words("The latest events and what has become of them"),
            history_part,
        )
        .route(
            Route::get("/hooks/one")
                .right(SEES)
                .words("The handler `id`"),
            one_page,
        )
        .route(
            Route::get("/hooks/one/part")
                .right(SEES)
                .words("The handler `id`, without the page around"),
            one_part,
        )
        .route(
            Route::post("/hooks/switch")
                .right(SWITCHES)
                .words("Switches the handler `id` on or off"),
            switch,
        )
        .route(
            Route::post("/hooks/reset")
                .right(RESETS)
                .words("Closes the breaker of the handler `id`"),
            reset,
        )
}

/// Topics that tell of handlers.
const LIVE: &str = "host:hooks host:plugins";

/// What whoever looks may do with a handler.
#[derive(Debug, Clone, Copy, Default)]
struct May {
    switch: bool,
    reset: bool,
}

fn may(ctx: &RouteContext<Dashboard>) -> May {
    May {
        switch: ctx.may(SWITCHES),
        reset: ctx.may(RESETS),
    }
}

/// Topics that whoever looks may follow: one that is refused would keep the page from all others.
fn live(ctx: &RouteContext<Dashboard>) -> &'static str {
    match ctx.may("plugins.list") {
        true => LIVE,
        false => "host:hooks",
    }
}

/// All handlers, by id.
async fn all(host: &Host) -> Result<HooksReply> {
    let mut call = HooksCall {
        limit: Some(AT_ONCE),
        ..HooksCall::default()
    };
    let mut whole = host.hooks(&call).await?;
    while let Some(next) = whole.next.take() {
        call.after = Some(next);
        let page = host.hooks(&call).await?;
        whole.hooks.extend(page.hooks);
        whole.next = page.next;
    }
    Ok(whole)
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let base = ctx.base();
    let reply = all(ctx.host()).await?;
    let filter = Filter::of(&ctx)?;
    let source = format!("{base}/hooks/list{}", filter.query(None));
    let history = match ctx.may(SEES_HISTORY) {
        true => Some(history(&ctx, None).await?),
        false => None,
    };
    let content = html! {
        (list::filters(&format!("{base}/hooks"), &reply.hooks, &filter))
        div #hooks.stack data-src=(source) data-live=(live(&ctx)) data-every="30" {
            (list::drawn(base, &reply, &filter, may(&ctx)))
        }
        @if let Some(history) = &history {
            (ui::card("Latest events", html! {
                div data-src={ (base) "/hooks/history" } data-live="host:hooks" data-every="60" { (history) }
            }))
        }
    };
    let head = Head {
        tab: "hooks",
        title: "Hooks",
        words: "What the framework and plugins tell each other, who handles it, and how that goes.",
        actions: html! {},
    };
    shell::page_with(&ctx, head, content).await
}

async fn list_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let reply = all(ctx.host()).await?;
    let drawn = list::drawn(ctx.base(), &reply, &Filter::of(&ctx)?, may(&ctx));
    Ok(shell::part(&drawn))
}

async fn history_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&history(&ctx, None).await?))
}

/// The latest events; of one kind, where it is named.
async fn history(ctx: &RouteContext<Dashboard>, event: Option<String>) -> Result<Markup> {
    let call = HooksCall {
        event,
        limit: Some(LATEST),
        ..HooksCall::default()
    };
    Ok(history::drawn(&ctx.host().hook_history(&call).await?))
}

async fn one_page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let content = one(&ctx).await?;
    let (base, id) = (ctx.base(), ctx.query("id"));
    let source = format!("{base}/hooks/one/part?id={}", ui::encoded(id));
    let head = Head {
        tab: "hooks",
        title: id,
        words: "",
        actions: html! { a.button href={ (base) "/hooks" } { "All hooks" } },
    };
    let content = html! {
        div #hook.stack data-src=(source) data-live="host:hooks" data-every="30" { (content) }
    };
    shell::page_with(&ctx, head, content).await
}

async fn one_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    Ok(shell::part(&one(&ctx).await?))
}

async fn one(ctx: &RouteContext<Dashboard>) -> Result<Markup> {
    let id = ctx.query("id");
    let reply = all(ctx.host()).await?;
    let handler = reply.hooks.iter().find(|handler| handler.id == id);
    let handler = handler.ok_or_else(|| {
        Error::user("There is no such handler: its plugin may be unloaded. The tab Hooks lists those that there are.")
    })?;
    // One that is for all events has no history of its own.
    let event = Some(handler.event.clone()).filter(|event| event != "*");
    let history = match ctx.may(SEES_HISTORY) {
        true => Some(history(ctx, event).await?),
        false => None,
    };
    Ok(one::drawn(ctx.base(), handler, history, may(ctx)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    id: String,
    #[serde(default)]
    on: bool,
}

async fn switch(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let which: Which = ctx.json()?;
    let handler = ctx.host().switch_hook(&which.id, which.on).await?;
    Ok(RouteReply::text(switched(&handler)))
}

fn switched(handler: &HookInfo) -> String {
    match handler.enabled {
        true => format!("`{}` is on: it is told of events again.", handler.id),
        false => format!("`{}` is off, also after a restart.", handler.id),
    }
}

async fn reset(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let which: Which = ctx.json()?;
    let handler = ctx.host().reset_hook(&which.id).await?;
    Ok(RouteReply::text(format!(
        "The breaker of `{}` is closed: it is called again.",
        handler.id
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switched_handler_is_named_with_what_holds_now() {
        let mut handler = HookInfo::default();
        handler.id = "tea:boiled:pour".to_owned();
        assert!(switched(&handler).starts_with("`tea:boiled:pour` is off"));
        handler.enabled = true;
        assert!(switched(&handler).contains("is on"));
    }
}
