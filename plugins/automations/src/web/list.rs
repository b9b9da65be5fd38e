//! Pages of a tab: servers, and the automations of one.

use maud::{Markup, html};
use plugin_api::{
    RouteReply,
    abi::{ServerView, ServersCall},
    prelude::*,
    text::counted,
    twilight_model::util::Timestamp,
};
use serde_json::json;

use super::{Request, html, managed, names::Names};
use crate::{automation::Automation, store, templates::ALL};

/// Servers on a page.
const SERVERS: u32 = 50;

/// Own servers that are looked up at most: Discord lets nobody be in more than 200.
const OWN: usize = 200;

pub(super) async fn servers(ctx: Request) -> Result<RouteReply> {
    let (servers, next) = match ctx.session().own_servers {
        true => (own(&ctx).await, None),
        false => {
            let call = ServersCall {
                after: Some(ctx.query_or("after", 0)?).filter(|after| *after > 0),
                limit: Some(SERVERS),
                ..ServersCall::default()
            };
            let reply = ctx.host().cache().servers(&call).await?;
            (reply.servers, reply.next)
        }
    };
    let busy = ctx.state().servers();
    html(&html! {
        p.muted { "What the bot does by itself in a server: welcomes, roles, filters, levels, tickets. Pick the server." }
        @if servers.is_empty() {
            div.empty { p { strong { "No server" } } p.muted { "The bot is in no server that you may see here." } }
        } @else {
            ul.card.list {
                @for it in &servers {
                    li data-key=(it.id) {
                        a.grow href={ (ctx.base()) "/servers/" (it.id) } { @if it.name.is_empty() { (it.id) } @else { bdi.cut { (it.name) } } }
                        @if busy.iter().any(|guild| guild.get() == it.id) { span.badge.good { "has some" } }
                        small.muted { (counted(it.members, "member")) }
                    }
                }
            }
        }
        @if let Some(next) = next {
            nav.pager aria-label="Pages" { a.button href={ (ctx.base()) "/?after=" (next) } { "Next " (counted(u64::from(SERVERS), "server")) } }
        }
    })
}

async fn own(ctx: &Request) -> Vec<ServerView> {
    let mut found = Vec::new();
    for id in ctx.session().guilds.iter().take(OWN) {
        let Some(id) = Id::new_checked(*id) else {
            continue;
        };
        // The bot may have left it since.
        if let Ok(guild) = ctx.host().cache().guild(id).known().await {
            let mut view = ServerView::default();
            (view.id, view.members) = (id.get(), guild.member_count.unwrap_or_default());
            view.name = guild.name;
            found.push(view);
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

pub(super) async fn page(ctx: Request) -> Result<RouteReply> {
    let guild = managed(&ctx).await?;
    // Where the bot has come again, its automations begin anew.
    ctx.state().changed(guild).await?;
    let all = store::all(ctx.host(), guild).await?;
    let names = Names::of(ctx.host(), guild).await?;
    let name = ctx.host().cache().guild(guild).or_fetch().await?.name;
    let here = format!("{}/servers/{guild}", ctx.base());
    html(&html! {
        p { a href={ (ctx.base()) "/" } { "All servers" } " / " bdi { (name) } }
        section.card {
            header.card-head { h2 { "Automations" } div.actions { a.button.quiet href={ (here) "/tickets" } { "Tickets" } } }
            @if all.is_empty() {
                div.empty { p { strong { "No automations yet" } } p.muted { "Pick a template below: you look at what it would do before it is kept." } }
            } @else {
                ul.list { @for it in &all { (row(it, &here, &names)) } }
            }
        }
        section.card {
            header.card-head { h2 { "A new one" } }
            ul.list {
                @for it in ALL {
                    li {
                        span aria-hidden="true" { (it.icon) }
                        a.grow href={ (here) "/new/" (it.name) } { (it.title) }
                        small.muted { (it.description) }
                    }
                }
            }
        }
    })
}

fn row(it: &Automation, here: &str, names: &Names) -> Markup {
    let name = &it.definition.name;
    let (icon, template) = match it.definition.template() {
        Ok(template) => (template.icon, template.title),
        Err(_) => ("❔", "a template that is no more"),
    };
    html! {
        li data-key=(it.id) {
            span aria-hidden="true" { (icon) }
            a.grow href={ (here) "/edit/" (it.id) } { bdi { "#" (it.id) " " (name) } }
            (state(it))
            small.muted {
                (template) " · " (counted(u64::try_from(it.runs).unwrap_or(0), "run"))
                @if let Some(at) = it.last_run_ms.and_then(iso) { ", last " time datetime=(at) data-ago { (at) } }
            }
            button.button.quiet type="button" data-post={ (here) "/switch" } data-body=(json!({ "id": it.id.to_string(), "on": !it.is_on }))
                data-then={ "go:" (here) } aria-label={ @if it.is_on { "Switch off " } @else { "Switch on " } (name) } {
                @if it.is_on { "Switch off" } @else { "Switch on" }
            }
            button.button.quiet.danger type="button" data-post={ (here) "/delete" } data-body=(json!({ "id": it.id.to_string() }))
                data-then={ "go:" (here) } data-danger aria-label={ "Delete " (name) }
                data-confirm={ "Delete " (name) "? " @if it.is_of("levels") { "All points of members go with it." } @else { "What it has kept goes with it." } } {
                "Delete"
            }
            @if let Some(error) = &it.last_error { p.notice.warn { "The last failure: " (names.plain(error)) } }
        }
    }
}

pub(super) fn state(it: &Automation) -> Markup {
    match (it.is_on, it.failures) {
        (true, 0) => html! { span.badge.good { "on" } },
        (true, failures) => {
            html! { span.badge.warn { "on, " (failures) " of 3 failures in a row" } }
        }
        (false, _) => html! { span.badge.plain { "off" } },
    }
}

/// [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339) in UTC; `None` beyond what a calendar holds.
fn iso(ms: i64) -> Option<String> {
    let timestamp = Timestamp::from_micros(ms.checked_mul(1_000)?).ok()?;
    Some(timestamp.iso_8601().to_string())
}
