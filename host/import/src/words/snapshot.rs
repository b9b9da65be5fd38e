//! A snapshot in the format of `backup export`: a record a line, the last of which has their number and checksum.
//!
//! It has no role of everybody and none of bots, since the source keeps neither: the plugin adds them from the server as it is, and so what
//! else is not kept there ([`KNOWS`] says what is).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::super::{
    json,
    model::hash,
    source::Source,
    value::{flag, id, text, whole},
};

/// The largest snapshot, in bytes.
const MOST: u64 = 256 * 1024 * 1024;

/// The longest line that the plugin reads, with room for what is beside a picture.
const LONGEST: usize = 16 * 1024 * 1024 - 4_096;

/// The fields that the source keeps of each kind.
pub(crate) const KNOWS: [(&str, &[&str]); 5] = [
    (
        "server",
        &[
            "name", "verification_level", "default_message_notifications", "explicit_content_filter", "preferred_locale", "afk_timeout",
            "premium_progress_bar_enabled", "afk_channel_id", "system_channel_id", "rules_channel_id", "public_updates_channel_id",
        ],
    ),
    ("role", &["name", "color", "hoist", "mentionable", "permissions"]),
    (
        "channel",
        &["name", "topic", "nsfw", "rate_limit_per_user", "default_auto_archive_duration", "bitrate", "user_limit", "rtc_region"],
    ),
    ("emoji", &["name"]),
    ("sticker", &["name", "description", "tags"]),
];

/// Lists of channels there, and Discord's type of each.
const CHANNELS: [(&str, u8); 5] = [
    ("categories", 4),
    ("text_channels", 0),
    ("voice_channels", 2),
    ("forum_channels", 15),
    ("stage_channels", 13),
];

/// A snapshot that was read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) lines: Vec<u8>,
    /// Of the file that it was.
    pub(crate) hash: String,
    /// When it was taken, in milliseconds since 1970.
    pub(crate) taken_ms: i64,
    pub(crate) roles: Vec<u64>,
    /// What of it is left out, and why.
    pub(crate) left: Vec<String>,
}

/// Reads one of a server's snapshots.
///
/// # Errors
///
/// Why it can't be read.
pub(crate) fn snapshot(source: &Source, path: &str, server: u64) -> Result<Read, String> {
    let bytes = source.read(path, MOST)?.ok_or("it is not there")?;
    let value = json::parse(&bytes)?;
    let hash = hash(&bytes);
    drop(bytes);
    let mut read = convert(&value, server)?;
    read.hash = hash;
    Ok(read)
}

fn convert(value: &Value, server: u64) -> Result<Read, String> {
    let guild = &value["guild"];
    match id(&guild["id"]) {
        Some(id) if id == server => {}
        Some(id) => return Err(format!("it is of the server {id}, and lies in the folder of another")),
        None => return Err("it is no snapshot: it names no server".into()),
    }
    let taken_ms = moment(&value["captured_at"]).ok_or("it does not say when it was taken")?;
    let name = text(&guild["name"]).unwrap_or("a server");
    let mut lines = Lines::default();
    lines.push("head", json!({
        "format": "cogwright backup", "version": 1, "guild": server.to_string(), "name": name, "taken_ms": taken_ms, "label": "",
    }));
    let mut left = Vec::new();
    lines.push("server", settings(value, server, &mut left));
    let roles = lines.items("role", items(value, "roles", role, &mut left));
    let channels = channels(value, &mut left);
    lines.items("channel", channels);
    lines.items("emoji", items(value, "emojis", emoji, &mut left));
    lines.items("sticker", items(value, "stickers", sticker, &mut left));
    let bot = &value["bot_settings"];
    for (path, value) in [
        ("prefix", text(&bot["custom_prefix"]).map(Value::from)),
        ("mention_prefix", flag(&bot["mention_prefix_enabled"]).map(Value::from)),
    ] {
        if let Some(value) = value {
            lines.push("setting", json!({"path": path, "value": value}));
        }
    }
    let mut members: BTreeMap<u64, Value> = BTreeMap::new();
    for member in list(value, "member_roles") {
        let Some(user) = id(&member["user_id"]) else {
            left.push("a member without an id".into());
            continue;
        };
        let roles: Vec<String> = list(member, "role_ids").filter_map(id).map(|id| id.to_string()).collect();
        let name = text(&member["username"]).unwrap_or_default();
        members.insert(user, json!({"id": user.to_string(), "name": name, "roles": roles}));
    }
    let count = members.len();
    members.into_values().for_each(|member| lines.push("member", member));
    Ok(Read {
        lines: lines.finish(count),
        hash: String::new(),
        taken_ms,
        roles,
        left,
    })
}

/// Lines that are written, and their checksum.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    hash: Sha256,
    records: usize,
}

impl Lines {
    fn push(&mut self, kind: &str, record: Value) {
        let line = format!("{}\n", json!({ kind: record }));
        self.hash.update(&line);
        self.bytes.extend_from_slice(line.as_bytes());
        self.records += 1;
    }

    /// All items of a kind; their ids.
    fn items(&mut self, kind: &str, items: Vec<Value>) -> Vec<u64> {
        let ids = items.iter().filter_map(|item| id(&item["id"])).collect();
        items.into_iter().for_each(|item| self.push(kind, item));
        ids
    }

    fn finish(self, members: usize) -> Vec<u8> {
        let digest: String = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let end = json!({"end": {"records": self.records, "members": members, "sha256": digest}});
        let mut bytes = self.bytes;
        bytes.extend_from_slice(format!("{end}\n").as_bytes());
        bytes
    }
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value[key].as_array().into_iter().flatten()
}

/// The items of a list, by their positions; none twice, and none without an id or a name.
fn items(
    value: &Value,
    key: &str,
    read: impl Fn(&Value, Map<String, Value>, &mut Vec<String>) -> Value,
    left: &mut Vec<String>,
) -> Vec<Value> {
    let (mut seen, mut items) = (BTreeSet::new(), Vec::new());
    for raw in list(value, key) {
        let (Some(id), Some(name)) = (id(&raw["id"]), text(&raw["name"])) else {
            left.push(format!("something in `{key}` without an id or a name"));
            continue;
        };
        if !seen.insert(id) {
            left.push(format!("`{key}` has {id} twice"));
            continue;
        }
        let mut fields = Map::new();
        fields.insert("name".to_owned(), json!(name));
        let mut item = read(raw, fields, left);
        item["id"] = json!(id.to_string());
        item["position"] = json!(whole(&raw["position"]).unwrap_or(0));
        items.push(item);
    }
    items.sort_by_key(|item| (item["position"].as_i64(), id(&item["id"])));
    items
}

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

fn role(raw: &Value, mut fields: Map<String, Value>, _: &mut Vec<String>) -> Value {
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

fn channels(value: &Value, left: &mut Vec<String>) -> Vec<Value> {
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    for (key, sort) in CHANNELS {
        let read = items(value, key, |raw, fields, _| channel(raw, fields, sort), left);
        all.extend(read.into_iter().filter(|item| seen.insert(item["id"].to_string())));
    }
    let categories: BTreeSet<String> = all
        .iter()
        .filter(|item| item["sort"] == 4)
        .map(|item| item["id"].to_string())
        .collect();
    for item in &mut all {
        let is_there = item.get("parent").is_none_or(|parent| categories.contains(&parent.to_string()));
        if let (false, Some(item)) = (is_there, item.as_object_mut()) {
            left.push("the category of a channel, which is not in the snapshot".into());
            item.remove("parent");
        }
    }
    all.sort_by_key(|item| (item["position"].as_i64(), id(&item["id"])));
    all
}

fn channel(raw: &Value, mut fields: Map<String, Value>, sort: u8) -> Value {
    if sort != 4 {
        said(&mut fields, "topic", &raw["topic"]);
        on(&mut fields, "nsfw", &raw["nsfw"]);
        number(&mut fields, "rate_limit_per_user", &raw["slowmode_delay"], 0);
    }
    match sort {
        0 | 15 => number(&mut fields, "default_auto_archive_duration", &raw["default_auto_archive_duration"], 0),
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
        Some((id(&raw["target_id"])?, kind, bits(&raw["allow"])?, bits(&raw["deny"])?))
    };
    let mut all: Vec<_> = list(raw, "overwrites").filter_map(overwrite).collect();
    all.sort();
    all.dedup_by_key(|it| it.0);
    let json = |(id, kind, allow, deny): (u64, u8, String, String)| json!({"id": id.to_string(), "type": kind, "allow": allow, "deny": deny});
    all.into_iter().map(json).collect()
}

fn emoji(raw: &Value, fields: Map<String, Value>, left: &mut Vec<String>) -> Value {
    let animated = flag(&raw["animated"]) == Some(true);
    let managed = flag(&raw["managed"]) == Some(true);
    let item = json!({"sort": u8::from(animated), "managed": managed, "fields": fields});
    with_picture(item, raw, left)
}

fn sticker(raw: &Value, mut fields: Map<String, Value>, left: &mut Vec<String>) -> Value {
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
    let plain = data.split_once(";base64,").map_or(data, |(_, plain)| plain).trim();
    let kinds = [
        ("iVBOR", "image/png"),
        ("R0lG", "image/gif"),
        ("/9j/", "image/jpeg"),
        ("UklGR", "image/webp"),
        ("eyJ", "application/json"),
    ];
    let (_, kind) = kinds.iter().find(|(begin, _)| plain.starts_with(begin))?;
    let is_base64 = plain.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'+' | b'/' | b'='));
    (is_base64 && plain.len() < LONGEST).then(|| format!("data:{kind};base64,{plain}"))
}

fn settings(value: &Value, server: u64, left: &mut Vec<String>) -> Value {
    let (guild, raw) = (&value["guild"], &value["server_settings"]);
    let mut fields = Map::new();
    said(&mut fields, "name", &guild["name"]);
    for (there, here, names) in [
        ("verification_level", "verification_level", &["none", "low", "medium", "high", "highest"][..]),
        ("default_notifications", "default_message_notifications", &["all_messages", "only_mentions"]),
        ("explicit_content_filter", "explicit_content_filter", &["disabled", "no_role", "all_members"]),
    ] {
        let named = text(&raw[there]).and_then(|it| names.iter().position(|name| it.ends_with(name)));
        let level = whole(&raw[there]).or_else(|| named.and_then(|at| i64::try_from(at).ok()));
        number(&mut fields, here, &json!(level), 0);
    }
    number(&mut fields, "afk_timeout", &raw["afk_timeout"], 300);
    on(&mut fields, "premium_progress_bar_enabled", &raw["premium_progress_bar_enabled"]);
    if let Some(locale) = text(&raw["preferred_locale"]).filter(|it| *it != "en-US") {
        fields.insert("preferred_locale".to_owned(), json!(locale));
    }
    let named = ["afk_channel_id", "system_channel_id", "rules_channel_id", "public_updates_channel_id"];
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
    let fits = !hash.is_empty() && hash.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_');
    fits.then(|| hash.to_owned())
}

/// A point in time as Python writes it, with an offset or without; or seconds since 1970.
fn moment(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => {
            let exact = text.trim().parse::<jiff::Timestamp>().ok();
            let utc = || {
                let civil = text.trim().parse::<jiff::civil::DateTime>().ok()?;
                civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|it| it.timestamp())
            };
            exact.or_else(utc).map(jiff::Timestamp::as_millisecond)
        }
        value => value.as_f64().filter(|it| (0.0..1e11).contains(it)).map(|it| (it * 1_000.0) as i64),
    }
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
