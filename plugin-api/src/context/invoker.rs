//! Invoker of a command or component, as Discord told of them: roles, names, picture, language.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use twilight_model::{
    guild::{PartialMember, Permissions},
    id::{Id, marker::RoleMarker},
};

use super::Invocation;
use crate::error::{Error, Result};

/// What of the message or interaction tells of who it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Invoker {
    #[serde(deserialize_with = "lenient")]
    member: Option<Member>,
    #[serde(deserialize_with = "lenient")]
    user: Option<User>,
    #[serde(deserialize_with = "lenient")]
    author: Option<User>,
    #[serde(deserialize_with = "lenient")]
    locale: Option<String>,
    #[serde(deserialize_with = "lenient")]
    guild_locale: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Member {
    #[serde(deserialize_with = "lenient")]
    nick: Option<String>,
    #[serde(deserialize_with = "lenient")]
    avatar: Option<String>,
    #[serde(deserialize_with = "lenient")]
    roles: Option<Vec<Id<RoleMarker>>>,
    #[serde(deserialize_with = "lenient")]
    permissions: Option<String>,
    #[serde(deserialize_with = "lenient")]
    user: Option<User>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    #[serde(deserialize_with = "lenient")]
    global_name: Option<String>,
    #[serde(deserialize_with = "lenient")]
    avatar: Option<String>,
}

/// What can't be read was not said.
fn lenient<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

impl Invoker {
    #[inline(never)]
    pub(super) fn read(json: &[u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    fn user(&self) -> Option<&User> {
        let of_member = self.member.as_ref().and_then(|member| member.user.as_ref());
        of_member.or(self.user.as_ref()).or(self.author.as_ref())
    }
}

/// Who the invoker is, beyond [`user`](Invocation::user): as the message or interaction said it, without asking Discord.
impl Invocation {
    /// The invoker's roles in the server, without the one that everybody has; none in direct messages.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn rank(ctx: CommandContext) -> Result {
    ///     let name = ctx.display_name();
    ///     let card = embed(name).thumbnail(ctx.avatar_url()).field("Roles", ctx.roles().len().to_string(), true);
    ///     ctx.reply(card).await
    /// }
    /// ```
    #[must_use]
    pub fn roles(&self) -> &[Id<RoleMarker>] {
        let member = self.invoker().member.as_ref();
        member
            .and_then(|member| member.roles.as_deref())
            .unwrap_or_default()
    }

    /// The name that the server shows: the nickname, else the display name, else the user name.
    #[must_use]
    pub fn display_name(&self) -> &str {
        let invoker = self.invoker();
        let nick = invoker.member.as_ref().and_then(|it| it.nick.as_deref());
        let global = || invoker.user().and_then(|it| it.global_name.as_deref());
        nick.or_else(global).unwrap_or(self.user().name)
    }

    /// The address of the picture that the server shows
    /// ([reference](https://discord.com/developers/docs/reference#image-formatting)).
    #[must_use]
    pub fn avatar_url(&self) -> String {
        const CDN: &str = "https://cdn.discordapp.com";
        let (user, invoker) = (self.user().id, self.invoker());
        let kind = |hash: &str| if hash.starts_with("a_") { "gif" } else { "png" };
        let of_member = invoker.member.as_ref().and_then(|it| it.avatar.as_deref());
        if let (Some(guild), Some(hash)) = (self.guild_id(), of_member) {
            let kind = kind(hash);
            return format!("{CDN}/guilds/{guild}/users/{user}/avatars/{hash}.{kind}");
        }
        match invoker.user().and_then(|it| it.avatar.as_deref()) {
            Some(hash) => format!("{CDN}/avatars/{user}/{hash}.{}", kind(hash)),
            None => format!("{CDN}/embed/avatars/{}.png", (user.get() >> 22) % 6),
        }
    }

    /// The language of the invoker's Discord, as a
    /// [locale](https://discord.com/developers/docs/reference#locales) such as `en-US`; by prefix Discord does not say.
    #[must_use]
    pub fn locale(&self) -> Option<&str> {
        self.invoker().locale.as_deref()
    }

    /// The server's language; `None` in direct messages. By prefix it is the cache's answer.
    ///
    /// # Errors
    ///
    /// The host can't be asked.
    pub async fn guild_locale(&self) -> Result<Option<String>> {
        if let Some(locale) = &self.invoker().guild_locale {
            return Ok(Some(locale.clone()));
        }
        let Some(guild) = self.guild_id() else {
            return Ok(None);
        };
        let guild = self.host().cache().guild(guild).await?;
        Ok(guild.map(|guild| guild.preferred_locale))
    }

    /// What the invoker may do in this channel; all in direct messages. By prefix the host computes it.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn tidy(ctx: CommandContext) -> Result {
    ///     if !ctx.permissions().await?.contains(Permissions::MANAGE_MESSAGES) {
    ///         return Err(Error::user("You may only tidy up your own messages."));
    ///     }
    ///     ctx.reply("Tidy.").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// By prefix: Discord refused or was out of reach, where the host had to ask it.
    pub async fn permissions(&self) -> Result<Permissions> {
        let Some(guild) = self.guild_id() else {
            return Ok(Permissions::all());
        };
        let member = self.invoker().member.as_ref();
        let said = member.and_then(|member| member.permissions.as_deref()?.parse().ok());
        if let Some(bits) = said {
            return Ok(Permissions::from_bits_truncate(bits));
        }
        let (cache, user) = (self.host().cache(), self.user().id);
        cache
            .permissions(guild, user, self.channel_id())
            .or_fetch()
            .await
    }

    /// The invoker as a member of the server, as twilight-model has it: since when, muted, boosting and so on; `None` in direct
    /// messages.
    ///
    /// # Errors
    ///
    /// twilight-model can't read what Discord sent.
    #[inline(never)]
    pub fn member(&self) -> Result<Option<Box<PartialMember>>> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(default)]
            member: Option<Box<PartialMember>>,
        }
        let read: Result<Raw, _> = serde_json::from_slice(self.raw());
        read.map(|raw| raw.member)
            .map_err(|error| Error::unreadable("the member", &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_costs_nothing_but_itself() {
        let json = br#"{"member": {"nick": 7, "roles": ["5"], "user": {"global_name": "Ann", "avatar": []}}, "locale": "de", "author": 3}"#;
        let invoker = Invoker::read(json);
        let member = invoker.member.as_ref().unwrap();
        assert_eq!(member.roles, Some(vec![Id::new(5)]));
        assert_eq!(member.nick, None);
        assert_eq!(invoker.user().unwrap().global_name.as_deref(), Some("Ann"));
        assert_eq!(invoker.locale.as_deref(), Some("de"));
        assert!(Invoker::read(b"[]").user().is_none());
    }
}
