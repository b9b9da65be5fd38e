//! `channels/{id}/polls/{message}/…`.

use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError,
    call::{Call, id},
    channel_access::need,
    message_view::{json_of, visible},
    ok,
};
use crate::world::World;

/// Routes below `channels/{id}/polls`; the channel exists and the bot sees it.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    channel: u64,
    path: &[&str],
) -> Answer {
    match (method, path) {
        ("GET", [message, "answers", answer]) => {
            need(world, channel, Permissions::READ_MESSAGE_HISTORY)?;
            voters(world, call, channel, id(message)?, id(answer)?)
        }
        ("POST", [message, "expire"]) => expire(world, channel, id(message)?),
        _ => Err(ApiError::unknown_route()),
    }
}

fn voters(world: &World, call: &Call, channel: u64, message: u64, answer: u64) -> Answer {
    let limit = call.query_limit("limit", 25, 100)?;
    let after = call.query_number("after").unwrap_or(0);
    let poll = visible(world, channel, message)?.poll.as_ref();
    let answer = usize::try_from(answer).unwrap_or(usize::MAX);
    let voters = poll.and_then(|poll| poll.voters(answer));
    let voters = voters.ok_or_else(ApiError::unknown_message)?;
    let users: Vec<_> = voters
        .range(after.saturating_add(1)..)
        .filter_map(|user| world.users.get(user))
        .take(limit)
        .map(|user| user.json())
        .collect();
    ok(serde_json::json!({ "users": users }))
}

fn expire(world: &mut World, channel: u64, message: u64) -> Answer {
    let known = visible(world, channel, message)?;
    let open = known.poll.as_ref().map(|poll| !poll.finalized);
    match open {
        None => return Err(ApiError::no_poll_to_expire()),
        _ if known.author != world.application.bot => return Err(ApiError::not_the_author()),
        Some(false) => return Err(ApiError::poll_expired()),
        Some(true) => {}
    }
    world.end_poll(channel, message);
    ok(json_of(world, channel, message))
}
