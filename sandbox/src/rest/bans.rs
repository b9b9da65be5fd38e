//! `guilds/{id}/bans` and `bulk-ban`: <https://discord.com/developers/docs/resources/guild#create-guild-ban>.

use serde_json::{Value, json};
use twilight_model::guild::{Permissions, audit_log::AuditLogEventType};

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    guild_access::{known, need, need_rank},
    ok,
    validate::form::{Field, Kind, read},
};
use crate::world::World;

const BAN: &[Field] = &[
    Field::new("delete_message_days", Kind::Int(0, 7)).nullable(),
    Field::new("delete_message_seconds", Kind::Int(0, 604_800)).nullable(),
];
const BULK_BAN: &[Field] = &[
    Field::new("user_ids", Kind::List(&Kind::Id, 200)).required(),
    Field::new("delete_message_seconds", Kind::Int(0, 604_800)).nullable(),
];

/// Routes below `guilds/{id}/bans`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: u64,
    path: &[&str],
) -> Answer {
    need(world, guild, Permissions::BAN_MEMBERS)?;
    match (method, path) {
        ("GET", []) => list(world, call, guild),
        ("GET", [user]) => {
            json_of(world, guild, id(user)?).map_or_else(|| Err(ApiError::unknown_ban()), ok)
        }
        ("PUT", [user]) => {
            let body = read(BAN, &call.body)?;
            let days = body.get("delete_message_days").and_then(Value::as_i64);
            let seconds = body.get("delete_message_seconds").and_then(Value::as_i64);
            let seconds = seconds.or(days.map(|days| days * 86_400)).unwrap_or(0);
            ban(world, guild, id(user)?, seconds, call.reason.as_deref())?;
            Ok(Reply::Empty)
        }
        ("DELETE", [user]) => {
            let user = id(user)?;
            let bot = world.application.bot;
            if !world.unban(guild, user) {
                return Err(ApiError::unknown_ban());
            }
            let action = AuditLogEventType::MemberBanRemove;
            let reason = call.reason.as_deref();
            world.audit(guild, bot, action, Some(user), Vec::new(), reason);
            Ok(Reply::Empty)
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// Answers `POST bulk-ban`.
pub(super) fn bulk(world: &mut World, call: &Call, guild: u64) -> Answer {
    need(
        world,
        guild,
        Permissions::BAN_MEMBERS | Permissions::MANAGE_GUILD,
    )?;
    let body = read(BULK_BAN, &call.body)?;
    let seconds = body.get("delete_message_seconds").and_then(Value::as_i64);
    let mut banned = Vec::new();
    let mut failed = Vec::new();
    for user in body["user_ids"].as_array().into_iter().flatten() {
        let number = user.as_str().and_then(|id| id.parse().ok()).unwrap_or(0);
        let known = known(world, guild)?.bans.contains_key(&number);
        let done = !known
            && ban(
                world,
                guild,
                number,
                seconds.unwrap_or(0),
                call.reason.as_deref(),
            )
            .is_ok();
        if done { &mut banned } else { &mut failed }.push(user.clone());
    }
    if banned.is_empty() {
        return Err(ApiError::failed_to_ban());
    }
    ok(json!({"banned_users": banned, "failed_users": failed}))
}

fn json_of(world: &World, guild: u64, user: u64) -> Option<Value> {
    let reason = world.guilds.get(&guild)?.bans.get(&user)?;
    Some(json!({"user": world.users.get(&user)?.json(), "reason": reason}))
}

fn list(world: &World, call: &Call, guild: u64) -> Answer {
    let limit = call.query_limit("limit", 1000, 1000)?;
    let (before, after) = (call.query_number("before"), call.query_number("after"));
    let users = known(world, guild)?.bans.keys().copied();
    let fitting = users.filter(|user| {
        before.is_none_or(|before| *user < before) && after.is_none_or(|after| *user > after)
    });
    let mut page: Vec<u64> = fitting.collect();
    if before.is_some() {
        page.drain(..page.len().saturating_sub(limit));
    }
    page.truncate(limit);
    ok(page
        .into_iter()
        .filter_map(|user| json_of(world, guild, user))
        .collect())
}

fn ban(
    world: &mut World,
    guild: u64,
    user: u64,
    delete_seconds: i64,
    reason: Option<&str>,
) -> Result<(), ApiError> {
    if !world.users.contains_key(&user) {
        return Err(ApiError::unknown_user());
    }
    need_rank(world, guild, user)?;
    let bot = world.application.bot;
    if world.ban(guild, user, reason) {
        let action = AuditLogEventType::MemberBanAdd;
        world.audit(guild, bot, action, Some(user), Vec::new(), reason);
    }
    world.forget_messages(guild, user, delete_seconds);
    Ok(())
}
