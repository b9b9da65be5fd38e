//! Emission of hook events.

use serde::{Serialize, de::DeserializeOwned};

use super::Host;
use crate::{
    abi::{ChooseCall, EmitCall, EmitHead},
    error::Result,
};

/// Something that happens, emitted to every plugin that has a handler for it. The framework's own are in [`hook`](crate::hook); a plugin's are
/// its own types, named `<plugin>.<event>`, and sent with [`Host::emit`].
///
/// ```
/// use plugin_api::{Hook, prelude::*};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Sold {
///     tea: String,
///     cups: u32,
/// }
/// impl Hook for Sold {
///     const EVENT: &'static str = "shop.sold";
/// }
///
/// // In the plugin `shop`:
/// async fn sell(ctx: CommandContext) -> Result {
///     ctx.host().emit(&Sold { tea: "green".into(), cups: 2 }).await?;
///     ctx.reply("Enjoy!").await
/// }
///
/// // In any other:
/// async fn count(ctx: HookContext<Sold>) -> Result {
///     tracing::info!(cups = ctx.payload().cups, "sold");
///     Ok(())
/// }
/// let till = Plugin::new().on_hook("count", count);
/// ```
pub trait Hook: Serialize + DeserializeOwned + 'static {
    /// The event's name: `<plugin>.<event>`, for the framework's own without the plugin.
    const EVENT: &'static str;
}

impl Host {
    /// Tells every plugin that handles this event, and waits until it is queued for all of them (5 s at most; what does
    /// not fit then is dropped and counted), not until they have handled it. How many that are, is the result's business.
    ///
    /// # Errors
    ///
    /// The event's name does not begin with `<this plugin's name>.`, or the payload is no JSON.
    pub async fn emit<H: Hook>(&self, payload: &H) -> Result<EmitHead> {
        let reply = self
            .ask(
                "hooks.emit",
                &EmitCall {
                    event: H::EVENT.to_owned(),
                },
                serde_json::to_vec(payload)?,
            )
            .await?;
        Ok(serde_json::from_slice(&reply.head)?)
    }

    /// Chooses the events that a handler declared with [`Plugin::on_chosen_hooks`](crate::Plugin::on_chosen_hooks) is told of, in
    /// place of those that it chose before. It is forgotten with this load of the plugin: choose at each start.
    ///
    /// # Errors
    ///
    /// There are more than 1,000, or one has no name that an event can have.
    pub async fn choose_hooks<E: Into<String>>(
        &self,
        handler: &str,
        events: impl IntoIterator<Item = E>,
    ) -> Result {
        let choice = ChooseCall {
            handler: handler.to_owned(),
            events: events.into_iter().map(Into::into).collect(),
        };
        self.query("hooks.choose", &choice).await
    }
}
