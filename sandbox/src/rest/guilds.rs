//! `guilds/…`: which file serves what below a guild, and the checks that all of them need.

use serde_json::json;
use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError, audit, bans, call::Call, hooks, members, ok, roles, search, threads,
};
use crate::world::{Guild, World};

/// Routes below `guilds/{id}`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: u64,
    path: &[&str],
) -> Answer {
    let known = known(world, guild)?;
    if !known.members.contains_key(&world.application.bot) {
        return Err(ApiError::missing_access());
    }
    match (method, path) {
        ("GET", []) => get(world, call, known),
        ("GET", ["channels"]) => ok(world
            .channels_of(guild)
            .map(|channel| world.channel_json(channel))
            .collect()),
        ("GET", ["messages", "search"]) => search::search(world, call, guild),
        ("GET", ["webhooks"]) => hooks::of_guild(world, guild),
        ("GET", ["threads", "active"]) => threads::active(world, guild),
        ("GET", ["audit-logs"]) => audit::list(world, call, guild),
        (method, ["bans", rest @ ..]) => bans::route(world, call, method, guild, rest),
        ("POST", ["bulk-ban"]) => bans::bulk(world, call, guild),
        (method, ["members", rest @ ..]) => members::route(world, call, method, guild, rest),
        (method, ["roles", rest @ ..]) => roles::route(world, call, method, guild, rest),
        _ => Err(ApiError::unknown_route()),
    }
}

/// A guild that exists.
pub(super) fn known(world: &World, guild: u64) -> Result<&Guild, ApiError> {
    world.guilds.get(&guild).ok_or_else(ApiError::unknown_guild)
}

/// A guild that exists, to change.
pub(super) fn known_mut(world: &mut World, guild: u64) -> Result<&mut Guild, ApiError> {
    world
        .guilds
        .get_mut(&guild)
        .ok_or_else(ApiError::unknown_guild)
}

/// What the bot may do in a guild.
pub(super) fn own_permissions(world: &World, guild: u64) -> Result<Permissions, ApiError> {
    let known = known(world, guild)?;
    Ok(world.guild_permissions(known, world.application.bot))
}

/// Refuses what the bot may not do in a guild.
pub(super) fn need(world: &World, guild: u64, permission: Permissions) -> Result<(), ApiError> {
    if own_permissions(world, guild)?.contains(permission) {
        Ok(())
    } else {
        Err(ApiError::missing_permissions())
    }
}

/// Refuses to act on the owner, on members with higher roles, and on the bot itself.
pub(super) fn need_rank(world: &World, guild: u64, user: u64) -> Result<(), ApiError> {
    let known = known(world, guild)?;
    if world.outranks(known, world.application.bot, user) || !known.members.contains_key(&user) {
        Ok(())
    } else {
        Err(ApiError::missing_permissions())
    }
}

fn get(world: &World, call: &Call, guild: &Guild) -> Answer {
    let mut json = world.guild_json(guild);
    if call.query_flag("with_counts") {
        json["approximate_member_count"] = json!(guild.members.len());
        json["approximate_presence_count"] = json!(guild.members.len());
    }
    ok(json)
}
