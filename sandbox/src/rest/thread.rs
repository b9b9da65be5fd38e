//! PATCH and DELETE of `channels/{id}` where the channel is a thread.
//! <https://discord.com/developers/docs/topics/threads#editing-deleting-threads>.

use serde_json::Value;
use twilight_model::guild::{Permissions, audit_log::AuditLogEventType};

use super::{
    Answer, ApiError,
    call::{Call, body_id},
    channel_access::need,
    ok,
    threads::{ARCHIVE_AFTER, MAX_TAGS, tags},
    validate::form::{Field, Kind, read_patch},
};
use crate::world::{PINNED_POST, Record, World, changes, fields};

/// Posts that are pinned in a forum.
const MAX_PINNED: usize = 1;

const FIELDS: &[Field] = &[
    Field::new("name", Kind::Text(1, 100)),
    Field::new("archived", Kind::Bool),
    Field::new("auto_archive_duration", Kind::Choice(ARCHIVE_AFTER)),
    Field::new("locked", Kind::Bool),
    Field::new("invitable", Kind::Bool),
    Field::new("rate_limit_per_user", Kind::Int(0, 21_600)).nullable(),
    Field::new("flags", Kind::Int(0, i64::MAX)),
    Field::new("applied_tags", Kind::List(&Kind::Id, MAX_TAGS)).nullable(),
];

/// Changes a thread.
pub(super) fn patch(world: &mut World, call: &Call, thread: u64) -> Answer {
    let body = read_patch(FIELDS, &call.body)?;
    may_change(world, thread, &body)?;
    let tags = match body.get("applied_tags") {
        None => None,
        Some(wanted) => {
            let forum = world.channels.get(&thread).and_then(|known| known.parent);
            Some(tags(
                world,
                forum.unwrap_or(thread),
                wanted,
                world.application.bot,
            )?)
        }
    };
    if let Some(flags) = body.get("flags").and_then(Value::as_u64) {
        pinnable(world, thread, flags)?;
    }
    let before = fields(world.thread_json(thread));
    let renamed = change(world, thread, &body, tags);
    let bot = world.application.bot;
    let archived = body.get("archived").and_then(Value::as_bool);
    let was = before.get("thread_metadata");
    let was = was.and_then(|metadata| metadata["archived"].as_bool());
    match archived {
        Some(archived) if was != Some(archived) => world.archive_thread(thread, archived),
        _ => world.tell_thread(thread),
    }
    if renamed {
        world.tell_thread_name(thread, bot);
    }
    let json = world.thread_json(thread);
    if let Some(guild) = world.guild_of(thread) {
        let changed = changes(&before, &fields(json.clone()));
        let (action, reason) = (AuditLogEventType::ThreadUpdate, call.reason.as_deref());
        world.audit(guild, bot, action, Some(thread), changed, reason);
    }
    ok(json)
}

/// Refuses what the bot may not change, by the rules for threads that are archived, locked or another's.
fn may_change(world: &World, thread: u64, body: &Record) -> Result<(), ApiError> {
    let bot = world.application.bot;
    let moderates = world.may(bot, thread, Permissions::MANAGE_THREADS);
    let known = world
        .channels
        .get(&thread)
        .and_then(|known| known.thread.as_ref());
    let Some(known) = known else {
        return Err(ApiError::unknown_channel());
    };
    let only = |keys: &[&str]| body.keys().all(|key| keys.contains(&key.as_str()));
    let unarchives = body.get("archived") == Some(&Value::Bool(false));
    if known.archived && !unarchives {
        return Err(ApiError::thread_archived());
    }
    let allowed = if moderates {
        true
    } else if known.locked {
        false
    } else if known.owner == bot {
        only(&[
            "name",
            "archived",
            "auto_archive_duration",
            "applied_tags",
            "invitable",
        ])
    } else {
        unarchives && only(&["archived"]) && world.may_send(bot, thread)
    };
    if allowed {
        Ok(())
    } else {
        need(world, thread, Permissions::MANAGE_THREADS)
    }
}

/// Refuses a second pinned post in a forum.
fn pinnable(world: &World, thread: u64, flags: u64) -> Result<(), ApiError> {
    let known = world.channels.get(&thread);
    let parent = known.and_then(|known| known.parent).unwrap_or(0);
    let others = world
        .threads_in(parent)
        .filter(|(known, _)| known.id != thread && known.flags & PINNED_POST != 0);
    if flags & PINNED_POST != 0 && others.count() >= MAX_PINNED {
        return Err(ApiError::too_many_pinned_posts());
    }
    Ok(())
}

/// Writes the fields into the thread; whether it has another name.
fn change(world: &mut World, thread: u64, body: &Record, tags: Option<Vec<u64>>) -> bool {
    let now = world.clock.now_us();
    let Some(channel) = world.channels.get_mut(&thread) else {
        return false;
    };
    let mut renamed = false;
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        renamed = channel.name != name;
        channel.name = name.to_owned();
    }
    if let Some(slow) = body.get("rate_limit_per_user") {
        channel.rate_limit_per_user = u16::try_from(slow.as_u64().unwrap_or(0)).unwrap_or(u16::MAX);
    }
    if let Some(flags) = body.get("flags").and_then(Value::as_u64) {
        channel.flags = (channel.flags & !PINNED_POST) | (flags & PINNED_POST);
    }
    let Some(known) = channel.thread.as_mut() else {
        return renamed;
    };
    if let Some(tags) = tags {
        known.applied_tags = tags;
    }
    if let Some(locked) = body.get("locked").and_then(Value::as_bool) {
        known.locked = locked;
    }
    if let Some(invitable) = body.get("invitable").and_then(Value::as_bool) {
        known.invitable = invitable;
    }
    if let Some(minutes) = body.get("auto_archive_duration").and_then(body_id) {
        known.auto_archive_minutes = u16::try_from(minutes).unwrap_or(u16::MAX);
        // To change it counts as something that happens in the thread.
        known.archive_us = now;
        world.watch_thread(thread);
    }
    renamed
}

/// Deletes a thread.
pub(super) fn delete(world: &mut World, call: &Call, thread: u64) -> Answer {
    need(world, thread, Permissions::MANAGE_THREADS)?;
    let json = world.thread_json(thread);
    world.delete_thread(thread);
    if let Some(guild) = body_id(&json["guild_id"]) {
        let (action, bot) = (AuditLogEventType::ThreadDelete, world.application.bot);
        world.audit(
            guild,
            bot,
            action,
            Some(thread),
            Vec::new(),
            call.reason.as_deref(),
        );
    }
    ok(json)
}
