//! IDENTIFY and RESUME: <https://discord.com/developers/docs/events/gateway#identifying>.

use serde_json::Value;
use twilight_model::gateway::Intents;

use super::{
    close::Close,
    hub::Resume,
    login::{Login, Shard},
    payload::Outcome,
    presence, ready,
    session::Session,
    starts::Start,
};
use crate::state::{Settings, State};

/// Guilds that one session may hold: <https://discord.com/developers/docs/events/gateway#sharding>.
const GUILDS_OF_A_SHARD: usize = 2500;

const PRIVILEGED: Intents = Intents::GUILD_MEMBERS
    .union(Intents::GUILD_PRESENCES)
    .union(Intents::MESSAGE_CONTENT);

/// Starts a session, or says why not.
pub(super) fn identify(
    state: &mut State,
    settings: &Settings,
    connection: u64,
    data: &Value,
) -> Outcome {
    let login = match check(state, settings, data) {
        Ok(login) => login,
        Err(close) => return Outcome::Close(close),
    };
    let now_us = state.world.clock.now_us();
    let limits = &settings.gateway_limits;
    match state.hub.starts.count(limits, login.shard.number, now_us) {
        Start::Granted => {}
        Start::TooSoon => return Outcome::InvalidSession,
        Start::UsedUp => {
            state.hub.revoke();
            return Outcome::Close(Close::AuthenticationFailed);
        }
    }
    let compress = login.compress;
    presence::first(state, &data["presence"]);
    start(state, settings, connection, login);
    Outcome::Identified { compress }
}

/// Continues a session, or says why not.
pub(super) fn resume(
    state: &mut State,
    settings: &Settings,
    connection: u64,
    data: &Value,
) -> Outcome {
    let (Some(id), Some(seq)) = (data["session_id"].as_str(), data["seq"].as_u64()) else {
        return Outcome::Close(Close::Undecodable);
    };
    if !token_fits(state, settings, data) {
        return Outcome::Close(Close::AuthenticationFailed);
    }
    let now_us = state.world.clock.now_us();
    match state
        .hub
        .resume(&mut state.traffic, connection, id, seq, now_us)
    {
        Resume::Resumed => Outcome::Done,
        Resume::Gone => Outcome::InvalidSession,
        Resume::InvalidSeq => Outcome::Close(Close::InvalidSeq),
    }
}

fn check(state: &State, settings: &Settings, data: &Value) -> Result<Login, Close> {
    if !data["properties"].is_object() {
        return Err(Close::Undecodable);
    }
    if !token_fits(state, settings, data) {
        return Err(Close::AuthenticationFailed);
    }
    let intents = data["intents"].as_u64().and_then(Intents::from_bits);
    let intents = intents.ok_or(Close::InvalidIntents)?;
    let allowed = state.world.application.privileged_intents;
    if !allowed.contains(intents & PRIVILEGED) {
        return Err(Close::DisallowedIntents);
    }
    let shard = shard(&data["shard"])?;
    let guilds = state.world.bot_guilds();
    let held = guilds.filter(|guild| shard.covers(Some(guild.id)));
    if held.count() > GUILDS_OF_A_SHARD {
        return Err(Close::ShardingRequired);
    }
    let large_threshold = match &data["large_threshold"] {
        Value::Null => 50,
        threshold => threshold
            .as_u64()
            .filter(|threshold| (50..=250).contains(threshold))
            .and_then(|threshold| usize::try_from(threshold).ok())
            .ok_or(Close::Undecodable)?,
    };
    Ok(Login {
        shard,
        is_sharded: !data["shard"].is_null(),
        intents,
        large_threshold,
        compress: data["compress"] == true,
    })
}

fn shard(data: &Value) -> Result<Shard, Close> {
    let pair = match data {
        Value::Null => return Ok(Shard::ALL),
        Value::Array(pair) => pair.as_slice(),
        _ => return Err(Close::InvalidShard),
    };
    let [number, count] = pair else {
        return Err(Close::InvalidShard);
    };
    match (number.as_u64(), count.as_u64()) {
        (Some(number), Some(count)) if number < count => Ok(Shard { number, count }),
        _ => Err(Close::InvalidShard),
    }
}

fn token_fits(state: &State, settings: &Settings, data: &Value) -> bool {
    let given = data["token"].as_str();
    let given = given.map(|token| token.trim_start_matches("Bot "));
    given == Some(&settings.token) && !state.hub.starts.token_is_reset
}

/// READY, then the guilds of the shard.
fn start(state: &mut State, settings: &Settings, connection: u64, login: Login) {
    let key = state.hub.next_key();
    let world = &state.world;
    let id = format!("{:016x}{key:016x}", world.application.id);
    let mut session = Session::new(id, login, connection);
    let guilds = world.bot_guilds().map(|guild| guild.id);
    let guilds: Vec<_> = guilds
        .filter(|guild| session.login.shard.covers(Some(*guild)))
        .collect();
    let ready = ready::ready_json(world, &session, &guilds, settings.port);
    session.push(&mut state.traffic, "READY", &ready);
    let with_guilds = session.login.intents.contains(Intents::GUILDS);
    session.push_guilds(guilds.into_iter().filter(|_| with_guilds));
    state.hub.start(key, session);
}
