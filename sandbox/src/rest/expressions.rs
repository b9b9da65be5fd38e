//! Who may do what with emojis, stickers and sounds, and with scheduled events, whose rules are the same: whoever
//! may make them may change their own; changing those of others needs to manage them.

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{ApiError, guilds::own_permissions};
use crate::world::{Record, World, shown};

const CREATE: Permissions = Permissions::CREATE_GUILD_EXPRESSIONS;
const MANAGE: Permissions = Permissions::MANAGE_GUILD_EXPRESSIONS;

/// Refuses to make an expression.
pub(super) fn may_create(world: &World, guild: u64) -> Result<(), ApiError> {
    need_any(world, guild, CREATE | MANAGE)
}

/// Refuses to change or delete an expression.
pub(super) fn may_change(world: &World, guild: u64, record: &Record) -> Result<(), ApiError> {
    may_change_own(world, guild, record, (CREATE, MANAGE))
}

/// Refuses what belongs to others without the second permission, and one's own without any.
pub(super) fn may_change_own(
    world: &World,
    guild: u64,
    record: &Record,
    (create, manage): (Permissions, Permissions),
) -> Result<(), ApiError> {
    let bot = json!(world.application.bot.to_string());
    let creator = record.get("user").or_else(|| record.get("creator"));
    let own = creator.is_some_and(|creator| creator["id"] == bot);
    let enough = if own { create | manage } else { manage };
    need_any(world, guild, enough)
}

/// Refuses who has none of these.
pub(super) fn need_any(world: &World, guild: u64, any: Permissions) -> Result<(), ApiError> {
    if own_permissions(world, guild)?.intersects(any) {
        Ok(())
    } else {
        Err(ApiError::missing_permissions())
    }
}

/// An expression as the bot sees it: who made it is told to those who may make or manage them.
pub(super) fn seen(world: &World, guild: u64, record: &Record) -> Value {
    let mut seen = shown(record);
    if need_any(world, guild, CREATE | MANAGE).is_err()
        && let Some(fields) = seen.as_object_mut()
    {
        fields.remove("user");
    }
    seen
}
