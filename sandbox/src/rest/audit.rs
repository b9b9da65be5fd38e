//! `guilds/{id}/audit-logs`: <https://discord.com/developers/docs/resources/audit-log#get-guild-audit-log>.

use std::{collections::BTreeSet, ops::RangeInclusive};

use serde_json::{Value, json};
use twilight_model::guild::{Permissions, audit_log::AuditLogEventType};

use super::{Answer, call::Call, error::FormErrors, guild_access::need, ok};
use crate::world::{AuditEntry, Collection, World, shown};

/// Answers `GET audit-logs`.
pub(super) fn list(world: &World, call: &Call, guild: u64) -> Answer {
    need(world, guild, Permissions::VIEW_AUDIT_LOG)?;
    let limit = call.query_limit("limit", 50, 100)?;
    let mut errors = FormErrors::default();
    let [user, target, action, before, after] =
        ["user_id", "target_id", "action_type", "before", "after"]
            .map(|key| number(call, key, &mut errors));
    errors.check()?;
    let Some(known) = world.guilds.get(&guild) else {
        return ok(Value::Null);
    };
    let fits = |entry: &&AuditEntry| {
        user.is_none_or(|user| entry.actor == user)
            && target.is_none_or(|target| entry.target == Some(target))
            && action.is_none_or(|action| u64::from(entry.action) == action)
            && before.is_none_or(|before| entry.id < before)
            && after.is_none_or(|after| entry.id > after)
    };
    let fitting = known.audit.iter().filter(fits);
    let page: Vec<_> = if after.is_some() {
        fitting.take(limit).collect()
    } else {
        fitting.rev().take(limit).collect()
    };
    ok(referenced(world, guild, &page))
}

/// The entries with what they speak of.
fn referenced(world: &World, guild: u64, page: &[&AuditEntry]) -> Value {
    let ids = |picks: &dyn Fn(u16) -> bool| {
        let picked = page.iter().filter(|entry| picks(entry.action));
        picked
            .filter_map(|entry| entry.target)
            .collect::<BTreeSet<u64>>()
    };
    let targets = ids(&|_| true);
    let users: BTreeSet<_> = page.iter().map(|entry| entry.actor).collect();
    let users = users.union(&targets).filter_map(|id| world.users.get(id));
    let threads = ids(&|action| {
        action == u16::from(AuditLogEventType::ThreadCreate)
            || action == u16::from(AuditLogEventType::ThreadUpdate)
    });
    let threads = threads.iter().filter_map(|id| world.channels.get(id));
    let webhooks = ids(&|action| (50..=52).contains(&action));
    let webhooks = webhooks.iter().filter_map(|id| world.webhooks.get(id));
    let records = |collection, actions: RangeInclusive<u16>| {
        let ids = ids(&|action| actions.contains(&action));
        let known = ids
            .iter()
            .filter_map(|id| world.record_of(guild, collection, *id));
        known.map(shown).collect::<Vec<_>>()
    };
    json!({
        "audit_log_entries": page.iter().map(|entry| entry.json()).collect::<Vec<_>>(),
        "users": users.map(|user| user.json()).collect::<Vec<_>>(),
        "threads": threads.map(|channel| world.channel_json(channel)).collect::<Vec<_>>(),
        "webhooks": webhooks.map(|webhook| webhook.json(world, true)).collect::<Vec<_>>(),
        "integrations": [],
        "guild_scheduled_events": records(Collection::ScheduledEvents, 100..=102),
        "auto_moderation_rules": records(Collection::Rules, 140..=146),
        "application_commands": [],
    })
}

fn number(call: &Call, key: &str, errors: &mut FormErrors) -> Option<u64> {
    let text = call.query.get(key)?;
    let number = text.parse().ok();
    if number.is_none() {
        let message = format!("Value \"{text}\" is not snowflake.");
        errors.add(key, "NUMBER_TYPE_COERCE", message);
    }
    number
}
