//! `guilds/{id}/prune`: <https://discord.com/developers/docs/resources/guild#begin-guild-prune>.

use serde_json::{Value, json};
use twilight_model::guild::{Permissions, audit_log::AuditLogEventType};

use super::{
    Answer, ApiError,
    call::{Call, body_id},
    guild_access::{known, need},
    ok,
    validate::form::{Field, Kind, read},
};
use crate::world::World;

const PRUNE: &[Field] = &[
    Field::new("days", Kind::Int(1, 30)).nullable(),
    Field::new("compute_prune_count", Kind::Bool).nullable(),
    Field::new("include_roles", Kind::Any).nullable(),
];

/// Answers `GET` and `POST guilds/{id}/prune`.
pub(super) fn route(world: &mut World, call: &Call, method: &str, guild: u64) -> Answer {
    need(
        world,
        guild,
        Permissions::MANAGE_GUILD | Permissions::KICK_MEMBERS,
    )?;
    let roles = |value: &Value| match value {
        Value::String(list) => list.split(',').filter_map(|id| id.parse().ok()).collect(),
        list => list
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(body_id)
            .collect::<Vec<u64>>(),
    };
    match method {
        "GET" => {
            let days = call.query_limit("days", 7, 30)?;
            let included = call.query.get("include_roles").cloned().unwrap_or_default();
            let days = i64::try_from(days).unwrap_or(7);
            let idle = idle(world, guild, days, &roles(&json!(included)))?;
            ok(json!({"pruned": idle.len()}))
        }
        "POST" => {
            let body = read(PRUNE, &call.body)?;
            let days = body.get("days").and_then(Value::as_i64).unwrap_or(7);
            let included = body.get("include_roles").map(roles).unwrap_or_default();
            let idle = idle(world, guild, days, &included)?;
            for user in &idle {
                world.leave(guild, *user);
            }
            let options = json!({
                "delete_member_days": days.to_string(),
                "members_removed": idle.len().to_string(),
            });
            let (bot, action) = (world.application.bot, AuditLogEventType::MemberPrune);
            world.audit_with(guild, bot, action, None, options, call.reason.as_deref());
            let counted = body.get("compute_prune_count") != Some(&json!(false));
            ok(json!({"pruned": counted.then_some(idle.len())}))
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// Members without roles, but for the included ones, who came before these days and have written nothing since.
fn idle(world: &World, guild: u64, days: i64, included: &[u64]) -> Result<Vec<u64>, ApiError> {
    let since = world.clock.now_us() - days * 86_400_000_000;
    let known = known(world, guild)?;
    let members = known.members.iter().filter(|(user, member)| {
        let is_bot = || world.users.get(user).is_some_and(|user| user.bot);
        *user != known.owner
            && member.joined_us < since
            && member.roles.iter().all(|role| included.contains(role))
            && !is_bot()
    });
    let first_id = u64::try_from(since / 1000 - 1_420_070_400_000).unwrap_or(0) << 22;
    let active: std::collections::BTreeSet<u64> = world
        .channels
        .of_guild(guild)
        .flat_map(|channel| channel.messages.range(first_id..))
        .map(|(_, message)| message.author)
        .collect();
    Ok(members
        .map(|(user, _)| user)
        .filter(|user| !active.contains(user))
        .collect())
}
