//! `guilds/{id}/scheduled-events`: <https://discord.com/developers/docs/resources/guild-scheduled-event>.

use serde_json::{Value, json};
use twilight_model::{guild::Permissions, util::Timestamp};

use super::{
    Answer, ApiError, Reply,
    call::{Call, body_id, id},
    channel_access,
    error::FormErrors,
    expressions::{may_change_own, need_any},
    guild_access::known as guild_of,
    ok,
    validate::form::{Field, Kind, read, read_patch},
};
use crate::world::{Collection, Record, World, fields, shown};

/// Scheduled and active events that a guild holds.
const MAX_EVENTS: usize = 100;

const STAGE: i64 = 1;
const VOICE: i64 = 2;
const EXTERNAL: i64 = 3;
const SCHEDULED: i64 = 1;
const ACTIVE: i64 = 2;
const COMPLETED: i64 = 3;
const CANCELED: i64 = 4;

const CREATE: Permissions = Permissions::CREATE_EVENTS;
const MANAGE: Permissions = Permissions::MANAGE_EVENTS;

const EVENT: &[Field] = &[
    Field::new("name", Kind::Text(1, 100)).required(),
    Field::new("description", Kind::Text(0, 1000)).nullable(),
    Field::new("image", Kind::Image(10_240)).nullable(),
    Field::new("scheduled_start_time", Kind::Time).required(),
    Field::new("scheduled_end_time", Kind::Time).nullable(),
    Field::new("privacy_level", Kind::Choice(&[2])).required(),
    Field::new("entity_type", Kind::Choice(&[STAGE, VOICE, EXTERNAL])).required(),
    Field::new("channel_id", Kind::Id).nullable(),
    Field::new("entity_metadata", Kind::Object(METADATA)).nullable(),
    Field::new("recurrence_rule", Kind::Object(RECURRENCE)).nullable(),
    Field::new(
        "status",
        Kind::Choice(&[SCHEDULED, ACTIVE, COMPLETED, CANCELED]),
    ),
];
const METADATA: &[Field] = &[Field::new("location", Kind::Text(1, 100)).nullable()];
const RECURRENCE: &[Field] = &[
    Field::new("start", Kind::Time).required(),
    Field::new("end", Kind::Time).nullable(),
    Field::new("frequency", Kind::Choice(&[0, 1, 2, 3])).required(),
    Field::new("interval", Kind::Int(1, 2)).nullable(),
    Field::new("by_weekday", Kind::List(&Kind::Int(0, 6), 7)).nullable(),
    Field::new("by_n_weekday", Kind::List(&Kind::Any, 1)).nullable(),
    Field::new("by_month", Kind::List(&Kind::Int(1, 12), 1)).nullable(),
    Field::new("by_month_day", Kind::List(&Kind::Int(1, 31), 1)).nullable(),
];

/// Routes below `guilds/{id}/scheduled-events`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    guild: u64,
    path: &[&str],
) -> Answer {
    match (method, path) {
        ("GET", []) => {
            let all = world.collection(guild, Collection::ScheduledEvents);
            let open = all.filter(|event| !is_finished(event));
            ok(open.map(|event| seen(world, call, guild, event)).collect())
        }
        ("POST", []) => create(world, call, guild),
        ("GET", [event]) => ok(seen(world, call, guild, known(world, guild, id(event)?)?)),
        ("PATCH", [event]) => patch(world, call, guild, id(event)?),
        ("DELETE", [event]) => {
            let event = id(event)?;
            may_change_own(world, guild, known(world, guild, event)?, (CREATE, MANAGE))?;
            world.take(guild, Collection::ScheduledEvents, event, call.by(world));
            Ok(Reply::Empty)
        }
        ("GET", [event, "users"]) => users(world, call, guild, id(event)?),
        ("GET", [event, "users", "counts"]) => {
            let event = id(event)?;
            known(world, guild, event)?;
            let count = world.interested(guild, event).count();
            ok(json!({
                "guild_scheduled_event_count": count,
                "guild_scheduled_event_exception_counts": {},
            }))
        }
        _ => Err(ApiError::unknown_route()),
    }
}

fn known(world: &World, guild: u64, event: u64) -> Result<&Record, ApiError> {
    world
        .record_of(guild, Collection::ScheduledEvents, event)
        .ok_or_else(ApiError::unknown_event)
}

fn is_finished(event: &Record) -> bool {
    let status = event.get("status").and_then(Value::as_i64);
    matches!(status, Some(COMPLETED | CANCELED))
}

fn seen(world: &World, call: &Call, guild: u64, event: &Record) -> Value {
    let mut json = shown(event);
    if call.query_flag("with_user_count") {
        let event = body_id(&json["id"]).unwrap_or(0);
        json["user_count"] = json!(world.interested(guild, event).count());
    }
    json
}

fn create(world: &mut World, call: &Call, guild: u64) -> Answer {
    need_any(world, guild, CREATE | MANAGE)?;
    let body = read(EVENT, &call.body)?;
    let mut body = body;
    body.remove("status");
    check(world, guild, &body, true)?;
    let events = world.collection(guild, Collection::ScheduledEvents);
    if events.filter(|event| !is_finished(event)).count() >= MAX_EVENTS {
        return Err(ApiError::too_many_events());
    }
    let event = world.snowflakes.next();
    let bot = world.application.bot;
    let mut record = fields(json!({
        "id": event.to_string(),
        "guild_id": guild.to_string(),
        "channel_id": null,
        "creator_id": bot.to_string(),
        "creator": world.user_json(bot),
        "description": null,
        "image": null,
        "scheduled_end_time": null,
        "status": SCHEDULED,
        "entity_id": null,
        "entity_metadata": null,
        "recurrence_rule": null,
        "guild_scheduled_event_exceptions": [],
        "user_count": 0,
    }));
    record.extend(with_image_hash(body, event));
    world.put(
        guild,
        Collection::ScheduledEvents,
        event,
        record.clone(),
        call.by(world),
    );
    ok(Value::Object(record))
}

fn patch(world: &mut World, call: &Call, guild: u64, event: u64) -> Answer {
    let before = known(world, guild, event)?.clone();
    may_change_own(world, guild, &before, (CREATE, MANAGE))?;
    let body = read_patch(EVENT, &call.body)?;
    if is_finished(&before) {
        return Err(ApiError::event_is_finished());
    }
    let status = |record: &Record| record.get("status").and_then(Value::as_i64);
    if let Some(next) = status(&body) {
        let now = status(&before).unwrap_or(SCHEDULED);
        let allowed = next == now
            || matches!(
                (now, next),
                (SCHEDULED, ACTIVE | CANCELED) | (ACTIVE, COMPLETED)
            );
        if !allowed {
            let message = "Invalid Guild Scheduled Event Status Transition";
            let code = "GUILD_SCHEDULED_EVENT_INVALID_STATUS_TRANSITION";
            return Err(ApiError::form("status", code, message));
        }
    }
    let starts_anew = body.contains_key("scheduled_start_time");
    let mut after = before;
    after.extend(with_image_hash(body, event));
    check(world, guild, &after, starts_anew)?;
    world.put(
        guild,
        Collection::ScheduledEvents,
        event,
        after.clone(),
        call.by(world),
    );
    ok(Value::Object(after))
}

/// An uploaded cover is told as a hash.
fn with_image_hash(mut body: Record, event: u64) -> Record {
    if body.get("image").is_some_and(Value::is_string) {
        body.insert("image".to_owned(), json!(format!("{event:032x}")));
    }
    body
}

/// What an event must have follows from where it takes place.
fn check(world: &World, guild: u64, event: &Record, starts_anew: bool) -> Result<(), ApiError> {
    let mut errors = FormErrors::default();
    let time = |key| {
        let text = event.get(key).and_then(Value::as_str)?;
        Timestamp::parse(text).ok().map(Timestamp::as_micros)
    };
    let kind = event.get("entity_type").and_then(Value::as_i64);
    let is_set = |key: &str| event.get(key).is_some_and(|value| !value.is_null());
    if starts_anew
        && time("scheduled_start_time").is_some_and(|start| start <= world.clock.now_us())
    {
        let message = "Cannot schedule event in the past.";
        let code = "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST";
        errors.add("scheduled_start_time", code, message);
    }
    if let (Some(start), Some(end)) = (time("scheduled_start_time"), time("scheduled_end_time"))
        && end <= start
    {
        let message = "Cannot schedule event to end before it starts.";
        errors.add(
            "scheduled_end_time",
            "GUILD_SCHEDULED_EVENT_SCHEDULE_END_BEFORE_START",
            message,
        );
    }
    if kind == Some(EXTERNAL) {
        if !is_set("scheduled_end_time") {
            errors.required("scheduled_end_time");
        }
        if !event
            .get("entity_metadata")
            .is_some_and(|of| of["location"].is_string())
        {
            errors.required("entity_metadata.location");
        }
        if is_set("channel_id") {
            errors.add(
                "channel_id",
                "GUILD_SCHEDULED_EVENT_CHANNEL_ID_NOT_ALLOWED",
                "Events outside of the server have no channel.",
            );
        }
        return errors.check();
    }
    if !is_set("channel_id") {
        errors.required("channel_id");
    }
    errors.check()?;
    let channel = event.get("channel_id").and_then(body_id).unwrap_or(0);
    let found = world.channels.get(&channel);
    let found = found.filter(|channel| channel.guild() == Some(guild));
    let found = found.ok_or_else(ApiError::unknown_channel)?;
    let fits = if kind == Some(STAGE) { 13 } else { 2 };
    if found.type_number() != fits {
        return Err(ApiError::wrong_channel_type());
    }
    let needed = if kind == Some(STAGE) {
        Permissions::MANAGE_CHANNELS | Permissions::MUTE_MEMBERS | Permissions::MOVE_MEMBERS
    } else {
        Permissions::VIEW_CHANNEL | Permissions::CONNECT
    };
    channel_access::need(world, channel, needed)
}

fn users(world: &World, call: &Call, guild: u64, event: u64) -> Answer {
    known(world, guild, event)?;
    guild_of(world, guild)?;
    let limit = call.query_limit("limit", 100, 100)?;
    let (before, after) = (call.query_number("before"), call.query_number("after"));
    let fitting = world.interested(guild, event).filter(|user| {
        before.is_none_or(|before| *user < before) && after.is_none_or(|after| *user > after)
    });
    let with_member = call.query_flag("with_member");
    let page = fitting.take(limit).map(|user| {
        let mut json = json!({
            "guild_scheduled_event_id": event.to_string(),
            "user_id": user.to_string(),
            "user": world.user_json(user),
            "response": 1,
        });
        if with_member && let Some(member) = world.member_json(guild, user) {
            json["member"] = member;
        }
        json
    });
    ok(page.collect())
}
