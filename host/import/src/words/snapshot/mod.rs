//! A snapshot in the format of `backup export`: a record a line, the last of which has their number and checksum.
//!
//! It has no role of everybody and none of bots, since the source keeps neither: the plugin adds them from the server as it is, and so what
//! else is not kept there ([`KNOWS`] says what is).

mod objects;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use self::objects::{channel, emoji, role, settings, sticker};
use crate::{
    hash::hash,
    json,
    source::Source,
    value::{flag, id, text, whole},
};

/// The largest snapshot, in bytes.
const MOST: u64 = 256 * 1024 * 1024;

/// The fields that the source keeps of each kind.
pub(crate) const KNOWS: [(&str, &[&str]); 5] = [
    (
        "server",
        &[
            "name",
            "verification_level",
            "default_message_notifications",
            "explicit_content_filter",
            "preferred_locale",
            "afk_timeout",
            "premium_progress_bar_enabled",
            "afk_channel_id",
            "system_channel_id",
            "rules_channel_id",
            "public_updates_channel_id",
        ],
    ),
    (
        "role",
        &["name", "color", "hoist", "mentionable", "permissions"],
    ),
    (
        "channel",
        &[
            "name",
            "topic",
            "nsfw",
            "rate_limit_per_user",
            "default_auto_archive_duration",
            "bitrate",
            "user_limit",
            "rtc_region",
        ],
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
        Some(id) => {
            return Err(format!(
                "it is of the server {id}, and lies in the folder of another"
            ));
        }
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
        (
            "mention_prefix",
            flag(&bot["mention_prefix_enabled"]).map(Value::from),
        ),
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
        let roles: Vec<String> = list(member, "role_ids")
            .filter_map(id)
            .map(|id| id.to_string())
            .collect();
        let name = text(&member["username"]).unwrap_or_default();
        members.insert(
            user,
            json!({"id": user.to_string(), "name": name, "roles": roles}),
        );
    }
    let count = members.len();
    members
        .into_values()
        .for_each(|member| lines.push("member", member));
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
        let digest: String = self
            .hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
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

fn channels(value: &Value, left: &mut Vec<String>) -> Vec<Value> {
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    for (key, sort) in CHANNELS {
        let read = items(
            value,
            key,
            |raw, fields, _| channel(raw, fields, sort),
            left,
        );
        all.extend(
            read.into_iter()
                .filter(|item| seen.insert(item["id"].to_string())),
        );
    }
    let categories: BTreeSet<String> = all
        .iter()
        .filter(|item| item["sort"] == 4)
        .map(|item| item["id"].to_string())
        .collect();
    for item in &mut all {
        let is_there = item
            .get("parent")
            .is_none_or(|parent| categories.contains(&parent.to_string()));
        if let (false, Some(item)) = (is_there, item.as_object_mut()) {
            left.push("the category of a channel, which is not in the snapshot".into());
            item.remove("parent");
        }
    }
    all.sort_by_key(|item| (item["position"].as_i64(), id(&item["id"])));
    all
}

/// A point in time as Python writes it, with an offset or without; or seconds since 1970.
fn moment(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => {
            let exact = text.trim().parse::<jiff::Timestamp>().ok();
            let utc = || {
                let civil = text.trim().parse::<jiff::civil::DateTime>().ok()?;
                civil
                    .to_zoned(jiff::tz::TimeZone::UTC)
                    .ok()
                    .map(|it| it.timestamp())
            };
            exact.or_else(utc).map(jiff::Timestamp::as_millisecond)
        }
        value => value
            .as_f64()
            .filter(|it| (0.0..1e11).contains(it))
            .map(|it| (it * 1_000.0) as i64),
    }
}

#[cfg(test)]
mod tests;
