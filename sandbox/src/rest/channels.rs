//! `channels/…`: the channel itself and typing; messages, pins, polls and reactions have files of their own.

use serde_json::Value;
use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    error::FormErrors,
    follow, hooks, messages, ok, pins, polls, reactions, send, thread,
    threads::{self, Archived},
};
use crate::world::{Channel, World};

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
    let is_thread = world.channels.get(&channel).is_some_and(Channel::is_thread);
    match (method, path) {
        ("GET", []) if is_thread => ok(world.thread_json(channel)),
        ("PATCH", []) if is_thread => thread::patch(world, call, channel),
        ("DELETE", []) if is_thread => thread::delete(world, call, channel),
        ("GET", []) => ok(json_of(world, channel)),
        ("PATCH", []) => patch(world, call, channel),
        ("POST", ["typing"]) => typing(world, channel),
        (method, ["webhooks"]) => hooks::of_channel(world, call, method, channel),
        ("POST", ["followers"]) => follow::follow(world, call, channel),
        ("POST", ["threads"]) => threads::start(world, call, channel),
        ("GET", ["threads", "archived", "public"]) => {
            threads::archived(world, call, channel, Archived::Public)
        }
        ("GET", ["threads", "archived", "private"]) => {
            threads::archived(world, call, channel, Archived::Private)
        }
        ("GET", ["users", "@me", "threads", "archived", "private"]) => {
            threads::archived(world, call, channel, Archived::Joined)
        }
        (method, ["thread-members", rest @ ..]) => {
            threads::members(world, call, method, channel, rest)
        }
        (method, ["pins", rest @ ..]) => pins::route(world, call, method, channel, true, rest),
        (method, ["messages", "pins", rest @ ..]) => {
            pins::route(world, call, method, channel, false, rest)
        }
        (method, ["messages", message, "reactions", rest @ ..]) => {
            reactions::route(world, call, method, channel, id(message)?, rest)
        }
        (method, ["polls", rest @ ..]) => polls::route(world, call, method, channel, rest),
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
    send::need_to_send(world, channel)?;
    world.type_in(channel, world.application.bot);
    Ok(Reply::Empty)
}
