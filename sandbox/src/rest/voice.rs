//! Voice states, and the status of a voice channel: <https://discord.com/developers/docs/resources/channel#set-voice-channel-status>.

use serde_json::{Value, json};
use twilight_model::{
    channel::ChannelType,
    guild::{Permissions, audit_log::AuditLogEventType},
};

use super::{
    Answer, ApiError, Reply,
    call::{Call, body_id, id},
    channel_access::need,
    ok,
    validate::form::{Field, Kind, read_patch},
};
use crate::world::{World, snowflake::iso};

const STATUS: &[Field] = &[Field::new("status", Kind::Text(0, 500)).nullable()];
const STATE: &[Field] = &[
    Field::new("channel_id", Kind::Id).nullable(),
    Field::new("suppress", Kind::Bool).nullable(),
    Field::new("request_to_speak_timestamp", Kind::Time).nullable(),
];
/// The audit log's numbers, which the enumeration that we use does not know yet.
const STATUS_CREATE: u16 = 192;
const STATUS_DELETE: u16 = 193;

/// Routes below `guilds/{id}/voice-states`.
pub(super) fn states(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: u64,
    path: &[&str],
) -> Answer {
    let bot = world.application.bot;
    let user = match path {
        ["@me"] => bot,
        [user] => id(user)?,
        _ => return Err(ApiError::unknown_route()),
    };
    let json = world.voice_state_json(guild, user);
    let json = json.ok_or_else(ApiError::unknown_voice_state)?;
    match method {
        "GET" => ok(json),
        "PATCH" => change(world, call, guild, user),
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// Suppression and the wish to speak, both on stages only.
fn change(world: &mut World, call: &Call, guild: u64, user: u64) -> Answer {
    let body = read_patch(STATE, &call.body)?;
    let bot = world.application.bot;
    let state = world.voice.get(&(guild, user));
    let channel = state.map_or(0, |state| state.channel);
    let asked = body.get("channel_id").and_then(body_id);
    let found = world.channels.get(&channel);
    let is_stage = found.is_some_and(|channel| channel.of() == ChannelType::GuildStageVoice);
    if !is_stage || asked.is_some_and(|asked| asked != channel) {
        return Err(ApiError::wrong_channel_type());
    }
    let suppress = body.get("suppress").and_then(Value::as_bool);
    let wish = body
        .get("request_to_speak_timestamp")
        .filter(|_| user == bot);
    if user != bot || suppress == Some(false) {
        need(world, channel, Permissions::MUTE_MEMBERS)?;
    }
    if wish.is_some_and(Value::is_string) {
        need(world, channel, Permissions::REQUEST_TO_SPEAK)?;
    }
    let now = iso(world.clock.now_us());
    world.change_voice(guild, user, |state| {
        if let Some(suppress) = suppress {
            state.suppress = suppress;
            state.request_to_speak = (!suppress && user != bot).then_some(now);
        }
        if let Some(wish) = wish {
            state.request_to_speak = wish.as_str().map(str::to_owned);
        }
    });
    Ok(Reply::Empty)
}

/// Answers `PUT channels/{id}/voice-status`. Who is not in the channel must manage it.
pub(super) fn status(world: &mut World, call: &Call, channel: u64) -> Answer {
    let found = world.channels.get(&channel);
    let guild = found
        .filter(|channel| channel.of() == ChannelType::GuildVoice)
        .and_then(|channel| channel.guild())
        .ok_or_else(ApiError::wrong_channel_type)?;
    let state = world.voice.get(&(guild, world.application.bot));
    if state.is_none_or(|state| state.channel != channel) {
        need(world, channel, Permissions::MANAGE_CHANNELS)?;
    }
    let body = read_patch(STATUS, &call.body)?;
    let status = body.get("status").and_then(Value::as_str);
    let status = status.filter(|status| !status.is_empty());
    let data = json!({
        "id": channel.to_string(),
        "guild_id": guild.to_string(),
        "status": status,
    });
    match status {
        Some(status) => _ = world.voice_statuses.insert(channel, status.to_owned()),
        None => _ = world.voice_statuses.remove(&channel),
    }
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
