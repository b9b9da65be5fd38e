//! Event identity: what an event is about, the same in whatever form a session is sent it.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use serde_json::Value;
use twilight_gateway::Intents;

/// Identity of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    /// The same for the same event, whichever session brings it.
    pub(super) key: u64,
    /// The server that it is in or about; 0 for none.
    pub(super) guild: u64,
    /// Whether this form lacks all that some sessions are not sent.
    pub(super) is_poor: bool,
}

/// The intent without which an event is sent, but not all of it
/// ([reference](https://discord.com/developers/docs/events/gateway#message-content-intent)).
pub(super) fn told_by(name: &str) -> Intents {
    match name {
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "AUTO_MODERATION_ACTION_EXECUTION" => {
            Intents::MESSAGE_CONTENT
        }
        "THREAD_MEMBERS_UPDATE" => Intents::GUILD_MEMBERS,
        _ => Intents::empty(),
    }
}

/// The servers that a READY lists.
pub(super) fn servers(data: &str) -> impl Iterator<Item = u64> {
    let mut ready: Value = serde_json::from_str(data).unwrap_or_default();
    let listed = match ready["guilds"].take() {
        Value::Array(listed) => listed,
        _ => Vec::new(),
    };
    listed.into_iter().filter_map(|guild| id(&guild["id"]))
}

impl Identity {
    pub(super) fn of(name: &str, data: &str) -> Self {
        if matches!(name, "READY" | "GUILD_CREATE") {
            return Self::of_large(name, data);
        }
        let data: Value = serde_json::from_str(data).unwrap_or_default();
        let is_about_guild = matches!(name, "GUILD_UPDATE" | "GUILD_DELETE");
        let guild = &data[if is_about_guild { "id" } else { "guild_id" }];
        let guild = id(guild).unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        for field in told_apart_by(name) {
            digest(&data[*field]).hash(&mut hasher);
        }
        if told_apart_by(name).is_empty() {
            digest(&data).hash(&mut hasher);
        }
        Self {
            key: hasher.finish(),
            guild,
            is_poor: is_poor(name, &data),
        }
    }

    /// Of what may be megabytes: its id alone is read.
    fn of_large(name: &str, data: &str) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Large {
            id: Value,
            session_id: Value,
            unavailable: Value,
            joined_at: Value,
        }
        let large: Large = serde_json::from_str(data).unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        let parts = [
            &large.id,
            &large.session_id,
            &large.unavailable,
            &large.joined_at,
        ];
        (name, parts.map(digest)).hash(&mut hasher);
        Self {
            key: hasher.finish(),
            guild: id(&large.id).unwrap_or_default(),
            is_poor: false,
        }
    }
}

/// The fields that identify an event of this kind; none, where every session is sent the same and all of it does.
fn told_apart_by(name: &str) -> &'static [&'static str] {
    match name {
        "MESSAGE_CREATE" | "MESSAGE_DELETE" | "INTERACTION_CREATE" => &["id"],
        "MESSAGE_UPDATE" => &["id", "edited_timestamp", "pinned", "flags"],
        "THREAD_MEMBERS_UPDATE" => &["id", "member_count"],
        "AUTO_MODERATION_ACTION_EXECUTION" => &[
            "guild_id",
            "rule_id",
            "user_id",
            "channel_id",
            "message_id",
            "alert_system_message_id",
            "action",
        ],
        _ => &[],
    }
}

fn is_poor(name: &str, data: &Value) -> bool {
    let lacks = |field: &&str| match &data[*field] {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    match name {
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" => {
            ["content", "embeds", "attachments", "components", "poll"]
                .iter()
                .all(lacks)
        }
        "AUTO_MODERATION_ACTION_EXECUTION" => ["content", "matched_content"].iter().all(lacks),
        // Without the intent, the bot alone is in it.
        "THREAD_MEMBERS_UPDATE" => true,
        _ => false,
    }
}

fn id(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}

/// A number for a value, whatever the order of its fields.
fn digest(value: &Value) -> u64 {
    let hashed = |parts: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        parts(&mut hasher);
        hasher.finish()
    };
    match value {
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                hashed(&|hasher| (name, digest(value)).hash(hasher))
            };
            let sum = fields.iter().map(field).fold(0, u64::wrapping_add);
            hashed(&|hasher| ('{', sum).hash(hasher))
        }
        Value::Array(items) => hashed(&|hasher| {
            '['.hash(hasher);
            items.iter().for_each(|item| digest(item).hash(hasher));
        }),
        Value::String(text) => hashed(&|hasher| text.hash(hasher)),
        other => hashed(&|hasher| other.to_string().hash(hasher)),
    }
}
