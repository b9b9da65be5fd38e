//! Voice, as far as a bot without audio sees it: op 4 and op 43.

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{
    close::Close,
    payload::{Outcome, snowflake},
};
use crate::state::State;

/// Where VOICE_SERVER_UPDATE sends the bot: the port "discard". Nobody answers there; there is no voice server.
const ENDPOINT: &str = "127.0.0.1:9";

/// Op 4: <https://discord.com/developers/docs/events/gateway-events#update-voice-state>.
///
/// Whoever may not connect, or asks for another guild's channel, gets no answer, as on Discord.
pub(super) fn update(state: &mut State, connection: u64, data: &Value) -> Outcome {
    let channel = match &data["channel_id"] {
        Value::Null => Some(None),
        id => snowflake(id).map(Some),
    };
    let flag = |key: &str| match &data[key] {
        Value::Null => Some(false),
        flag => flag.as_bool(),
    };
    let (Some(guild), Some(channel), Some(self_mute), Some(self_deaf)) = (
        snowflake(&data["guild_id"]),
        channel,
        flag("self_mute"),
        flag("self_deaf"),
    ) else {
        return Outcome::Close(Close::UnknownOpcode);
    };
    let Some(session) = session_for(state, connection, guild) else {
        return Outcome::Done;
    };
    let world = &mut state.world;
    let bot = world.application.bot;
    let Some(channel) = channel else {
        world.leave_voice(guild, bot);
        return Outcome::Done;
    };
    let before = world.voice.get(&(guild, bot)).map(|state| state.channel);
    let stays = before == Some(channel);
    if world.guild_of(channel) != Some(guild) || !stays && world.bars_voice(bot, channel).is_some()
    {
        return Outcome::Done;
    }
    world.enter_voice(bot, channel, Some(session), (self_mute, self_deaf));
    if !stays {
        let token = format!("{:016x}", world.snowflakes.next());
        let guild_id = guild.to_string();
        let data = json!({"token": token, "guild_id": guild_id, "endpoint": ENDPOINT});
        let told = crate::world::Event::of_guild("VOICE_SERVER_UPDATE", guild, data);
        world.outbox.push(told);
    }
    Outcome::Done
}

/// Op 43: <https://discord.com/developers/docs/events/gateway-events#request-channel-info>.
pub(super) fn info(state: &mut State, connection: u64, data: &Value) -> Outcome {
    let (Some(guild), Some(fields)) = (snowflake(&data["guild_id"]), data["fields"].as_array())
    else {
        return Outcome::Close(Close::UnknownOpcode);
    };
    if session_for(state, connection, guild).is_none() {
        return Outcome::Done;
    }
    let world = &state.world;
    let wants = |field: &str| fields.iter().any(|wanted| wanted == field);
    let bot = world.application.bot;
    let mut channels = Vec::new();
    for channel in world.channels_of(guild) {
        let mut info = json!({"id": channel.id.to_string()});
        let status = world.voice_statuses.get(&channel.id);
        let since = world.voice_since(channel.id);
        let is_empty = status.is_none() && since.is_none();
        if is_empty || !world.may(bot, channel.id, Permissions::VIEW_CHANNEL) {
            continue;
        }
        if wants("status") {
            info["status"] = json!(status);
        }
        if wants("voice_start_time") {
            info["voice_start_time"] = json!(since);
        }
        channels.push(info);
    }
    let told = json!({"guild_id": guild.to_string(), "channels": channels});
    let State { hub, traffic, .. } = state;
    hub.dispatch_to(traffic, connection, "CHANNEL_INFO", &told);
    Outcome::Done
}

/// The session of a connection that hears of a guild of the bot.
fn session_for(state: &State, connection: u64, guild: u64) -> Option<String> {
    let session = state.hub.session_of(connection)?;
    let is_known = session.login.shard.covers(Some(guild)) && state.world.bot_is_in(guild);
    is_known.then(|| session.id.clone())
}
