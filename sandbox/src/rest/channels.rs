//! `channels/…`: the channel itself, typing and pins; messages and reactions have files of their own.

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    error::FormErrors,
    messages, ok, reactions,
};
use crate::world::{World, snowflake};

/// Pins that a channel holds.
const MAX_PINS: usize = 250;

/// Routes below `channels/{id}`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    channel: u64,
    path: &[&str],
) -> Answer {
    if !world.channels.contains_key(&channel) {
        return Err(ApiError::unknown_channel());
    }
    need(world, channel, Permissions::VIEW_CHANNEL)?;
    match (method, path) {
        ("GET", []) => ok(json_of(world, channel)),
        ("PATCH", []) => patch(world, call, channel),
        ("POST", ["typing"]) => typing(world, channel),
        ("GET", ["pins"]) => old_pins(world, channel),
        ("GET", ["messages", "pins"]) => pins(world, channel),
        ("PUT", ["pins", message] | ["messages", "pins", message]) => {
            pin(world, channel, id(message)?, true)
        }
        ("DELETE", ["pins", message] | ["messages", "pins", message]) => {
            pin(world, channel, id(message)?, false)
        }
        (method, ["messages", message, "reactions", rest @ ..]) => {
            reactions::route(world, call, method, channel, id(message)?, rest)
        }
        (method, ["messages", rest @ ..]) => messages::route(world, call, method, channel, rest),
        _ => Err(ApiError::unknown_route()),
    }
}

/// Refuses what the bot may not do in a channel: 50001 if it cannot see it, else 50013.
pub(super) fn need(world: &World, channel: u64, permission: Permissions) -> Result<(), ApiError> {
    let has = world.permissions(channel, world.application.bot);
    if !has.contains(Permissions::VIEW_CHANNEL) {
        Err(ApiError::missing_access())
    } else if !has.contains(permission) {
        Err(ApiError::missing_permissions())
    } else {
        Ok(())
    }
}

fn json_of(world: &World, channel: u64) -> Value {
    world
        .channels
        .get(&channel)
        .map(|channel| world.channel_json(channel))
        .unwrap_or_default()
}

fn patch(world: &mut World, call: &Call, channel: u64) -> Answer {
    if world.guild_of(channel).is_none() {
        return Err(ApiError::not_in_direct_messages());
    }
    need(world, channel, Permissions::MANAGE_CHANNELS)?;
    let mut errors = FormErrors::default();
    if let Some(name) = call.body["name"].as_str() {
        errors.length("name", name.chars().count(), 1, 100);
    }
    if let Some(topic) = call.body["topic"].as_str() {
        errors.length("topic", topic.chars().count(), 0, 1024);
    }
    let slow = call.body["rate_limit_per_user"].as_u64();
    if slow.is_some_and(|seconds| seconds > 21_600) {
        errors.add(
            "rate_limit_per_user",
            "NUMBER_TYPE_MAX",
            "int value should be less than or equal to 21600.",
        );
    }
    errors.check()?;
    if let Some(changed) = world.channels.get_mut(&channel) {
        if let Some(name) = call.body["name"].as_str() {
            changed.name = name.to_lowercase().replace(' ', "-");
        }
        if let Some(topic) = call.body.get("topic") {
            changed.topic = topic
                .as_str()
                .filter(|topic| !topic.is_empty())
                .map(str::to_owned);
        }
        if let Some(nsfw) = call.body["nsfw"].as_bool() {
            changed.nsfw = nsfw;
        }
        if let Some(slow) = slow.and_then(|seconds| u16::try_from(seconds).ok()) {
            changed.rate_limit_per_user = slow;
        }
    }
    let json = json_of(world, channel);
    world.tell("CHANNEL_UPDATE", channel, json.clone());
    ok(json)
}

fn typing(world: &mut World, channel: u64) -> Answer {
    need(world, channel, Permissions::SEND_MESSAGES)?;
    world.type_in(channel, world.application.bot);
    Ok(Reply::Empty)
}

fn pins(world: &World, channel: u64) -> Answer {
    let messages = world
        .channels
        .get(&channel)
        .map(|channel| channel.messages.values().rev());
    let pinned = messages
        .into_iter()
        .flatten()
        .filter(|message| message.pinned);
    let items: Vec<_> = pinned
        .map(|message| {
            let at = snowflake::iso(snowflake::created_us(message.id));
            json!({"pinned_at": at, "message": world.message_json(message)})
        })
        .collect();
    ok(json!({"items": items, "has_more": false}))
}

fn old_pins(world: &World, channel: u64) -> Answer {
    let messages = world
        .channels
        .get(&channel)
        .map(|channel| channel.messages.values().rev());
    let pinned = messages
        .into_iter()
        .flatten()
        .filter(|message| message.pinned);
    ok(pinned.map(|message| world.message_json(message)).collect())
}

fn pin(world: &mut World, channel: u64, message: u64, pinned: bool) -> Answer {
    need(
        world,
        channel,
        Permissions::MANAGE_MESSAGES | Permissions::READ_MESSAGE_HISTORY,
    )
    .or_else(|error| {
        if world.guild_of(channel).is_none() {
            Ok(())
        } else {
            Err(error)
        }
    })?;
    let bot = world.application.bot;
    let held = world.channels.get(&channel).map_or(0, |channel| {
        channel.messages.values().filter(|m| m.pinned).count()
    });
    let found = world
        .message_mut(channel, message)
        .filter(|message| message.visible_to(bot));
    let found = found.ok_or_else(ApiError::unknown_message)?;
    if pinned && !found.pinned && held >= MAX_PINS {
        return Err(ApiError::too_many_pins());
    }
    if found.pinned != pinned {
        found.pinned = pinned;
        world.tell_edit(channel, message);
        let mut data = json!({
            "channel_id": channel.to_string(),
            "last_pin_timestamp": snowflake::iso(snowflake::now_us()),
        });
        world.add_guild_id(&mut data, channel);
        world.tell("CHANNEL_PINS_UPDATE", channel, data);
    }
    Ok(Reply::Empty)
}
