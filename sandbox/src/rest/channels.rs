//! `channels/…`: the channel itself and typing; messages, pins, polls and reactions have files of their own.

use serde_json::Value;
use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    channel_access::need,
    follow, hooks, invites, messages, ok, pins, places, polls, reactions, send, thread,
    threads::{self, Archived},
    voice,
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
        ("PATCH", []) => places::patch(world, call, channel),
        ("DELETE", []) => places::delete(world, call, channel),
        (method, ["invites"]) => invites::of_channel(world, call, method, channel),
        (method, ["permissions", target]) => {
            places::overwrite(world, call, method, channel, id(target)?)
        }
        ("PUT", ["voice-status"]) => voice::status(world, call, channel),
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

fn json_of(world: &World, channel: u64) -> Value {
    world
        .channels
        .get(&channel)
        .map(|channel| world.channel_json(channel))
        .unwrap_or_default()
}

fn typing(world: &mut World, channel: u64) -> Answer {
    send::need_to_send(world, channel)?;
    world.type_in(channel, world.application.bot);
    Ok(Reply::Empty)
}
