//! Voice states, and the status of a voice channel: <https://discord.com/developers/docs/resources/channel#set-voice-channel-status>.

use serde_json::{Value, json};
use twilight_model::{
    channel::ChannelType,
    guild::{Permissions, audit_log::AuditLogEventType},
};

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    channels::need,
    validate::form::{Field, Kind, read_patch},
};
use crate::world::World;

const STATUS: &[Field] = &[Field::new("status", Kind::Text(0, 500)).nullable()];
/// The audit log's numbers, which the enumeration that we use does not know yet.
const STATUS_CREATE: u16 = 192;
const STATUS_DELETE: u16 = 193;

/// Routes below `guilds/{id}/voice-states`. Nobody is in a voice channel here.
pub(super) fn states(method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET" | "PATCH", ["@me"]) => Err(ApiError::unknown_voice_state()),
        ("GET" | "PATCH", [user]) => id(user).and(Err(ApiError::unknown_voice_state())),
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// Answers `PUT channels/{id}/voice-status`. The bot is in no voice channel, so it must manage this one.
pub(super) fn status(world: &mut World, call: &Call, channel: u64) -> Answer {
    let found = world.channels.get(&channel);
    let guild = found
        .filter(|channel| channel.of() == ChannelType::GuildVoice)
        .and_then(|channel| channel.guild())
        .ok_or_else(ApiError::wrong_channel_type)?;
    need(world, channel, Permissions::MANAGE_CHANNELS)?;
    let body = read_patch(STATUS, &call.body)?;
    let status = body.get("status").and_then(Value::as_str);
    let status = status.filter(|status| !status.is_empty());
    let data = json!({
        "id": channel.to_string(),
        "guild_id": guild.to_string(),
        "status": status,
    });
    world.tell("VOICE_CHANNEL_STATUS_UPDATE", channel, data);
    let mut options = json!({"channel_id": channel.to_string()});
    let action = match status {
        Some(status) => {
            options["status"] = json!(status);
            STATUS_CREATE
        }
        None => STATUS_DELETE,
    };
    let (bot, action) = (world.application.bot, AuditLogEventType::from(action));
    world.audit_with(
        guild,
        bot,
        action,
        Some(channel),
        options,
        call.reason.as_deref(),
    );
    Ok(Reply::Empty)
}
