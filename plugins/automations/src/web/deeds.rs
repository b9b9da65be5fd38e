//! Deeds of the pages: an automation is kept, looked at, switched, deleted.

use maud::{Markup, html};
use plugin_api::{RouteReply, prelude::*};
use serde::Deserialize;

use super::{Request, html, managed, names::Names, numbered, sent::Sent};
use crate::{
    core::Person,
    engine, form, keeping,
    model::{Card, Guild, color},
    rights,
};

pub(super) async fn save(ctx: Request) -> Result<RouteReply> {
    let guild = managed(&ctx).await?;
    let names = Names::of(ctx.host(), guild).await?;
    let sent = Sent::read(&ctx, &names)?;
    keeps_addresses(&ctx, guild, &sent).await?;
    if sent.preview {
        return shown(&ctx, guild, &names, sent).await;
    }
    let (state, maker, definition) = (ctx.state(), ctx.user_id(), &sent.definition);
    let wrong = keeping::problems(state, guild, definition, maker).await?;
    if !wrong.is_empty() {
        return Err(in_the_way("It can't be saved yet", &wrong, &names));
    }
    let id = keeping::save(state, guild, sent.of, definition, maker).await?;
    let name = &definition.name;
    let told = match keeping::set_up(state, guild, id).await {
        Ok(true) => format!("{name} is saved and on."),
        Ok(false) => format!("{name} is saved. It is off."),
        Err(error) => {
            let why = error.user_message().map(str::to_owned).ok_or(error)?;
            format!("{name} is saved, but off: {}", names.plain(&why))
        }
    };
    Ok(RouteReply::text(told))
}

/// An automation that posts to a webhook is changed by those who may know its address, and nobody else puts one in.
async fn keeps_addresses(ctx: &Request, guild: Guild, sent: &Sent) -> Result {
    let (host, user) = (ctx.host(), ctx.user_id());
    if let Some(id) = sent.of {
        let kept = numbered(ctx, guild, &id.to_string()).await?;
        rights::may_change(host, guild, user, &kept.definition).await?;
    }
    rights::may_change(host, guild, user, &sent.definition).await
}

async fn shown(ctx: &Request, guild: Guild, names: &Names, sent: Sent) -> Result<RouteReply> {
    let wrong = keeping::problems(ctx.state(), guild, &sent.definition, ctx.user_id()).await?;
    let person = asker(ctx, guild).await?;
    let here = names.first_text().map(|it| it.id);
    let of = (sent.of.unwrap_or(0), sent.definition);
    let preview = form::rehearsed_for(ctx.state(), guild, person, here, of).await?;
    html(&html! {
        section.card {
            header.card-head { h2 { "Preview" } }
            @for line in names.plain(&preview.text).lines() { p { (line) } }
            @for (at, it) in preview.cards.iter().enumerate() { (drawn(at + 1, it, names)) }
            @if !wrong.is_empty() {
                div.notice.warn {
                    p { "In its way:" }
                    @for it in &wrong { p { (names.plain(it)) } }
                }
            }
        }
    })
}

/// A card of a message, much as it will look.
fn drawn(number: usize, card: &Card, names: &Names) -> Markup {
    // Pages take no styles from elsewhere; this is a picture.
    let color = color(&card.color).map(|it| format!("#{it:06x}"));
    html! {
        section.card aria-label={ "Card " (number) } {
            p.muted {
                @if let Some(color) = &color { svg width="12" height="12" aria-hidden="true" { rect width="12" height="12" fill=(color) {} } " " }
                "Card " (number) @if let Some(color) = &color { ", " (color) }
            }
            @if !card.title.trim().is_empty() { p { strong { (names.plain(&card.title)) } } }
            @for line in names.plain(&card.description).lines() { p { (line) } }
            @for (name, text) in &card.fields { p { strong { (names.plain(name)) } " " (names.plain(text)) } }
            @if !card.footer.is_empty() { p.muted { small { (names.plain(&card.footer)) } } }
            @if !card.image.is_empty() || !card.thumbnail.is_empty() { p.muted { "With a picture." } }
        }
    }
}

/// Whoever asks, as the member that the preview is about.
async fn asker(ctx: &Request, guild: Guild) -> Result<Person> {
    match engine::member_of(ctx.host(), guild, ctx.user_id()).await {
        Ok(person) => Ok(person),
        // The bot's owner need not be a member.
        Err(error) if matches!(error.discord_code(), Some(10_007 | 10_013)) => {
            let session = ctx.session();
            Ok(Person {
                id: ctx.user_id(),
                name: session.name.clone(),
                display: session.name.clone(),
                avatar: session.avatar.clone(),
                roles: Vec::new(),
            })
        }
        Err(error) => Err(error),
    }
}

#[derive(Deserialize)]
struct Switch {
    id: String,
    on: bool,
}

pub(super) async fn switch(ctx: Request) -> Result<RouteReply> {
    let guild = managed(&ctx).await?;
    let call: Switch = ctx.json()?;
    let automation = numbered(&ctx, guild, &call.id).await?;
    let name = &automation.definition.name;
    if !call.on {
        keeping::switch_off(ctx.state(), guild, &automation).await?;
        return Ok(RouteReply::text(format!("{name} is off.")));
    }
    let wrong = keeping::switch_on(ctx.state(), guild, &automation).await?;
    if !wrong.is_empty() {
        let names = Names::of(ctx.host(), guild).await?;
        return Err(in_the_way(&format!("{name} stays off"), &wrong, &names));
    }
    Ok(RouteReply::text(format!("{name} is on.")))
}

fn in_the_way(what: &str, wrong: &[String], names: &Names) -> Error {
    let wrong: Vec<_> = wrong.iter().map(|it| names.plain(it)).collect();
    Error::user(format!("{what}:\n{}", wrong.join("\n")))
}

#[derive(Deserialize)]
struct Delete {
    id: String,
}

pub(super) async fn delete(ctx: Request) -> Result<RouteReply> {
    let guild = managed(&ctx).await?;
    let call: Delete = ctx.json()?;
    let automation = numbered(&ctx, guild, &call.id).await?;
    keeping::delete(ctx.state(), guild, &automation).await?;
    Ok(RouteReply::text(format!(
        "{} is deleted.",
        automation.definition.name
    )))
}
