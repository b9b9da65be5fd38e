//! Lag of the host.

use serde_json::Value;

use super::Host;
use crate::{abi::LagReply, error::Result};

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
}
