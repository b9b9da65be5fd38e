//! A channel's page: the server's channels, the channel's messages, and the form to write as the bot.

use maud::{Markup, html};
use plugin_api::{
    Json, RouteContext, RouteReply,
    prelude::*,
    text::clip,
    twilight_model::id::marker::{ChannelMarker, GuildMarker},
};

use super::{
    WRITES,
    channels::{self, Listed, channel_id},
    latest,
    markdown::Names,
    message::{self, Around},
};
use crate::{Dashboard, shell, shell::Head, ui};

/// Seconds between two looks where no event has told of anything: reactions, and a listener that had to begin anew.
const EVERY_S: u32 = 20;

/// Characters of a message that is replied to.
const QUOTED: usize = 120;

pub(super) async fn overview(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let guild = ctx.guild()?;
    let all = channels::all(&ctx, guild).await?;
    let content = html! {
        div.chat.unopened {
            (sidebar(&ctx, guild, &all, None))
            section.card.chat-empty { (ui::empty("Pick a channel", "Its last messages are shown here, and what is written from then on.")) }
        }
    };
    framed(&ctx, guild, "", content).await
}

pub(super) async fn page(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let (guild, id) = (ctx.guild()?, channel_id(&ctx)?);
    let channel = channels::one(&ctx, guild, id).await?;
    let all = channels::all(&ctx, guild).await?;
    let before: u64 = ctx.query_or("before", 0)?;
    let address = address(&ctx, guild, id);
    let topic = format!("{}:{}", ctx.host().plugin_name(), latest::TOPIC);
    let list = match before {
        0 => html! {
            section #messages data-src={ (address) "/messages" } data-live=(topic) data-every=(EVERY_S) {
                (drawn(&ctx, guild, &channel, None).await?)
            }
        },
        before => html! {
            section #messages { (drawn(&ctx, guild, &channel, Some(before)).await?) }
        },
    };
    let content = html! {
        div.chat {
            (sidebar(&ctx, guild, &all, Some(id)))
            section.card.chat-room {
                div.chat-scroll tabindex="0" role="log" aria-label="Messages" { (list) }
                @if ctx.may(WRITES) { (form(&ctx, &channel, &address).await?) }
            }
        }
    };
    framed(&ctx, guild, &channel.name, content).await
}

pub(super) async fn messages(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    let (guild, id) = (ctx.guild()?, channel_id(&ctx)?);
    let channel = channels::one(&ctx, guild, id).await?;
    let before = Some(ctx.query_or("before", 0)?).filter(|it| *it > 0);
    Ok(shell::part(&drawn(&ctx, guild, &channel, before).await?))
}

fn address(
    ctx: &RouteContext<Dashboard>,
    guild: Id<GuildMarker>,
    channel: Id<ChannelMarker>,
) -> String {
    format!("{}/chat/{guild}/{channel}", ctx.base())
}

async fn drawn(
    ctx: &RouteContext<Dashboard>,
    guild: Id<GuildMarker>,
    channel: &Listed,
    before: Option<u64>,
) -> Result<Markup> {
    if !channel.reads {
        return Ok(ui::empty(
            "Not to be read",
            "The bot needs View Channel and Read Message History in this channel: its server's owner gives them.",
        ));
    }
    let messages = match before {
        None => latest::messages(ctx.state(), ctx.host(), channel.id).await?,
        before => {
            let mut page = latest::fetch(ctx.host(), channel.id, before).await?;
            page.reverse();
            page
        }
    };
    let address = address(ctx, guild, channel.id);
    let names = names(ctx.host(), guild, &messages).await;
    let bot = ctx.host().bot_id().map_or(0, Id::get);
    let around = Around {
        names: &names,
        bot,
        address: &address,
        writes: ctx.may(WRITES) && channel.writes,
    };
    let oldest = messages.first().and_then(latest::id);
    let oldest = oldest.filter(|_| messages.len() >= latest::SHOWN);
    Ok(html! {
        nav.pager.center aria-label="Older and newer messages" {
            @if let Some(oldest) = oldest { a.button.small href={ (address) "?before=" (oldest) } { "Older messages" } }
            @if before.is_some() { a.button.small href=(address) { "Latest messages" } }
        }
        @if message::hides_words(&messages, bot) {
            p.notice.warn {
                "Discord keeps the words of some messages from the bot: it has not got the intent MESSAGE_CONTENT. It asks for it when a plugin \
                 needs it, and once it is switched on in the Developer Portal (Bot, Privileged Gateway Intents)."
            }
        }
        @if messages.is_empty() { (ui::empty("Nothing is written here", "")) }
        (message::list(&messages, &around))
    })
}

/// Names of all that the messages may mention.
async fn names(host: &Host, guild: Id<GuildMarker>, messages: &[Json]) -> Names {
    let mut names = Names::default();
    for channel in host
        .cache()
        .channels(guild)
        .known()
        .await
        .unwrap_or_default()
    {
        names
            .channels
            .insert(channel.id.get(), channel.name.unwrap_or_default());
    }
    for role in host.cache().roles(guild).known().await.unwrap_or_default() {
        names.roles.insert(role.id.get(), role.name);
    }
    for message in messages {
        let mentioned = message["mentions"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        for user in mentioned.iter().chain([&message["author"]]) {
            let said = [
                &user["member"]["nick"],
                &user["global_name"],
                &user["username"],
            ];
            let name = said
                .into_iter()
                .find_map(|it| it.as_str().filter(|it| !it.is_empty()));
            if let (Some(id), Some(name)) = (latest::id(user), name) {
                names.users.insert(id, name.to_owned());
            }
        }
    }
    names
}

fn sidebar(
    ctx: &RouteContext<Dashboard>,
    guild: Id<GuildMarker>,
    all: &[Listed],
    open: Option<Id<ChannelMarker>>,
) -> Markup {
    html! {
        nav.card.chat-channels aria-label="Channels" {
            input type="search" data-filter="#channels" placeholder="Search channels" aria-label="Search channels";
            (channels::drawn(&format!("{}/chat/{guild}", ctx.base()), all, open))
            p.muted hidden data-filter-empty="#channels" { "No channel has these words." }
        }
    }
}

async fn framed(
    ctx: &RouteContext<Dashboard>,
    guild: Id<GuildMarker>,
    channel: &str,
    content: Markup,
) -> Result<RouteReply> {
    let known = ctx.host().cache().guild(guild).known().await;
    let server = known.map_or_else(|_| guild.to_string(), |guild| guild.name);
    let title = match channel {
        "" => server.clone(),
        channel => format!("#{channel}"),
    };
    let head = Head {
        tab: "chat",
        title: &title,
        words: if channel.is_empty() { "" } else { &server },
        actions: html! {
            @if !channel.is_empty() { a.button.to-channels href={ (ctx.base()) "/chat/" (guild) } { "Channels" } }
            a.button href={ (ctx.base()) "/chat" } { "Servers" }
        },
    };
    shell::page_with(ctx, head, content).await
}

/// The form to write, to reply, or to change a message of the bot's.
async fn form(ctx: &RouteContext<Dashboard>, channel: &Listed, address: &str) -> Result<Markup> {
    if !channel.writes {
        return Ok(
            html! { p.notice { "The bot may not write in this channel: its server's owner gives it Send Messages." } },
        );
    }
    let (reply, edit): (u64, u64) = (ctx.query_or("reply", 0)?, ctx.query_or("edit", 0)?);
    let about = match (reply, edit) {
        (0, 0) => None,
        (0, edit) => Some(super::write::own(ctx, channel.id, edit).await?),
        (reply, _) => Some(super::write::message(ctx, channel.id, reply).await?),
    };
    let quoted = about.as_ref().map(|message| {
        let words = message["content"].as_str().unwrap_or_default();
        (message::author(message).to_owned(), words.to_owned())
    });
    let is_edit = edit > 0 && reply == 0;
    // What was replied to or changed is over then; else the page stays as it is.
    let then = match about.is_some() {
        true => format!("go:{address}"),
        false => "refresh:#messages".to_owned(),
    };
    Ok(html! {
        form #write.chat-form data-post={ (address) @if is_edit { "/edit" } @else { "/send" } } data-then=(then) data-reset {
            @if let Some((author, words)) = &quoted {
                div.row.between {
                    p.muted { @if is_edit { "Changing a message" } @else { "Replying to " strong { (ui::name(author)) } ": " bdi { (clip(words, QUOTED)) } } }
                    a.button.quiet.small href=(address) { "Cancel" }
                }
                input type="hidden" name="message" value=(reply.max(edit));
            }
            label.field {
                span.hidden { "Message, as the bot" }
                textarea name="content" rows="3" maxlength="2000" placeholder="Write as the bot" {
                    @if let (true, Some((_, words))) = (is_edit, &quoted) { (words) }
                }
            }
            @if !is_edit {
                details {
                    summary { "Embed" }
                    div.stack {
                        label.field { "Title" input name="title" maxlength="256" autocomplete="off"; }
                        label.field { "Description" textarea name="description" rows="3" maxlength="4096" {} }
                        label.field { "Colour" input type="color" name="colour" value="#4450c8"; }
                    }
                }
            }
            p.error data-error role="alert" {}
            div.row.between {
                @if is_edit { span {} } @else {
                    label.check { input type="checkbox" name="mentions"; span { "Mentions notify users" } }
                }
                button.button.primary type="submit" { @if is_edit { "Save" } @else { "Send" } }
            }
        }
    })
}
