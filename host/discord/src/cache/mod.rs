//! Cache of Discord: servers, channels, roles, members, the bot's own user, and the permissions that follow from them.
//!
//! Servers, channels, active threads and roles are kept as packed JSON (`packed/`), in which what permissions and routing need is found
//! (`kept.rs`). Voice states are kept as they came, while the bot is told of them. Members are a million, so those who were seen last
//! are kept, in `members.rs`. Messages, presences, emojis and stickers are not kept, and not read. Figures: docs/decisions/0099-packed-json.md.
//!
//! Invariant: what could not be read is not known. It is never what it was before, and where a permission depends on it, Discord
//! is asked (docs/decisions/0039-lenient-reading.md).

mod kept;
mod learn;
mod members;
mod model;
mod packed;
mod permissions;
mod seen;
mod serve;
mod servers;
mod shelf;
mod snapshot;
mod unknown;
mod wire;

#[cfg(test)]
mod broken_tests;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod odd_tests;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use host_ops::config;
use twilight_model::{
    channel::Channel,
    guild::{Guild, Role},
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, RoleMarker, UserMarker},
    },
    user::CurrentUser,
    voice::VoiceState,
};

pub use self::permissions::in_thread;
use self::{
    kept::{Channel as ChannelKept, GuildKept, NAME, Role as RoleKept, TYPE},
    members::Members,
    shelf::{Filling, Item},
};
pub use self::{seen::Seen, serve::CALLS, snapshot::Mark, unknown::Unknown};
use crate::Discord;

/// Cache of Discord's objects.
pub struct Cache {
    /// Held for look-ups alone, never over an `.await`.
    store: RwLock<Store>,
    members: Members,
    discord: Arc<Discord>,
    bot_id: AtomicU64,
}

#[derive(Default)]
struct Store {
    guilds: HashMap<u64, Box<GuildKept>>,
    /// The server of each channel.
    places: HashMap<u64, u64>,
    /// The bot's own user.
    me: Option<Box<str>>,
}

impl Cache {
    /// An empty cache, which fetches from `discord`.
    #[must_use]
    pub fn new(settings: &config::Cache, discord: Arc<Discord>) -> Self {
        Self {
            store: RwLock::default(),
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
        let store = self.store();
        let members = store.guilds.values().map(|guild| guild.members);
        (store.guilds.len(), members.sum())
    }

    /// How many channels are known.
    #[must_use]
    pub fn channel_count(&self) -> usize {
        self.store().places.len()
    }

    /// The servers that the bot is in.
    #[must_use]
    pub fn guilds(&self) -> Vec<Id<GuildMarker>> {
        let store = self.store();
        let ids = store.guilds.keys();
        ids.filter_map(|id| Id::new_checked(*id)).collect()
    }

    /// Whether the bot is in a server, as far as is known: before Discord has told of any, it may be in each.
    pub fn is_in(&self, guild: Id<GuildMarker>) -> bool {
        let store = self.store();
        store.guilds.is_empty() || store.guilds.contains_key(&guild.get())
    }

    /// The server of a channel.
    #[must_use]
    pub fn guild_of(&self, channel: u64) -> Option<u64> {
        self.store().places.get(&channel).copied()
    }

    /// A server with its roles. Its lists of what is not kept here (emojis, stickers, members, voice states) are empty, and so are
    /// its channels, which [`channels`](Self::channels) has.
    ///
    /// # Errors
    ///
    /// The bot is not in it, or nothing is known of it yet because Discord has an outage there.
    pub fn guild(&self, id: Id<GuildMarker>) -> Result<Guild, Unknown> {
        let store = self.store();
        let kept = store.guilds.get(&id.get());
        let kept = kept.ok_or(Unknown::Guild(id.get()))?;
        if kept.is_out && kept.rest.is_empty() {
            return Err(Unknown::Outage(id.get()));
        }
        let template = model::guild(id.get(), kept.owner.unwrap_or(id.get()));
        let mut guild: Guild =
            model::read(&kept.object().json(), template).ok_or(Unknown::Guild(id.get()))?;
        guild.roles = roles_of(kept);
        guild.member_count = Some(kept.members);
        guild.unavailable = kept.is_out.then_some(true);
        Ok(guild)
    }

    /// A channel of a server, or a thread that is not archived.
    ///
    /// # Errors
    ///
    /// It is not kept.
    pub fn channel(&self, id: Id<ChannelMarker>) -> Result<Channel, Unknown> {
        let store = self.store();
        let channel = store.channel(id.get());
        channel
            .and_then(|(guild, channel)| channel_of(guild, id.get(), channel))
            .ok_or(Unknown::Channel(id.get()))
    }

    /// The channels of a server, and its threads that are not archived; by position.
    ///
    /// # Errors
    ///
    /// The bot is not in it, or Discord has an outage there.
    pub fn channels(&self, guild: Id<GuildMarker>) -> Result<Vec<Channel>, Unknown> {
        let store = self.store();
        let channels = store.reachable(guild.get())?.channels();
        let channels = channels.filter_map(|(id, kept)| channel_of(guild.get(), id, kept));
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
        let store = self.store();
        let role = store.reachable(guild.get())?.role(id.get());
        let role = role.and_then(|role| role_of(id.get(), role));
        role.ok_or(Unknown::Role {
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
        self.store().reachable(guild.get()).map(roles_of)
    }

    /// The names of a server's roles, by id.
    ///
    /// # Errors
    ///
    /// The bot is not in it, or Discord has an outage there.
    pub fn role_names(&self, guild: Id<GuildMarker>) -> Result<Vec<(u64, String)>, Unknown> {
        let store = self.store();
        let roles = store.reachable(guild.get())?.roles();
        let named = roles.map(|(id, role)| (id, role.0.object.text(NAME).unwrap_or_default()));
        Ok(named.collect())
    }

    /// The names and kinds of a server's channels, by id.
    ///
    /// # Errors
    ///
    /// The bot is not in it, or Discord has an outage there.
    pub fn channel_names(&self, guild: Id<GuildMarker>) -> Result<Vec<(u64, String, u8)>, Unknown> {
        let store = self.store();
        let channels = store.reachable(guild.get())?.channels();
        let named = channels.map(|(id, channel)| {
            let fields = channel.object();
            let kind = fields.get(TYPE).and_then(packed::Value::number);
            let kind = kind.and_then(|kind| u8::try_from(kind).ok());
            let name = fields.text(NAME).unwrap_or_default();
            (id, name, kind.unwrap_or(u8::MAX))
        });
        Ok(named.collect())
    }

    /// A member, where the bot has seen it lately or gets every change.
    ///
    /// # Errors
    ///
    /// It is not known, which says nothing about whether there is one.
    pub fn member(
        &self,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
    ) -> Result<Arc<Seen>, Unknown> {
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
    pub fn members_called(&self, guild: Id<GuildMarker>, name: &str) -> Vec<u64> {
        self.members.called(guild.get(), name, Instant::now())
    }

    /// Who is in the voice channels of a server, by user; without their members, which [`member`](Self::member) has.
    ///
    /// # Errors
    ///
    /// The bot is not in it, or Discord has an outage there; or no plugin has asked for the intent GUILD_VOICE_STATES.
    pub fn voice_states(&self, guild: Id<GuildMarker>) -> Result<Vec<VoiceState>, Unknown> {
        let store = self.store();
        let voice = store.reachable(guild.get())?.voice.as_ref();
        let voice = voice.ok_or(Unknown::VoiceStates(guild.get()))?;
        let states = voice
            .iter()
            .filter_map(|(user, json)| model::read(json, model::voice_state(*user, guild.get())));
        let mut states: Vec<VoiceState> = states.collect();
        states.sort_by_key(|state| state.user_id);
        Ok(states)
    }

    /// The bot's own user.
    ///
    /// # Errors
    ///
    /// No shard has connected yet.
    pub fn current_user(&self) -> Result<CurrentUser, Unknown> {
        let store = self.store();
        let me = store.me.as_deref().ok_or(Unknown::CurrentUser)?;
        model::read(me, model::current_user(self.bot_id().max(1))).ok_or(Unknown::CurrentUser)
    }

    /// How many members are kept, the bot's own among them.
    #[must_use]
    pub fn members_kept(&self) -> usize {
        self.members.len()
    }

    /// Forgets the members but the bot's own; how many they were.
    pub fn forget_members(&self) -> usize {
        self.members.forget_seen()
    }

    /// How many members are kept that were seen.
    pub fn members_count(&self) -> usize {
        self.members.count()
    }

    fn store(&self) -> RwLockReadGuard<'_, Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn store_mut(&self) -> RwLockWriteGuard<'_, Store> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// A server of which what belongs to it is known.
    fn reachable(&self, id: u64) -> Result<&GuildKept, Unknown> {
        match self.guilds.get(&id) {
            Some(guild) if guild.is_out => Err(Unknown::Outage(id)),
            Some(guild) => Ok(guild.as_ref()),
            None => Err(Unknown::Guild(id)),
        }
    }

    /// A channel, and its server.
    fn channel(&self, id: u64) -> Option<(u64, ChannelKept<'_>)> {
        let guild = *self.places.get(&id)?;
        Some((guild, self.guilds.get(&guild)?.channel(id)?))
    }

    fn keep_channel(&mut self, guild: u64, id: u64, channel: &Item) {
        if let Some(kept) = self.guilds.get_mut(&guild) {
            kept.channels.put(id, channel);
            self.places.insert(id, guild);
        }
    }

    /// The same for many.
    fn keep_channels(&mut self, guild: u64, channels: &Filling) {
        if let Some(kept) = self.guilds.get_mut(&guild) {
            kept.channels.put_all(channels);
            self.places.extend(channels.ids().map(|id| (id, guild)));
        }
    }

    fn drop_channel(&mut self, id: u64) {
        if let Some(guild) = self.places.remove(&id)
            && let Some(guild) = self.guilds.get_mut(&guild)
        {
            guild.channels.remove(id);
        }
    }

    fn drop_guild(&mut self, id: u64) {
        let guild = self.guilds.remove(&id).unwrap_or_default();
        for channel in guild.channels.ids() {
            self.places.remove(&channel);
        }
    }
}

fn role_of(id: u64, role: RoleKept<'_>) -> Option<Role> {
    model::read(&role.0.object.json(), model::role(id))
}

fn roles_of(guild: &GuildKept) -> Vec<Role> {
    let roles = guild.roles();
    let mut roles: Vec<Role> = roles.filter_map(|(id, role)| role_of(id, role)).collect();
    roles.sort_by_key(|role| (role.position, std::cmp::Reverse(role.id)));
    roles
}

fn channel_of(guild: u64, id: u64, channel: ChannelKept<'_>) -> Option<Channel> {
    let template = model::channel(id, guild, channel.is_thread());
    model::read(&channel.object().json(), template)
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("guilds", &self.store().guilds.len())
            .field("members", &self.members.len())
            .finish_non_exhaustive()
    }
}
