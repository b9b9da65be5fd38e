//! Requirements of Discord's: permissions, and places that a server has.

use plugin_api::twilight_model::guild::Permissions;

use crate::model::{Kind, sort};

/// Roles that a server holds, @everyone included, and channels, categories included.
const MAX_ROLES: usize = 250;
const MAX_CHANNELS: usize = 500;

pub(super) const fn places(kind: Kind) -> usize {
    match kind {
        Kind::Role => MAX_ROLES,
        Kind::Channel => MAX_CHANNELS,
        // By the server's boosts: Discord says.
        Kind::Emoji | Kind::Sticker => usize::MAX,
    }
}

pub(super) const fn needed_to_make(kind: Kind) -> Permissions {
    let expressions = Permissions::CREATE_GUILD_EXPRESSIONS;
    match kind {
        Kind::Role => Permissions::MANAGE_ROLES,
        Kind::Channel => Permissions::MANAGE_CHANNELS,
        Kind::Emoji | Kind::Sticker => expressions.union(Permissions::MANAGE_GUILD_EXPRESSIONS),
    }
}

pub(super) const fn needed_to_change(kind: Kind) -> Permissions {
    match kind {
        Kind::Role => Permissions::MANAGE_ROLES,
        Kind::Channel => Permissions::MANAGE_CHANNELS,
        Kind::Emoji | Kind::Sticker => Permissions::MANAGE_GUILD_EXPRESSIONS,
    }
}

/// Announcements, stages and forums are for communities.
pub(super) const fn is_for_communities(sort: u8) -> bool {
    !matches!(sort, sort::TEXT | sort::VOICE | sort::CATEGORY)
}
