//! `[commands]`: commands of members, and how they are registered with Discord.

use super::{
    document::Table,
    fault::{Fault, Item},
    values::{IdOf, Reading, count, id, integer, seconds, word},
};

/// `[commands]`: commands of members, and how they are registered with Discord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commands {
    /// Uses within the period for each user, of commands that declare no cooldown; 0: as many as one likes.
    pub cooldown_uses: u32,
    /// The period.
    pub cooldown_s: u64,
    /// What happens to the commands of the least used plugins when there are too many.
    pub overflow: Overflow,
    /// From this number on the bot warns; what is grouped is ungrouped below it.
    pub warn_at: u64,
    /// More than these are grouped.
    pub group_at: u64,
    /// Most slash commands that are registered: Discord accepts 100.
    pub limit: u64,
    /// A server that commands are registered in instead of everywhere.
    pub development_guild: Option<u64>,
    /// Where the owners' commands are registered.
    pub owner_guild: OwnerGuild,
}

/// Where the owners' commands are registered as slash commands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OwnerGuild {
    /// In the servers that an owner of the bot owns.
    #[default]
    Owned,
    /// In this one.
    One(u64),
    /// Nowhere.
    None,
}

/// What happens to the commands of the least used plugins when there are too many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Overflow {
    /// They are grouped under the plugin's name.
    #[default]
    Group,
    /// They are left to the prefix, where they have one.
    Prefix,
}

impl Default for Commands {
    fn default() -> Self {
        Self {
            cooldown_uses: 0,
            cooldown_s: 10,
            overflow: Overflow::Group,
            warn_at: 90,
            group_at: 95,
            limit: 100,
            development_guild: None,
            owner_guild: OwnerGuild::Owned,
        }
    }
}

impl Commands {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut commands = Self::default();
        table.read("cooldown_uses", &mut commands.cooldown_uses, |item| {
            integer(item, 0..=1_000, "uses").map(|uses| u32::try_from(uses).unwrap_or(u32::MAX))
        });
        table.read("cooldown_s", &mut commands.cooldown_s, |item| {
            seconds(item, 1..=86_400)
        });
        let overflows = [("group", Overflow::Group), ("prefix", Overflow::Prefix)];
        table.read("overflow", &mut commands.overflow, |item| {
            word(item, &overflows)
        });
        for (key, number) in [
            ("warn_at", &mut commands.warn_at),
            ("group_at", &mut commands.group_at),
            ("limit", &mut commands.limit),
        ] {
            table.read(key, number, |item| count(item, 1..=100, "commands"));
        }
        table.read(
            "development_guild",
            &mut commands.development_guild,
            |item| id(item, IdOf::Server).map(Some),
        );
        table.read("owner_guild", &mut commands.owner_guild, owner_guild);
        commands
    }
}

fn owner_guild(item: &Item<'_>) -> Reading<OwnerGuild> {
    if item.get_ref().as_str() == Some("none") {
        return Ok(OwnerGuild::None);
    }
    id(item, IdOf::Server)
        .map(OwnerGuild::One)
        .map_err(|faults| {
            let with_none = |fault: Fault| Fault {
                message: format!("{}; or write \"none\"", fault.message),
                ..fault
            };
            faults.into_iter().map(with_none).collect()
        })
}
