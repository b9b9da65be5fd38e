//! Pins, by the newer routes (`channels/{id}/messages/pins`) and the older ones (`channels/{id}/pins`).
//! <https://discord.com/developers/docs/resources/message#get-channel-pins>.

use serde_json::json;
use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError, Reply,
    call::{Call, id, query_time},
    channel_access::need,
    message_view::visible,
    ok, send,
};
use crate::world::{Message, World, snowflake};

/// Pins that a channel holds.
const MAX_PINS: usize = 250;
/// Pins that are listed at once.
const PAGE: usize = 50;

/// Routes below a channel's pins; the channel exists and the bot sees it.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    channel: u64,
    older: bool,
    path: &[&str],
) -> Answer {
    match (method, path) {
        ("GET", []) if older => {
            let pins = pinned(world, channel).into_iter().take(PAGE);
            ok(pins.map(|message| world.message_json(message)).collect())
        }
        ("GET", []) => list(world, call, channel),
        ("PUT", [message]) => pin(world, channel, id(message)?, true),
        ("DELETE", [message]) => pin(world, channel, id(message)?, false),
        _ => Err(ApiError::unknown_route()),
    }
}

/// The pinned messages, the newest pin first; none without the permission to read older messages.
fn pinned(world: &World, channel: u64) -> Vec<&Message> {
    let reads = Permissions::READ_MESSAGE_HISTORY;
    let known = world
        .channels
        .get(&channel)
        .filter(|_| world.may(world.application.bot, channel, reads));
    let messages = known.into_iter().flat_map(|known| known.messages.values());
    let messages = messages.map(Box::as_ref);
    let mut pinned: Vec<_> = messages.filter(|message| message.pinned).collect();
    pinned.sort_by_key(|message| std::cmp::Reverse((message.pinned_us, message.id)));
    pinned
}

fn list(world: &World, call: &Call, channel: u64) -> Answer {
    let limit = call.query_limit("limit", PAGE, PAGE)?;
    let before = match call.query.get("before") {
        None => i64::MAX,
        Some(text) => query_time("before", text)?,
    };
    let older = pinned(world, channel)
        .into_iter()
        .filter_map(|message| Some((message, message.pinned_us?)))
        .filter(|(_, at)| *at < before);
    let older: Vec<_> = older.collect();
    let items = older.iter().take(limit).map(
        |(message, at)| json!({"pinned_at": snowflake::iso(*at), "message": world.message_json(message)}),
    );
    ok(json!({"items": items.collect::<Vec<_>>(), "has_more": older.len() > limit}))
}

fn pin(world: &mut World, channel: u64, message: u64, pinned: bool) -> Answer {
    if world.guild_of(channel).is_some() {
        need(world, channel, Permissions::PIN_MESSAGES)?;
    }
    send::need_active(world, channel)?;
    let known = visible(world, channel, message)?;
    if !World::is_written(known) {
        return Err(ApiError::on_a_system_message());
    }
    if known.pinned == pinned {
        return Ok(Reply::Empty);
    }
    let held = world.channels.get(&channel).map_or(0, |channel| {
        channel.messages.values().filter(|m| m.pinned).count()
    });
    if pinned && held >= MAX_PINS {
        return Err(ApiError::too_many_pins());
    }
    world.pin(channel, message, world.application.bot, pinned);
    Ok(Reply::Empty)
}
