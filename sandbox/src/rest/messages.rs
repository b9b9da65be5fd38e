//! `channels/{id}/messages/…`.

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError, Reply,
    call::{Call, body_id, id},
    channels::need,
    error::FormErrors,
    ok, validate,
};
use crate::world::{Message, World};

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
        ("POST", []) => create(world, call, channel),
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

/// A message that is part of the channel's history; ephemeral ones never are.
pub(super) fn visible(world: &World, channel: u64, message: u64) -> Result<&Message, ApiError> {
    world
        .message(channel, message)
        .filter(|message| message.ephemeral_for.is_none())
        .ok_or_else(ApiError::unknown_message)
}

/// The message object, for answers.
pub(super) fn json_of(world: &World, channel: u64, message: u64) -> Value {
    world
        .message(channel, message)
        .map(|message| world.message_json(message))
        .unwrap_or_default()
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

fn create(world: &mut World, call: &Call, channel: u64) -> Answer {
    need(world, channel, Permissions::SEND_MESSAGES)?;
    let mut draft = validate::message(world, channel, &call.body, &call.files)?;
    validate::not_empty(&draft)?;
    if !call.files.is_empty() {
        need(world, channel, Permissions::ATTACH_FILES)?;
    }
    if draft
        .embeds
        .as_ref()
        .is_some_and(|embeds| !embeds.is_empty())
    {
        need(world, channel, Permissions::EMBED_LINKS)?;
    }
    draft.reference = reference(world, channel, &call.body)?;
    if draft.reference.is_some() {
        need(world, channel, Permissions::READ_MESSAGE_HISTORY)?;
    }
    let bot = world.application.bot;
    if draft.enforce_nonce
        && let Some(nonce) = &draft.nonce
        && let Some(same) = world.channels.get(&channel).and_then(|known| {
            known
                .messages
                .values()
                .rev()
                .take(100)
                .find(|message| message.author == bot && message.nonce.as_ref() == Some(nonce))
        })
    {
        return ok(world.message_json(same));
    }
    let message = world.post(channel, bot, draft);
    ok(json_of(world, channel, message))
}

/// The message that a new one replies to.
fn reference(world: &World, channel: u64, body: &Value) -> Result<Option<u64>, ApiError> {
    let reference = &body["message_reference"];
    let Some(message) = body_id(&reference["message_id"]) else {
        return Ok(None);
    };
    if world
        .message(channel, message)
        .is_some_and(|message| message.ephemeral_for.is_none())
    {
        return Ok(Some(message));
    }
    if reference["fail_if_not_exists"] == json!(false) {
        return Ok(None);
    }
    Err(ApiError::form(
        "message_reference",
        "MESSAGE_REFERENCE_UNKNOWN_MESSAGE",
        "Unknown message",
    ))
}

fn edit(world: &mut World, call: &Call, channel: u64, message: u64) -> Answer {
    let known = visible(world, channel, message)?.clone();
    if known.author != world.application.bot {
        return Err(ApiError::not_the_author());
    }
    let draft = validate::message(world, channel, &call.body, &call.files)?;
    validate::not_emptied(&known, &draft)?;
    world.edit(channel, message, draft);
    ok(json_of(world, channel, message))
}

fn delete(world: &mut World, channel: u64, message: u64) -> Answer {
    let author = visible(world, channel, message)?.author;
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
    let ids: Vec<u64> = ids.iter().filter_map(body_id).collect();
    if !(2..=100).contains(&ids.len()) {
        return Err(ApiError::wrong_number_to_delete());
    }
    world.delete_many(channel, &ids);
    Ok(Reply::Empty)
}
