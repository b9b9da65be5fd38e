//! What the gateway has told: servers, channels, roles, members, the bot's own user, and what follows from them, permissions.
//!
//! Servers, channels, active threads and roles are kept whole, by twilight's cache: the bot is always told of their changes.
//! Members are a million, so those who were seen last are kept, in `members.rs`. Messages, presences, emojis, stickers and
//! voice states are not kept. Figures: docs/decisions/0020-cache.md.

mod learn;
mod members;
mod permissions;
mod serve;
mod unknown;

#[cfg(test)]
mod tests;

use std::{
    collections::HashSet,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use twilight_cache_inmemory::{DefaultInMemoryCache, ResourceType};
use twilight_model::{
    channel::Channel,
    guild::{Guild, Member, Role},
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, RoleMarker, UserMarker},
    },
    user::CurrentUser,
};

use self::members::Members;
pub use self::{serve::CALLS, unknown::Unknown};
use super::Discord;
use crate::config;

/// What the host keeps of Discord.
pub struct Cache {
    /// Servers, channels, threads, roles, the bot's own user.
    kept: DefaultInMemoryCache,
    members: Members,
    discord: Arc<Discord>,
    bot_id: AtomicU64,
}

impl Cache {
    /// An empty cache, that asks `discord` for what it is told to fetch.
    #[must_use]
    pub fn new(settings: &config::Cache, discord: Arc<Discord>) -> Self {
        Self {
            kept: DefaultInMemoryCache::builder()
                .resource_types(
                    ResourceType::GUILD
                        | ResourceType::CHANNEL
                        | ResourceType::ROLE
                        | ResourceType::USER_CURRENT,
                )
                .build(),
            members: Members::new(settings),
            discord,
            bot_id: AtomicU64::new(0),
        }
    }

    /// Who the bot is, from the moment it is known: its own member is kept in every server.
    pub fn set_bot_id(&self, id: u64) {
        self.bot_id.store(id, Relaxed);
    }

    /// How many servers the bot is in, and how many members they have together.
    #[must_use]
    pub fn counts(&self) -> (usize, u64) {
        let guilds = self.kept.stats().guilds();
        let members = self.kept.iter().guilds();
        let members = members.map(|guild| guild.member_count().unwrap_or_default());
        (guilds, members.sum())
    }

    /// The servers that the bot is in.
    #[must_use]
    pub fn guilds(&self) -> Vec<Id<GuildMarker>> {
        let guilds = self.kept.iter().guilds();
        guilds.map(|guild| guild.id()).collect()
    }

    /// A server with its roles. Its lists of what is not kept (emojis, stickers, members, voice states) are empty, and so are
    /// its channels, which [`channels`](Self::channels) has.
    ///
    /// # Errors
    ///
    /// The bot is not in it.
    pub fn guild(&self, id: Id<GuildMarker>) -> Result<Guild, Unknown> {
        let guild = self.kept.guild(id).ok_or(Unknown::Guild(id.get()))?;
        let mut json = serde_json::to_value(&*guild).unwrap_or_default();
        drop(guild);
        if let Some(object) = json.as_object_mut() {
            object.retain(|_, value| !value.is_null());
            object.insert("emojis".into(), serde_json::json!([]));
            object.insert(
                "roles".into(),
                serde_json::to_value(self.roles(id).unwrap_or_default()).unwrap_or_default(),
            );
        }
        serde_json::from_value(json).map_err(|error| {
            tracing::error!(
                guild = id.get(),
                "the cache can't show what it keeps: {error}"
            );
            Unknown::Guild(id.get())
        })
    }

    /// A channel of a server, or a thread that is not archived.
    ///
    /// # Errors
    ///
    /// It is not kept.
    pub fn channel(&self, id: Id<ChannelMarker>) -> Result<Channel, Unknown> {
        let channel = self.kept.channel(id);
        channel
            .map(|channel| channel.clone())
            .ok_or(Unknown::Channel(id.get()))
    }

    /// The channels of a server, and its threads that are not archived; by position.
    ///
    /// # Errors
    ///
    /// The bot is not in it, or Discord has an outage there.
    pub fn channels(&self, guild: Id<GuildMarker>) -> Result<Vec<Channel>, Unknown> {
        let ids = self.ids_of(guild, |kept| {
            kept.guild_channels(guild).map(|ids| ids.clone())
        })?;
        let channels = ids.into_iter().filter_map(|id| self.channel(id).ok());
        let mut channels: Vec<Channel> = channels.collect();
        channels.sort_by_key(|channel| (channel.position, channel.id));
        Ok(channels)
    }

    /// A role of a server.
    ///
    /// # Errors
    ///
    /// The server has no such role, or it is not known itself.
    pub fn role(&self, guild: Id<GuildMarker>, id: Id<RoleMarker>) -> Result<Role, Unknown> {
        self.reachable(guild)?;
        let role = self.kept.role(id).filter(|role| role.guild_id() == guild);
        role.map(|role| role.resource().clone())
            .ok_or(Unknown::Role {
                guild: guild.get(),
                role: id.get(),
            })
    }

    /// The roles of a server, lowest first.
    ///
    /// # Errors
    ///
    /// The bot is not in it, or Discord has an outage there.
    pub fn roles(&self, guild: Id<GuildMarker>) -> Result<Vec<Role>, Unknown> {
        let ids = self.ids_of(guild, |kept| kept.guild_roles(guild).map(|ids| ids.clone()))?;
        let roles = ids.into_iter().filter_map(|id| self.role(guild, id).ok());
        let mut roles: Vec<Role> = roles.collect();
        roles.sort_by_key(|role| (role.position, std::cmp::Reverse(role.id)));
        Ok(roles)
    }

    /// A member, where the bot has seen it lately or is told of every change.
    ///
    /// # Errors
    ///
    /// It is not known, which says nothing about whether there is one.
    pub fn member(
        &self,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
    ) -> Result<Arc<Member>, Unknown> {
        self.members
            .get(guild.get(), user.get(), Instant::now())
            .ok_or_else(|| Unknown::Member {
                guild: guild.get(),
                user: user.get(),
                told: self.members.is_told(guild.get()),
            })
    }

    /// The members of a server that are known and go by this name, which is in lower-case letters: their display name in the
    /// server, their global one, or their user name.
    #[must_use]
    pub(crate) fn members_called(&self, guild: Id<GuildMarker>, name: &str) -> Vec<u64> {
        self.members.called(guild.get(), name, Instant::now())
    }

    /// The bot's own user.
    ///
    /// # Errors
    ///
    /// No shard has connected yet.
    pub fn current_user(&self) -> Result<CurrentUser, Unknown> {
        self.kept.current_user().ok_or(Unknown::CurrentUser)
    }

    /// How many members are kept, the bot's own among them.
    #[must_use]
    pub fn members_kept(&self) -> usize {
        self.members.len()
    }

    fn ids_of<T>(
        &self,
        guild: Id<GuildMarker>,
        ids: impl FnOnce(&DefaultInMemoryCache) -> Option<HashSet<T>>,
    ) -> Result<HashSet<T>, Unknown> {
        self.reachable(guild)?;
        Ok(ids(&self.kept).unwrap_or_default())
    }

    /// Whether what belongs to a server is known.
    fn reachable(&self, id: Id<GuildMarker>) -> Result<(), Unknown> {
        match self.kept.guild(id) {
            Some(guild) if guild.unavailable() == Some(true) => Err(Unknown::Outage(id.get())),
            Some(_) => Ok(()),
            None => Err(Unknown::Guild(id.get())),
        }
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("guilds", &self.kept.stats().guilds())
            .field("members", &self.members.len())
            .finish_non_exhaustive()
    }
}
