//! Alerts to the owner.

use super::Host;
use crate::{
    abi::{AlertCall, AlertReply},
    error::Result,
};

impl Host {
    /// Tells the bot's owner, in the channel that `[alerts.<subject>]` of the configuration names, or that of `[alerts]`; without
    /// one, in the log. Nothing more is said `about` the same thing within the cool-down: then it is `false`. Needs the power
    /// `alerts`; nobody need act, so that tasks and schedules can.
    ///
    /// ```
    /// use plugin_api::{Power, hook::ShardDisconnected, prelude::*};
    ///
    /// async fn lost(ctx: HookContext<ShardDisconnected>) -> Result {
    ///     let shard = ctx.payload().shard;
    ///     let text = format!("Shard {shard} has lost its connection.");
    ///     ctx.host().alert("shards", &format!("{shard} lost"), &text).await?;
    ///     Ok(())
    /// }
    /// let plugin = Plugin::new().powers([Power::Alerts]).on_hook("lost", lost);
    /// ```
    ///
    /// # Errors
    ///
    /// The plugin lacks the power, the subject has other characters than lower-case letters, digits, `_` and `-`, or this plugin has
    /// raised alerts about 60 different things within the hour.
    pub async fn alert(&self, subject: &str, about: &str, text: &str) -> Result<bool> {
        let call = AlertCall {
            subject: subject.to_owned(),
            about: about.to_owned(),
            text: text.to_owned(),
        };
        let reply: AlertReply = self.query("alerts.raise", &call).await?;
        Ok(reply.raised)
    }
}
