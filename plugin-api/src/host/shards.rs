//! Shards of the gateway: how they fare, and what they are told to do.

use super::Host;
use crate::{
    abi::{ShardsCall, ShardsReply},
    error::Result,
};

impl Host {
    /// The gateway's shards of this process, by number, and how many sessions Discord lets the bot start today. Needs the power
    /// `bot.read`.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn shards(ctx: CommandContext) -> Result {
    ///     let found = ctx.host().shards().await?;
    ///     let lines: Vec<_> = found.shards.iter().map(|shard| {
    ///         let state = if shard.connected { "connected" } else { "away" };
    ///         format!("Shard {} of {}: {state}, {} servers", shard.id, shard.of, shard.guilds)
    ///     }).collect();
    ///     ctx.reply(lines.join("\n")).await
    /// }
    /// let plugin = Plugin::new()
    ///     .powers([Power::BotRead])
    ///     .command(Command::new("shards", "Shows the shards").run(shards));
    /// ```
    ///
    /// # Errors
    ///
    /// The plugin lacks the power.
    pub async fn shards(&self) -> Result<ShardsReply> {
        self.query("shards.list", &ShardsCall::default()).await
    }

    /// Tells a shard to give up its connection for another, with which its session goes on: nothing is missed, and no session is
    /// spent. `false` when it has none, and looks for one already. Needs the power `gateway.control`, and one of the bot's owners who
    /// acts.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn reconnect(ctx: CommandContext) -> Result {
    ///     let shard: u64 = ctx.option("shard")?;
    ///     let shard = u32::try_from(shard).map_err(|_| Error::user("There is no such shard."))?;
    ///     let begun = ctx.host().reconnect_shard(shard).await?;
    ///     ctx.reply(if begun { "It connects again." } else { "It does so already." }).await
    /// }
    /// # let option = CommandOption::integer("shard", "Which").required();
    /// let plugin = Plugin::new()
    ///     .powers([Power::GatewayControl])
    ///     .command(Command::new("reconnect", "Reconnects a shard").owner_only().option(option).run(reconnect));
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, or this process has no such shard.
    pub async fn reconnect_shard(&self, shard: u32) -> Result<bool> {
        let call = ShardsCall { shard: Some(shard) };
        let reply: ShardsReply = self.query("shards.reconnect", &call).await?;
        Ok(reply.reconnecting)
    }

    /// Has a shard (`None`: each) count from zero. Needs what [`reconnect_shard`](Self::reconnect_shard) needs.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn reset_shard(&self, shard: Option<u32>) -> Result<ShardsReply> {
        self.query("shards.reset", &ShardsCall { shard }).await
    }
}
