//! Guild channels: made, ordered, changed, deleted, and who may do what in them.

use axum::http::StatusCode;
use serde_json::{Value, json};
use twilight_model::{
    channel::ChannelType,
    guild::{Permissions, audit_log::AuditLogEventType},
};

use super::{
    Answer, ApiError, Reply,
    call::{Call, body_id},
    channel_access::need,
    error::FormErrors,
    guild_access::{known, need as need_in_guild, own_permissions},
    ok, settings,
    validate::form::{self, Field, Kind, read, read_patch},
};
use crate::world::{
    AuditEntry, Channel, ChannelKind, Overwrite, Record, World, all_of, changes, fields,
};

/// Channels that a guild holds, categories included.
const MAX_CHANNELS: usize = 500;

const PLACE: &[Field] = &[
    Field::new("id", Kind::Id).required(),
    Field::new("position", Kind::Int(0, i32::MAX as i64)).nullable(),
    Field::new("lock_permissions", Kind::Bool).nullable(),
    Field::new("parent_id", Kind::Id).nullable(),
];
const OVERWRITE: &[Field] = &[
    Field::new("type", Kind::Any).nullable(),
    Field::new("allow", Kind::Permissions).nullable(),
    Field::new("deny", Kind::Permissions).nullable(),
];

/// Answers `GET`, `POST` and `PATCH guilds/{id}/channels`.
pub(super) fn route(world: &mut World, call: &Call, method: &str, guild: u64) -> Answer {
    match method {
        "GET" => ok(world
            .channels_of(guild)
            .map(|channel| world.channel_json(channel))
            .collect()),
        "POST" => create(world, call, guild),
        "PATCH" => reorder(world, call, guild),
        _ => Err(ApiError::method_not_allowed()),
    }
}

fn create(world: &mut World, call: &Call, guild: u64) -> Answer {
    need_in_guild(world, guild, Permissions::MANAGE_CHANNELS)?;
    let mut body = read(settings::CHANNEL, &call.body)?;
    body.remove("flags");
    let number = body.get("type").and_then(Value::as_u64).unwrap_or(0);
    let of = ChannelType::from(u8::try_from(number).unwrap_or(0));
    check_type(world, guild, of)?;
    settings::check(of, &body)?;
    if world.channels_of(guild).count() >= MAX_CHANNELS {
        return Err(ApiError::too_many_channels());
    }
    let null = Value::Null;
    let parent = settings::parent(world, guild, of, body.get("parent_id").unwrap_or(&null))?;
    let own = own_permissions(world, guild)?;
    let wish = body.get("permission_overwrites").unwrap_or(&null);
    let overwrites = match parent.filter(|_| !wish.is_array()) {
        // Without wishes of its own a channel is in step with its category.
        Some(parent) => world.channels[&parent].overwrites.clone(),
        None => settings::overwrites(world, guild, own, wish, &[])?,
    };
    let id = world.snowflakes.next();
    world.insert_channel(id, "", ChannelKind::Guild { guild, of });
    let Some(mut channel) = world.channels.get(&id).cloned() else {
        return Err(ApiError::unknown_channel());
    };
    settings::apply(world, &mut channel, &body);
    (channel.parent, channel.overwrites) = (parent, overwrites);
    world.channels.insert(id, channel);
    let json = json_of(world, id);
    world.tell("CHANNEL_CREATE", id, json.clone());
    let changes = all_of(&told(&json));
    audit(
        world,
        call,
        guild,
        AuditLogEventType::ChannelCreate,
        id,
        changes,
    );
    Ok(Reply::Json(StatusCode::CREATED, json))
}

/// Announcements, stages and forums are for communities.
fn check_type(world: &World, guild: u64, of: ChannelType) -> Result<(), ApiError> {
    let for_communities = matches!(
        of,
        ChannelType::GuildAnnouncement
            | ChannelType::GuildStageVoice
            | ChannelType::GuildForum
            | ChannelType::GuildMedia
    );
    if for_communities && !known(world, guild)?.has_feature("COMMUNITY") {
        let message = "Value must be one of {0, 2, 4}.";
        return Err(ApiError::form("type", "BASE_TYPE_CHOICES", message));
    }
    Ok(())
}

/// Answers `PATCH channels/{id}` for channels of guilds; threads have a file of their own.
pub(super) fn patch(world: &mut World, call: &Call, channel: u64) -> Answer {
    let Some(guild) = world.guild_of(channel) else {
        return Err(ApiError::not_in_direct_messages());
    };
    need(world, channel, Permissions::MANAGE_CHANNELS)?;
    let body = read_patch(settings::CHANNEL, &call.body)?;
    let before = json_of(world, channel);
    let Some(mut changed) = world.channels.get(&channel).cloned() else {
        return Err(ApiError::unknown_channel());
    };
    if let Some(number) = body.get("type").and_then(Value::as_u64) {
        changed.kind = converted(world, guild, &changed, number)?;
    }
    settings::check(changed.of(), &body)?;
    if let Some(wish) = body.get("permission_overwrites") {
        need(world, channel, Permissions::MANAGE_ROLES)?;
        let own = world.permissions(channel, world.application.bot);
        changed.overwrites = settings::overwrites(world, guild, own, wish, &changed.overwrites)?;
    }
    if let Some(wish) = body.get("parent_id")
        && body_id(wish) != changed.parent
    {
        changed.parent = settings::parent(world, guild, changed.of(), wish)?;
    }
    settings::apply(world, &mut changed, &body);
    world.channels.insert(channel, changed);
    ok(tell_change(world, call, guild, channel, &before))
}

/// Text channels become announcement channels and back, where a guild has news.
fn converted(
    world: &World,
    guild: u64,
    channel: &Channel,
    number: u64,
) -> Result<ChannelKind, ApiError> {
    let of = ChannelType::from(u8::try_from(number).unwrap_or(0));
    let writes = |of| matches!(of, ChannelType::GuildText | ChannelType::GuildAnnouncement);
    let known = known(world, guild)?;
    let has_news = known.has_feature("NEWS") || known.has_feature("COMMUNITY");
    if of != channel.of() && !(writes(of) && writes(channel.of()) && has_news) {
        let message = format!("Value must be one of {{{}}}.", channel.type_number());
        return Err(ApiError::form("type", "BASE_TYPE_CHOICES", message));
    }
    Ok(ChannelKind::Guild { guild, of })
}

/// Tells what has changed in a channel, and notes it; gives the channel object.
fn tell_change(world: &mut World, call: &Call, guild: u64, channel: u64, before: &Value) -> Value {
    let json = json_of(world, channel);
    let differences = changes(&told(before), &told(&json));
    if !differences.is_empty() {
        world.tell("CHANNEL_UPDATE", channel, json.clone());
        let action = AuditLogEventType::ChannelUpdate;
        audit(world, call, guild, action, channel, differences);
    }
    json
}

/// Answers `DELETE channels/{id}`.
pub(super) fn delete(world: &mut World, call: &Call, channel: u64) -> Answer {
    let json = json_of(world, channel);
    let found = world.channels.get(&channel);
    let found = found.ok_or_else(ApiError::unknown_channel)?;
    let Some(guild) = found.guild() else {
        // Closing direct messages only hides them: they open again with the next one.
        return ok(json);
    };
    need(world, channel, Permissions::MANAGE_CHANNELS)?;
    let known = known(world, guild)?;
    let holds = |key: &str| {
        let id = known.settings.get(key).and_then(body_id);
        id == Some(channel)
    };
    if known.has_feature("COMMUNITY")
        && (holds("rules_channel_id") || holds("public_updates_channel_id"))
    {
        return Err(ApiError::needed_by_community());
    }
    world.delete_channel(channel);
    let differences = changes(&told(&json), &Record::new());
    let action = AuditLogEventType::ChannelDelete;
    audit(world, call, guild, action, channel, differences);
    ok(json)
}

fn reorder(world: &mut World, call: &Call, guild: u64) -> Answer {
    need_in_guild(world, guild, Permissions::MANAGE_CHANNELS)?;
    let mut errors = FormErrors::default();
    let places = call.body.as_array().into_iter().flatten().enumerate();
    let places: Vec<_> = places
        .map(|(index, place)| form::record(PLACE, place, &index.to_string(), true, &mut errors))
        .collect();
    errors.check()?;
    let mut moves = Vec::new();
    for place in &places {
        let id = place.get("id").and_then(body_id).unwrap_or(0);
        let found = world.channels.get(&id);
        let found = found.filter(|channel| channel.guild() == Some(guild) && !channel.is_thread());
        let mut changed = found.ok_or_else(ApiError::unknown_channel)?.clone();
        let before = changed.parent;
        if let Some(wish) = place.get("parent_id")
            && body_id(wish) != before
        {
            need(world, id, Permissions::MANAGE_CHANNELS)?;
            changed.parent = settings::parent(world, guild, changed.of(), wish)?;
        }
        if place.get("lock_permissions") == Some(&json!(true))
            && let Some(parent) = changed.parent.and_then(|id| world.channels.get(&id))
        {
            changed.overwrites.clone_from(&parent.overwrites);
        }
        if let Some(position) = place.get("position").and_then(Value::as_i64) {
            changed.position = i32::try_from(position).unwrap_or(i32::MAX);
        }
        moves.push((changed.parent != before, changed));
    }
    if moves.iter().filter(|(has_moved, _)| *has_moved).count() > 1 {
        return Err(ApiError::one_parent_at_a_time());
    }
    for (_, changed) in moves {
        let id = changed.id;
        let before = json_of(world, id);
        world.channels.insert(id, changed);
        tell_change(world, call, guild, id, &before);
    }
    Ok(Reply::Empty)
}

/// Answers `PUT` and `DELETE channels/{id}/permissions/{overwrite}`.
pub(super) fn overwrite(
    world: &mut World,
    call: &Call,
    method: &str,
    channel: u64,
    target: u64,
) -> Answer {
    let found = world.channels.get(&channel);
    let mut changed = found.ok_or_else(ApiError::unknown_channel)?.clone();
    let guild = changed
        .guild()
        .ok_or_else(ApiError::not_in_direct_messages)?;
    if changed.is_thread() {
        return Err(ApiError::wrong_channel_type());
    }
    need(world, channel, Permissions::MANAGE_ROLES)?;
    let own = world.permissions(channel, world.application.bot);
    let before = changed
        .overwrites
        .iter()
        .find(|known| known.id == target)
        .cloned();
    let after = match method {
        "PUT" => {
            let mut body = read(OVERWRITE, &call.body)?;
            body.insert("id".to_owned(), json!(target.to_string()));
            let wish = json!([body]);
            let known = before.as_slice();
            settings::overwrites(world, guild, own, &wish, known)?.pop()
        }
        "DELETE" => {
            let known = before.as_ref().ok_or_else(ApiError::unknown_overwrite)?;
            let empty = Overwrite {
                allow: Permissions::empty(),
                deny: Permissions::empty(),
                ..known.clone()
            };
            settings::may_set(own, &empty, Some(known))?;
            None
        }
        _ => return Err(ApiError::method_not_allowed()),
    };
    changed.overwrites.retain(|known| known.id != target);
    changed.overwrites.extend(after.clone());
    world.channels.insert(channel, changed);
    if before != after {
        let json = json_of(world, channel);
        world.tell("CHANNEL_UPDATE", channel, json);
        audit_overwrite(world, call, guild, channel, (before, after));
    }
    Ok(Reply::Empty)
}

fn audit_overwrite(
    world: &mut World,
    call: &Call,
    guild: u64,
    channel: u64,
    (before, after): (Option<Overwrite>, Option<Overwrite>),
) {
    let action = match (&before, &after) {
        (None, _) => AuditLogEventType::ChannelOverwriteCreate,
        (_, None) => AuditLogEventType::ChannelOverwriteDelete,
        _ => AuditLogEventType::ChannelOverwriteUpdate,
    };
    let record = |of: &Option<Overwrite>| {
        of.as_ref()
            .map_or_else(Record::new, |overwrite| fields(overwrite.json()))
    };
    let Some(of) = before.as_ref().or(after.as_ref()) else {
        return;
    };
    let mut options = json!({"id": of.id.to_string(), "type": if of.of_role { "0" } else { "1" }});
    let role = world
        .guilds
        .get(&guild)
        .and_then(|guild| guild.roles.get(&of.id));
    if let Some(role) = role.filter(|_| of.of_role) {
        options["role_name"] = json!(role.name);
    }
    let entry = AuditEntry {
        id: world.snowflakes.next(),
        actor: world.application.bot,
        action: action.into(),
        target: Some(channel),
        changes: changes(&record(&before), &record(&after)),
        options: Some(options),
        reason: call.reason.clone(),
    };
    world.keep_audit(guild, entry);
}

fn json_of(world: &World, channel: u64) -> Value {
    let known = world.channels.get(&channel);
    known.map_or(Value::Null, |channel| world.channel_json(channel))
}

/// The fields of a channel that the audit log speaks of.
fn told(json: &Value) -> Record {
    let mut told = fields(json.clone());
    told.retain(|key, _| {
        !matches!(
            key.as_str(),
            "id" | "guild_id"
                | "last_message_id"
                | "last_pin_timestamp"
                | "message_count"
                | "member_count"
                | "total_message_sent"
                | "thread_metadata"
                | "member"
        )
    });
    told
}

fn audit(
    world: &mut World,
    call: &Call,
    guild: u64,
    action: AuditLogEventType,
    channel: u64,
    changes: Vec<Value>,
) {
    let bot = world.application.bot;
    world.audit(
        guild,
        bot,
        action,
        Some(channel),
        changes,
        call.reason.as_deref(),
    );
}
