//! Access rules of a command: who may use it, where, and how often.

use std::{future::Future, rc::Rc, time::Duration};

use twilight_model::{
    guild::Permissions,
    id::{Id, marker::GuildMarker},
};

use super::{Command, check::CheckContext};
use crate::{
    error::Result,
    manifest::{ConcurrencyManifest, CooldownManifest, Per},
};

/// Who may use it, where, and how often. The host sees to all of it before the handler is called, in the same way for
/// prefix, slash and context menus.
impl<S: 'static> Command<S> {
    /// In servers only.
    #[must_use]
    pub fn guild_only(mut self) -> Self {
        self.manifest.guild_only = true;
        self
    }

    /// In these servers only: it is registered there alone, at once and without a place of those 100 that a bot has for all, and
    /// refused elsewhere. For commands of their own and for whole groups.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// # async fn audit(ctx: CommandContext) -> Result { ctx.reply("All is well.").await }
    /// let audit = Command::new("audit", "Looks into the books").only_in([Id::new(613_425_648_685_547_541)]).run(audit);
    /// # Plugin::new().command(audit);
    /// ```
    #[must_use]
    pub fn only_in(mut self, guilds: impl IntoIterator<Item = Id<GuildMarker>>) -> Self {
        self.manifest.guilds.extend(guilds.into_iter().map(Id::get));
        self.manifest.guild_only = true;
        self
    }

    /// In direct messages only.
    #[must_use]
    pub fn dm_only(mut self) -> Self {
        self.manifest.dm_only = true;
        self
    }

    /// In [age-restricted](https://discord.com/developers/docs/interactions/application-commands#agerestricted-commands)
    /// channels only.
    #[must_use]
    pub fn age_restricted(mut self) -> Self {
        self.manifest.age_restricted = true;
        self
    }

    /// For the bot's owners alone. No server's settings can open it to others.
    #[must_use]
    pub fn owner_only(mut self) -> Self {
        self.manifest.access.owner_only = true;
        self
    }

    /// For the owner of the server, and the bot's owners.
    #[must_use]
    pub fn guild_owner_only(mut self) -> Self {
        self.manifest.access.guild_owner_only = true;
        self.manifest.guild_only = true;
        self
    }

    /// For members who have these permissions in the channel; for servers only. Administrators, the server's owner and the
    /// bot's owners have all.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// # async fn purge(ctx: CommandContext) -> Result { ctx.reply("Gone.").await }
    /// let purge = Command::new("purge", "Deletes messages")
    ///     .permissions(Permissions::MANAGE_MESSAGES)
    ///     .bot_permissions(Permissions::MANAGE_MESSAGES | Permissions::READ_MESSAGE_HISTORY)
    ///     .run(purge);
    /// # Plugin::new().command(purge);
    /// ```
    #[must_use]
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.manifest.access.permissions |= permissions.bits();
        self.manifest.guild_only = true;
        self
    }

    /// Permissions that the bot needs in the channel: without them the member reads so, and the handler is not called.
    #[must_use]
    pub fn bot_permissions(mut self, permissions: Permissions) -> Self {
        self.manifest.access.bot_permissions |= permissions.bits();
        self.manifest.guild_only = true;
        self
    }

    /// For members who have one of these roles, each a name or an id; for servers only. A server that names roles for the
    /// command itself replaces these.
    #[must_use]
    pub fn any_role<R: Into<String>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        let roles = roles.into_iter().map(Into::into);
        self.manifest.access.any_role.extend(roles);
        self.manifest.guild_only = true;
        self
    }

    /// A check of your own, before the handler: [`Error::user`](crate::Error::user) refuses, and the member reads why.
    /// Several are asked in turn, a group's first.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use plugin_api::prelude::*;
    ///
    /// struct Shop { open: Cell<bool> }
    ///
    /// async fn open(ctx: CheckContext<Shop>) -> Result {
    ///     if ctx.state().open.get() { Ok(()) } else { Err(Error::user("The shop is closed.")) }
    /// }
    /// # async fn buy(ctx: CommandContext<Shop>) -> Result { ctx.reply("Sold.").await }
    /// let plugin = Plugin::with_state(|_host| async { Ok(Shop { open: Cell::new(true) }) })
    ///     .command(Command::new("buy", "Buys tea").check(open).run(buy));
    /// ```
    #[must_use]
    pub fn check<F, Fut>(mut self, check: F) -> Self
    where
        F: Fn(CheckContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        self.checks.push(Rc::new(move |ctx| Box::pin(check(ctx))));
        self
    }

    /// Each user may use it so many times within a period. Default: `[commands] cooldown_uses` and `cooldown_s` of
    /// the bot. Survives a reload.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// # async fn daily(ctx: CommandContext) -> Result { ctx.reply("Here.").await }
    /// let daily = Command::new("daily", "Today's tea").cooldown(1, Duration::from_secs(86_400)).run(daily);
    /// # Plugin::new().command(daily);
    /// ```
    #[must_use]
    pub fn cooldown(self, uses: u32, period: Duration) -> Self {
        self.cooldown_per(Per::User, uses, period)
    }

    /// So many uses within a period, shared by `per`.
    #[must_use]
    pub fn cooldown_per(mut self, per: Per, uses: u32, period: Duration) -> Self {
        self.manifest.cooldown = Some(CooldownManifest {
            uses: Some(uses),
            period_ms: period.as_millis().try_into().unwrap_or(u64::MAX),
            per,
        });
        self
    }

    /// What its handler may take before it is stopped: its future is dropped, and the member reads that it took too long. The time in which it
    /// waits for a member does not count. Default: [`Plugin::deadline`](crate::Plugin::deadline), and then the bot's. A group's holds for
    /// all in it. In the attribute: `#[command(deadline(seconds = 20))]`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// # async fn draw(ctx: CommandContext) -> Result { ctx.reply("Here.").await }
    /// let draw = Command::new("draw", "Draws a map").deadline(Duration::from_secs(20)).run(draw);
    /// # Plugin::new().command(draw);
    /// ```
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.manifest.deadline_ms = Some(deadline.as_millis().try_into().unwrap_or(u64::MAX));
        self
    }

    /// As often as one likes, whatever the bot's default is.
    #[must_use]
    pub fn no_cooldown(mut self) -> Self {
        self.manifest.cooldown = Some(CooldownManifest::default());
        self
    }

    /// So many uses may run at once, shared by `per`; others are asked to wait.
    ///
    /// ```
    /// use plugin_api::{manifest::Per, prelude::*};
    ///
    /// # async fn quiz(ctx: CommandContext) -> Result { ctx.reply("First question…").await }
    /// let quiz = Command::new("quiz", "A round of questions").max_concurrency(Per::Channel, 1).run(quiz);
    /// # Plugin::new().command(quiz);
    /// ```
    #[must_use]
    pub fn max_concurrency(mut self, per: Per, uses: u32) -> Self {
        self.manifest.concurrency = Some(ConcurrencyManifest { uses, per });
        self
    }
}
