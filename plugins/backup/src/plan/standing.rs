//! Standing of those who restore: what the bot may, and how far up the bot and whoever has asked may reach.

use std::cmp::Reverse;

use plugin_api::twilight_model::guild::Permissions;

use crate::model::{Contents, Rank, Snowflake};

/// What may be done, and what is in reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Of the bot, in the server.
    pub(crate) permissions: Permissions,
    /// Roles below this one are in reach: the bot's highest, or the asker's where that is lower. `None`: all roles are.
    pub(crate) below: Option<Rank>,
    /// Whose place that is: `the bot's` or `your`.
    pub(crate) whose: &'static str,
    pub(crate) features: Vec<String>,
    /// Where the restore is watched: this channel stays.
    pub(crate) here: Option<Snowflake>,
}

/// Somebody who acts: an owner reaches everything.
#[derive(Debug, Clone)]
pub(crate) struct Actor<'a> {
    pub(crate) id: Snowflake,
    pub(crate) roles: &'a [Snowflake],
}

impl Standing {
    /// The bot's, bounded by that of whoever has asked.
    pub(crate) fn of(
        live: &Contents,
        owner: Snowflake,
        bot: &Actor<'_>,
        asker: &Actor<'_>,
        here: Option<Snowflake>,
    ) -> Self {
        let rank = |who: &Actor<'_>| {
            let held = live
                .roles
                .iter()
                .filter(|role| who.roles.contains(&role.id));
            let highest = held.map(|role| role.rank()).max();
            (who.id != owner).then(|| highest.unwrap_or((0, Reverse(live.server.id))))
        };
        let (of_bot, of_asker) = (rank(bot), rank(asker));
        let (below, whose) = match (of_bot, of_asker) {
            (Some(bot), Some(asker)) if asker < bot => (Some(asker), "your"),
            (None, Some(asker)) => (Some(asker), "your"),
            (of_bot, _) => (of_bot, "the bot's"),
        };
        let is_held = |id: Snowflake| id == live.server.id || bot.roles.contains(&id);
        let held = live.roles.iter().filter(|role| is_held(role.id));
        let bits = held.fold(0, |bits, role| bits | role.permissions());
        let mut permissions = Permissions::from_bits_retain(bits);
        if bot.id == owner || permissions.contains(Permissions::ADMINISTRATOR) {
            permissions = Permissions::from_bits_retain(u64::MAX);
        }
        Self {
            permissions,
            below,
            whose,
            features: live.server.features.clone(),
            here,
        }
    }

    pub(crate) fn reaches(&self, rank: Rank) -> bool {
        self.below.is_none_or(|below| rank < below)
    }

    pub(crate) fn may(&self, permissions: Permissions) -> bool {
        self.permissions.intersects(permissions)
    }

    /// Bits that can be given to a role.
    pub(crate) const fn grantable(&self) -> u64 {
        self.permissions.bits()
    }

    /// Bits that can be allowed or denied in a channel: that of roles takes an administrator.
    pub(crate) const fn grantable_in_channels(&self) -> u64 {
        match self.permissions.bits() {
            u64::MAX => u64::MAX,
            bits => bits & !Permissions::MANAGE_ROLES.bits(),
        }
    }

    pub(crate) fn has_feature(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }
}
