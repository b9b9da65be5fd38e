//! `channels/{id}/messages/…`.

use std::collections::BTreeSet;

use serde_json::json;
use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError, Reply,
    call::{Call, body_id, id},
    channel_access::need,
    error::FormErrors,
    follow,
    message_view::{json_of, visible},
    ok, send, threads, validate,
};
use crate::world::{Draft, Message, SUPPRESS_EMBEDS, World, snowflake};

/// The flag of voice messages.
const VOICE_MESSAGE: u64 = 1 << 13;
/// Message types that stay: those of recipients, calls and names in groups, thread starters.
/// <https://discord.com/developers/docs/resources/message#message-object-message-types>.
const UNDELETABLE: [u8; 6] = [1, 2, 3, 4, 5, 21];
/// How old a message may be for a bulk delete, in microseconds: two weeks.
const TOO_OLD_US: i64 = 14 * 24 * 3_600_000_000;

/// Routes below `channels/{id}/messages`; the channel exists and the bot sees it.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    channel: u64,
    path: &[&str],
) -> Answer {
    match (method, path) {
        ("GET", []) => history(world, call, channel),
        ("POST", []) => send::create(world, call, channel),
        ("POST", [message, "crosspost"]) => follow::crosspost(world, channel, id(message)?),
        ("POST", [message, "threads"]) => threads::from_message(world, call, channel, id(message)?),
        ("POST", ["bulk-delete"]) => bulk_delete(world, call, channel),
        ("GET", [message]) => {
            need(world, channel, Permissions::READ_MESSAGE_HISTORY)?;
            ok(world.message_json(visible(world, channel, id(message)?)?))
        }
        ("PATCH", [message]) => edit(world, call, channel, id(message)?),
        ("DELETE", [message]) => delete(world, channel, id(message)?),
        _ => Err(ApiError::unknown_route()),
    }
}

fn history(world: &World, call: &Call, channel: u64) -> Answer {
    let limit = call
        .query
        .get("limit")
        .map_or(Ok(50), |limit| limit.parse::<usize>());
    let limit = limit
        .ok()
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| {
            ApiError::form(
                "limit",
                "NUMBER_TYPE_MAX",
                "int value should be between 1 and 100.",
            )
        })?;
    if !world.may(
        world.application.bot,
        channel,
        Permissions::READ_MESSAGE_HISTORY,
    ) {
        return ok(json!([]));
    }
    let all = world
        .channels
        .get(&channel)
        .map(|channel| channel.messages.values());
    let shown: Vec<_> = all
        .into_iter()
        .flatten()
        .filter(|message| message.ephemeral_for.is_none())
        .collect();
    let start_of = |id: u64| shown.partition_point(|message| message.id < id);
    let page = if let Some(after) = call.query_number("after") {
        let from = start_of(after.saturating_add(1));
        &shown[from..(from + limit).min(shown.len())]
    } else if let Some(around) = call.query_number("around") {
        let from = start_of(around).saturating_sub(limit / 2);
        &shown[from..(from + limit).min(shown.len())]
    } else {
        let to = call.query_number("before").map_or(shown.len(), start_of);
        &shown[to.saturating_sub(limit)..to]
    };
    ok(page
        .iter()
        .rev()
        .map(|message| world.message_json(message))
        .collect())
}

fn edit(world: &mut World, call: &Call, channel: u64, message: u64) -> Answer {
    send::need_active(world, channel)?;
    let known = visible(world, channel, message)?.clone();
    if !World::is_written(&known) {
        return Err(ApiError::on_a_system_message());
    }
    if known.author != world.application.bot {
        return suppress(world, call, channel, &known);
    }
    if known.poll.is_some() {
        return Err(ApiError::cannot_edit_poll());
    }
    if known.flags & VOICE_MESSAGE != 0 {
        return Err(ApiError::cannot_edit_voice());
    }
    let draft = validate::edited(world, &known, &call.body, &call.files)?;
    validate::not_emptied(&known, &draft)?;
    world.edit(channel, message, draft);
    ok(json_of(world, channel, message))
}

/// Hides or shows the embeds of somebody else's message: all that can be edited in it.
fn suppress(world: &mut World, call: &Call, channel: u64, known: &Message) -> Answer {
    let only_flags = call.body.as_object().is_some_and(|body| {
        let set = body.iter().filter(|(_, value)| !value.is_null());
        set.map(|(key, _)| key).eq(["flags"])
    });
    if !only_flags {
        return Err(ApiError::not_the_author());
    }
    need(world, channel, Permissions::MANAGE_MESSAGES)?;
    let wanted = call.body["flags"].as_u64().unwrap_or(0) & SUPPRESS_EMBEDS;
    let flags = Some((known.flags & !SUPPRESS_EMBEDS) | wanted);
    let message = known.id;
    world.edit(
        channel,
        message,
        Draft {
            flags,
            ..Draft::default()
        },
    );
    ok(json_of(world, channel, message))
}

fn delete(world: &mut World, channel: u64, message: u64) -> Answer {
    let known = visible(world, channel, message)?;
    let author = known.author;
    if UNDELETABLE.contains(&known.kind) {
        return Err(ApiError::on_a_system_message());
    }
    if author != world.application.bot {
        if world.guild_of(channel).is_none() {
            return Err(ApiError::not_in_direct_messages());
        }
        need(world, channel, Permissions::MANAGE_MESSAGES)?;
    }
    world.delete(channel, message);
    Ok(Reply::Empty)
}

fn bulk_delete(world: &mut World, call: &Call, channel: u64) -> Answer {
    if world.guild_of(channel).is_none() {
        return Err(ApiError::not_in_direct_messages());
    }
    need(world, channel, Permissions::MANAGE_MESSAGES)?;
    let Some(ids) = call.body["messages"].as_array() else {
        let mut errors = FormErrors::default();
        errors.required("messages");
        return errors.check().map(|()| Reply::Empty);
    };
    if !(2..=100).contains(&ids.len()) {
        return Err(ApiError::wrong_number_to_delete());
    }
    let ids: Vec<u64> = ids.iter().filter_map(body_id).collect();
    if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
        let message = "The values provided must be unique.";
        return Err(ApiError::form(
            "messages",
            "SET_TYPE_ALREADY_CONTAINS_VALUE",
            message,
        ));
    }
    let oldest = world.clock.now_us() - TOO_OLD_US;
    if ids.iter().any(|id| snowflake::created_us(*id) < oldest) {
        return Err(ApiError::too_old_to_delete());
    }
    world.delete_many(channel, &ids);
    Ok(Reply::Empty)
}
