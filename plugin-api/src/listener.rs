//! Listener filters.

use std::time::Duration;

use twilight_model::id::{Id, marker::GuildMarker};

use crate::manifest::ListenerManifest;

/// The filters of a listener. An event has to pass all of them.
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn greet(ctx: EventContext<MessageCreate>) -> Result {
///     if ctx.mentions_me() {
///         ctx.reply("Hello!").await?;
///     }
///     Ok(())
/// }
/// let home = Listener::new().guild(Id::new(613_425_648_685_547_541)).ignore_bots();
/// let plugin = Plugin::new().listen(home, greet);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Listener(pub(crate) ListenerManifest);

impl Listener {
    /// No filter.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only events of this server; none of direct messages.
    #[must_use]
    pub fn guild(mut self, guild: Id<GuildMarker>) -> Self {
        self.0.guild_id = Some(guild.get());
        self
    }

    /// No events that bots (this one included) or webhooks caused.
    #[must_use]
    pub fn ignore_bots(mut self) -> Self {
        self.0.ignore_bots = true;
        self
    }

    /// The messages' text does not matter, nor their embeds, files and components: so this listener is no reason for the bot to
    /// ask Discord for the privileged intent
    /// [`MESSAGE_CONTENT`](https://discord.com/developers/docs/events/gateway#message-content-intent). They are there all the same
    /// where another plugin needs them, in direct messages, and where the bot is mentioned.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn count(ctx: EventContext<MessageCreate>) -> Result {
    ///     tracing::debug!(by = ctx.user_id().map(Id::get), "a message");
    ///     Ok(())
    /// }
    /// let plugin = Plugin::new().listen(Listener::new().ignore_bots().without_content(), count);
    /// ```
    #[must_use]
    pub fn without_content(mut self) -> Self {
        self.0.without_content = true;
        self
    }

    /// What it may take for one event before it is stopped. Default: [`Plugin::deadline`](crate::Plugin::deadline).
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.0.deadline_ms = Some(deadline.as_millis().try_into().unwrap_or(u64::MAX));
        self
    }

    /// Only while the plugin has chosen the event at run time ([`Host::choose_events`](crate::Host::choose_events)): for a plugin whose
    /// settings say what it listens to. The bot asks Discord for the event's intents only as long as somebody has chosen it.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn welcome(ctx: EventContext<MemberAdd>) -> Result {
    ///     tracing::debug!(guild = ctx.guild_id().map(Id::get), "somebody has come");
    ///     Ok(())
    /// }
    ///
    /// async fn start(host: Host) -> Result<()> {
    ///     // Privileged, and asked for only where a welcome is set up.
    ///     let events = if host.setting::<bool>("welcomes")? { vec!["GUILD_MEMBER_ADD"] } else { Vec::new() };
    ///     host.choose_events(events).await
    /// }
    ///
    /// let plugin = Plugin::with_state(start)
    ///     .setting(Setting::boolean("welcomes", "Whether members are welcomed").default(false))
    ///     .listen(Listener::new().chosen(), |ctx: EventContext<MemberAdd, ()>| welcome(ctx));
    /// ```
    #[must_use]
    pub fn chosen(mut self) -> Self {
        self.0.chosen = true;
        self
    }

    /// Hears what the bot is told anyway: this listener is no reason to ask Discord for an intent, and what it does not need for others, it
    /// does not get. For monitors, with [`chosen`](Self::chosen) while somebody looks; whoever answers members listens in earnest.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn seen(ctx: EventContext<MemberAdd>) -> Result {
    ///     tracing::debug!(guild = ctx.guild_id().map(Id::get), "a member, of whom another plugin has asked to be told");
    ///     Ok(())
    /// }
    /// let plugin = Plugin::new().listen(Listener::new().chosen().overhearing(), seen);
    /// ```
    #[must_use]
    pub fn overhearing(mut self) -> Self {
        self.0.overhears = true;
        self
    }
}
