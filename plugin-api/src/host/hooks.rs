//! Emission of hook events.

use serde::{Serialize, de::DeserializeOwned};

use super::Host;
use crate::{
    abi::{
        ChooseCall, EmitCall, EmitHead, HookEvent, HookHistory, HookInfo, HookSwitch, HooksCall,
        HooksReply,
    },
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
    /// place of those that it chose before; [`EVERY_EVENT`](crate::hook::EVERY_EVENT) are all of them. It is forgotten with this load of the plugin: choose at each start.
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

    /// All plugins' handlers of hooks with their figures, by id. For the next page pass the answer's `next` as `after`. Needs the
    /// power `hooks.read`, and one of the bot's owners who acts.
    ///
    /// ```
    /// use plugin_api::{Power, abi::HooksCall, prelude::*};
    ///
    /// async fn hooks(ctx: CommandContext) -> Result {
    ///     let found = ctx.host().hooks(&HooksCall::default()).await?;
    ///     let lines: Vec<_> = found.hooks.iter().map(|it| format!("{}: {} run, {} failed", it.id, it.runs, it.failures)).collect();
    ///     ctx.reply(lines.join("\n")).await
    /// }
    /// let plugin = Plugin::new()
    ///     .powers([Power::HooksRead])
    ///     .command(Command::new("hooks", "Lists hooks").owner_only().run(hooks));
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call.
    pub async fn hooks(&self, wanted: &HooksCall) -> Result<HooksReply> {
        self.query("hooks.list", wanted).await
    }

    /// The latest events and what has become of them, the newest first; the keys of what they had with them, and no values. Needs
    /// what [`hooks`](Self::hooks) needs.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn hook_history(&self, wanted: &HooksCall) -> Result<Vec<HookEvent>> {
        let history: HookHistory = self.query("hooks.history", wanted).await?;
        Ok(history.events)
    }

    /// Switches a handler of any plugin on or off, also over a restart. Needs the power `hooks.manage`, and one of the bot's owners
    /// who acts.
    ///
    /// ```
    /// use plugin_api::{Power, prelude::*};
    ///
    /// async fn disable(ctx: CommandContext) -> Result {
    ///     let id: String = ctx.option("id")?;
    ///     ctx.host().switch_hook(&id, false).await?;
    ///     ctx.reply(format!("`{id}` is off.")).await
    /// }
    /// # let option = CommandOption::string("id", "Which").required();
    /// let plugin = Plugin::new()
    ///     .powers([Power::HooksManage])
    ///     .command(Command::new("disable", "Switches a hook off").owner_only().option(option).run(disable));
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, or no plugin that is loaded has such a handler.
    pub async fn switch_hook(&self, id: &str, on: bool) -> Result<HookInfo> {
        let id = id.to_owned();
        self.query("hooks.switch", &HookSwitch { id, on }).await
    }

    /// Closes a handler's breaker: it is called again. Needs what [`switch_hook`](Self::switch_hook) needs.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn reset_hook(&self, id: &str) -> Result<HookInfo> {
        let (id, on) = (id.to_owned(), false);
        self.query("hooks.reset", &HookSwitch { id, on }).await
    }
}
