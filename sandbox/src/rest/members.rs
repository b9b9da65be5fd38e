//! `guilds/{id}/members/…`.

use serde_json::{Value, json};
use twilight_model::{
    channel::ChannelType,
    guild::{Permissions, audit_log::AuditLogEventType},
    util::Timestamp,
};

use super::{
    Answer, ApiError, Reply,
    call::{Call, body_id, id},
    channel_access,
    guild_access::{known, known_mut, need, need_rank},
    ok,
    roles::need_above,
    validate::form::{Field, Kind, read, read_patch},
};
use crate::world::{Record, World};

/// The longest timeout: 28 days.
const MAX_TIMEOUT_US: i64 = 28 * 86_400 * 1_000_000;

const MEMBER: &[Field] = &[
    Field::new("nick", Kind::Text(0, 32)).nullable(),
    Field::new("roles", Kind::List(&Kind::Id, 350)),
    Field::new("mute", Kind::Bool).nullable(),
    Field::new("deaf", Kind::Bool).nullable(),
    Field::new("channel_id", Kind::Id).nullable(),
    Field::new("communication_disabled_until", Kind::Time).nullable(),
    Field::new("flags", Kind::Int(0, i32::MAX as i64)).nullable(),
];
const OWN: &[Field] = &[
    Field::new("nick", Kind::Text(0, 32)).nullable(),
    Field::new("avatar", Kind::Image(10_240)).nullable(),
    Field::new("banner", Kind::Image(10_240)).nullable(),
    Field::new("bio", Kind::Text(0, 190)).nullable(),
];
const NEWCOMER: &[Field] = &[
    Field::new("access_token", Kind::Text(1, 10_240)).required(),
    Field::new("nick", Kind::Text(0, 32)).nullable(),
    Field::new("roles", Kind::List(&Kind::Id, 250)).nullable(),
];

/// What each field needs.
const NEEDED: &[(&str, Permissions)] = &[
    ("nick", Permissions::MANAGE_NICKNAMES),
    ("roles", Permissions::MANAGE_ROLES),
    ("mute", Permissions::MUTE_MEMBERS),
    ("deaf", Permissions::DEAFEN_MEMBERS),
    ("channel_id", Permissions::MOVE_MEMBERS),
    (
        "communication_disabled_until",
        Permissions::MODERATE_MEMBERS,
    ),
    ("flags", Permissions::MODERATE_MEMBERS),
];

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
        ("PATCH", ["@me"]) => patch_own(world, call, guild),
        ("GET", [user]) => member_json(world, guild, id(user)?),
        ("PATCH", [user]) => patch(world, call, guild, id(user)?),
        ("DELETE", [user]) => {
            let user = id(user)?;
            member_json(world, guild, user)?;
            need(world, guild, Permissions::KICK_MEMBERS)?;
            need_rank(world, guild, user)?;
            world.leave(guild, user);
            let (bot, action) = (world.application.bot, AuditLogEventType::MemberKick);
            let reason = call.reason.as_deref();
            world.audit(guild, bot, action, Some(user), Vec::new(), reason);
            Ok(Reply::Empty)
        }
        ("PUT", [user]) => add(world, call, guild, id(user)?),
        ("PUT" | "DELETE", [user, "roles", role]) => {
            give_role(world, call, guild, id(user)?, id(role)?, method == "PUT")
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

/// Adding somebody takes a token that the user has granted, and the sandbox grants none.
fn add(world: &World, call: &Call, guild: u64, user: u64) -> Answer {
    read(NEWCOMER, &call.body)?;
    if known(world, guild)?.members.contains_key(&user) {
        return Ok(Reply::Empty);
    }
    Err(ApiError::invalid_access_token())
}

fn list(world: &World, call: &Call, guild: u64) -> Answer {
    let limit = call.query_limit("limit", 1, 1000)?;
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
    let limit = call.query_limit("limit", 1, 1000)?;
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

/// Answers `PATCH members/@me`.
fn patch_own(world: &mut World, call: &Call, guild: u64) -> Answer {
    let body = read_patch(OWN, &call.body)?;
    if body.contains_key("nick") {
        need(world, guild, Permissions::CHANGE_NICKNAME)?;
    }
    let bot = world.application.bot;
    update(world, call, guild, bot, &body)
}

fn patch(world: &mut World, call: &Call, guild: u64, user: u64) -> Answer {
    member_json(world, guild, user)?;
    let body = read_patch(MEMBER, &call.body)?;
    for (key, permission) in NEEDED {
        if body.contains_key(*key) {
            need(world, guild, *permission)?;
            if user != world.application.bot {
                need_rank(world, guild, user)?;
            }
        }
    }
    if let Some(until) = body.get("communication_disabled_until") {
        check_timeout(world, guild, user, until)?;
    }
    if let Some(wished) = body.get("roles") {
        check_roles(world, guild, user, wished)?;
    }
    let in_voice = ["mute", "deaf", "channel_id"]
        .iter()
        .any(|key| body.contains_key(*key));
    if in_voice && !world.voice.contains_key(&(guild, user)) {
        return Err(ApiError::not_in_voice());
    }
    if let Some(wish) = body.get("channel_id") {
        move_voice(world, call, guild, user, body_id(wish))?;
    }
    update(world, call, guild, user, &body)
}

/// Moves a member into another voice channel, or out of voice.
fn move_voice(
    world: &mut World,
    call: &Call,
    guild: u64,
    user: u64,
    to: Option<u64>,
) -> Result<(), ApiError> {
    let (bot, reason) = (world.application.bot, call.reason.as_deref());
    let Some(channel) = to else {
        world.leave_voice(guild, user);
        let (action, options) = (AuditLogEventType::MemberDisconnect, json!({"count": "1"}));
        world.audit_with(guild, bot, action, None, options, reason);
        return Ok(());
    };
    let of = world
        .channels
        .get(&channel)
        .filter(|of| of.guild() == Some(guild));
    let of = of.ok_or_else(ApiError::unknown_channel)?.of();
    if !matches!(of, ChannelType::GuildVoice | ChannelType::GuildStageVoice) {
        return Err(ApiError::wrong_channel_type());
    }
    channel_access::need(
        world,
        channel,
        Permissions::CONNECT | Permissions::MOVE_MEMBERS,
    )?;
    let state = world.voice.get(&(guild, user));
    let own = state.is_some_and(|state| state.self_mute);
    let deaf = state.is_some_and(|state| state.self_deaf);
    world.enter_voice(user, channel, None, (own, deaf));
    let options = json!({"channel_id": channel.to_string(), "count": "1"});
    let action = AuditLogEventType::MemberMove;
    world.audit_with(guild, bot, action, None, options, reason);
    Ok(())
}

/// At most 28 days, and never an administrator.
fn check_timeout(world: &World, guild: u64, user: u64, until: &Value) -> Result<(), ApiError> {
    let Some(until) = until.as_str().and_then(|text| Timestamp::parse(text).ok()) else {
        return Ok(());
    };
    let known = known(world, guild)?;
    let may = world.guild_permissions(known, user);
    if may.contains(Permissions::ADMINISTRATOR) {
        return Err(ApiError::missing_permissions());
    }
    if until.as_micros() > world.clock.now_us() + MAX_TIMEOUT_US {
        let (code, message) = (
            "INVALID_COMMUNICATION_DISABLED_TIMESTAMP",
            "Invalid communication disabled timestamp",
        );
        return Err(ApiError::form(
            "communication_disabled_until",
            code,
            message,
        ));
    }
    Ok(())
}

/// Every role that comes or goes must be below the bot, and nobody's own.
fn check_roles(world: &World, guild: u64, user: u64, wished: &Value) -> Result<(), ApiError> {
    let wished = wished.as_array().into_iter().flatten().filter_map(body_id);
    let wished: Vec<u64> = wished.collect();
    let member = known(world, guild)?.members.get(&user);
    let before = member
        .map(|member| member.roles.clone())
        .unwrap_or_default();
    let come = wished.iter().filter(|role| !before.contains(role));
    let go = before.iter().filter(|role| !wished.contains(role));
    come.chain(go)
        .try_for_each(|role| need_role(world, guild, *role))
}

fn need_role(world: &World, guild: u64, role: u64) -> Result<(), ApiError> {
    need_above(world, guild, role)?;
    let role = known(world, guild)?.roles.get(&role);
    if role.is_some_and(|role| role.id == guild || role.bot.is_some()) {
        return Err(ApiError::invalid_role());
    }
    Ok(())
}

/// Changes a member, tells it and notes it.
fn update(world: &mut World, call: &Call, guild: u64, user: u64, body: &Record) -> Answer {
    let before = world.member_json(guild, user).unwrap_or_default();
    if let Some(member) = known_mut(world, guild)?.members.get_mut(&user) {
        if let Some(nick) = body.get("nick") {
            let nick = nick.as_str().filter(|nick| !nick.is_empty());
            member.nick = nick.map(str::to_owned);
        }
        if let Some(roles) = body.get("roles") {
            let roles = roles.as_array().into_iter().flatten();
            member.roles = roles.filter_map(body_id).collect();
        }
        if let Some(until) = body.get("communication_disabled_until") {
            member.timeout = until.as_str().map(str::to_owned);
        }
        let on = |key: &str| body.get(key).map(|on| on == &json!(true));
        member.mute = on("mute").unwrap_or(member.mute);
        member.deaf = on("deaf").unwrap_or(member.deaf);
    }
    if body.contains_key("mute") || body.contains_key("deaf") {
        world.change_voice(guild, user, |_| {});
    }
    world.tell_member(
        guild,
        user,
        &before,
        world.application.bot,
        call.reason.as_deref(),
    );
    member_json(world, guild, user)
}

fn give_role(
    world: &mut World,
    call: &Call,
    guild: u64,
    user: u64,
    role: u64,
    give: bool,
) -> Answer {
    member_json(world, guild, user)?;
    need(world, guild, Permissions::MANAGE_ROLES)?;
    need_role(world, guild, role)?;
    let before = world.member_json(guild, user).unwrap_or_default();
    if let Some(member) = known_mut(world, guild)?.members.get_mut(&user) {
        member.roles.retain(|known| *known != role);
        if give {
            member.roles.push(role);
        }
    }
    world.tell_member(
        guild,
        user,
        &before,
        world.application.bot,
        call.reason.as_deref(),
    );
    Ok(Reply::Empty)
}
