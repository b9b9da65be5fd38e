//! Invoker of a command: what Discord said of them, and what the cache or Discord knows besides.

use std::sync::Arc;

use host_discord::{
    cache::{Cache, in_thread},
    lenient::{self, Field, Fields},
};
use host_loader::EventRecord;
use tokio::sync::OnceCell;
use twilight_model::{
    guild::Permissions,
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, UserMarker},
    },
};

use crate::{policy::Policy, rules::GuildRules};

/// Invoker of a command, and where.
#[derive(Debug)]
pub struct Invoker {
    /// `None` where the event does not say who.
    pub user: Option<Id<UserMarker>>,
    /// `None` in direct messages.
    pub guild: Option<Id<GuildMarker>>,
    /// `None` where the event has none.
    pub channel: Option<Id<ChannelMarker>>,
    said: Said,
    found: Found,
}

/// What has been found out of an invoker: once, for however many commands are asked about.
#[derive(Debug, Default)]
struct Found {
    /// `None` where it can't be found out.
    is_guild_owner: OnceCell<Option<bool>>,
    rules: OnceCell<Result<Arc<GuildRules>, String>>,
    permissions: OnceCell<Result<Permissions, String>>,
    bot_permissions: OnceCell<Result<Permissions, String>>,
    roles: OnceCell<Vec<u64>>,
    /// Of the member's roles, in lower case.
    role_names: OnceCell<Vec<String>>,
    is_age_restricted: OnceCell<bool>,
}

/// Member data that came along with a message or an interaction; what can't be read was not said.
#[derive(Debug, Default)]
struct Said {
    roles: Option<Vec<u64>>,
    /// What the member may do in the channel: in interactions.
    permissions: Option<Permissions>,
    /// What the bot may do in the channel: in interactions.
    app_permissions: Option<Permissions>,
    /// Whether the channel is age-restricted: in interactions, and not of a thread, which is what its parent is.
    age_restricted: Option<bool>,
}

impl Said {
    fn read(json: &str) -> Self {
        let fields = Fields::read(json).unwrap_or_default();
        let member = fields.object("member").known().unwrap_or_default();
        let channel = fields.object("channel").known();
        let is_thread = channel.as_ref().is_some_and(|channel| {
            matches!(channel.get("type", lenient::number), Field::Is(10..=12))
                || channel.raw("thread_metadata").is_some()
        });
        let permissions = |fields: &Fields<'_>, name| {
            let bits = fields.get(name, lenient::number).known();
            let permissions = bits.map(Permissions::from_bits_truncate);
            permissions.map(|it| if is_thread { in_thread(it) } else { it })
        };
        let roles = member.list("roles").known();
        let age_restricted = match channel.map(|channel| channel.get("nsfw", lenient::flag)) {
            Some(Field::Is(is)) => Some(is),
            Some(Field::Absent) => Some(false),
            Some(Field::Unreadable) | None => None,
        };
        Self {
            roles: roles.and_then(|roles| roles.into_iter().map(lenient::id).collect()),
            permissions: permissions(&member, "permissions"),
            app_permissions: permissions(&fields, "app_permissions"),
            age_restricted: age_restricted.filter(|_| !is_thread),
        }
    }
}

/// Server, user and channel.
type Ids = (Id<GuildMarker>, Id<UserMarker>, Option<Id<ChannelMarker>>);

impl Invoker {
    /// The user who caused an event.
    pub fn of(event: &EventRecord) -> Self {
        Self {
            user: event.header.user(),
            guild: event.header.guild(),
            channel: event.header.channel(),
            said: Said::read(&event.json),
            found: Found::default(),
        }
    }

    /// A user of whom the event said nothing else.
    pub fn somebody(
        user: Option<Id<UserMarker>>,
        guild: Option<Id<GuildMarker>>,
        channel: Option<Id<ChannelMarker>>,
    ) -> Self {
        Self {
            user,
            guild,
            channel,
            said: Said::default(),
            found: Found::default(),
        }
    }

    /// Whether they own the server.
    pub async fn is_guild_owner(&self, cache: &Cache) -> bool {
        let found = self.found.is_guild_owner.get_or_init(|| async {
            let (guild, user, _) = self.ids()?;
            cache
                .fetch_owner(guild)
                .await
                .ok()
                .map(|owner| owner == user)
        });
        found.await.unwrap_or_default()
    }

    /// The rules of the server.
    pub(crate) async fn rules(&self, policy: &Policy) -> Result<&GuildRules, &str> {
        let found = self.found.rules.get_or_init(|| async {
            policy.rules.of(self.guild).await.map_err(|error| {
                let guild = self.guild.map(Id::get);
                tracing::error!(guild, "who may use commands there can't be read: {error}");
                "this server's settings can't be read right now; the log has the reason".to_owned()
            })
        });
        by_ref(found.await).map(|rules| &**rules)
    }

    /// What the member may do in the channel.
    ///
    /// # Errors
    ///
    /// It can't be found out; the text says why.
    pub async fn permissions(&self, cache: &Cache) -> Result<Permissions, &str> {
        if let Some(permissions) = self.said.permissions {
            return Ok(permissions);
        }
        let found = self.found.permissions.get_or_init(|| async {
            let (guild, user, channel) = self.ids().ok_or("this is no server")?;
            fetched(cache, guild, user, channel).await
        });
        by_ref(found.await).copied()
    }

    /// What the bot may do in the channel.
    pub(super) async fn bot_permissions(&self, cache: &Cache) -> Result<Permissions, &str> {
        if let Some(permissions) = self.said.app_permissions {
            return Ok(permissions);
        }
        let found = self.found.bot_permissions.get_or_init(|| async {
            let (guild, _, channel) = self.ids().ok_or("this is no server")?;
            let bot = Id::new_checked(cache.bot_id()).ok_or("the bot has not logged in yet")?;
            fetched(cache, guild, bot, channel).await
        });
        by_ref(found.await).copied()
    }

    /// Whether the member has one of these roles.
    pub async fn has_one_of(&self, cache: &Cache, roles: &[u64]) -> bool {
        let own = self.roles(cache).await;
        // The role that everyone has is the server's id.
        roles
            .iter()
            .any(|role| self.guild.is_some_and(|guild| guild == *role) || own.contains(role))
    }

    /// Whether the member has one of these roles, each a name or an id.
    pub(super) async fn has_a_role_called(&self, cache: &Cache, wanted: &[String]) -> bool {
        let own = self.roles(cache).await;
        let names = self.found.role_names.get_or_init(|| async {
            let named = match self.guild {
                Some(guild) => cache.fetch_role_names(guild).await,
                None => Vec::new(),
            };
            let own = named.iter().filter(|(id, _)| own.contains(id));
            own.map(|(_, name)| name.to_lowercase()).collect()
        });
        let names = names.await;
        wanted.iter().any(|wanted| {
            let by_id = wanted.parse().is_ok_and(|id: u64| own.contains(&id));
            by_id || names.contains(&wanted.to_lowercase())
        })
    }

    async fn roles(&self, cache: &Cache) -> &[u64] {
        if let Some(roles) = &self.said.roles {
            return roles;
        }
        let found = self.found.roles.get_or_init(|| async {
            let Some((guild, user, _)) = self.ids() else {
                return Vec::new();
            };
            if let Ok(member) = cache.member(guild, user) {
                return member.roles.to_vec();
            }
            let fetched = cache.fetch_member(guild, user).await;
            fetched.map_or_else(|_| Vec::new(), |member| member.roles.to_vec())
        });
        found.await
    }

    pub(super) async fn is_age_restricted(&self, cache: &Cache) -> bool {
        if let Some(is_age_restricted) = self.said.age_restricted {
            return is_age_restricted;
        }
        let (Some(guild), Some(channel)) = (self.guild, self.channel) else {
            return false;
        };
        let found = self.found.is_age_restricted.get_or_init(|| async {
            let asked = cache.fetch_age_restricted(guild, channel).await;
            asked.unwrap_or_else(|why| {
                tracing::warn!(
                    guild = guild.get(),
                    channel = channel.get(),
                    "whether it is age-restricted can't be determined: {why}"
                );
                false
            })
        });
        *found.await
    }

    fn ids(&self) -> Option<Ids> {
        Some((self.guild?, self.user?, self.channel))
    }
}

async fn fetched(
    cache: &Cache,
    guild: Id<GuildMarker>,
    user: Id<UserMarker>,
    channel: Option<Id<ChannelMarker>>,
) -> Result<Permissions, String> {
    let fetched = cache.fetch_permissions(guild, user, channel).await;
    fetched.map_err(|error| error.to_string())
}

fn by_ref<T>(found: &Result<T, String>) -> Result<&T, &str> {
    found.as_ref().map_err(|why| &**why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_was_not_said() {
        let said = Said::read(
            r#"{"member":{"roles":["5","x"],"permissions":"-8"},"app_permissions":"2048","channel":{"type":0,"nsfw":"yes"}}"#,
        );
        // A role that can't be read may be the one that forbids.
        assert_eq!((said.roles, said.permissions), (None, None));
        assert_eq!(said.app_permissions, Some(Permissions::SEND_MESSAGES));
        assert_eq!(said.age_restricted, None, "Discord is asked");
    }

    #[test]
    fn a_thread_is_what_its_parent_is_and_has_a_right_of_its_own_to_send() {
        let said = |channel: &str| {
            let bits = Permissions::SEND_MESSAGES.bits();
            let json = format!(
                r#"{{"member":{{"roles":[],"permissions":"{bits}"}},"channel":{channel}}}"#
            );
            let said = Said::read(&json);
            (said.age_restricted, said.permissions)
        };
        let none = Some(Permissions::empty());
        let sends = Some(Permissions::SEND_MESSAGES);
        assert_eq!(said(r#"{"type":0,"nsfw":true}"#), (Some(true), sends));
        assert_eq!(said(r#"{"type":0}"#), (Some(false), sends));
        assert_eq!(said(r#"{"type":11,"nsfw":false}"#), (None, none));
        assert_eq!(said(r#"{"type":77,"thread_metadata":{}}"#), (None, none));
    }
}
