//! Presence of the bot: the dot beside its picture, and the text below its name.

use super::Host;
use crate::{
    abi::{PresenceCall, PresenceVerb, StatusDot},
    error::Result,
};

/// A presence of the bot.
///
/// ```
/// use plugin_api::Presence;
///
/// let away = Presence::custom("Back in five minutes").idle();
/// let busy = Presence::listening("{members}").do_not_disturb();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence(PresenceCall);

impl Presence {
    /// "Playing …". In all of these `{servers}`, `{members}` and `{commands}` stand for the bot's numbers, as in `[status]` of
    /// config.toml; a text has 128 characters at most.
    #[must_use]
    pub fn playing(text: impl Into<String>) -> Self {
        Self::of(PresenceVerb::Playing, text)
    }

    /// "Watching …".
    #[must_use]
    pub fn watching(text: impl Into<String>) -> Self {
        Self::of(PresenceVerb::Watching, text)
    }

    /// "Listening to …".
    #[must_use]
    pub fn listening(text: impl Into<String>) -> Self {
        Self::of(PresenceVerb::Listening, text)
    }

    /// "Competing in …".
    #[must_use]
    pub fn competing(text: impl Into<String>) -> Self {
        Self::of(PresenceVerb::Competing, text)
    }

    /// The text alone.
    #[must_use]
    pub fn custom(text: impl Into<String>) -> Self {
        Self::of(PresenceVerb::Custom, text)
    }

    fn of(verb: PresenceVerb, text: impl Into<String>) -> Self {
        Self(PresenceCall {
            verb,
            text: text.into(),
            ..PresenceCall::default()
        })
    }

    /// With the yellow dot.
    #[must_use]
    pub fn idle(self) -> Self {
        self.with(StatusDot::Idle)
    }

    /// With the red dot.
    #[must_use]
    pub fn do_not_disturb(self) -> Self {
        self.with(StatusDot::DoNotDisturb)
    }

    /// With the grey dot, as if offline.
    #[must_use]
    pub fn invisible(self) -> Self {
        self.with(StatusDot::Invisible)
    }

    fn with(mut self, status: StatusDot) -> Self {
        self.0.status = status;
        self
    }
}

impl Host {
    /// Shows another presence than the configured one, on all shards, until this generation of the plugin is over or
    /// [takes it back](Self::reset_presence). The host sees to Discord's limits: of several within five seconds the last one is shown.
    /// Where several plugins set one, the latest counts. Needs the power `bot.control`; the plugin may do it alone.
    ///
    /// ```
    /// use plugin_api::{Power, Presence, prelude::*};
    ///
    /// async fn nap(ctx: CommandContext) -> Result {
    ///     ctx.host().set_presence(Presence::custom("Asleep").idle()).await?;
    ///     ctx.reply("Good night.").await
    /// }
    ///
    /// async fn wake(ctx: CommandContext) -> Result {
    ///     ctx.host().reset_presence().await?;
    ///     ctx.reply("Good morning.").await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .powers([Power::BotControl])
    ///     .command(Command::new("nap", "Sends the bot to bed").owner_only().run(nap))
    ///     .command(Command::new("wake", "Wakes the bot").owner_only().run(wake));
    /// ```
    ///
    /// # Errors
    ///
    /// The plugin has not got the power; or the text is too long.
    pub async fn set_presence(&self, presence: Presence) -> Result {
        self.query("bot.presence", &presence.0).await
    }

    /// Shows the configured presence again, if this plugin has set another one.
    ///
    /// # Errors
    ///
    /// The plugin has not got the power `bot.control`.
    pub async fn reset_presence(&self) -> Result {
        let call = PresenceCall {
            reset: true,
            ..PresenceCall::default()
        };
        self.query("bot.presence", &call).await
    }
}
