//! Messages of a channel: looked up, and as answers show them.

use serde_json::Value;

use super::{Answer, ApiError, Reply};
use crate::world::{Message, World};

/// A message that is part of the channel's history; ephemeral ones never are.
pub(super) fn visible(world: &World, channel: u64, message: u64) -> Result<&Message, ApiError> {
    world
        .message(channel, message)
        .filter(|message| message.ephemeral_for.is_none())
        .ok_or_else(ApiError::unknown_message)
}

/// 200 with the message, written at once.
pub(super) fn answer(world: &World, channel: u64, message: u64) -> Answer {
    let message = visible(world, channel, message)?;
    Ok(Reply::Written(world.message_text(message)))
}

/// The message object, for answers.
pub(super) fn json_of(world: &World, channel: u64, message: u64) -> Value {
    world
        .message(channel, message)
        .map(|message| world.message_json(message))
        .unwrap_or_default()
}
