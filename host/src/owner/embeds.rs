//! Embeds of answers to owner commands.

use host_base::shown;
use plugin_api::abi::{Colours, Tone};
use serde_json::{Value, json};

/// The colours that embeds are made in; [`paint`] puts the configured ones in their place.
pub(super) const GREEN: u32 = Colours::DEFAULT.success;
pub(super) const RED: u32 = Colours::DEFAULT.error;
pub(super) const BLUE: u32 = Colours::DEFAULT.normal;

/// Discord's limit for a field's value, with room for the code block.
const FIELD: usize = 1000;
/// Discord's limit of fields.
pub(super) const FIELDS: usize = 25;

/// Paints a message's embeds in the configured colours; gives their tone.
pub(crate) fn paint(message: &mut Value, colours: Colours) -> Option<Tone> {
    let mut tone = None;
    for embed in message["embeds"].as_array_mut().into_iter().flatten() {
        let (colour, told) = match embed["color"].as_u64().map(u32::try_from) {
            Some(Ok(GREEN)) => (colours.success, Some(Tone::Success)),
            Some(Ok(RED)) => (colours.error, Some(Tone::Error)),
            _ => (colours.normal, None),
        };
        embed["color"] = colour.into();
        tone = told;
    }
    tone
}

pub(super) fn embed(title: &str, colour: u32, description: &str, fields: &[Value]) -> Value {
    let mut embed = json!({"title": title, "color": colour, "fields": fields});
    if !description.is_empty() {
        embed["description"] = description.into();
    }
    embed
}

/// Discord refuses a whole message for one field that says nothing, so that it says so.
pub(super) fn field(name: &str, value: &str) -> Value {
    let or_nothing = |text: &str| {
        if text.trim().is_empty() {
            "–".to_owned()
        } else {
            text.to_owned()
        }
    };
    json!({"name": or_nothing(&shorten(name, 256)), "value": or_nothing(&shorten(value, FIELD)), "inline": false})
}

pub(super) fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit - 1).collect();
    short.push('…');
    short
}

pub(super) fn milliseconds(duration: std::time::Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

pub(super) fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

pub(super) fn usage(usage: &str, what: &str) -> Value {
    embed("How to use it", BLUE, &format!("`{usage}`\n{what}"), &[])
}

/// What was written can't be meant: why, and how it is done.
pub(super) fn misused(why: &str, usage: &str, what: &str) -> Value {
    let usage = field("How to use it", &format!("`{usage}`\n{what}"));
    embed("Not understood", RED, &sentence(why), &[usage])
}

pub(super) fn failed(title: &str, name: &str, error: &str) -> Value {
    embed(
        title,
        RED,
        "",
        &[field(&shorten(&shown::said(name), 100), &sentence(error))],
    )
}

/// An error, which begins lowercase, as a sentence.
fn sentence(error: &str) -> String {
    let mut sentence = shown::said(error);
    let first_word = error.split(' ').next().unwrap_or_default();
    // What begins with a place (`config.toml:3:1`) keeps it as it is written.
    if !first_word.contains(['.', ':', '`'])
        && let Some(first) = sentence.get_mut(0..1)
    {
        first.make_ascii_uppercase();
    }
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    sentence
}

pub(super) fn changed(title: &str, path: &str, what: &str) -> Value {
    embed(title, GREEN, "", &[field(&shorten(path, 100), what)])
}
