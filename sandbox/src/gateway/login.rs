//! Login of a client: what IDENTIFY said.

use twilight_model::gateway::Intents;

/// What IDENTIFY said.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub shard: Shard,
    /// Whether the client named a shard at all.
    pub is_sharded: bool,
    pub intents: Intents,
    /// With more members than this, a guild is large.
    pub large_threshold: usize,
    /// Whether payloads are to be compressed.
    pub compress: bool,
}

/// A part of the guilds: <https://discord.com/developers/docs/events/gateway#sharding>.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Shard {
    pub number: u64,
    pub count: u64,
}

impl Shard {
    /// The whole bot.
    pub(crate) const ALL: Self = Self {
        number: 0,
        count: 1,
    };

    /// Whether it is this shard that hears of a guild; of what is in none, it is the first.
    pub(crate) fn covers(self, guild: Option<u64>) -> bool {
        guild.map_or(0, |guild| (guild >> 22) % self.count) == self.number
    }
}
