//! Channel index, with the two questions that are asked all the time: which are a guild's, and which is a user's.

use std::collections::{BTreeMap, HashMap, btree_map};

use super::{Channel, ChannelKind};

/// All channels by id, like a map.
#[derive(Clone, Debug, Default)]
pub(crate) struct Channels {
    all: BTreeMap<u64, Channel>,
    /// Ids by guild, in the order in which they were added.
    of_guild: HashMap<u64, Vec<u64>>,
    /// Direct messages by user.
    direct: HashMap<u64, u64>,
}

impl Channels {
    /// The channel with this id.
    pub(crate) fn get(&self, id: &u64) -> Option<&Channel> {
        self.all.get(id)
    }

    /// The channel with this id, to be changed; it stays where it belongs.
    pub(crate) fn get_mut(&mut self, id: &u64) -> Option<&mut Channel> {
        self.all.get_mut(id)
    }

    /// Adds a channel, or replaces one of the same place.
    pub(crate) fn insert(&mut self, id: u64, channel: Channel) {
        let (guild, kind) = (channel.guild(), channel.kind);
        if self.all.insert(id, channel).is_some() {
            return;
        }
        if let Some(guild) = guild {
            self.of_guild.entry(guild).or_default().push(id);
        }
        if let ChannelKind::Direct { user } = kind {
            self.direct.insert(user, id);
        }
    }

    /// Takes a channel away.
    #[allow(dead_code, reason = "for changes that REST will make")]
    pub(crate) fn remove(&mut self, id: &u64) -> Option<Channel> {
        let gone = self.all.remove(id)?;
        if let Some(siblings) = gone.guild().and_then(|guild| self.of_guild.get_mut(&guild)) {
            siblings.retain(|sibling| sibling != id);
        }
        if let ChannelKind::Direct { user } = gone.kind {
            self.direct.remove(&user);
        }
        Some(gone)
    }

    /// Whether there is such a channel.
    pub(crate) fn contains_key(&self, id: &u64) -> bool {
        self.all.contains_key(id)
    }

    /// All channels, the oldest first.
    pub(crate) fn values(&self) -> btree_map::Values<'_, u64, Channel> {
        self.all.values()
    }

    /// The channels of a guild, in the order in which they were added.
    pub(crate) fn of_guild(&self, guild: u64) -> impl ExactSizeIterator<Item = &Channel> {
        let ids = self
            .of_guild
            .get(&guild)
            .map(Vec::as_slice)
            .unwrap_or_default();
        ids.iter().map(|id| &self.all[id])
    }

    /// The direct messages with a user.
    pub(crate) fn direct(&self, user: u64) -> Option<u64> {
        self.direct.get(&user).copied()
    }
}

impl std::ops::Index<&u64> for Channels {
    type Output = Channel;

    fn index(&self, id: &u64) -> &Channel {
        &self.all[id]
    }
}
