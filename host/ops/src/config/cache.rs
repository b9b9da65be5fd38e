//! `[cache]`: what is kept of Discord.

use super::{
    document::Table,
    values::{integer, seconds},
};

/// `[cache]`: what is kept of Discord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// Members that are kept, those seen last.
    pub members: usize,
    /// How long a member counts as known in a server of whose members the bot is not told.
    pub member_ttl_s: u64,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            members: 100_000,
            member_ttl_s: 300,
        }
    }
}

impl Cache {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut cache = Self::default();
        table.read("members", &mut cache.members, |item| {
            let count = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
            integer(item, 1..=10_000_000, "members").map(count)
        });
        table.read("member_ttl_s", &mut cache.member_ttl_s, |item| {
            seconds(item, 0..=86_400)
        });
        cache
    }
}
