//! Validation of embeds: <https://discord.com/developers/docs/resources/message#embed-object-embed-limits>.

use serde_json::{Value, json};

use crate::rest::error::FormErrors;

/// Characters in all embeds of a message.
const MAX_TOTAL: usize = 6000;

/// Checks the embeds of a message.
pub(super) fn check(embeds: &[Value], errors: &mut FormErrors) {
    errors.length("embeds", embeds.len(), 0, 10);
    let mut total = 0;
    for (index, embed) in embeds.iter().enumerate() {
        let at = format!("embeds.{index}");
        if !embed.is_object() {
            errors.add(
                &at,
                "MODEL_TYPE_CONVERT",
                "Only dictionaries may be used in a ModelType",
            );
            continue;
        }
        let mut limited = |path: String, value: &Value, max: usize, required: bool| {
            let length = value.as_str().map_or(0, |text| text.chars().count());
            total += length;
            if required && length == 0 {
                errors.required(&path);
            }
            errors.length(&path, length, 0, max);
        };
        limited(format!("{at}.title"), &embed["title"], 256, false);
        limited(
            format!("{at}.description"),
            &embed["description"],
            4096,
            false,
        );
        limited(
            format!("{at}.footer.text"),
            &embed["footer"]["text"],
            2048,
            embed["footer"].is_object(),
        );
        limited(
            format!("{at}.author.name"),
            &embed["author"]["name"],
            256,
            embed["author"].is_object(),
        );
        let fields = embed["fields"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        for (number, field) in fields.iter().enumerate() {
            limited(
                format!("{at}.fields.{number}.name"),
                &field["name"],
                256,
                true,
            );
            limited(
                format!("{at}.fields.{number}.value"),
                &field["value"],
                1024,
                true,
            );
        }
        errors.length(&format!("{at}.fields"), fields.len(), 0, 25);
        if embed["color"]
            .as_u64()
            .is_some_and(|color| color > 0xFF_FFFF)
        {
            let message = "int value should be less than or equal to 16777215.";
            errors.add(&format!("{at}.color"), "NUMBER_TYPE_MAX", message);
        }
        for (path, url) in [
            ("url", &embed["url"]),
            ("image.url", &embed["image"]["url"]),
            ("thumbnail.url", &embed["thumbnail"]["url"]),
            ("footer.icon_url", &embed["footer"]["icon_url"]),
            ("author.url", &embed["author"]["url"]),
            ("author.icon_url", &embed["author"]["icon_url"]),
        ] {
            if let Some(url) = url.as_str().filter(|url| !is_url(url)) {
                let message = format!("Not a well formed URL: {url:?}.");
                errors.add(&format!("{at}.{path}"), "URL_TYPE_INVALID_URL", message);
            }
        }
    }
    if total > MAX_TOTAL {
        errors.add(
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
            format!("Embed size exceeds maximum size of {MAX_TOTAL}"),
        );
    }
}

/// An embed as Discord gives it back: with its type, and with links to attached files resolved.
pub(super) fn finish(mut embed: Value, attachments: &[Value]) -> Value {
    embed["type"] = json!("rich");
    for field in embed["fields"].as_array_mut().into_iter().flatten() {
        if field["inline"].is_null() {
            field["inline"] = json!(false);
        }
    }
    for (part, key) in [
        ("image", "url"),
        ("thumbnail", "url"),
        ("footer", "icon_url"),
        ("author", "icon_url"),
    ] {
        let Some(name) = embed[part][key]
            .as_str()
            .and_then(|url| url.strip_prefix("attachment://"))
        else {
            continue;
        };
        if let Some(file) = attachments.iter().find(|file| file["filename"] == name) {
            embed[part][key] = file["url"].clone();
        }
    }
    if let Some(fields) = embed.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    embed
}

/// Whether Discord takes it for a link.
pub(in crate::rest) fn is_url(url: &str) -> bool {
    ["http://", "https://", "attachment://"]
        .iter()
        .any(|scheme| url.len() > scheme.len() && url.starts_with(scheme))
}
