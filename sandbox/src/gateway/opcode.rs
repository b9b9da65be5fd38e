//! Opcodes that clients send, and how they are answered.

use serde_json::{Value, json};

use super::{
    close::Close,
    identify::{identify, resume},
    members,
    payload::{Outcome, snowflake},
    presence, voice,
};
use crate::{
    state::{Settings, State},
    traffic::Way,
};

/// The longest payload that a client may send, in bytes.
const LONGEST: usize = 4096;

/// Handles a client's payload on a connection.
///
/// What is no payload at all is closed with 4002. An opcode with the wrong data is closed with 4001, which
/// surprises many, but is how Discord does it: <https://github.com/discord/discord-api-docs/issues/2226>.
pub(crate) fn receive(
    state: &mut State,
    settings: &Settings,
    connection: u64,
    text: &str,
) -> Outcome {
    let payload = if text.len() > LONGEST {
        None
    } else {
        serde_json::from_str::<Value>(text).ok()
    };
    let Some((op, payload)) = payload.and_then(|payload| Some((payload["op"].as_u64()?, payload)))
    else {
        return Outcome::Close(Close::Undecodable);
    };
    let data = &payload["d"];
    state
        .traffic
        .gateway(Way::GatewayIn, op_name(op), data.clone());
    let identified = state.hub.session_of(connection).is_some();
    match (op, identified) {
        (1, _) => heartbeat(data),
        (2 | 6, true) => Outcome::Close(Close::AlreadyAuthenticated),
        (2, false) => identify(state, settings, connection, data),
        (6, false) => resume(state, settings, connection, data),
        (3 | 4 | 8 | 31 | 43, false) => Outcome::Close(Close::NotAuthenticated),
        (3, true) => presence::update(state, data),
        (8, true) => members::request(state, settings, connection, data),
        (31, true) => request_sounds(state, connection, data),
        (4, true) => voice::update(state, connection, data),
        (43, true) => voice::info(state, connection, data),
        _ => Outcome::Close(Close::UnknownOpcode),
    }
}

fn op_name(op: u64) -> String {
    match op {
        1 => "HEARTBEAT".to_owned(),
        2 => "IDENTIFY".to_owned(),
        3 => "PRESENCE_UPDATE".to_owned(),
        4 => "VOICE_STATE_UPDATE".to_owned(),
        6 => "RESUME".to_owned(),
        8 => "REQUEST_GUILD_MEMBERS".to_owned(),
        31 => "REQUEST_SOUNDBOARD_SOUNDS".to_owned(),
        43 => "REQUEST_CHANNEL_INFO".to_owned(),
        other => format!("op {other}"),
    }
}

/// The number is the last one that the client has received; Discord takes any
/// (<https://github.com/DSharpPlus/DSharpPlus/pull/992>).
fn heartbeat(data: &Value) -> Outcome {
    if data.is_null() || data.is_i64() || data.is_u64() {
        Outcome::Acknowledge
    } else {
        Outcome::Close(Close::UnknownOpcode)
    }
}

/// <https://discord.com/developers/docs/events/gateway-events#request-soundboard-sounds>.
fn request_sounds(state: &mut State, connection: u64, data: &Value) -> Outcome {
    let Some(ids) = data["guild_ids"].as_array() else {
        return Outcome::Close(Close::UnknownOpcode);
    };
    for id in ids {
        let Some(id) = snowflake(id) else {
            return Outcome::Close(Close::UnknownOpcode);
        };
        let State {
            hub,
            traffic,
            world,
            ..
        } = state;
        let covers = |id| {
            let session = hub.session_of(connection);
            session.is_some_and(|session| session.login.shard.covers(Some(id)))
        };
        let Some(guild) = world
            .guilds
            .get(&id)
            .filter(|_| world.bot_is_in(id) && covers(id))
        else {
            continue;
        };
        let sounds = world.guild_create_json(guild, false)["soundboard_sounds"].take();
        let told = json!({"guild_id": id.to_string(), "soundboard_sounds": sounds});
        hub.dispatch_to(traffic, connection, "SOUNDBOARD_SOUNDS", &told);
    }
    Outcome::Done
}
