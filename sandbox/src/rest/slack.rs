//! Conversion of Slack's messages to Discord's:
//! <https://discord.com/developers/docs/resources/webhook#execute-slackcompatible-webhook>.

use serde_json::{Map, Value, json};

/// The message that a Slack payload means. `channel`, `icon_emoji` and `mrkdwn` mean nothing to Discord.
pub(super) fn message(slack: &Value) -> Value {
    let mut message = Map::new();
    copy(
        slack,
        &mut message,
        &[
            ("text", "content"),
            ("username", "username"),
            ("icon_url", "avatar_url"),
        ],
    );
    let attachments = slack["attachments"].as_array();
    let embeds: Vec<_> = attachments.into_iter().flatten().map(embed).collect();
    if !embeds.is_empty() {
        message.insert("embeds".to_owned(), json!(embeds));
    }
    Value::Object(message)
}

fn copy(from: &Value, to: &mut Map<String, Value>, keys: &[(&str, &str)]) {
    for (slack, discord) in keys {
        if let Some(text) = from[*slack].as_str().filter(|text| !text.is_empty()) {
            to.insert((*discord).to_owned(), json!(text));
        }
    }
}

fn embed(attachment: &Value) -> Value {
    let mut embed = Map::new();
    copy(
        attachment,
        &mut embed,
        &[
            ("title", "title"),
            ("title_link", "url"),
            ("text", "description"),
        ],
    );
    if !embed.contains_key("description") {
        copy(attachment, &mut embed, &[("fallback", "description")]);
    }
    for (name, keys) in [
        (
            "author",
            [
                ("author_name", "name"),
                ("author_link", "url"),
                ("author_icon", "icon_url"),
            ]
            .as_slice(),
        ),
        (
            "footer",
            [("footer", "text"), ("footer_icon", "icon_url")].as_slice(),
        ),
        ("image", [("image_url", "url")].as_slice()),
        ("thumbnail", [("thumb_url", "url")].as_slice()),
    ] {
        let mut part = Map::new();
        copy(attachment, &mut part, keys);
        if !part.is_empty() {
            embed.insert(name.to_owned(), Value::Object(part));
        }
    }
    let color = attachment["color"].as_str().map(color).unwrap_or_default();
    if let Some(color) = color {
        embed.insert("color".to_owned(), json!(color));
    }
    let fields = attachment["fields"].as_array().into_iter().flatten();
    let fields: Vec<_> = fields
        .map(|field| json!({"name": field["title"], "value": field["value"], "inline": field["short"] == true}))
        .collect();
    if !fields.is_empty() {
        embed.insert("fields".to_owned(), json!(fields));
    }
    Value::Object(embed)
}

/// `#rrggbb`, or one of Slack's three words.
fn color(text: &str) -> Option<u32> {
    match text {
        "good" => Some(0x2F_A4_4F),
        "warning" => Some(0xDE_9E_31),
        "danger" => Some(0xD5_02_00),
        hex => u32::from_str_radix(hex.trim_start_matches('#'), 16).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_is_translated() {
        let slack = json!({"text": "built", "username": "CI", "icon_emoji": ":x:", "attachments": [
            {"title": "Log", "title_link": "https://a.b", "color": "#ff0000",
             "fields": [{"title": "Took", "value": "3 s", "short": true}]},
        ]});
        let expected = json!({"content": "built", "username": "CI", "embeds": [
            {"title": "Log", "url": "https://a.b", "color": 0xFF_00_00,
             "fields": [{"name": "Took", "value": "3 s", "inline": true}]},
        ]});
        assert_eq!(message(&slack), expected);
    }
}
