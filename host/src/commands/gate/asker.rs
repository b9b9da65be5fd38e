//! Who wants to use a command: what Discord said of them, and what the cache or Discord knows besides.

use serde::Deserialize;
use twilight_model::{
    guild::Permissions,
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, RoleMarker, UserMarker},
    },
};

use crate::{plugin::EventRecord, services::Services};

/// Who wants to use a command, and where.
#[derive(Debug)]
pub(crate) struct Asker<'a> {
    pub(crate) user: u64,
    /// 0 in direct messages.
    pub(crate) guild: u64,
    pub(crate) channel: u64,
    said: Said<'a>,
}

/// What came along with a message or an interaction.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said<'a> {
    #[serde(borrow)]
    member: Option<SaidMember<'a>>,
    /// What the bot may do in the channel: in interactions.
    #[serde(borrow)]
    app_permissions: Option<&'a str>,
    /// The channel: in interactions.
    channel: Option<SaidChannel>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SaidMember<'a> {
    #[serde(borrow)]
    roles: Option<Vec<&'a str>>,
    /// With overwrites: in interactions.
    #[serde(borrow)]
    permissions: Option<&'a str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SaidChannel {
    nsfw: bool,
}

/// Server, user and channel.
type Ids = (Id<GuildMarker>, Id<UserMarker>, Option<Id<ChannelMarker>>);

impl<'a> Asker<'a> {
    /// Whoever caused an event.
    pub(crate) fn of(event: &'a EventRecord) -> Self {
        Self {
            user: event.header.user_id,
            guild: event.header.guild_id,
            channel: event.header.channel_id,
            said: serde_json::from_str(&event.json).unwrap_or_default(),
        }
    }

    /// Somebody of whom nothing was said.
    pub(crate) fn somebody(user: u64, guild: u64, channel: u64) -> Self {
        Self {
            user,
            guild,
            channel,
            said: Said::default(),
        }
    }

    pub(super) async fn is_guild_owner(&self, services: &Services) -> bool {
        let Some((guild, user, _)) = self.ids() else {
            return false;
        };
        services.cache.owner(guild) == Ok(user)
    }

    /// What the member may do in the channel.
    pub(super) async fn permissions(&self, services: &Services) -> Result<Permissions, String> {
        let said = self
            .said
            .member
            .as_ref()
            .and_then(|member| member.permissions);
        if let Some(permissions) = said.and_then(bits) {
            return Ok(permissions);
        }
        let (guild, user, channel) = self.ids().ok_or("this is no server")?;
        self.fetched(services, guild, user, channel).await
    }

    /// What the bot may do in the channel.
    pub(super) async fn bot_permissions(&self, services: &Services) -> Result<Permissions, String> {
        if let Some(permissions) = self.said.app_permissions.and_then(bits) {
            return Ok(permissions);
        }
        let (guild, _, channel) = self.ids().ok_or("this is no server")?;
        let bot = Id::new_checked(services.bot_id()).ok_or("the bot has not logged in yet")?;
        self.fetched(services, guild, bot, channel).await
    }

    async fn fetched(
        &self,
        services: &Services,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
        channel: Option<Id<ChannelMarker>>,
    ) -> Result<Permissions, String> {
        services
            .cache
            .fetch_permissions(guild, user, channel)
            .await
            .map_err(|error| error.to_string())
    }

    pub(super) async fn has_one_of(&self, services: &Services, roles: &[u64]) -> bool {
        let own = self.roles(services).await;
        // The role that everyone has is the server's id.
        roles
            .iter()
            .any(|role| *role == self.guild || own.contains(role))
    }

    /// Whether the member has one of these roles, each a name or an id.
    pub(super) async fn has_a_role_called(&self, services: &Services, wanted: &[String]) -> bool {
        let own = self.roles(services).await;
        let named = Id::new_checked(self.guild)
            .and_then(|guild| services.cache.roles(guild).ok())
            .unwrap_or_default();
        wanted.iter().any(|wanted| {
            let by_id = wanted.parse().is_ok_and(|id: u64| own.contains(&id));
            by_id
                || named.iter().any(|role| {
                    own.contains(&role.id.get())
                        && role.name.to_lowercase() == wanted.to_lowercase()
                })
        })
    }

    async fn roles(&self, services: &Services) -> Vec<u64> {
        let said = self
            .said
            .member
            .as_ref()
            .and_then(|member| member.roles.as_ref());
        if let Some(roles) = said {
            return roles.iter().filter_map(|role| role.parse().ok()).collect();
        }
        let Some((guild, user, _)) = self.ids() else {
            return Vec::new();
        };
        let ids = |roles: &[Id<RoleMarker>]| roles.iter().map(|role| role.get()).collect();
        if let Ok(member) = services.cache.member(guild, user) {
            return ids(&member.roles);
        }
        let fetched = services.cache.fetch_member(guild, user).await;
        fetched.map_or_else(|_| Vec::new(), |member| ids(&member.roles))
    }

    pub(super) async fn is_age_restricted(&self, services: &Services) -> bool {
        if let Some(channel) = &self.said.channel {
            return channel.nsfw;
        }
        let Some((_, _, Some(id))) = self.ids() else {
            return false;
        };
        let Ok(channel) = services.cache.channel(id) else {
            return false;
        };
        if channel.kind.is_thread()
            && let Some(parent) = channel.parent_id
            && let Ok(parent) = services.cache.channel(parent)
        {
            return parent.nsfw.unwrap_or_default();
        }
        channel.nsfw.unwrap_or_default()
    }

    fn ids(&self) -> Option<Ids> {
        Some((
            Id::new_checked(self.guild)?,
            Id::new_checked(self.user)?,
            Id::new_checked(self.channel),
        ))
    }
}

/// Permissions as Discord writes them.
fn bits(text: &str) -> Option<Permissions> {
    text.parse().ok().map(Permissions::from_bits_truncate)
}
