//! Rules for host calls: what a call needs, and who must stand behind it. Each call in a capability's list has one.

use plugin_api::Power;

/// A host call of a capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallRule {
    /// Its name.
    pub name: &'static str,
    /// What it needs.
    pub rule: Rule,
}

/// What a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Nothing: it is about the plugin's own, about what was granted to it by name, or about Discord.
    Free,
    /// It sees what is not the plugin's own.
    Reads(Power, Who),
    /// It changes what is not the plugin's own: the audit journal has each use.
    Changes(Power, Who),
}

/// Who must stand behind a call. Owners of the bot, and members with a role that the operator has named for the power, always may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Whomever the plugin serves, and the plugin alone.
    Anybody,
    /// The user in the parameter `user_id`: everybody about themselves.
    Oneself,
    /// Those who manage the server in the parameter `guild_id` (Discord's Manage Server).
    Manager,
    /// Administrators of the server in the parameter `guild_id`.
    Administrator,
    /// The owner of the server in the parameter `guild_id`.
    GuildOwner,
    /// The bot's owners.
    Owner,
}

impl CallRule {
    /// A call that needs nothing.
    #[must_use]
    pub const fn free(name: &'static str) -> Self {
        Self {
            name,
            rule: Rule::Free,
        }
    }

    /// A call that sees what is not the plugin's own.
    #[must_use]
    pub const fn reads(name: &'static str, power: Power, who: Who) -> Self {
        Self {
            name,
            rule: Rule::Reads(power, who),
        }
    }

    /// A call that changes what is not the plugin's own.
    #[must_use]
    pub const fn changes(name: &'static str, power: Power, who: Who) -> Self {
        Self {
            name,
            rule: Rule::Changes(power, who),
        }
    }
}

impl Rule {
    /// The power that is needed, and who must stand behind it.
    #[must_use]
    pub const fn needs(self) -> Option<(Power, Who)> {
        match self {
            Self::Free => None,
            Self::Reads(power, who) | Self::Changes(power, who) => Some((power, who)),
        }
    }
}
