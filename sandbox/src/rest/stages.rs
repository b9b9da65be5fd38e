//! `stage-instances`: <https://discord.com/developers/docs/resources/stage-instance>.

use serde_json::{Value, json};
use twilight_model::{channel::ChannelType, guild::Permissions};

use super::{
    Answer, ApiError, Reply,
    call::{Call, body_id, id},
    channel_access, ok,
    validate::form::{Field, Kind, read, read_patch},
};
use crate::world::{Collection, Record, World, fields, shown};

/// What makes a stage moderator.
const MODERATOR: Permissions = Permissions::MANAGE_CHANNELS
    .union(Permissions::MUTE_MEMBERS)
    .union(Permissions::MOVE_MEMBERS);

const STAGE: &[Field] = &[
    Field::new("channel_id", Kind::Id).required(),
    Field::new("topic", Kind::Text(1, 120)).required(),
    Field::new("privacy_level", Kind::Choice(&[1, 2])).nullable(),
    Field::new("guild_scheduled_event_id", Kind::Id).nullable(),
    Field::new("send_start_notification", Kind::Bool).nullable(),
];
const CHANGE: &[Field] = &[
    Field::new("topic", Kind::Text(1, 120)),
    Field::new("privacy_level", Kind::Choice(&[1, 2])),
];

/// Routes below `stage-instances`.
pub(super) fn route(world: &mut World, call: &Call, method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("POST", []) => create(world, call),
        ("GET", [channel]) => {
            let channel = id(channel)?;
            let guild = stage_of(world, channel)?;
            channel_access::need(world, channel, Permissions::VIEW_CHANNEL)?;
            ok(shown(known(world, guild, channel)?))
        }
        ("PATCH", [channel]) => {
            let channel = id(channel)?;
            let guild = stage_of(world, channel)?;
            let mut record = known(world, guild, channel)?.clone();
            channel_access::need(world, channel, MODERATOR)?;
            record.extend(read_patch(CHANGE, &call.body)?);
            world.put(
                guild,
                Collection::Stages,
                channel,
                record.clone(),
                call.by(world),
            );
            ok(Value::Object(record))
        }
        ("DELETE", [channel]) => {
            let channel = id(channel)?;
            let guild = stage_of(world, channel)?;
            known(world, guild, channel)?;
            channel_access::need(world, channel, MODERATOR)?;
            world.take(guild, Collection::Stages, channel, call.by(world));
            Ok(Reply::Empty)
        }
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// The guild of a stage channel.
fn stage_of(world: &World, channel: u64) -> Result<u64, ApiError> {
    let found = world.channels.get(&channel);
    let found = found.ok_or_else(ApiError::unknown_channel)?;
    if found.of() != ChannelType::GuildStageVoice {
        return Err(ApiError::wrong_channel_type());
    }
    found.guild().ok_or_else(ApiError::unknown_channel)
}

fn known(world: &World, guild: u64, channel: u64) -> Result<&Record, ApiError> {
    world
        .record_of(guild, Collection::Stages, channel)
        .ok_or_else(ApiError::unknown_stage)
}

fn create(world: &mut World, call: &Call) -> Answer {
    let body = read(STAGE, &call.body)?;
    let channel = body.get("channel_id").and_then(body_id).unwrap_or(0);
    let guild = stage_of(world, channel)?;
    channel_access::need(world, channel, MODERATOR)?;
    if world
        .record_of(guild, Collection::Stages, channel)
        .is_some()
    {
        return Err(ApiError::stage_is_open());
    }
    let notify = body.get("send_start_notification") == Some(&json!(true));
    if notify {
        channel_access::need(world, channel, Permissions::MENTION_EVERYONE)?;
    }
    let stage = world.snowflakes.next();
    let record = fields(json!({
        "id": stage.to_string(),
        "guild_id": guild.to_string(),
        "channel_id": channel.to_string(),
        "topic": body["topic"],
        "privacy_level": body.get("privacy_level").and_then(Value::as_i64).unwrap_or(2),
        "discoverable_disabled": true,
        "guild_scheduled_event_id": body.get("guild_scheduled_event_id"),
    }));
    world.put(
        guild,
        Collection::Stages,
        channel,
        record.clone(),
        call.by(world),
    );
    ok(Value::Object(record))
}
