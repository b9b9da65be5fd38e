//! Announcements: `channels/{id}/followers` and `…/messages/{id}/crosspost`.

use serde_json::json;
use twilight_model::{channel::ChannelType, guild::Permissions};

use super::{
    Answer, ApiError,
    call::{Call, body_id},
    channel_access::need,
    hooks::takes_webhooks,
    message_view::{json_of, visible},
    ok, send, threads,
};
use crate::world::World;

/// The flag of a message that was published.
const CROSSPOSTED: u64 = 1 << 0;

/// Follows an announcement channel into another channel:
/// <https://discord.com/developers/docs/resources/channel#follow-announcement-channel>.
pub(super) fn follow(world: &mut World, call: &Call, channel: u64) -> Answer {
    need_announcements(world, channel)?;
    let target = body_id(&call.body["webhook_channel_id"]).ok_or_else(|| {
        let code = "BASE_TYPE_REQUIRED";
        ApiError::form("webhook_channel_id", code, "This field is required")
    })?;
    if !world.channels.contains_key(&target) {
        return Err(ApiError::unknown_channel());
    }
    need(world, target, Permissions::MANAGE_WEBHOOKS)?;
    takes_webhooks(world, target)?;
    let webhook = world.follow(channel, target, world.application.bot);
    ok(json!({"channel_id": channel.to_string(), "webhook_id": webhook.to_string()}))
}

/// Publishes a message to all followers:
/// <https://discord.com/developers/docs/resources/message#crosspost-message>.
pub(super) fn crosspost(world: &mut World, channel: u64, message: u64) -> Answer {
    need_announcements(world, channel)?;
    send::need_to_send(world, channel)?;
    let known = visible(world, channel, message)?;
    if !World::is_written(known) {
        return Err(ApiError::on_a_system_message());
    }
    if known.flags & CROSSPOSTED != 0 {
        return Err(ApiError::already_crossposted());
    }
    if known.author != world.application.bot {
        need(world, channel, Permissions::MANAGE_MESSAGES)?;
    }
    world.crosspost(channel, message);
    ok(json_of(world, channel, message))
}

fn need_announcements(world: &World, channel: u64) -> Result<(), ApiError> {
    if threads::of(world, channel) == Some(ChannelType::GuildAnnouncement) {
        Ok(())
    } else {
        Err(ApiError::wrong_channel_type())
    }
}
