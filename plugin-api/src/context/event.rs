//! Context of a listener's handler.

use std::{cell::OnceCell, fmt, marker::PhantomData, rc::Rc};

use twilight_model::{
    gateway::payload::incoming as payload,
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, MessageMarker, UserMarker},
    },
};

use super::user::{User, user};
use crate::{
    abi::event_flag,
    accessors::{in_server, surroundings},
    error::Result,
    event::Event,
    host::Host,
    message::NewMessage,
    raw::FrameGuard,
};

/// Context of a listener's handler: `E` is the event, `S` the plugin's state.
///
/// Ids, flags and text come from the event's header and cost nothing; [`event`](Self::event) parses Discord's JSON, once,
/// when it is first asked.
///
/// ```
/// use std::cell::Cell;
/// use plugin_api::prelude::*;
///
/// #[derive(Default)]
/// struct Seen(Cell<u64>);
///
/// async fn heard(ctx: EventContext<MessageCreate, Seen>) -> Result {
///     if ctx.is_bot() || !ctx.mentions_me() || !ctx.content().contains("hello") {
///         return Ok(());
///     }
///     ctx.state().0.set(ctx.state().0.get() + 1);
///     ctx.react("👋").await
/// }
/// ```
pub struct EventContext<E, S = ()> {
    state: Rc<S>,
    host: Host,
    frame_guard: Rc<FrameGuard>,
    event: OnceCell<Box<E>>,
    kind: PhantomData<E>,
}

impl<E: Event, S> EventContext<E, S> {
    pub(crate) fn new(state: Rc<S>, host: Host, frame_guard: Rc<FrameGuard>) -> Self {
        Self {
            state,
            host,
            frame_guard,
            event: OnceCell::new(),
            kind: PhantomData,
        }
    }

    surroundings!();

    /// The whole event, as twilight-model has it.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn greet(ctx: EventContext<MessageCreate>) -> Result {
    ///     let message = ctx.event()?;
    ///     if let Some(image) = message.attachments.first() {
    ///         tracing::info!(from = message.author.name, file = image.filename, "a picture");
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Discord sent something else than twilight-model expects.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn event(&self) -> Result<&E> {
        if self.event.get().is_none() {
            let event = E::parse(self.frame_guard.body())?;
            let _ = self.event.set(event);
        }
        Ok(self.event.get().expect("it was set above"))
    }

    /// Discord's own JSON: the `d` of the [gateway
    /// event](https://discord.com/developers/docs/events/gateway-events#receive-events). For fields that the typed
    /// event does not have yet.
    ///
    /// ```
    /// use plugin_api::{Json, prelude::*};
    ///
    /// async fn heard(ctx: EventContext<MessageCreate>) -> Result {
    ///     let json: Json = serde_json::from_slice(ctx.raw())?;
    ///     tracing::debug!(is_poll = json.get("poll").is_some(), "a message");
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        self.frame_guard.body()
    }

    /// In which server; `None` in direct messages, and for events of no server.
    #[must_use]
    pub fn guild_id(&self) -> Option<Id<GuildMarker>> {
        self.frame_guard.header().header.guild()
    }

    in_server!();

    /// In which channel, for events of a channel.
    #[must_use]
    pub fn channel_id(&self) -> Option<Id<ChannelMarker>> {
        self.frame_guard.header().header.channel()
    }

    /// Which message, for events of a message.
    #[must_use]
    pub fn message_id(&self) -> Option<Id<MessageMarker>> {
        self.frame_guard.header().header.message()
    }

    /// Who caused it, for events of a user.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn reacted(ctx: EventContext<ReactionAdd>) -> Result {
    ///     let is_mine = ctx.user_id() == ctx.host().bot_id();
    ///     if let (false, Some(guild)) = (is_mine, ctx.guild_id()) {
    ///         tracing::info!(guild = guild.get(), "a reaction");
    ///     }
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn user_id(&self) -> Option<Id<UserMarker>> {
        self.frame_guard.header().header.user()
    }

    /// The message's text, for `MESSAGE_CREATE` and `MESSAGE_UPDATE`; else empty. Without the privileged intent
    /// [`MESSAGE_CONTENT`](https://discord.com/developers/docs/events/gateway#message-content-intent) Discord fills it
    /// in direct messages and in messages that mention the bot only.
    #[must_use]
    pub fn content(&self) -> &str {
        self.frame_guard.header().content
    }

    /// Whether a bot (this one included) or a webhook caused it. [`Listener::ignore_bots`](crate::Listener::ignore_bots)
    /// leaves them out from the start.
    #[must_use]
    pub fn is_bot(&self) -> bool {
        self.frame_guard.header().header.flags & event_flag::BOT != 0
    }

    /// Whether the message mentions this bot by name; `@everyone` and its roles don't count.
    #[must_use]
    pub fn mentions_me(&self) -> bool {
        self.frame_guard.header().header.flags & event_flag::MENTIONS_ME != 0
    }

    /// Whether the message was a command of this bot, by prefix or by mention: one of any plugin's or of the host's, also where its
    /// author may not use it. What counts what members write leaves those out.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use plugin_api::prelude::*;
    ///
    /// async fn points(ctx: EventContext<MessageCreate, Cell<u64>>) -> Result {
    ///     if !ctx.was_command() {
    ///         ctx.state().set(ctx.state().get() + 1);
    ///     }
    ///     Ok(())
    /// }
    /// let members = Listener::new().ignore_bots().without_content();
    /// let plugin = Plugin::with_state(|_host| async { Ok(Cell::new(0)) }).listen(members, points);
    /// ```
    #[must_use]
    pub fn was_command(&self) -> bool {
        self.frame_guard.header().header.flags & event_flag::COMMAND != 0
    }
}

/// An event of a message: one that was written, changed, deleted or reacted to.
///
/// Listeners to these know which message it is, and in which channel.
pub trait MessageEvent: Event {}

macro_rules! message_events {
    ($($event:ident),*) => { $(impl MessageEvent for payload::$event {})* };
}

message_events!(
    MessageCreate,
    MessageUpdate,
    MessageDelete,
    ReactionAdd,
    ReactionRemove,
    ReactionRemoveAll,
    ReactionRemoveEmoji,
    MessagePollVoteAdd,
    MessagePollVoteRemove
);

impl<E: MessageEvent, S> EventContext<E, S> {
    /// In which channel.
    #[must_use]
    pub fn channel(&self) -> Id<ChannelMarker> {
        sure(self.channel_id())
    }

    /// Which message.
    #[must_use]
    pub fn message(&self) -> Id<MessageMarker> {
        sure(self.message_id())
    }

    /// Answers the message: with one that refers to it, in the same channel.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn answer(ctx: EventContext<MessageCreate>) -> Result {
    ///     if ctx.content() == "ping" {
    ///         ctx.reply("pong").await?;
    ///     }
    ///     Ok(())
    /// }
    /// let plugin = Plugin::new().listen(Listener::new().ignore_bots(), answer);
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Discord::send`](crate::Discord::send).
    pub async fn reply(&self, message: impl Into<NewMessage>) -> Result {
        let message = message.into().reply_to(self.message());
        let discord = self.host.discord();
        discord.send(self.channel(), message).await.map(drop)
    }

    /// Reacts to the message: `emoji` as for [`Discord::react`](crate::Discord::react).
    ///
    /// # Errors
    ///
    /// As for [`Discord::react`](crate::Discord::react).
    pub async fn react(&self, emoji: &str) -> Result {
        let discord = self.host.discord();
        discord.react(self.channel(), self.message(), emoji).await
    }
}

impl<S> EventContext<payload::MessageCreate, S> {
    /// Who wrote the message; of a webhook's its id and name.
    #[must_use]
    pub fn author(&self) -> User<'_> {
        user(&self.frame_guard)
    }
}

/// An id that Discord sends with each event of the kind. Of one that could not be read it is 1, which is nobody's: the oldest
/// snowflake in use is far above.
fn sure<T>(id: Option<Id<T>>) -> Id<T> {
    id.unwrap_or(Id::new(1))
}

impl<E: Event, S> fmt::Debug for EventContext<E, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventContext")
            .field("event", &E::NAME)
            .finish_non_exhaustive()
    }
}
