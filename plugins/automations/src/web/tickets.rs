//! Page of a server's tickets: the open ones first, with whose they are, where, and who looks after them.

use maud::{Markup, html};
use plugin_api::{RouteReply, prelude::*};

use super::{Request, html, managed, names::Names};
use crate::{
    automation::Automation,
    model::{Channel, Guild, User},
    store,
};

/// Tickets that are shown: the newest of those that are open, and behind them of the others.
const SHOWN: usize = 200;

pub(super) async fn page(ctx: Request) -> Result<RouteReply> {
    let guild = managed(&ctx).await?;
    let names = Names::of(ctx.host(), guild).await?;
    let all = store::all(ctx.host(), guild).await?;
    let tickets = store::tickets(ctx.host(), guild, SHOWN).await?;
    let mut rows = Vec::new();
    for it in &tickets {
        rows.push(row(&ctx, guild, it, &names).await);
    }
    html(&html! {
        p { a href={ (ctx.base()) "/servers/" (guild) } { "Automations of this server" } " / tickets" }
        @if rows.is_empty() {
            div.empty { p { strong { "No tickets" } } p.muted { "There are some once a member has opened one." } }
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Tickets" {
                table {
                    caption.hidden { "Tickets" }
                    thead { tr { @for it in ["Ticket", "Member", "Channel", "Looked after by", "State"] { th scope="col" { (it) } } } }
                    tbody { @for row in &rows { (row) } }
                }
            }
            @if rows.len() == SHOWN { p.muted { "Older ones are not shown." } }
        }
        @for it in all.iter().filter(|it| it.is_of("tickets")) { (transcripts(it, &names)) }
    })
}

async fn row(ctx: &Request, guild: Guild, it: &store::Ticket, names: &Names) -> Markup {
    let channel = it.channel_id.map(|id: Channel| id.to_string());
    html! {
        tr data-key=(it.number) {
            th scope="row" { "#" (it.number) }
            td { bdi { (who(ctx, guild, it.user_id).await) } }
            td { bdi { (channel.as_deref().and_then(|id| names.channel(id)).unwrap_or_else(|| "–".to_owned())) } }
            td { @match it.claimed_by { Some(user) => bdi { (who(ctx, guild, user).await) }, None => "–" } }
            td { @if it.is_open { span.badge.good { "open" } } @else { span.badge.plain { "closed" } } }
        }
    }
}

/// A member's name, as far as it is known without asking Discord.
async fn who(ctx: &Request, guild: Guild, user: User) -> String {
    let member = ctx.host().cache().member(guild, user).known().await;
    member.map_or_else(|_| user.to_string(), |it| it.nick.unwrap_or(it.user.name))
}

/// Where the transcripts of closed tickets are.
fn transcripts(it: &Automation, names: &Names) -> Markup {
    let place = it.definition.parameters.text("log");
    html! {
        p.muted {
            bdi { (it.definition.name) } ": "
            @match names.channel(place) {
                Some(channel) => { "the transcript of a closed ticket is a file in " bdi { (channel) } "." },
                None => "transcripts are not kept: the form has a channel for them.",
            }
        }
    }
}
