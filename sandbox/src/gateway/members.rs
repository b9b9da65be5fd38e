//! Request guild members (op 8): <https://discord.com/developers/docs/events/gateway-events#request-guild-members>.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use twilight_model::gateway::Intents;

use super::{
    close::Close,
    login::Login,
    payload::{Outcome, snowflake},
};
use crate::{
    state::{Settings, State},
    world::{Guild, World},
};

/// Members in one GUILD_MEMBERS_CHUNK.
const CHUNK: usize = 1000;

/// Members that may be searched for, by name or by id.
const SEARCH_LIMIT: usize = 100;

/// The longest nonce, in bytes; a longer one is ignored.
const NONCE_BYTES: usize = 32;

/// When the whole list of a guild was asked for last, in microseconds since 1970.
#[derive(Debug, Default)]
pub(crate) struct ListRequests(BTreeMap<u64, i64>);

impl ListRequests {
    /// Notes a request; or how long it has to wait.
    fn note(&mut self, guild: u64, interval: Duration, now_us: i64) -> Result<(), Duration> {
        let gone_us = self.0.get(&guild).map(|last| now_us.saturating_sub(*last));
        let gone = gone_us.and_then(|gone| u64::try_from(gone).ok());
        match gone.map(Duration::from_micros) {
            Some(gone) if gone < interval => Err(interval - gone),
            _ => {
                self.0.insert(guild, now_us);
                Ok(())
            }
        }
    }
}

/// What is asked for.
struct Request<'data> {
    guild: u64,
    whom: Whom<'data>,
    presences: bool,
    nonce: Option<&'data str>,
}

enum Whom<'data> {
    /// Everybody.
    All,
    /// So many whose names begin with this.
    Named(String, usize),
    /// These, as they were given.
    Ids(&'data [Value]),
}

impl<'data> Request<'data> {
    /// `None` if the payload is malformed.
    fn read(data: &'data Value) -> Option<Self> {
        // Before there were intents one could ask for several guilds; libraries still send lists of one.
        let guild = match data["guild_id"].as_array().map(Vec::as_slice) {
            Some([guild]) => snowflake(guild)?,
            Some(_) => return None,
            None => snowflake(&data["guild_id"])?,
        };
        let limit = data["limit"].as_u64();
        let whom = match (&data["user_ids"], data["query"].as_str()) {
            (Value::Null, Some("")) if limit? == 0 => Whom::All,
            (Value::Null, Some(query)) => {
                let limit = usize::try_from(limit?).unwrap_or(SEARCH_LIMIT);
                let limit = if limit == 0 { SEARCH_LIMIT } else { limit };
                Whom::Named(query.to_lowercase(), limit.min(SEARCH_LIMIT))
            }
            (Value::Null, None) => return None,
            (Value::Array(ids), _) => Whom::Ids(ids),
            (id, _) => Whom::Ids(std::slice::from_ref(id)),
        };
        let nonce = data["nonce"].as_str();
        Some(Self {
            guild,
            whom,
            presences: data["presences"] == true,
            nonce: nonce.filter(|nonce| nonce.len() <= NONCE_BYTES),
        })
    }
}

/// Answers with chunks; with RATE_LIMITED; or, to those who may not ask, with nothing, as Discord does.
pub(super) fn request(
    state: &mut State,
    settings: &Settings,
    connection: u64,
    data: &Value,
) -> Outcome {
    let Some(request) = Request::read(data) else {
        return Outcome::Close(Close::UnknownOpcode);
    };
    let Some(login) = state
        .hub
        .session_of(connection)
        .map(|session| session.login.clone())
    else {
        return Outcome::Close(Close::NotAuthenticated);
    };
    let asks_for_list = match &request.whom {
        Whom::All => true,
        Whom::Named(query, _) => query.is_empty(),
        Whom::Ids(_) => false,
    };
    let is_known = login.shard.covers(Some(request.guild)) && state.world.bot_is_in(request.guild);
    if !is_known || asks_for_list && !login.intents.contains(Intents::GUILD_MEMBERS) {
        return Outcome::Done;
    }
    if matches!(request.whom, Whom::All) {
        let now_us = state.world.clock.now_us();
        let interval = settings.gateway_limits.member_list_interval;
        let noted = state
            .hub
            .list_requests
            .note(request.guild, interval, now_us);
        if let Err(wait) = noted {
            let told = rate_limited(&request, wait);
            let State { hub, traffic, .. } = state;
            hub.dispatch_to(traffic, connection, "RATE_LIMITED", &told);
            return Outcome::Done;
        }
    }
    for chunk in chunks(&state.world, &request, &login) {
        let State { hub, traffic, .. } = state;
        hub.dispatch_to(traffic, connection, "GUILD_MEMBERS_CHUNK", &chunk);
    }
    Outcome::Done
}

/// <https://discord.com/developers/docs/events/gateway-events#rate-limited>.
fn rate_limited(request: &Request<'_>, wait: Duration) -> Value {
    let mut meta = json!({"guild_id": request.guild.to_string()});
    if let Some(nonce) = request.nonce {
        meta["nonce"] = json!(nonce);
    }
    json!({"opcode": 8, "retry_after": wait.as_secs_f64(), "meta": meta})
}

fn chunks(world: &World, request: &Request<'_>, login: &Login) -> Vec<Value> {
    let Some(guild) = world.guilds.get(&request.guild) else {
        return Vec::new();
    };
    let (found, not_found) = find(world, guild, &request.whom);
    let with_presences = request.presences && login.intents.contains(Intents::GUILD_PRESENCES);
    let count = found.len().div_ceil(CHUNK).max(1);
    let chunk = |index: usize| {
        let users = found.iter().skip(index * CHUNK).take(CHUNK);
        let members = users
            .clone()
            .filter_map(|user| world.member_json(guild.id, *user));
        let mut chunk = json!({
            "guild_id": guild.id.to_string(),
            "members": members.collect::<Vec<_>>(),
            "chunk_index": index,
            "chunk_count": count,
            "not_found": not_found,
        });
        if with_presences {
            let presences = users.map(|user| world.presence_json(*user));
            chunk["presences"] = presences.collect();
        }
        if let Some(nonce) = request.nonce {
            chunk["nonce"] = json!(nonce);
        }
        chunk
    };
    (0..count).map(chunk).collect()
}

/// Who is there, and which ids are nobody's.
fn find(world: &World, guild: &Guild, whom: &Whom<'_>) -> (Vec<u64>, Vec<String>) {
    match whom {
        Whom::All => (guild.members.keys().collect(), Vec::new()),
        Whom::Named(query, limit) => {
            let fits = |user: &u64| query.is_empty() || world.goes_by(guild, *user, query);
            let found = guild.members.keys().filter(fits).take(*limit);
            (found.collect(), Vec::new())
        }
        Whom::Ids(ids) => {
            let mut found = Vec::new();
            let mut not_found = Vec::new();
            for id in ids.iter().take(SEARCH_LIMIT) {
                match snowflake(id).filter(|id| guild.members.contains_key(id)) {
                    Some(id) => found.push(id),
                    None => {
                        not_found.push(id.as_str().map_or_else(|| id.to_string(), str::to_owned))
                    }
                }
            }
            (found, not_found)
        }
    }
}
