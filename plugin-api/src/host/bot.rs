//! The bot: its process, what was counted, its slash commands, and stopping it for somebody who may.

use super::Host;
use crate::{
    abi::{BotStatus, MetricFamily, MetricsCall, MetricsReply, SlashBudget, StopCall, SyncReply},
    error::Result,
};

impl Host {
    /// The bot as a whole. To see it needs the power `bot.read`; to change something the power `bot.control` and one of the bot's
    /// owners, who acts.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn stats(ctx: CommandContext) -> Result {
    ///     let bot = ctx.host().bot().status().await?;
    ///     let text = format!(
    ///         "{} servers, {} members, {} MB of memory",
    ///         bot.guilds, bot.members, bot.memory_bytes / 1_000_000,
    ///     );
    ///     ctx.reply(text).await
    /// }
    /// let plugin = Plugin::new()
    ///     .powers([Power::BotRead])
    ///     .command(Command::new("stats", "Shows how the bot is").run(stats));
    /// ```
    #[must_use]
    pub fn bot(&self) -> BotControl<'_> {
        BotControl { host: self }
    }
}

/// The bot as a whole: what [`Host::bot`] gives.
#[derive(Debug, Clone, Copy)]
pub struct BotControl<'a> {
    host: &'a Host,
}

impl BotControl<'_> {
    /// The process, what it serves, and what was counted since it began.
    ///
    /// # Errors
    ///
    /// The power `bot.read` is not granted.
    pub async fn status(&self) -> Result<BotStatus> {
        self.host.query("bot.status", &()).await
    }

    /// All metrics whose names begin so, the host's own and those that plugins record.
    ///
    /// # Errors
    ///
    /// As for [`status`](Self::status).
    pub async fn metrics(&self, prefix: &str) -> Result<Vec<MetricFamily>> {
        let call = MetricsCall {
            prefix: prefix.to_owned(),
        };
        let reply: MetricsReply = self.host.query("metrics.read", &call).await?;
        Ok(reply.families)
    }

    /// How slash commands fit into Discord's limits.
    ///
    /// # Errors
    ///
    /// As for [`status`](Self::status).
    pub async fn slash_budget(&self) -> Result<SlashBudget> {
        self.host.query("slash.budget", &()).await
    }

    /// Looks what slash commands are registered with Discord, and changes what differs.
    ///
    /// # Errors
    ///
    /// Discord refused; nobody who may stands behind the call.
    pub async fn sync(&self) -> Result<SyncReply> {
        self.host.query("slash.sync", &()).await
    }

    /// Stops the bot, when what runs is answered: states are saved, as at Ctrl-C.
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call.
    pub async fn stop(&self, reason: &str) -> Result {
        let call = StopCall {
            reason: reason.to_owned(),
        };
        self.host.query("bot.stop", &call).await
    }

    /// Stops the bot and starts it anew, in the same process and with the same arguments.
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, or the system can't start a program in the place of this one.
    pub async fn restart(&self, reason: &str) -> Result {
        let call = StopCall {
            reason: reason.to_owned(),
        };
        self.host.query("bot.restart", &call).await
    }
}
