//! Checks of what the bot may do in a guild.

use twilight_model::guild::Permissions;

use super::ApiError;
use crate::world::{Guild, World};

/// A guild that exists.
pub(super) fn known(world: &World, guild: u64) -> Result<&Guild, ApiError> {
    world.guilds.get(&guild).ok_or_else(ApiError::unknown_guild)
}

/// A guild that exists, to change.
pub(super) fn known_mut(world: &mut World, guild: u64) -> Result<&mut Guild, ApiError> {
    world
        .guilds
        .get_mut(&guild)
        .ok_or_else(ApiError::unknown_guild)
}

/// What the bot may do in a guild.
pub(super) fn own_permissions(world: &World, guild: u64) -> Result<Permissions, ApiError> {
    let known = known(world, guild)?;
    Ok(world.guild_permissions(known, world.application.bot))
}

/// Refuses what the bot may not do in a guild.
pub(super) fn need(world: &World, guild: u64, permission: Permissions) -> Result<(), ApiError> {
    if own_permissions(world, guild)?.contains(permission) {
        Ok(())
    } else {
        Err(ApiError::missing_permissions())
    }
}

/// Refuses to act on the owner, on members with higher roles, and on the bot itself.
pub(super) fn need_rank(world: &World, guild: u64, user: u64) -> Result<(), ApiError> {
    let known = known(world, guild)?;
    if world.outranks(known, world.application.bot, user) || !known.members.contains_key(&user) {
        Ok(())
    } else {
        Err(ApiError::missing_permissions())
    }
}
