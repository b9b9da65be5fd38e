//! Invoker of a command or component, as Discord told of them: roles, names, picture, language.

use serde::Deserialize;
use twilight_model::{
    guild::{PartialMember, Permissions},
    id::{Id, marker::RoleMarker},
};

use super::Invocation;
use crate::error::{Error, Result};

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
        let member = self.said().member.as_ref();
        member
            .and_then(|member| member.roles.as_deref())
            .unwrap_or_default()
    }

    /// The name that the server shows: the nickname, else the display name, else the user name.
    #[must_use]
    pub fn display_name(&self) -> &str {
        let said = self.said();
        let nick = said.member.as_ref().and_then(|it| it.nick.as_deref());
        let global = || said.user().and_then(|it| it.global_name.as_deref());
        nick.or_else(global).unwrap_or(self.user().name)
    }

    /// The address of the picture that the server shows
    /// ([reference](https://discord.com/developers/docs/reference#image-formatting)).
    #[must_use]
    pub fn avatar_url(&self) -> String {
        const CDN: &str = "https://cdn.discordapp.com";
        let (user, said) = (self.user().id, self.said());
        let kind = |hash: &str| if hash.starts_with("a_") { "gif" } else { "png" };
        let of_member = said.member.as_ref().and_then(|it| it.avatar.as_deref());
        if let (Some(guild), Some(hash)) = (self.guild_id(), of_member) {
            let kind = kind(hash);
            return format!("{CDN}/guilds/{guild}/users/{user}/avatars/{hash}.{kind}");
        }
        match said.user().and_then(|it| it.avatar.as_deref()) {
            Some(hash) => format!("{CDN}/avatars/{user}/{hash}.{}", kind(hash)),
            None => format!("{CDN}/embed/avatars/{}.png", (user.get() >> 22) % 6),
        }
    }

    /// The language of the invoker's Discord, as a
    /// [locale](https://discord.com/developers/docs/reference#locales) such as `en-US`; by prefix Discord does not say.
    #[must_use]
    pub fn locale(&self) -> Option<&str> {
        self.said().locale.as_deref()
    }

    /// The server's language; `None` in direct messages. By prefix it is the cache's answer.
    ///
    /// # Errors
    ///
    /// The host can't be asked.
    pub async fn guild_locale(&self) -> Result<Option<String>> {
        if let Some(locale) = &self.said().guild_locale {
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
        let member = self.said().member.as_ref();
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
