//! Lag of the host, and its caches.

use serde_json::Value;

use super::Host;
use crate::{
    abi::{CacheKind, CachesCall, CachesReply, LagReply},
    error::Result,
};

impl Host {
    /// How late the host is: its runtime, and its main loop. Needs the power `bot.read`.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn lag(ctx: CommandContext) -> Result {
    ///     let lag = ctx.host().lag().await?;
    ///     ctx.reply(format!("{} µs, at most {} µs.", lag.main_loop.last_us, lag.main_loop.minute_max_us)).await
    /// }
    /// let plugin = Plugin::new()
    ///     .powers([Power::BotRead])
    ///     .command(Command::new("lag", "Shows how late the bot is").run(lag));
    /// ```
    ///
    /// # Errors
    ///
    /// The plugin lacks the power.
    pub async fn lag(&self) -> Result<LagReply> {
        self.query("bot.lag", &Value::Null).await
    }

    /// What the host keeps in memory of files, rules and members, and how the files of plugins fare. Needs the power `bot.read`.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn caches(ctx: CommandContext) -> Result {
    ///     let caches = ctx.host().caches().await?;
    ///     let lines: Vec<_> = caches.caches.iter().map(|it| format!("{}: {}", it.kind.word(), it.entries)).collect();
    ///     ctx.reply(lines.join("\n")).await
    /// }
    /// let plugin = Plugin::new()
    ///     .powers([Power::BotRead])
    ///     .command(Command::new("caches", "Shows the caches").run(caches));
    /// ```
    ///
    /// # Errors
    ///
    /// The plugin lacks the power.
    pub async fn caches(&self) -> Result<CachesReply> {
        self.query("caches.list", &CachesCall::default()).await
    }

    /// Empties caches; with none named, all of them. What is needed is read or asked for anew. Needs the power `bot.control`, and one
    /// of the bot's owners who acts.
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call.
    pub async fn clear_caches(&self, kinds: &[CacheKind]) -> Result<CachesReply> {
        let kinds = kinds.to_vec();
        self.query("caches.clear", &CachesCall { kinds }).await
    }
}
