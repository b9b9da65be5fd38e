//! Queries of the host's cache of Discord: servers, channels, roles, members, permissions.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
};

use serde::Deserialize;
use twilight_model::{
    channel::{Channel, ChannelType},
    guild::{Guild, Member, Permissions, Role},
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, RoleMarker, UserMarker},
    },
    user::CurrentUser,
    voice::VoiceState,
};

use super::Host;
use crate::{
    abi::{CacheCall, CacheReply, ServersCall, ServersReply},
    error::{Error, Result},
};

impl Host {
    /// What the host knows of Discord without asking.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn server(ctx: CommandContext) -> Result {
    ///     let id = ctx.guild()?;
    ///     let guild = ctx.host().cache().guild(id).known().await?;
    ///     ctx.reply(format!("{} has {} roles", guild.name, guild.roles.len())).await
    /// }
    /// ```
    #[must_use]
    pub fn cache(&self) -> Cache {
        Cache(self.clone())
    }
}

/// The host's cache of Discord: servers, channels, threads that are not archived, roles, and the members that were
/// seen last (`[cache] members`, 100,000 by default).
///
/// Each question can be asked in three ways, see [`Lookup`]: for what is known, for what is known or an error that says why it
/// is not, and for what is known or else what Discord says.
#[derive(Debug, Clone)]
pub struct Cache(Host);

/// A question to the cache.
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn nick(host: &Host, guild: Id<marker::GuildMarker>, user: Id<marker::UserMarker>) -> Result {
///     let cache = host.cache();
///     // What is known: an `Option`.
///     if let Some(member) = cache.member(guild, user).await? {
///         tracing::info!(nick = member.nick, "seen lately");
///     }
///     // What is known, or an error that says why it is not and what to do.
///     let roles = cache.roles(guild).known().await?;
///     // What is known; if nothing is, Discord is asked.
///     let member = cache.member(guild, user).or_fetch().await?;
///     tracing::info!(of = roles.len(), has = member.roles.len(), "roles");
///     Ok(())
/// }
/// ```
#[must_use = "a question does nothing unless it is awaited"]
pub struct Lookup<T> {
    host: Host,
    name: &'static str,
    call: CacheCall,
    read: fn(&[u8]) -> Result<T>,
}

impl Cache {
    /// A server, with its roles. Emojis, stickers and members are not kept, so those lists are empty (not so when Discord had to be
    /// asked); channels and voice states have questions of their own ([`channels`](Self::channels),
    /// [`voice_states`](Self::voice_states)).
    pub fn guild(&self, id: Id<GuildMarker>) -> Lookup<Guild> {
        self.ask("cache.guild", of(id), guild)
    }

    /// The ids of the servers that the bot is in.
    pub fn guilds(&self) -> Lookup<Vec<Id<GuildMarker>>> {
        self.ask("cache.guilds", CacheCall::default(), ids)
    }

    /// The servers that the bot is in, a line each, page by page, in one call.
    ///
    /// ```
    /// use plugin_api::{abi::ServersCall, prelude::*};
    ///
    /// async fn largest(host: &Host) -> Result<Option<String>> {
    ///     let (mut call, mut largest) = (ServersCall { limit: Some(1_000), ..ServersCall::default() }, None);
    ///     loop {
    ///         let page = host.cache().servers(&call).await?;
    ///         largest = page.servers.into_iter().chain(largest).max_by_key(|server| server.members);
    ///         match page.next {
    ///             Some(next) => call.after = Some(next),
    ///             None => return Ok(largest.map(|server| server.name)),
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn servers(&self, call: &ServersCall) -> Result<ServersReply> {
        self.0.query("cache.servers", call).await
    }

    /// A channel of a server, or a thread. Archived threads and private channels are not kept.
    pub fn channel(&self, id: Id<ChannelMarker>) -> Lookup<Channel> {
        let channel_id = Some(id.get());
        let call = CacheCall {
            channel_id,
            ..CacheCall::default()
        };
        self.ask("cache.channel", call, channel)
    }

    /// The channels of a server by position, and its threads that are not archived (when Discord had to be asked, without
    /// threads).
    pub fn channels(&self, guild: Id<GuildMarker>) -> Lookup<Vec<Channel>> {
        self.ask("cache.channels", of(guild), channels)
    }

    /// A role of a server.
    pub fn role(&self, guild: Id<GuildMarker>, id: Id<RoleMarker>) -> Lookup<Role> {
        let role_id = Some(id.get());
        let call = CacheCall {
            role_id,
            ..of(guild)
        };
        self.ask("cache.role", call, role)
    }

    /// The roles of a server, lowest first.
    pub fn roles(&self, guild: Id<GuildMarker>) -> Lookup<Vec<Role>> {
        self.ask("cache.roles", of(guild), roles)
    }

    /// A member of a server. That one is not known does not say that there is none: `or_fetch` does, with
    /// [Discord's code](Error::discord_code) 10007 (10013 where there is no such user at all).
    ///
    /// With the intent GUILD_MEMBERS ([`Plugin::intents`](crate::Plugin::intents)), a member that is known is as it is now;
    /// without it, as it was seen at most `[cache] member_ttl_s` ago (default 300 s), in a message or a command for example.
    /// The bot's own member is always known.
    pub fn member(&self, guild: Id<GuildMarker>, user: Id<UserMarker>) -> Lookup<Member> {
        let user_id = Some(user.get());
        let call = CacheCall {
            user_id,
            ..of(guild)
        };
        self.ask("cache.member", call, member)
    }

    /// What a member may do in a channel or thread: owner, administrator, roles, the channel's overwrites and time-outs are
    /// taken into account ([reference](https://discord.com/developers/docs/topics/permissions)).
    ///
    /// ```
    /// use plugin_api::{prelude::*, twilight_model::guild::Permissions};
    ///
    /// async fn can_speak(host: &Host, guild: Id<marker::GuildMarker>, channel: Id<marker::ChannelMarker>) -> Result<bool> {
    ///     let bot = host.bot_id().ok_or(Error::new("not logged in"))?;
    ///     let may = host.cache().permissions(guild, bot, channel).known().await?;
    ///     Ok(may.contains(Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES))
    /// }
    /// ```
    pub fn permissions(
        &self,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
        channel: Id<ChannelMarker>,
    ) -> Lookup<Permissions> {
        let (user_id, channel_id) = (Some(user.get()), Some(channel.get()));
        let call = CacheCall {
            user_id,
            channel_id,
            ..of(guild)
        };
        self.ask("cache.permissions", call, permissions)
    }

    /// Whether the bot can write in a channel or thread of a server: an error that says what is in the way, for whoever has named the
    /// channel.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn here(ctx: CommandContext) -> Result {
    ///     ctx.host().cache().writable(ctx.channel_id()).await?;
    ///     ctx.reply("News come here from now on.").await
    /// }
    /// # Plugin::new().command(Command::new("here", "Has news come here").guild_only().run(here));
    /// ```
    ///
    /// # Errors
    ///
    /// The bot knows no such channel, nothing is written in such a one, or the bot lacks a permission; or the host does not answer.
    pub async fn writable(&self, channel: Id<ChannelMarker>) -> Result {
        let mention = format!("<#{channel}>");
        let known = self.channel(channel).await?;
        let place = known.and_then(|known| Some((known.guild_id?, known.kind)));
        let Some((guild, kind)) = place else {
            return Err(Error::user(format!(
                "I know no channel {mention} of a server: am I there, and may I see it?"
            )));
        };
        if matches!(
            kind,
            ChannelType::GuildCategory
                | ChannelType::GuildForum
                | ChannelType::GuildMedia
                | ChannelType::GuildDirectory
        ) {
            return Err(Error::user(format!(
                "Nothing is written in {mention} itself: name a text channel or a thread."
            )));
        }
        let send = match kind {
            ChannelType::AnnouncementThread
            | ChannelType::PublicThread
            | ChannelType::PrivateThread => Permissions::SEND_MESSAGES_IN_THREADS,
            _ => Permissions::SEND_MESSAGES,
        };
        let bot = self
            .0
            .bot_id()
            .ok_or(Error::new("the bot has not logged in yet"))?;
        let may = self.permissions(guild, bot, channel).known().await?;
        let missing = (Permissions::VIEW_CHANNEL | send) - may;
        if missing.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = missing
            .iter_names()
            .map(|(name, _)| name.to_lowercase().replace('_', " "))
            .collect();
        Err(Error::user(format!(
            "I can't write in {mention}: there I lack the permission to {}.",
            names.join(" and to ")
        )))
    }

    /// What a member may do in the server as a whole: by its roles alone.
    pub fn guild_permissions(
        &self,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
    ) -> Lookup<Permissions> {
        let user_id = Some(user.get());
        let call = CacheCall {
            user_id,
            ..of(guild)
        };
        self.ask("cache.permissions", call, permissions)
    }

    /// Who is in the voice channels of a server, by user; without their members, which [`member`](Self::member) has. Kept while
    /// some plugin listens to `VOICE_STATE_UPDATE` or asks for the intent GUILD_VOICE_STATES
    /// ([`Plugin::intents`](crate::Plugin::intents)); Discord can't be asked for it. A plugin that is the first one to want it gets
    /// none until the bot has a session with that intent, some seconds later.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn talking(ctx: CommandContext) -> Result {
    ///     let voices = ctx.host().cache().voice_states(ctx.guild()?).known().await?;
    ///     ctx.reply(format!("{} are talking, or could.", voices.iter().filter(|it| !it.self_mute).count())).await
    /// }
    /// let plugin = Plugin::new()
    ///     .intents(Intents::GUILD_VOICE_STATES)
    ///     .command(Command::new("talking", "Who is talking").run(talking));
    /// ```
    pub fn voice_states(&self, guild: Id<GuildMarker>) -> Lookup<Vec<VoiceState>> {
        self.ask("cache.voice_states", of(guild), voice_states)
    }

    /// The bot's own user.
    pub fn current_user(&self) -> Lookup<CurrentUser> {
        self.ask("cache.current_user", CacheCall::default(), current_user)
    }

    fn ask<T>(
        &self,
        name: &'static str,
        call: CacheCall,
        read: fn(&[u8]) -> Result<T>,
    ) -> Lookup<T> {
        Lookup {
            host: self.0.clone(),
            name,
            call,
            read,
        }
    }
}

fn of(guild: Id<GuildMarker>) -> CacheCall {
    CacheCall {
        guild_id: Some(guild.get()),
        ..CacheCall::default()
    }
}

impl<T> Lookup<T> {
    /// What is known.
    ///
    /// # Errors
    ///
    /// It is not known; the error says why, and what to do: to declare an intent, to ask Discord.
    pub async fn known(self) -> Result<T> {
        let (reply, body) = ask(&self.host, self.name, &self.call).await?;
        if !reply.known {
            return Err(Error::new(reply.why));
        }
        (self.read)(&body)
    }

    /// What is known; where nothing is, Discord is asked. A member that Discord names is known from then on.
    ///
    /// # Errors
    ///
    /// Discord was asked, and refused (404 where there is no such thing) or was out of reach.
    pub async fn or_fetch(mut self) -> Result<T> {
        self.call.fetch = true;
        self.known().await
    }
}

impl<T: 'static> IntoFuture for Lookup<T> {
    type Output = Result<Option<T>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    /// What is known; `None` where nothing is.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (reply, body) = ask(&self.host, self.name, &self.call).await?;
            reply.known.then(|| (self.read)(&body)).transpose()
        })
    }
}

impl<T> fmt::Debug for Lookup<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup")
            .field("name", &self.name)
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

async fn ask(host: &Host, name: &str, call: &CacheCall) -> Result<(CacheReply, Vec<u8>)> {
    let reply = host.ask(name, &call, Vec::new()).await?;
    Ok((serde_json::from_slice(&reply.head)?, reply.body))
}

// The parsers are large: compiled here, once, and not in every plugin that asks.

fn guild(body: &[u8]) -> Result<Guild> {
    json(body)
}

fn ids(body: &[u8]) -> Result<Vec<Id<GuildMarker>>> {
    json(body)
}

fn channel(body: &[u8]) -> Result<Channel> {
    json(body)
}

fn channels(body: &[u8]) -> Result<Vec<Channel>> {
    json(body)
}

fn role(body: &[u8]) -> Result<Role> {
    json(body)
}

fn roles(body: &[u8]) -> Result<Vec<Role>> {
    json(body)
}

fn member(body: &[u8]) -> Result<Member> {
    json(body)
}

fn voice_states(body: &[u8]) -> Result<Vec<VoiceState>> {
    json(body)
}

fn permissions(body: &[u8]) -> Result<Permissions> {
    json(body)
}

fn current_user(body: &[u8]) -> Result<CurrentUser> {
    json(body)
}

fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| Error::unreadable("what Discord told", &error))
}
