//! Conversion of cache entries to twilight's models, for plugins: what a model can't read is left out, field by field.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::lenient;

/// Reads a model from JSON, on top of `template`, which has all that the model can't do without.
pub(super) fn read<T: DeserializeOwned>(json: &str, template: Value) -> Option<T> {
    lenient::fitting(json, template).map(|(_, model)| model)
}

pub(super) fn user(id: u64) -> Value {
    json!({"id": id.to_string(), "username": "", "discriminator": "0"})
}

pub(super) fn channel(id: u64, guild: u64, is_thread: bool) -> Value {
    json!({"id": id.to_string(), "guild_id": guild.to_string(), "type": if is_thread { 11 } else { 0 }})
}

pub(super) fn role(id: u64) -> Value {
    json!({
        "id": id.to_string(), "name": "", "permissions": "0", "position": 0, "color": 0,
        "colors": {"primary_color": 0}, "hoist": false, "managed": false, "mentionable": false, "flags": 0,
    })
}

pub(super) fn voice_state(user: u64, guild: u64) -> Value {
    json!({
        "user_id": user.to_string(), "guild_id": guild.to_string(), "channel_id": null, "session_id": "", "deaf": false,
        "mute": false, "self_deaf": false, "self_mute": false, "self_video": false, "suppress": false,
        "request_to_speak_timestamp": null,
    })
}

pub(super) fn current_user(id: u64) -> Value {
    json!({"id": id.to_string(), "username": "", "discriminator": "0", "mfa_enabled": false})
}

pub(super) fn guild(id: u64, owner: u64) -> Value {
    json!({
        "id": id.to_string(), "name": "", "owner_id": owner.to_string(), "afk_timeout": 300,
        "default_message_notifications": 0, "emojis": [], "explicit_content_filter": 0, "features": [], "large": false, "mfa_level": 0,
        "nsfw_level": 0, "preferred_locale": "en-US", "premium_progress_bar_enabled": false, "premium_tier": 0, "roles": [],
        "system_channel_flags": 0, "verification_level": 0,
    })
}
