//! `guilds/{id}/members/…`.

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError, Reply,
    call::{Call, body_id, id},
    error::FormErrors,
    guilds::{need, need_rank},
    ok,
    roles::need_above,
};
use crate::world::{Event, World};

/// Routes below `guilds/{id}/members`; the guild exists and the bot is in it.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: u64,
    path: &[&str],
) -> Answer {
    match (method, path) {
        ("GET", []) => list(world, call, guild),
        ("GET", ["search"]) => search(world, call, guild),
        ("PATCH", ["@me"]) => {
            let bot = world.application.bot;
            if call.body.get("nick").is_some() {
                need(world, guild, Permissions::CHANGE_NICKNAME)?;
            }
            change(world, &call.body, guild, bot)
        }
        ("GET", [user]) => member_json(world, guild, id(user)?),
        ("PATCH", [user]) => patch(world, call, guild, id(user)?),
        ("DELETE", [user]) => {
            let user = id(user)?;
            member_json(world, guild, user)?;
            need(world, guild, Permissions::KICK_MEMBERS)?;
            need_rank(world, guild, user)?;
            world.leave(guild, user);
            Ok(Reply::Empty)
        }
        ("PUT" | "DELETE", [user, "roles", role]) => {
            give_role(world, guild, id(user)?, id(role)?, method == "PUT")
        }
        _ => Err(ApiError::unknown_route()),
    }
}

fn member_json(world: &World, guild: u64, user: u64) -> Answer {
    match world.member_json(guild, user) {
        Some(member) => ok(member),
        None if world.users.contains_key(&user) => Err(ApiError::unknown_member()),
        None => Err(ApiError::unknown_user()),
    }
}

fn list(world: &World, call: &Call, guild: u64) -> Answer {
    let limit = usize::try_from(call.query_number("limit").unwrap_or(1))
        .unwrap_or(1000)
        .clamp(1, 1000);
    let after = call.query_number("after").unwrap_or(0);
    let members = world
        .guilds
        .get(&guild)
        .map(|guild| guild.members.keys_from(after.saturating_add(1)));
    let page = members.into_iter().flatten().take(limit);
    ok(page
        .filter_map(|user| world.member_json(guild, user))
        .collect())
}

fn search(world: &World, call: &Call, guild: u64) -> Answer {
    let query = call
        .query
        .get("query")
        .map(|query| query.to_lowercase())
        .unwrap_or_default();
    if query.is_empty() {
        return Err(ApiError::form(
            "query",
            "BASE_TYPE_REQUIRED",
            "This field is required",
        ));
    }
    let limit = usize::try_from(call.query_number("limit").unwrap_or(1))
        .unwrap_or(1000)
        .clamp(1, 1000);
    let known = world
        .guilds
        .get(&guild)
        .ok_or_else(ApiError::unknown_guild)?;
    let found = known.members.keys();
    ok(found
        .filter(|user| world.goes_by(known, *user, &query))
        .take(limit)
        .filter_map(|user| world.member_json(guild, user))
        .collect())
}

fn patch(world: &mut World, call: &Call, guild: u64, user: u64) -> Answer {
    member_json(world, guild, user)?;
    for (key, permission) in [
        ("nick", Permissions::MANAGE_NICKNAMES),
        ("roles", Permissions::MANAGE_ROLES),
        (
            "communication_disabled_until",
            Permissions::MODERATE_MEMBERS,
        ),
        ("mute", Permissions::MUTE_MEMBERS),
        ("deaf", Permissions::DEAFEN_MEMBERS),
    ] {
        if call.body.get(key).is_some() {
            need(world, guild, permission)?;
            if user != world.application.bot {
                need_rank(world, guild, user)?;
            }
        }
    }
    if let Some(roles) = call.body["roles"].as_array() {
        for role in roles {
            need_above(world, guild, body_id(role).unwrap_or(0))?;
        }
    }
    change(world, &call.body, guild, user)
}

fn change(world: &mut World, body: &Value, guild: u64, user: u64) -> Answer {
    let mut errors = FormErrors::default();
    if let Some(nick) = body["nick"].as_str() {
        errors.length("nick", nick.chars().count(), 0, 32);
    }
    errors.check()?;
    if let Some(member) = world
        .guilds
        .get_mut(&guild)
        .and_then(|known| known.members.get_mut(&user))
    {
        if let Some(nick) = body.get("nick") {
            member.nick = nick
                .as_str()
                .filter(|nick| !nick.is_empty())
                .map(str::to_owned);
        }
        if let Some(roles) = body["roles"].as_array() {
            member.roles = roles.iter().filter_map(body_id).collect();
        }
        if let Some(until) = body.get("communication_disabled_until") {
            member.timeout = until.as_str().map(str::to_owned);
        }
    }
    tell_update(world, guild, user);
    member_json(world, guild, user)
}

fn give_role(world: &mut World, guild: u64, user: u64, role: u64, give: bool) -> Answer {
    member_json(world, guild, user)?;
    need(world, guild, Permissions::MANAGE_ROLES)?;
    need_above(world, guild, role)?;
    if let Some(member) = world
        .guilds
        .get_mut(&guild)
        .and_then(|known| known.members.get_mut(&user))
    {
        member.roles.retain(|known| *known != role);
        if give {
            member.roles.push(role);
        }
    }
    tell_update(world, guild, user);
    Ok(Reply::Empty)
}

fn tell_update(world: &mut World, guild: u64, user: u64) {
    if let Some(mut data) = world.member_json(guild, user) {
        data["guild_id"] = json!(guild.to_string());
        world
            .outbox
            .push(Event::of_guild("GUILD_MEMBER_UPDATE", guild, data));
    }
}
