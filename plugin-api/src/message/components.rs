//! Components of a message: which it has, who may use them, and for how long.

use std::time::Duration;

use twilight_model::{
    channel::message::Component,
    id::{Id, marker::UserMarker},
};

use super::NewMessage;
use crate::{
    component::{self, ComponentScope},
    error::Result,
};

/// Message flag: the message is laid out of components
/// ([reference](https://discord.com/developers/docs/resources/message#message-object-message-flags)).
const COMPONENTS_V2: u64 = 1 << 15;

impl NewMessage {
    /// Adds a [row](https://discord.com/developers/docs/components/reference#action-row) of buttons or one select;
    /// Discord accepts up to 5 rows of up to 5 buttons.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn shop(ctx: CommandContext) -> Result {
    ///     let sizes = [("A cup", "cup"), ("A pot", "pot")];
    ///     let menu = select("How much?", ctx.custom_id("size", "")?, sizes);
    ///     let leave = button("Leave", ctx.custom_id("leave", "")?);
    ///     ctx.reply(NewMessage::from("Tea?").row([menu]).row([leave])).await
    /// }
    /// ```
    #[must_use]
    pub fn row<C: Into<Component>>(mut self, components: impl IntoIterator<Item = C>) -> Self {
        let row = component::layout::row(components);
        self.components.get_or_insert_default().push(row);
        self
    }

    /// A message that is laid out of [parts](crate::layout): text, frames, pictures and files between buttons and selects;
    /// up to 40, nested ones included. It has no other text and no embeds
    /// ([reference](https://discord.com/developers/docs/components/using-message-components)).
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn shop(ctx: CommandContext) -> Result {
    ///     let buy = button("Buy", ctx.custom_id("buy", "green")?);
    ///     let parts = [
    ///         layout::text("# The shop"),
    ///         layout::container(0x2E_8B_57, [
    ///             layout::section(["**Green tea**", "Not above 80 °C"], buy),
    ///             layout::separator(),
    ///             layout::gallery(["https://example.com/green.png"]),
    ///         ]),
    ///     ];
    ///     ctx.reply(NewMessage::layout(parts)).await
    /// }
    /// ```
    #[must_use]
    pub fn layout(parts: impl IntoIterator<Item = Component>) -> Self {
        Self {
            components: Some(parts.into_iter().collect()),
            flags: Some(COMPONENTS_V2),
            ..Self::default()
        }
    }

    /// Lets everyone use its components, who sees them. Those of an answer are for the invoker alone otherwise: the host
    /// refuses others, privately.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn poll(ctx: CommandContext) -> Result {
    ///     let yes = button("Yes", ctx.custom_id("vote", "yes")?);
    ///     ctx.reply(NewMessage::from("Tea?").row([yes]).for_everyone().persistent()).await
    /// }
    /// ```
    #[must_use]
    pub const fn for_everyone(mut self) -> Self {
        self.owner = Some(None);
        self
    }

    /// Lets this user alone use its components.
    #[must_use]
    pub const fn only_for(mut self, user: Id<UserMarker>) -> Self {
        self.owner = Some(Some(user.get()));
        self
    }

    /// How long its components can be used, counted anew with each use; then the host disables them. Whole seconds;
    /// `[components] timeout_s` of config.toml (300) for an answer that says nothing. Components of messages that are no
    /// answers ([`Discord::send`](crate::Discord::send)) work for everyone and for ever by default.
    #[must_use]
    pub const fn timeout(mut self, time: Duration) -> Self {
        let seconds = time.as_secs();
        self.timeout_s = Some(Some(if seconds == 0 { 1 } else { seconds }));
        self
    }

    /// Lets its components be used for ever, after a restart of the bot, too.
    #[must_use]
    pub const fn persistent(mut self) -> Self {
        self.timeout_s = Some(None);
        self
    }

    /// Takes all components away, when a message is changed into this one.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let sold = NewMessage::from("Sold.").without_components();
    /// assert_eq!(sold.to_json()?["components"], serde_json::json!([]));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn without_components(mut self) -> Self {
        self.components = Some(Vec::new());
        self
    }

    pub(crate) const fn timeout_s(&self) -> Option<Option<u64>> {
        self.timeout_s
    }

    pub(crate) fn with_components(mut self, components: Vec<Component>) -> Self {
        self.components = Some(components);
        self
    }

    /// Its components, disabled, and nothing else: what it is changed into when it can't be used any more.
    pub(crate) fn only_components_disabled(&self) -> Self {
        let mut components = self.components.clone().unwrap_or_default();
        component::disable(&mut components);
        Self::default().with_components(components)
    }

    /// Says in the custom ids of its components whom they are for, and how long; `usual` where the message says nothing.
    pub(crate) fn scope(&mut self, usual: ComponentScope) -> Result {
        let scope = ComponentScope {
            owner: self.owner.unwrap_or(usual.owner),
            timeout_s: self.timeout_s.unwrap_or(usual.timeout_s),
        };
        scope.press(self.components.as_deref_mut().unwrap_or_default())
    }
}
