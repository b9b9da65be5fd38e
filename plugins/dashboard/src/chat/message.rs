//! A message, drawn from Discord's JSON: author, words, pictures, embeds, files, reactions.

use maud::{Markup, html};
use plugin_api::{Json, text::size, twilight_model::util::Timestamp};

use super::{
    latest,
    markdown::{self, Names},
};
use crate::ui::{self, Tone};

/// Where pictures may come from: the pages' policy lets none through from elsewhere, since whoever keeps one would learn who looks.
const PICTURES: &str = "https://cdn.discordapp.com/";

/// Embeds, files and reactions of a message that are drawn: Discord takes 10, 10 and 20.
const MOST: usize = 20;

/// Types of messages that somebody has typed ([reference](https://discord.com/developers/docs/resources/message#message-object-message-types)).
const TYPED: [u64; 4] = [0, 19, 20, 23];

/// What the page has around the messages.
pub(super) struct Around<'a> {
    pub(super) names: &'a Names,
    /// The bot, whose messages are changed and deleted here.
    pub(super) bot: u64,
    /// The channel's address.
    pub(super) address: &'a str,
    /// Whether whoever looks may write as the bot, here.
    pub(super) writes: bool,
}

/// The messages, the oldest first.
pub(super) fn list(messages: &[Json], around: &Around<'_>) -> Markup {
    html! { ol.messages { @for message in messages { (drawn(message, around)) } } }
}

/// Whether Discord keeps the words from the bot: it has not got the intent for them.
pub(super) fn hides_words(messages: &[Json], bot: u64) -> bool {
    let is_blank = |message: &&Json| {
        let nothing = |field: &str| message[field].as_array().is_none_or(Vec::is_empty);
        TYPED[..2].contains(&message["type"].as_u64().unwrap_or(u64::MAX))
            && text(message, "content").is_empty()
            && [
                "attachments",
                "embeds",
                "sticker_items",
                "components",
                "mentions",
                "message_snapshots",
            ]
            .into_iter()
            .all(nothing)
            && message["poll"].is_null()
            && id(&message["author"]) != bot
    };
    messages.iter().any(|it| is_blank(&it))
}

fn text<'a>(of: &'a Json, field: &str) -> &'a str {
    of[field].as_str().unwrap_or_default()
}

fn id(of: &Json) -> u64 {
    text(of, "id").parse().unwrap_or_default()
}

fn items<'a>(of: &'a Json, field: &str) -> impl Iterator<Item = &'a Json> + use<'a> {
    of[field]
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .take(MOST)
}

/// What an author is called: in the server, everywhere, or by their user name.
pub(super) fn author(message: &Json) -> &str {
    let names = [
        text(&message["member"], "nick"),
        text(&message["author"], "global_name"),
        text(&message["author"], "username"),
    ];
    names
        .into_iter()
        .find(|it| !it.trim().is_empty())
        .unwrap_or("unknown")
}

/// An address that may be led to.
fn web(address: &str) -> Option<&str> {
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    is_web.then_some(address)
}

fn picture(address: &str) -> Option<&str> {
    address.starts_with(PICTURES).then_some(address)
}

fn ms(iso: &str) -> u64 {
    let micros = Timestamp::parse(iso).map_or(0, |it| it.as_micros());
    u64::try_from(micros / 1_000).unwrap_or_default()
}

fn drawn(message: &Json, around: &Around<'_>) -> Markup {
    let number = latest::id(message).unwrap_or_default();
    let kind = message["type"].as_u64().unwrap_or(0);
    let is_own = id(&message["author"]) == around.bot;
    html! {
        li.message #{ "m" (number) } {
            (avatar(message))
            div.message-body {
                @let replied = &message["referenced_message"];
                @if replied.is_object() {
                    p.replied { "↱ " strong { (ui::name(author(replied))) } " " bdi.cut { (text(replied, "content")) } }
                }
                p.message-head {
                    strong { (ui::name(author(message))) }
                    @if message["author"]["bot"] == true { (ui::badge(Tone::Info, if is_own { "this bot" } else { "bot" })) }
                    small.muted { (ui::ago(ms(text(message, "timestamp")))) }
                    @if !text(message, "edited_timestamp").is_empty() { small.muted { "(edited)" } }
                    @if message["pinned"] == true { small.muted { "pinned" } }
                }
                @if !TYPED.contains(&kind) { p.muted { (of_discord(kind)) } }
                @if !text(message, "content").is_empty() {
                    div.message-text dir="auto" { (markdown::drawn(text(message, "content"), around.names)) }
                }
                @for forwarded in items(message, "message_snapshots") {
                    blockquote { small.muted { "Forwarded" } div dir="auto" { (markdown::drawn(text(&forwarded["message"], "content"), around.names)) } }
                }
                @for sticker in items(message, "sticker_items") { p { span.tag { "Sticker: " bdi { (text(sticker, "name")) } } } }
                @if message["poll"].is_object() { p { span.tag { "Poll: " bdi { (text(&message["poll"]["question"], "text")) } } } }
                @for file in items(message, "attachments") { (attachment(file)) }
                @for embed in items(message, "embeds") { (embed_drawn(embed, around.names)) }
                (reactions(message))
                @if around.writes && number > 0 { (tools(number, is_own, author(message), around.address)) }
            }
        }
    }
}

fn avatar(message: &Json) -> Markup {
    let (author, hash) = (&message["author"], text(&message["author"], "avatar"));
    let plain = hash.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let initial = self::author(message).chars().find(|c| c.is_alphanumeric());
    html! {
        @if !hash.is_empty() && plain {
            img.avatar src={ (PICTURES) "avatars/" (id(author)) "/" (hash) ".webp?size=64" } alt="" width="36" height="36" loading="lazy";
        } @else {
            span.avatar aria-hidden="true" { (initial.map_or_else(|| "?".to_owned(), |c| c.to_uppercase().collect())) }
        }
    }
}

/// What Discord itself tells by a message.
fn of_discord(kind: u64) -> &'static str {
    match kind {
        6 => "has pinned a message.",
        7 => "has joined the server.",
        8..=11 => "has boosted the server.",
        12 => "has followed a channel.",
        18 => "has begun a thread.",
        21 => "is where this thread begins.",
        24 => "was stopped by AutoMod.",
        46 => "has closed a poll.",
        _ => "is a message of Discord's own.",
    }
}

fn attachment(file: &Json) -> Markup {
    let (name, address) = (text(file, "filename"), text(file, "url"));
    let shown = picture(address).filter(|_| text(file, "content_type").starts_with("image/"));
    let bytes = file["size"].as_u64().unwrap_or_default();
    let words = match text(file, "description") {
        "" => name,
        words => words,
    };
    html! {
        div.attachment {
            @if let Some(shown) = shown { img.picture src=(shown) alt=(words) loading="lazy"; }
            p {
                @match web(address) {
                    Some(address) => { a href=(address) target="_blank" rel="noopener noreferrer" { (ui::name(name)) } },
                    None => { (ui::name(name)) },
                }
                " " small.muted { (size(bytes)) }
            }
        }
    }
}

fn embed_drawn(embed: &Json, names: &Names) -> Markup {
    let title = text(embed, "title");
    let colour = embed["color"].as_u64().unwrap_or_default() & 0x00ff_ffff;
    let (image, thumbnail) = (
        text(&embed["image"], "url"),
        text(&embed["thumbnail"], "url"),
    );
    html! {
        article.embed {
            svg.embed-colour viewBox="0 0 4 10" preserveAspectRatio="none" aria-hidden="true" { rect width="4" height="10" fill=(format!("#{colour:06x}")) {} }
            div.embed-body {
                @if !text(&embed["author"], "name").is_empty() { small { bdi { (text(&embed["author"], "name")) } } }
                @if !title.is_empty() {
                    p { strong dir="auto" {
                        @match web(text(embed, "url")) {
                            Some(address) => { a href=(address) target="_blank" rel="noopener noreferrer" { (title) } },
                            None => { (title) },
                        }
                    } }
                }
                @if !text(embed, "description").is_empty() { div dir="auto" { (markdown::drawn(text(embed, "description"), names)) } }
                @for field in embed["fields"].as_array().map_or(&[][..], Vec::as_slice).iter().take(25) {
                    div { strong { bdi { (text(field, "name")) } } div dir="auto" { (markdown::drawn(text(field, "value"), names)) } }
                }
                @for address in [image, thumbnail].into_iter().filter(|it| !it.is_empty()) { (embedded(address)) }
                @if !text(&embed["footer"], "text").is_empty() { small.muted { bdi { (text(&embed["footer"], "text")) } } }
            }
        }
    }
}

/// A picture of an embed: shown where it is Discord's own copy, else led to.
fn embedded(address: &str) -> Markup {
    html! {
        @if let Some(address) = picture(address) { img.picture src=(address) alt="Picture of the embed" loading="lazy"; }
        @else if let Some(address) = web(address) { p { a href=(address) target="_blank" rel="noopener noreferrer" { "Picture" } } }
    }
}

fn reactions(message: &Json) -> Markup {
    let all: Vec<&Json> = items(message, "reactions").collect();
    html! {
        @if !all.is_empty() {
            ul.reactions aria-label="Reactions" {
                @for reaction in all {
                    @let (name, emoji) = (text(&reaction["emoji"], "name"), id(&reaction["emoji"]));
                    li.tag {
                        @if emoji > 0 { img.emoji src={ (PICTURES) "emojis/" (emoji) ".webp?size=32" } alt={ ":" (name) ":" } loading="lazy" width="18" height="18"; }
                        @else { (name) }
                        " " (reaction["count"].as_u64().unwrap_or(1))
                    }
                }
            }
        }
    }
}

fn tools(number: u64, is_own: bool, author: &str, address: &str) -> Markup {
    let body = serde_json::json!({"message": number.to_string()});
    html! {
        div.message-tools {
            a.button.quiet.small href={ (address) "?reply=" (number) "#write" } aria-label={ "Reply to " (author) } { "Reply" }
            @if is_own {
                a.button.quiet.small href={ (address) "?edit=" (number) "#write" } { "Edit" }
                (ui::Action::new("Delete", format!("{address}/delete"))
                    .body(&body)
                    .confirm("Delete this message of the bot's? It can't be undone.")
                    .then("refresh:#messages")
                    .quiet())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(message: &Json, writes: bool) -> String {
        let around = Around {
            names: &Names::default(),
            bot: 1,
            address: "/p/d/chat/2/3",
            writes,
        };
        list(std::slice::from_ref(message), &around).into_string()
    }

    #[test]
    fn hostile_words_are_text_wherever_they_stand() {
        let bad = "<script>alert(1)</script>";
        let message = json!({
            "id": "9", "type": 0, "content": bad, "timestamp": bad,
            "author": {"id": "7", "username": bad, "global_name": bad, "avatar": "\"><script>"}, "member": {"nick": bad},
            "referenced_message": {"content": bad, "author": {"username": bad}},
            "attachments": [{"filename": bad, "url": "javascript:alert(1)", "description": bad}],
            "embeds": [{"title": bad, "url": "javascript:alert(1)", "description": bad, "image": {"url": "https://evil.example/x.png"},
                "fields": [{"name": bad, "value": bad}], "footer": {"text": bad}, "author": {"name": bad}}],
            "reactions": [{"count": 2, "emoji": {"id": null, "name": bad}}],
            "sticker_items": [{"name": bad}], "poll": {"question": {"text": bad}},
        });
        let shown = shown(&message, true);
        for absent in [
            "<script",
            "href=\"javascript",
            "src=\"https://evil",
            " style=",
            "onerror",
        ] {
            assert!(!shown.contains(absent), "{absent} in {shown}");
        }
    }

    #[test]
    fn odd_and_new_fields_are_left_out_and_the_rest_is_shown() {
        let shown = shown(
            &json!({"id": 9, "type": "new", "content": null, "author": [], "embeds": {}, "attachments": [7, null], "reactions": "x"}),
            true,
        );
        assert!(shown.contains("unknown"), "{shown}");
    }

    #[test]
    fn pictures_of_discord_are_shown_and_others_led_to() {
        let picture = |url: &str| {
            shown(
                &json!({"id": "9", "attachments": [{"filename": "a.png", "url": url, "content_type": "image/png", "size": 3}]}),
                false,
            )
        };
        assert!(picture("https://cdn.discordapp.com/a.png").contains("<img class=\"picture\""));
        let elsewhere = picture("https://cdn.discordapp.com.evil.example/a.png");
        assert!(
            !elsewhere.contains("class=\"picture\"") && elsewhere.contains("href="),
            "{elsewhere}"
        );
    }

    #[test]
    fn the_bots_own_messages_alone_are_edited_and_deleted() {
        let of = |author: &str, writes| {
            shown(
                &json!({"id": "9", "author": {"id": author, "username": "x"}}),
                writes,
            )
        };
        assert!(of("1", true).contains("Delete") && of("1", true).contains("?edit=9"));
        assert!(!of("2", true).contains("Delete") && of("2", true).contains("?reply=9"));
        assert!(!of("1", false).contains("Delete") && !of("1", false).contains("?reply=9"));
    }

    #[test]
    fn words_that_discord_keeps_back_are_noticed() {
        let blank = json!({"type": 0, "content": "", "author": {"id": "7"}});
        assert!(hides_words(std::slice::from_ref(&blank), 1));
        assert!(!hides_words(&[blank], 7), "the bot sees its own");
        let file = json!({"type": 0, "content": "", "attachments": [{}], "author": {"id": "7"}});
        let joined = json!({"type": 7, "content": "", "author": {"id": "7"}});
        assert!(!hides_words(&[file, joined], 1));
    }
}
