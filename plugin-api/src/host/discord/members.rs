//! Members: roles, time-outs, kicks, bans, direct messages, and the list of them.

use std::{collections::VecDeque, time::Duration};

use serde_json::{Value, json};
use twilight_model::{
    channel::Message,
    guild::Member,
    id::{
        Id,
        marker::{GuildMarker, RoleMarker, UserMarker},
    },
};

use super::{Action, Discord, Method};
use crate::{
    error::{Error, Result},
    message::NewMessage,
    time::after,
};

/// Members that Discord gives at a time, at most.
const PAGE: usize = 1_000;

/// Members. All but [`dm`](Self::dm) and [`leave`](Self::leave) need a permission, and a role of the bot's that is above the
/// member's: Discord refuses with 50013 otherwise, and with 10007 where there is no such member.
impl Discord {
    /// [Gives a member a role](https://discord.com/developers/docs/resources/guild#add-guild-member-role).
    pub fn add_role(
        &self,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
        role: Id<RoleMarker>,
    ) -> Action {
        let path = format!("guilds/{guild}/members/{user}/roles/{role}");
        Action::done(self.request(Method::Put, path))
    }

    /// Takes a role from a member.
    pub fn remove_role(
        &self,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
        role: Id<RoleMarker>,
    ) -> Action {
        let path = format!("guilds/{guild}/members/{user}/roles/{role}");
        Action::done(self.request(Method::Delete, path))
    }

    /// [Times a member out](https://support.discord.com/hc/en-us/articles/4413305239191-Time-Out-FAQ) from now on, for 28 days
    /// at most; no time at all ends a time-out.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// /// Times a member out.
    /// #[command(permissions(MODERATE_MEMBERS), bot_permissions(MODERATE_MEMBERS))]
    /// async fn mute(
    ///     ctx: CommandContext,
    ///     /// Whom.
    ///     #[members_only] whom: Id<marker::UserMarker>,
    ///     /// How long; `0s` ends it.
    ///     #[default = "10m"] time: Duration,
    /// ) -> Result {
    ///     let guild = ctx.guild()?;
    ///     let reason = format!("asked for by {}", ctx.user().name);
    ///     ctx.host().discord().time_out(guild, whom, time).reason(reason).await?;
    ///     ctx.reply("Done.").await
    /// }
    /// # Plugin::new().command(mute());
    /// ```
    pub fn time_out(&self, guild: Id<GuildMarker>, user: Id<UserMarker>, time: Duration) -> Action {
        // Beyond what can be written Discord refuses.
        let at = |time| after(time).map_or_else(String::new, |at| at.iso_8601().to_string());
        let until = (!time.is_zero()).then(|| at(time));
        let path = format!("guilds/{guild}/members/{user}");
        let body = json!({"communication_disabled_until": until});
        Action::done(self.request(Method::Patch, path).value(&body))
    }

    /// [Kicks a member](https://discord.com/developers/docs/resources/guild#remove-guild-member).
    pub fn kick(&self, guild: Id<GuildMarker>, user: Id<UserMarker>) -> Action {
        let path = format!("guilds/{guild}/members/{user}");
        Action::done(self.request(Method::Delete, path))
    }

    /// [Bans a user](https://discord.com/developers/docs/resources/guild#create-guild-ban), whether a member or not, and
    /// deletes what they have written in this last time: up to 7 days, or nothing with no time at all.
    pub fn ban(
        &self,
        guild: Id<GuildMarker>,
        user: Id<UserMarker>,
        delete_messages: Duration,
    ) -> Action {
        let path = format!("guilds/{guild}/bans/{user}");
        let body = json!({"delete_message_seconds": delete_messages.as_secs()});
        Action::done(self.request(Method::Put, path).value(&body))
    }

    /// Lifts a ban; 10026 where there is none.
    pub fn unban(&self, guild: Id<GuildMarker>, user: Id<UserMarker>) -> Action {
        let path = format!("guilds/{guild}/bans/{user}");
        Action::done(self.request(Method::Delete, path))
    }

    /// Sends a user a direct message: [opens the channel](https://discord.com/developers/docs/resources/user#create-dm), and
    /// sends.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn remind(ctx: CommandContext) -> Result {
    ///     match ctx.host().discord().dm(ctx.user().id, "The tea is ready.").await {
    ///         Ok(_) => ctx.reply("Look into your messages.").await,
    ///         // 50007: the user takes no messages from the bot.
    ///         Err(error) if error.discord_code() == Some(50_007) => Err(Error::user("I can't write to you.")),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send); 50007 where the user takes no messages from the bot.
    pub async fn dm(
        &self,
        user: Id<UserMarker>,
        message: impl Into<NewMessage>,
    ) -> Result<Box<Message>> {
        let body = json!({"recipient_id": user.to_string()});
        let opened = self
            .request(Method::Post, "users/@me/channels")
            .value(&body);
        let channel: Value = opened.send().await?.json()?;
        let id = channel["id"].as_str().and_then(|id| id.parse().ok());
        let channel = id.ok_or_else(|| Error::new("Discord opened a channel without an id"))?;
        self.send(channel, message).await
    }

    /// [Leaves a server](https://discord.com/developers/docs/resources/user#leave-guild).
    pub fn leave(&self, guild: Id<GuildMarker>) -> Action {
        let path = format!("users/@me/guilds/{guild}");
        Action::done(self.request(Method::Delete, path))
    }

    /// All members of a server, by their ids. The bot needs the intent `GUILD_MEMBERS`
    /// ([`Plugin::intents`](crate::Plugin::intents)).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn bots(ctx: CommandContext) -> Result {
    ///     let guild = ctx.guild()?;
    ///     let mut members = ctx.host().discord().members(guild);
    ///     let mut bots = 0;
    ///     while let Some(member) = members.next().await? {
    ///         bots += u32::from(member.user.bot);
    ///     }
    ///     ctx.reply(format!("{bots} bots")).await
    /// }
    /// ```
    #[must_use]
    pub fn members(&self, guild: Id<GuildMarker>) -> Members {
        Members {
            discord: self.clone(),
            guild,
            page: VecDeque::new(),
            after: None,
            is_last: false,
        }
    }
}

/// The members of a server, fetched a thousand at a time as they are asked for: what [`Discord::members`] gives.
#[derive(Debug, Clone)]
pub struct Members {
    discord: Discord,
    guild: Id<GuildMarker>,
    page: VecDeque<Member>,
    after: Option<Id<UserMarker>>,
    is_last: bool,
}

impl Members {
    /// The next one; `None` behind the last.
    ///
    /// # Errors
    ///
    /// Discord refused, or was out of reach. Asked again, it goes on where it was.
    pub async fn next(&mut self) -> Result<Option<Member>> {
        if self.page.is_empty() && !self.is_last {
            let after = self.after.map_or(0, Id::get);
            let path = format!("guilds/{}/members?limit={PAGE}&after={after}", self.guild);
            let page = self.discord.request(Method::Get, path).send().await?;
            self.page = page.members()?.into();
            self.is_last = self.page.len() < PAGE;
            self.after = self.page.back().map(|member| member.user.id).or(self.after);
        }
        Ok(self.page.pop_front())
    }
}
