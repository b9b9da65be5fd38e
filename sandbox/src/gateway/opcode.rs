//! What clients send, and how it is answered.

use serde_json::{Value, json};
use twilight_model::gateway::Intents;

use super::close::Close;
use crate::{
    state::{Settings, State},
    traffic::Way,
    world::World,
};

/// Members in one GUILD_MEMBERS_CHUNK.
const CHUNK: usize = 1000;

/// Members that a search may ask for.
const SEARCH_LIMIT: usize = 100;

/// What a payload leads to, besides what it changes.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nothing to send at once.
    Done,
    /// A session has started; `compress` asks for payload compression.
    Identified { compress: bool },
    /// Op 9 is sent back: not resumable.
    InvalidSession,
    /// A heartbeat: op 11 is sent back.
    Acknowledge,
    /// The connection is closed.
    Close(Close),
}

/// Handles a client's payload on a connection.
pub(crate) fn receive(
    state: &mut State,
    settings: &Settings,
    connection: u64,
    text: &str,
) -> Outcome {
    if text.len() > 4096 {
        return Outcome::Close(Close::Undecodable);
    }
    let Ok(payload) = serde_json::from_str::<Value>(text) else {
        return Outcome::Close(Close::Undecodable);
    };
    let Some(op) = payload["op"].as_u64() else {
        return Outcome::Close(Close::Undecodable);
    };
    let data = &payload["d"];
    state
        .traffic
        .gateway(Way::GatewayIn, op_name(op), data.clone());
    let identified = state
        .hub
        .connections
        .get(&connection)
        .is_some_and(|known| known.session.is_some());
    match op {
        1 => Outcome::Acknowledge,
        2 if identified => Outcome::Close(Close::AlreadyAuthenticated),
        2 => identify(state, settings, connection, data),
        6 if identified => Outcome::Close(Close::AlreadyAuthenticated),
        6 => resume(state, settings, connection, data),
        3 | 4 | 8 | 31 if !identified => Outcome::Close(Close::NotAuthenticated),
        3 => {
            state.hub.presence = Some(data.clone());
            Outcome::Done
        }
        8 => {
            request_members(state, connection, data);
            Outcome::Done
        }
        4 | 31 => Outcome::Done,
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
        other => format!("op {other}"),
    }
}

fn token_fits(settings: &Settings, data: &Value) -> bool {
    data["token"]
        .as_str()
        .is_some_and(|token| token.trim_start_matches("Bot ") == settings.token)
}

fn identify(state: &mut State, settings: &Settings, connection: u64, data: &Value) -> Outcome {
    let Some(bits) = data["intents"]
        .as_u64()
        .filter(|_| data["properties"].is_object())
    else {
        return Outcome::Close(Close::Undecodable);
    };
    if !token_fits(settings, data) {
        return Outcome::Close(Close::AuthenticationFailed);
    }
    let Some(intents) = Intents::from_bits(bits) else {
        return Outcome::Close(Close::InvalidIntents);
    };
    let privileged = Intents::GUILD_MEMBERS | Intents::GUILD_PRESENCES | Intents::MESSAGE_CONTENT;
    if !state
        .world
        .application
        .privileged_intents
        .contains(intents & privileged)
    {
        return Outcome::Close(Close::DisallowedIntents);
    }
    let shard = match &data["shard"] {
        Value::Null => Some((0, 1)),
        shard => shard[0].as_u64().zip(shard[1].as_u64()),
    };
    let Some(shard) = shard.filter(|(number, count)| number < count) else {
        return Outcome::Close(Close::InvalidShard);
    };
    if data["presence"].is_object() {
        state.hub.presence = Some(data["presence"].clone());
    }
    let resume_url = format!("ws://127.0.0.1:{}/resume", settings.port);
    state.hub.identify(
        &state.world,
        &mut state.traffic,
        connection,
        shard,
        intents,
        &resume_url,
    );
    Outcome::Identified {
        compress: data["compress"] == true,
    }
}

fn resume(state: &mut State, settings: &Settings, connection: u64, data: &Value) -> Outcome {
    let (Some(id), Some(seq)) = (data["session_id"].as_str(), data["seq"].as_u64()) else {
        return Outcome::Close(Close::Undecodable);
    };
    if !token_fits(settings, data) {
        return Outcome::Close(Close::AuthenticationFailed);
    }
    if state.hub.resume(&mut state.traffic, connection, id, seq) {
        Outcome::Done
    } else {
        Outcome::InvalidSession
    }
}

fn request_members(state: &mut State, connection: u64, data: &Value) {
    let session = state
        .hub
        .connections
        .get(&connection)
        .and_then(|known| state.hub.sessions.get(&known.session?));
    let all_allowed =
        session.is_some_and(|session| session.intents.contains(Intents::GUILD_MEMBERS));
    let Some(guild) = data["guild_id"]
        .as_str()
        .and_then(|id| id.parse::<u64>().ok())
    else {
        return;
    };
    let chunks = member_chunks(&state.world, guild, data, all_allowed);
    for chunk in chunks {
        state.hub.dispatch_to(
            &mut state.traffic,
            connection,
            "GUILD_MEMBERS_CHUNK",
            &chunk,
        );
    }
}

/// The answer to op 8. Without the intent GUILD_MEMBERS, nobody may ask for the whole list.
fn member_chunks(world: &World, guild_id: u64, data: &Value, all_allowed: bool) -> Vec<Value> {
    let Some(guild) = world.guilds.get(&guild_id) else {
        return Vec::new();
    };
    let limit = data["limit"]
        .as_u64()
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(0);
    let mut not_found = Vec::new();
    let found: Vec<u64> = if data["user_ids"].is_null() {
        let query = data["query"].as_str().unwrap_or_default().to_lowercase();
        if query.is_empty() && limit == 0 && !all_allowed {
            return Vec::new();
        }
        let limit = if query.is_empty() && limit == 0 {
            usize::MAX
        } else {
            limit.clamp(1, SEARCH_LIMIT)
        };
        let fits = |id: &u64| query.is_empty() || world.goes_by(guild, *id, &query);
        guild.members.keys().filter(fits).take(limit).collect()
    } else {
        let one = std::slice::from_ref(&data["user_ids"]);
        let ids = data["user_ids"].as_array().map_or(one, Vec::as_slice);
        let ids = ids
            .iter()
            .filter_map(|id| id.as_str()?.parse().ok())
            .take(SEARCH_LIMIT);
        let (found, missing): (Vec<u64>, Vec<u64>) =
            ids.partition(|id| guild.members.contains_key(id));
        not_found = missing;
        found
    };
    let count = found.len().div_ceil(CHUNK).max(1);
    let nonce = data["nonce"].as_str().filter(|nonce| nonce.len() <= 32);
    (0..count)
        .map(|index| {
            let members = found.iter().skip(index * CHUNK).take(CHUNK);
            let mut chunk = json!({
                "guild_id": guild_id.to_string(),
                "members": members.filter_map(|id| world.member_json(guild_id, *id)).collect::<Vec<_>>(),
                "chunk_index": index,
                "chunk_count": count,
                "not_found": not_found.iter().map(u64::to_string).collect::<Vec<_>>(),
            });
            if let Some(nonce) = nonce {
                chunk["nonce"] = json!(nonce);
            }
            chunk
        })
        .collect()
}
