//! Queries of all plugins' commands, and of who may use them.

use std::pin::Pin;

use serde::de::DeserializeOwned;
use twilight_model::id::{
    Id,
    marker::{ChannelMarker, GuildMarker, UserMarker},
};

use super::Host;
use crate::{
    abi::{CommandsCall, PrefixReply, RequireReply, UsageView, WhyReply},
    command_view::{CommandView, UsableReply},
    error::Result,
};

impl Host {
    /// The commands of all plugins, who may use them in a server, and a server's prefix.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn commands(ctx: CommandContext) -> Result {
    ///     let commands = ctx.host().commands().list(ctx.guild_id()).await?;
    ///     let names: Vec<_> = commands.iter().map(|command| &*command.path).collect();
    ///     ctx.reply(names.join(", ")).await
    /// }
    /// # Plugin::new().command(Command::new("commands", "Lists them").run(commands));
    /// ```
    #[must_use]
    pub fn commands(&self) -> Commands<'_> {
        Commands { host: self }
    }
}

/// The commands of all plugins: what [`Host::commands`] gives.
#[derive(Debug, Clone, Copy)]
pub struct Commands<'a> {
    host: &'a Host,
}

impl Commands<'_> {
    /// All of them, by plugin and as declared, and the host's own last; with the roles and the uses of a server, or (`None`) those
    /// everywhere.
    ///
    /// # Errors
    ///
    /// The server's database can't be read.
    pub async fn list(&self, guild: Option<Id<GuildMarker>>) -> Result<Vec<CommandView>> {
        self.call(
            "commands.list",
            &CommandsCall {
                guild_id: guild.map(Id::get),
                ..CommandsCall::default()
            },
        )
        .await
    }

    /// Which commands somebody may use in a place, in one call: the host asks the rules that [`why`](Self::why) asks, and leaves
    /// out plugins' own checks, cooldowns and what is busy.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn help(ctx: CommandContext) -> Result {
    ///     let commands = ctx.host().commands();
    ///     let usable = commands.usable(ctx.user().id, ctx.guild_id(), ctx.channel_id()).page(0, 5).await?;
    ///     let mut text = format!("You may use {} commands:", usable.total);
    ///     for command in usable.commands.iter().filter(|command| !command.hidden) {
    ///         text += &format!("\n`{}` {}", command.usage, command.description);
    ///     }
    ///     ctx.reply(text).await
    /// }
    /// # Plugin::new().command(Command::new("help", "Helps").run(help));
    /// ```
    pub fn usable(
        &self,
        user: Id<UserMarker>,
        guild: Option<Id<GuildMarker>>,
        channel: Id<ChannelMarker>,
    ) -> UsableQuery {
        UsableQuery {
            host: self.host.clone(),
            call: CommandsCall {
                user_id: Some(user.get()),
                guild_id: guild.map(Id::get),
                channel_id: Some(channel.get()),
                ..CommandsCall::default()
            },
        }
    }

    /// How often commands were used, by day, from the day `since` on (`2026-11-22`, in UTC; `None`: the last 30 days), in a
    /// server or (`None`) everywhere. Uses of the last half minute may be missing.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn errors(ctx: CommandContext) -> Result {
    ///     let usage = ctx.host().commands().usage(ctx.guild_id(), None).await?;
    ///     let errors: u64 = usage.iter().map(|used| used.errors).sum();
    ///     ctx.reply(format!("{errors} errors in 30 days.")).await
    /// }
    /// # Plugin::new().command(Command::new("errors", "Counts them").run(errors));
    /// ```
    ///
    /// # Errors
    ///
    /// The database can't be read, or `since` is no day.
    pub async fn usage(
        &self,
        guild: Option<Id<GuildMarker>>,
        since: Option<&str>,
    ) -> Result<Vec<UsageView>> {
        self.call(
            "commands.usage",
            &CommandsCall {
                guild_id: guild.map(Id::get),
                since: since.map(str::to_owned),
                ..CommandsCall::default()
            },
        )
        .await
    }

    /// The same of one command, by its path.
    ///
    /// # Errors
    ///
    /// As for [`usage`](Self::usage).
    pub async fn usage_of(
        &self,
        command: &str,
        guild: Option<Id<GuildMarker>>,
        since: Option<&str>,
    ) -> Result<Vec<UsageView>> {
        let call = CommandsCall {
            command: command.to_owned(),
            guild_id: guild.map(Id::get),
            since: since.map(str::to_owned),
            ..CommandsCall::default()
        };
        self.call("commands.usage", &call).await
    }

    /// Which rule is the first that keeps somebody from using a command, if there is one. The plugin's own checks are asked.
    /// The command may also be named as it is typed: `!ban`, `/shop ban`.
    ///
    /// # Errors
    ///
    /// There is no such command (the member may be told so), or something could not be read.
    pub async fn why(
        &self,
        command: &str,
        user: Id<UserMarker>,
        guild: Option<Id<GuildMarker>>,
        channel: Id<ChannelMarker>,
    ) -> Result<WhyReply> {
        self.call(
            "commands.why",
            &CommandsCall {
                command: command.to_owned(),
                user_id: Some(user.get()),
                guild_id: guild.map(Id::get),
                channel_id: Some(channel.get()),
                ..CommandsCall::default()
            },
        )
        .await
    }

    /// Names the roles of which a member of a server needs one for a command, or for all in a group; no roles lift the rule.
    /// Roles are mentions, ids or names. Takes effect at once. Needs the power `commands.rules`, and the
    /// server's owner who acts.
    ///
    /// # Errors
    ///
    /// There is no such command or role, or the command is for the bot's owners alone (the member may be told so); the
    /// server's database can't be written.
    pub async fn require_roles(
        &self,
        guild: Id<GuildMarker>,
        command: &str,
        roles: &[String],
    ) -> Result<RequireReply> {
        self.require(guild, command, roles, "").await
    }

    /// Names further roles beside those that a command needs one of already. Else as [`require_roles`](Self::require_roles).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn add_roles(
        &self,
        guild: Id<GuildMarker>,
        command: &str,
        roles: &[String],
    ) -> Result<RequireReply> {
        self.require(guild, command, roles, "add").await
    }

    /// Takes roles from those that a command needs one of; with the last one the rule is lifted. Else as
    /// [`require_roles`](Self::require_roles).
    ///
    /// # Errors
    ///
    /// As there, and where a role is none of them.
    pub async fn remove_roles(
        &self,
        guild: Id<GuildMarker>,
        command: &str,
        roles: &[String],
    ) -> Result<RequireReply> {
        self.require(guild, command, roles, "remove").await
    }

    async fn require(
        &self,
        guild: Id<GuildMarker>,
        command: &str,
        roles: &[String],
        change: &str,
    ) -> Result<RequireReply> {
        self.call(
            "commands.require",
            &CommandsCall {
                guild_id: Some(guild.get()),
                command: command.to_owned(),
                roles: roles.to_vec(),
                change: change.to_owned(),
                ..CommandsCall::default()
            },
        )
        .await
    }

    /// A server's prefix.
    ///
    /// # Errors
    ///
    /// The server's database can't be read.
    pub async fn prefix(&self, guild: Id<GuildMarker>) -> Result<PrefixReply> {
        self.call(
            "commands.prefix",
            &CommandsCall {
                guild_id: Some(guild.get()),
                ..CommandsCall::default()
            },
        )
        .await
    }

    /// Changes a server's prefix; `""` gives it the bot's again. Takes effect with the next message. Needs the power
    /// `commands.rules`, and an administrator of the server who acts.
    ///
    /// # Errors
    ///
    /// The prefix has not 1 to 5 characters, or a blank in it (the member may be told so); the server's database can't be
    /// written.
    pub async fn set_prefix(&self, guild: Id<GuildMarker>, prefix: &str) -> Result<PrefixReply> {
        self.call(
            "commands.set_prefix",
            &CommandsCall {
                guild_id: Some(guild.get()),
                prefix: Some(prefix.to_owned()),
                ..CommandsCall::default()
            },
        )
        .await
    }

    /// Switches whether a mention of the bot works like the prefix in a server. Needs what [`set_prefix`](Self::set_prefix) needs.
    ///
    /// # Errors
    ///
    /// The server's database can't be written.
    pub async fn set_mention_prefix(
        &self,
        guild: Id<GuildMarker>,
        on: bool,
    ) -> Result<PrefixReply> {
        self.call(
            "commands.set_prefix",
            &CommandsCall {
                guild_id: Some(guild.get()),
                mention_prefix: Some(on),
                ..CommandsCall::default()
            },
        )
        .await
    }

    async fn call<T: DeserializeOwned>(&self, name: &str, call: &CommandsCall) -> Result<T> {
        self.host.query(name, call).await
    }
}

/// Query of the commands that somebody may use: what [`Commands::usable`] gives, to be awaited.
///
/// # Errors
///
/// The bot's or the server's prefix can't be read.
#[derive(Debug, Clone)]
#[must_use = "a query asks nothing until it is awaited"]
pub struct UsableQuery {
    host: Host,
    call: CommandsCall,
}

impl UsableQuery {
    /// Those of one plugin alone; `cogwright`: the host's own.
    pub fn of_plugin(mut self, name: impl Into<String>) -> Self {
        self.call.of_plugin = Some(name.into());
        self
    }

    /// Also those that may not be used: their [`rule`](CommandView::rule) says why.
    pub fn with_refused(mut self) -> Self {
        self.call.refused = true;
        self
    }

    /// `limit` of them, `offset` being left out at the beginning; their [`total`](UsableReply::total) is of all.
    pub fn page(mut self, offset: u32, limit: u32) -> Self {
        (self.call.offset, self.call.limit) = (offset, limit);
        self
    }
}

impl IntoFuture for UsableQuery {
    type Output = Result<UsableReply>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.host.query("commands.usable", &self.call).await })
    }
}
