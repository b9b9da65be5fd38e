//! Events: everything that happens, live: of Discord's gateway, and what the framework and plugins tell each other.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `seen.rs` | an event as it is kept |
//! | `heard.rs` | the listeners, one for each kind |
//! | `ring.rs` | the last events, and those of them that a batch shows |
//! | `listening.rs` | when it listens: only while somebody looks; and the batches that pages are told |
//! | `row.rs` | an event in a line, and whole |
//! | `replay.rs` | events that a plugin hears once more, in the sandbox |
//!
//! What is listened to are events that the bot is told anyway: an open page changes no intents.

mod heard;
mod listening;
mod replay;
mod ring;
mod row;
mod seen;

use maud::html;
use plugin_api::{
    Route, RouteContext, RouteReply, Tab,
    manifest::RightLevel,
    prelude::*,
    text::{counted, number},
};
use serde::Deserialize;

pub(crate) use self::ring::Ring;
use crate::{Dashboard, shell, shell::Head, ui};

/// Who may watch events: they have messages in them, those to the bot alone included.
const RIGHT: &str = "events.watch";

/// The topic on which batches of rows are told.
const TOPIC: &str = "events";

/// Rows that a page keeps.
const KEPT: usize = 500;

/// What is said of an event that has gone out of the ring.
const GONE: &str = "That event is not kept any more: the last 500 are, while somebody looks. Pause the list before you pick one.";

/// Rows that a page begins with.
const FIRST: usize = 100;

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let plugin = plugin
        .tab(
            Tab::new("events", "Events live", "/events")
                .icon("⚡")
                .group("Tools"),
        )
        .right(
            RIGHT,
            RightLevel::Helper,
            "watches all events live, with what is in them: messages in all channels, those to the bot alone included",
        )
        .topic(TOPIC, RIGHT)
        .route(
            Route::get("/events")
                .right(RIGHT)
                .words("Events, live"),
            page,
        )
        .route(
            Route::get("/events/rates")
                .right(RIGHT)
                .words("How many events there are, by kind"),
            rates_part,
        )
        .route(
            Route::post("/events/show")
                .right(RIGHT)
                .words("The event with this `number`, with its JSON; secrets are left out. It changes nothing"),
            show,
        );
    heard::add(replay::add(plugin))
}

/// Events are of all servers: nothing for a role that is for own ones.
fn refuse_own_servers(ctx: &RouteContext<Dashboard>) -> Result {
    match ctx.session().own_servers {
        true => Err(Error::user(
            "Events are those of all servers, and your role is for your own ones.",
        )),
        false => Ok(()),
    }
}

async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    refuse_own_servers(&ctx)?;
    let dashboard = ctx.state();
    listening::begin(dashboard);
    let base = ctx.base();
    let topic = format!("{}:{TOPIC}", ctx.host().plugin_name());
    let ring = &dashboard.events;
    let kinds = ring.kinds();
    let content = html! {
        div.stack data-src={ (base) "/events/rates" } data-every="3" { (rates(ring)) }
        section.card {
            div.filters role="search" {
                input type="search" data-filter="#events" placeholder="Words, a server, a user, a plugin" aria-label="Words, a server, a user, a plugin";
                select data-filter="#events" data-filter-by="source" aria-label="Source" {
                    option value="" { "gateway and hooks" }
                    option value="gateway" { "gateway" }
                    option value="hook" { "hooks" }
                }
                select data-filter="#events" data-filter-by="kind" aria-label="Kind" {
                    option value="" { "of every kind" }
                    @for kind in &kinds { option value=(kind) { (kind) } }
                }
                button.button type="button" data-pause="#events" aria-pressed="false" { "Pause" }
            }
            p.muted data-filter-empty="#events" hidden { "No event that is shown is like that. Those that come are looked at by themselves." }
            ol #events.log.events data-append=(topic) data-max=(KEPT) tabindex="0" aria-label="Events, the newest first" {
                @for row in ring.newest(FIRST, base) { (row) }
            }
        }
        dialog #event.dialog.event-dialog aria-label="An event" {}
    };
    let head = Head {
        tab: "events",
        title: "Events live",
        words: "What the bot is told anyway, and what the framework and plugins tell each other. It listens only while somebody looks.",
        actions: html! {},
    };
    shell::page_with(&ctx, head, content).await
}

async fn rates_part(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    refuse_own_servers(&ctx)?;
    let dashboard = ctx.state();
    // A page outlives a reload of this plugin: it is listened for anew.
    listening::begin(dashboard);
    Ok(shell::part(&rates(&dashboard.events)))
}

fn rates(ring: &Ring) -> maud::Markup {
    let rates = ring.rates();
    html! {
        div.stats {
            (ui::stat("A second", format!("{:.1}", rates.a_second), "over the last seconds"))
            (ui::stat("Heard", number(rates.heard), "since somebody looks"))
            (ui::stat("Left out", number(rates.left_out), html! { "of the list, to keep it readable" }))
        }
        @if !rates.kinds.is_empty() {
            p.rates {
                @for (kind, count) in rates.kinds.iter().take(12) {
                    span.tag { bdi { (kind) } " " b { (number(*count)) } }
                }
                @if rates.kinds.len() > 12 { span.muted { "and " (counted(rates.kinds.len() as u64 - 12, "other kind")) } }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    number: String,
}

async fn show(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    refuse_own_servers(&ctx)?;
    let which: Which = ctx.json()?;
    let number = which.number.parse().unwrap_or_default();
    let shown = ctx.state().events.whole(number);
    let shown = shown.ok_or_else(|| Error::user(GONE))?;
    let form = replay::form(&ctx, number).await?;
    Ok(shell::part(&html! { div.stack { (shown) (form) } }))
}
