//! `channels/{id}/messages/{id}/reactions/…`.

use twilight_model::guild::Permissions;

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    channel_access::need,
    ok, send,
};
use crate::world::{Emoji, World};

/// Different emoji that a message can have.
const MAX_EMOJI: usize = 20;

/// Routes below a message's `reactions`.
pub(super) fn route(
    world: &mut World,
    call: &Call,
    method: &str,
    channel: u64,
    message: u64,
    path: &[&str],
) -> Answer {
    let bot = world.application.bot;
    let found = world
        .message(channel, message)
        .filter(|message| message.ephemeral_for.is_none());
    let found = found.ok_or_else(ApiError::unknown_message)?;
    let known = &found.reactions;
    let emoji = path
        .first()
        .map(|text| Emoji::parse(text).ok_or_else(ApiError::unknown_emoji))
        .transpose()?;
    match (method, path, emoji) {
        ("PUT", [_, "@me"], Some(emoji)) => {
            send::need_active(world, channel)?;
            let emoji = world.emoji_for(bot, found, &emoji);
            let emoji = emoji.ok_or_else(ApiError::unknown_emoji)?;
            let new = known.iter().all(|(known, _)| *known != emoji);
            if new && known.len() >= MAX_EMOJI {
                return Err(ApiError::too_many_reactions());
            }
            let add = if new {
                Permissions::ADD_REACTIONS
            } else {
                Permissions::empty()
            };
            need(world, channel, Permissions::READ_MESSAGE_HISTORY | add)?;
            world.react(channel, message, bot, &emoji);
            Ok(Reply::Empty)
        }
        ("DELETE", [_, "@me"], Some(emoji)) => {
            world.unreact(channel, message, bot, &emoji);
            Ok(Reply::Empty)
        }
        ("DELETE", [_, user], Some(emoji)) => {
            need(world, channel, Permissions::MANAGE_MESSAGES)?;
            world.unreact(channel, message, id(user)?, &emoji);
            Ok(Reply::Empty)
        }
        ("DELETE", [] | [_], emoji) => {
            need(world, channel, Permissions::MANAGE_MESSAGES)?;
            world.clear_reactions(channel, message, emoji.as_ref());
            Ok(Reply::Empty)
        }
        ("GET", [_], Some(emoji)) => {
            let users = known
                .iter()
                .find(|(known, _)| *known == emoji)
                .map(|(_, users)| users.as_slice());
            let after = call.query_number("after").unwrap_or(0);
            let limit = call.query_limit("limit", 25, 100)?;
            // Nobody in the sandbox can pay for the other type of reactions.
            let users = users.filter(|_| call.query_number("type") != Some(1));
            let users = users
                .unwrap_or_default()
                .iter()
                .filter(|user| **user > after);
            ok(users
                .filter_map(|user| world.users.get(user))
                .take(limit)
                .map(|user| user.json())
                .collect())
        }
        _ => Err(ApiError::unknown_route()),
    }
}
