//! `[commands]`: members' commands, and how they are registered with Discord.

use crate::config::{
    fault::{Fault, Item},
    values::{IdOf, Reading, id, number, optional, seconds, word},
};

table! {
    /// `[commands]`: commands of members, and how they are registered with Discord.
    Commands {
        /// Uses within the period for each user, of commands that declare no cooldown; 0: as many as one likes.
        live cooldown_uses: u32 = 0, number(0..=1_000, "uses");
        /// The period.
        live cooldown_s: u64 = 10, seconds(1..=86_400);
        /// What happens to the commands of the least used plugins when there are too many.
        live overflow: Overflow = Overflow::Group, word(&[("group", Overflow::Group), ("prefix", Overflow::Prefix)]);
        /// From this number on the bot warns; what is grouped is ungrouped below it.
        live warn_at: u64 = 90, number(1..=100, "commands");
        /// More than these are grouped.
        live group_at: u64 = 95, number(1..=100, "commands");
        /// Most slash commands that are registered: Discord accepts 100.
        live limit: u64 = 100, number(1..=100, "commands");
        // What is registered elsewhere would stay there.
        /// A server that commands are registered in instead of everywhere.
        restart development_guild: Option<u64> = None, optional(id(IdOf::Server));
        /// Where the owners' commands are registered.
        live owner_guild: OwnerGuild = OwnerGuild::Owned, owner_guild;
    }
}

/// Servers in which the owners' commands are registered as slash commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerGuild {
    /// In the servers that an owner of the bot owns.
    Owned,
    /// In this one.
    One(u64),
    /// Nowhere.
    None,
}

/// Treatment of the least used plugins' commands when there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// They are grouped under the plugin's name.
    Group,
    /// They are left to the prefix, where they have one.
    Prefix,
}

fn owner_guild(item: &Item<'_>) -> Reading<OwnerGuild> {
    if item.get_ref().as_str() == Some("none") {
        return Ok(OwnerGuild::None);
    }
    id(IdOf::Server)(item)
        .map(OwnerGuild::One)
        .map_err(|faults| {
            let with_none = |fault: Fault| Fault {
                message: format!("{}; or write \"none\"", fault.message),
                ..fault
            };
            faults.into_iter().map(with_none).collect()
        })
}
