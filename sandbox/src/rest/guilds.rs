//! `guilds/…`: the guild, its channels and roles, and bans; members have a file of their own.

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    members, ok,
};
use crate::world::{Event, Guild, Role, World};

/// Routes below `guilds/{id}`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: u64,
    path: &[&str],
) -> Answer {
    let known = world
        .guilds
        .get(&guild)
        .ok_or_else(ApiError::unknown_guild)?;
    if !known.members.contains_key(&world.application.bot) {
        return Err(ApiError::missing_access());
    }
    match (method, path) {
        ("GET", []) => {
            let mut json = world.guild_json(known);
            if call
                .query
                .get("with_counts")
                .is_some_and(|wish| wish == "true")
            {
                json["approximate_member_count"] = json!(known.members.len());
                json["approximate_presence_count"] = json!(known.members.len());
            }
            ok(json)
        }
        ("GET", ["channels"]) => ok(world
            .channels_of(guild)
            .map(|channel| world.channel_json(channel))
            .collect()),
        ("GET", ["roles"]) => ok(known.roles.values().map(Role::json).collect()),
        ("GET", ["roles", role]) => known
            .roles
            .get(&id(role)?)
            .map_or_else(|| Err(ApiError::unknown_role()), |role| ok(role.json())),
        (method, ["members", rest @ ..]) => members::route(world, call, method, guild, rest),
        ("GET", ["bans"]) => {
            need(world, guild, Permissions::BAN_MEMBERS)?;
            let bans = world
                .guilds
                .get(&guild)
                .map(|guild| guild.bans.keys().copied().collect::<Vec<_>>());
            ok(bans
                .into_iter()
                .flatten()
                .filter_map(|user| ban_json(world, guild, user))
                .collect())
        }
        (method, ["bans", user]) => ban(world, call, method, guild, id(user)?),
        _ => Err(ApiError::unknown_route()),
    }
}

/// Refuses what the bot may not do in a guild.
pub(super) fn need(world: &World, guild: u64, permission: Permissions) -> Result<(), ApiError> {
    let known: &Guild = world
        .guilds
        .get(&guild)
        .ok_or_else(ApiError::unknown_guild)?;
    if world
        .guild_permissions(known, world.application.bot)
        .contains(permission)
    {
        Ok(())
    } else {
        Err(ApiError::missing_permissions())
    }
}

/// Refuses to act on the owner, on members with higher roles, and on the bot itself.
pub(super) fn need_rank(world: &World, guild: u64, user: u64) -> Result<(), ApiError> {
    let known = world
        .guilds
        .get(&guild)
        .ok_or_else(ApiError::unknown_guild)?;
    if world.outranks(known, world.application.bot, user) || !known.members.contains_key(&user) {
        Ok(())
    } else {
        Err(ApiError::missing_permissions())
    }
}

fn ban_json(world: &World, guild: u64, user: u64) -> Option<Value> {
    let reason = world.guilds.get(&guild)?.bans.get(&user)?;
    Some(json!({"user": world.users.get(&user)?.json(), "reason": reason}))
}

fn ban(world: &mut World, call: &Call, method: &str, guild: u64, user: u64) -> Answer {
    need(world, guild, Permissions::BAN_MEMBERS)?;
    if method == "GET" {
        return ban_json(world, guild, user).map_or_else(|| Err(ApiError::unknown_ban()), ok);
    }
    let json = world
        .users
        .get(&user)
        .ok_or_else(ApiError::unknown_user)?
        .json();
    let data = json!({"guild_id": guild.to_string(), "user": json});
    match method {
        "PUT" => {
            need_rank(world, guild, user)?;
            let reason = call.reason.clone();
            if let Some(known) = world.guilds.get_mut(&guild) {
                known.bans.insert(user, reason);
            }
            world
                .outbox
                .push(Event::of_guild("GUILD_BAN_ADD", guild, data));
            world.leave(guild, user);
            Ok(Reply::Empty)
        }
        "DELETE" => {
            let was = world
                .guilds
                .get_mut(&guild)
                .and_then(|known| known.bans.remove(&user));
            was.ok_or_else(ApiError::unknown_ban)?;
            world
                .outbox
                .push(Event::of_guild("GUILD_BAN_REMOVE", guild, data));
            Ok(Reply::Empty)
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}
