//! Objects of a snapshot, with Discord's own fields: roles, channels, emojis, stickers, and the server's settings.

use serde_json::{Map, Value, json};

use super::list;
use crate::value::{flag, id, text, whole};

/// The longest picture: the plugin reads lines of 16 MiB, with what is beside it.
const LONGEST: usize = 16 * 1024 * 1024 - 4_096;

/// Puts a number into the fields, unless it is what holds without it.
fn number(fields: &mut Map<String, Value>, to: &str, raw: &Value, default: i64) {
    if let Some(number) = whole(raw).filter(|it| *it != default) {
        fields.insert(to.to_owned(), json!(number));
    }
}

fn on(fields: &mut Map<String, Value>, to: &str, raw: &Value) {
    if flag(raw) == Some(true) {
        fields.insert(to.to_owned(), json!(true));
    }
}

fn said(fields: &mut Map<String, Value>, to: &str, raw: &Value) {
    if let Some(said) = text(raw) {
        fields.insert(to.to_owned(), json!(said));
    }
}

pub(super) fn role(raw: &Value, mut fields: Map<String, Value>, _: &mut Vec<String>) -> Value {
    number(&mut fields, "color", &raw["color"], 0);
    on(&mut fields, "hoist", &raw["hoist"]);
    on(&mut fields, "mentionable", &raw["mentionable"]);
    if let Some(bits) = bits(&raw["permissions_value"]).filter(|bits| bits != "0") {
        fields.insert("permissions".to_owned(), json!(bits));
    }
    json!({ "fields": fields })
}

/// Permission bits as Discord writes them: digits in a text.
fn bits(raw: &Value) -> Option<String> {
    match raw {
        Value::String(digits) => digits.parse::<u64>().ok().map(|bits| bits.to_string()),
        raw => raw.as_u64().map(|bits| bits.to_string()),
    }
}

pub(super) fn channel(raw: &Value, mut fields: Map<String, Value>, sort: u8) -> Value {
    if sort != 4 {
        said(&mut fields, "topic", &raw["topic"]);
        on(&mut fields, "nsfw", &raw["nsfw"]);
        number(
            &mut fields,
            "rate_limit_per_user",
            &raw["slowmode_delay"],
            0,
        );
    }
    match sort {
        0 | 15 => number(
            &mut fields,
            "default_auto_archive_duration",
            &raw["default_auto_archive_duration"],
            0,
        ),
        2 | 13 => {
            number(&mut fields, "bitrate", &raw["bitrate"], 64_000);
            number(&mut fields, "user_limit", &raw["user_limit"], 0);
            said(&mut fields, "rtc_region", &raw["rtc_region"]);
        }
        _ => {}
    }
    let mut item = json!({"sort": sort, "fields": fields, "overwrites": overwrites(raw)});
    if let Some(parent) = id(&raw["category_id"]).filter(|_| sort != 4) {
        item["parent"] = json!(parent.to_string());
    }
    item
}

fn overwrites(raw: &Value) -> Vec<Value> {
    let overwrite = |raw: &Value| {
        let kind = match text(&raw["target_type"])?.to_lowercase().as_str() {
            "role" => 0,
            "member" | "user" => 1,
            _ => return None,
        };
        Some((
            id(&raw["target_id"])?,
            kind,
            bits(&raw["allow"])?,
            bits(&raw["deny"])?,
        ))
    };
    let mut all: Vec<_> = list(raw, "overwrites").filter_map(overwrite).collect();
    all.sort();
    all.dedup_by_key(|it| it.0);
    let json = |(id, kind, allow, deny): (u64, u8, String, String)| json!({"id": id.to_string(), "type": kind, "allow": allow, "deny": deny});
    all.into_iter().map(json).collect()
}

pub(super) fn emoji(raw: &Value, fields: Map<String, Value>, left: &mut Vec<String>) -> Value {
    let animated = flag(&raw["animated"]) == Some(true);
    let managed = flag(&raw["managed"]) == Some(true);
    let item = json!({"sort": u8::from(animated), "managed": managed, "fields": fields});
    with_picture(item, raw, left)
}

pub(super) fn sticker(
    raw: &Value,
    mut fields: Map<String, Value>,
    left: &mut Vec<String>,
) -> Value {
    said(&mut fields, "description", &raw["description"]);
    said(&mut fields, "tags", &raw["emoji"]);
    // PNG, Lottie or GIF, by how the picture begins.
    let sort = match raw["image_b64"].as_str().unwrap_or_default() {
        picture if picture.starts_with("eyJ") => 3,
        picture if picture.starts_with("R0lG") => 4,
        _ => 1,
    };
    with_picture(json!({"sort": sort, "fields": fields}), raw, left)
}

fn with_picture(mut item: Value, raw: &Value, left: &mut Vec<String>) -> Value {
    match picture(&raw["image_b64"]) {
        Some(picture) => item["picture"] = json!(picture),
        None => left.push(format!("the picture of {}", item["fields"]["name"])),
    }
    item
}

/// A picture as a data URI.
fn picture(raw: &Value) -> Option<String> {
    let data = text(raw)?;
    let plain = data
        .split_once(";base64,")
        .map_or(data, |(_, plain)| plain)
        .trim();
    let kinds = [
        ("iVBOR", "image/png"),
        ("R0lG", "image/gif"),
        ("/9j/", "image/jpeg"),
        ("UklGR", "image/webp"),
        ("eyJ", "application/json"),
    ];
    let (_, kind) = kinds.iter().find(|(begin, _)| plain.starts_with(begin))?;
    let is_base64 = plain
        .bytes()
        .all(|it| it.is_ascii_alphanumeric() || matches!(it, b'+' | b'/' | b'='));
    (is_base64 && plain.len() < LONGEST).then(|| format!("data:{kind};base64,{plain}"))
}

pub(super) fn settings(value: &Value, server: u64, left: &mut Vec<String>) -> Value {
    let (guild, raw) = (&value["guild"], &value["server_settings"]);
    let mut fields = Map::new();
    said(&mut fields, "name", &guild["name"]);
    for (there, here, names) in [
        (
            "verification_level",
            "verification_level",
            &["none", "low", "medium", "high", "highest"][..],
        ),
        (
            "default_notifications",
            "default_message_notifications",
            &["all_messages", "only_mentions"],
        ),
        (
            "explicit_content_filter",
            "explicit_content_filter",
            &["disabled", "no_role", "all_members"],
        ),
    ] {
        let named =
            text(&raw[there]).and_then(|it| names.iter().position(|name| it.ends_with(name)));
        let level = whole(&raw[there]).or_else(|| named.and_then(|at| i64::try_from(at).ok()));
        number(&mut fields, here, &json!(level), 0);
    }
    number(&mut fields, "afk_timeout", &raw["afk_timeout"], 300);
    on(
        &mut fields,
        "premium_progress_bar_enabled",
        &raw["premium_progress_bar_enabled"],
    );
    if let Some(locale) = text(&raw["preferred_locale"]).filter(|it| *it != "en-US") {
        fields.insert("preferred_locale".to_owned(), json!(locale));
    }
    let named = [
        "afk_channel_id",
        "system_channel_id",
        "rules_channel_id",
        "public_updates_channel_id",
    ];
    let channels: Map<String, Value> = named
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), json!(id(&raw[key])?.to_string()))))
        .collect();
    let mut written = json!({"id": server.to_string(), "fields": fields, "channels": channels});
    let hash = text(&guild["icon_url"]).and_then(icon_hash);
    match (hash, picture(&guild["icon_b64"])) {
        (Some(hash), Some(picture)) => {
            written["icon"] = json!(hash);
            written["picture"] = json!(picture);
        }
        (None, None) => {}
        _ => left.push("the server's icon".into()),
    }
    written
}

/// `…/icons/5/a_1f2e.png?size=1024`
fn icon_hash(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next()?;
    let hash = path.rsplit('/').next()?.split('.').next()?;
    let fits = !hash.is_empty()
        && hash
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'_');
    fits.then(|| hash.to_owned())
}
