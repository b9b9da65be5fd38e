//! Checks of what the bot may do in a channel.

use twilight_model::guild::Permissions;

use super::ApiError;
use crate::world::World;

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
