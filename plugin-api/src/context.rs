//! What a handler is given.

use std::{
    cell::{Cell, OnceCell},
    fmt,
    marker::PhantomData,
    ops::Deref,
    rc::Rc,
};

use twilight_model::{
    application::interaction::Interaction,
    channel::Message,
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker, MessageMarker, UserMarker},
    },
};

use crate::{
    abi::{CommandHead, ComponentHead, Origin, ReplyMode, event_flag},
    command::FromOption,
    component::{self, Modal},
    error::{Error, Result},
    event::Event,
    host::{Host, reply},
    message::NewMessage,
    raw::Parcel,
};

/// Whoever used a command or a component, or caused an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct User<'a> {
    /// Id.
    pub id: Id<UserMarker>,
    /// The user name; empty where the event carries only the id.
    pub name: &'a str,
}

impl User<'_> {
    /// `<@id>`: the user's name in Discord's markup.
    #[must_use]
    pub fn mention(&self) -> String {
        format!("<@{}>", self.id)
    }
}

/// What commands and components have in common: who, where, and how to answer.
///
/// Not generic over the plugin, so that it is compiled once; [`CommandContext`] and [`ComponentContext`] deref to it.
pub struct Invocation {
    host: Host,
    origin: Origin,
    parcel: Parcel,
    first_answer: Cell<Option<u64>>,
}

impl Invocation {
    pub(crate) fn new(host: Host, origin: Origin, parcel: Parcel) -> Self {
        Self {
            host,
            origin,
            parcel,
            first_answer: Cell::new(None),
        }
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Who did it.
    #[must_use]
    pub fn user(&self) -> User<'_> {
        user(&self.parcel)
    }

    /// In which server; `None` in direct messages.
    #[must_use]
    pub fn guild_id(&self) -> Option<Id<GuildMarker>> {
        Id::new_checked(self.parcel.header().header.guild_id)
    }

    /// In which channel.
    ///
    /// # Panics
    ///
    /// Never with a host that keeps its contract: a command comes from a channel.
    #[must_use]
    pub fn channel_id(&self) -> Id<ChannelMarker> {
        Id::new(self.parcel.header().header.channel_id)
    }

    /// Whether it came as a message with the prefix, and not as an interaction.
    #[must_use]
    pub fn is_prefix(&self) -> bool {
        matches!(self.origin, Origin::Message { .. })
    }

    /// Answers: by prefix with a reply, by slash or component with the response, and from the second time on with a
    /// further message.
    ///
    /// # Errors
    ///
    /// Discord refused, or was out of reach.
    pub async fn reply(&self, message: impl Into<NewMessage>) -> Result {
        self.say(ReplyMode::Reply, message.into()).await
    }

    /// Changes the first answer; answers, when there is none yet.
    ///
    /// # Errors
    ///
    /// As for [`reply`](Self::reply).
    pub async fn edit_reply(&self, message: impl Into<NewMessage>) -> Result {
        let mode = if self.is_prefix() && self.first_answer.get().is_none() {
            ReplyMode::Reply
        } else {
            ReplyMode::Edit
        };
        self.say(mode, message.into()).await
    }

    /// Takes the first answer away.
    ///
    /// # Errors
    ///
    /// As for [`reply`](Self::reply).
    pub async fn delete_reply(&self) -> Result {
        let mut call = reply::plain(&self.origin, ReplyMode::Delete);
        call.message_id = self.first_answer.get();
        self.host.answer(call, Vec::new()).await.map(drop)
    }

    /// Says that the answer takes a while: "is thinking…", or "is typing" by prefix. The host does so by itself before
    /// Discord's three seconds are over.
    ///
    /// # Errors
    ///
    /// As for [`reply`](Self::reply).
    pub async fn defer(&self) -> Result {
        let call = reply::plain(&self.origin, ReplyMode::Defer);
        self.host.answer(call, Vec::new()).await.map(drop)
    }

    /// Opens a modal. It has to be the first response, within two seconds: then the host defers.
    ///
    /// # Errors
    ///
    /// By prefix, where Discord has no modals; after another response; or Discord refused.
    pub async fn modal(&self, modal: &Modal) -> Result {
        let call = reply::plain(&self.origin, ReplyMode::Modal);
        self.host.answer(call, modal.to_body()?).await.map(drop)
    }

    /// The custom id of a button, select or modal whose handler is `handler` of this plugin; `argument` reaches the handler
    /// as it is.
    ///
    /// # Errors
    ///
    /// The id would be longer than Discord's 100 characters.
    pub fn custom_id(&self, handler: &str, argument: impl fmt::Display) -> Result<String> {
        component::custom_id(self.host.plugin_name(), handler, &argument.to_string())
    }

    /// Discord's own JSON: the message by prefix, else the interaction.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        self.parcel.body()
    }

    /// The message that the command came as; an error for an interaction.
    ///
    /// # Errors
    ///
    /// It came as an interaction.
    #[inline(never)]
    pub fn message(&self) -> Result<Box<Message>> {
        if !self.is_prefix() {
            return Err(Error::new("this was an interaction, not a message"));
        }
        Ok(Box::new(serde_json::from_slice(self.raw())?))
    }

    /// The interaction that it came as; an error for a message.
    ///
    /// # Errors
    ///
    /// It came as a message.
    #[inline(never)]
    pub fn interaction(&self) -> Result<Box<Interaction>> {
        if self.is_prefix() {
            return Err(Error::new("this was a message, not an interaction"));
        }
        Ok(Box::new(serde_json::from_slice(self.raw())?))
    }

    async fn say(&self, mode: ReplyMode, mut message: NewMessage) -> Result {
        if let (Origin::Message { message_id, .. }, ReplyMode::Reply, false) =
            (&self.origin, mode, message.is_ephemeral())
            && let Some(id) = Id::new_checked(*message_id)
        {
            message = message.reply_to(id);
        }
        let (body, boundary) = message.to_body()?;
        let mut call = reply::plain(&self.origin, mode);
        call.ephemeral = message.is_ephemeral();
        call.multipart_boundary = boundary;
        if mode == ReplyMode::Edit {
            call.message_id = self.first_answer.get();
        }
        let answered = self.host.answer(call, body).await?;
        if self.first_answer.get().is_none() {
            self.first_answer.set(answered.message_id);
        }
        Ok(())
    }
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

fn user(parcel: &Parcel) -> User<'_> {
    let header = parcel.header();
    User {
        // 1 is no user's id: the oldest snowflake in use is far above.
        id: Id::new_checked(header.header.user_id).unwrap_or(Id::new(1)),
        name: header.user_name,
    }
}

/// What a command's handler is given; `S` is the plugin's state.
pub struct CommandContext<S = ()> {
    state: Rc<S>,
    invocation: Invocation,
    head: CommandHead,
}

impl<S> CommandContext<S> {
    pub(crate) fn new(state: Rc<S>, host: Host, head: CommandHead, parcel: Parcel) -> Self {
        Self {
            state,
            invocation: Invocation::new(host, head.origin.clone(), parcel),
            head,
        }
    }

    /// The plugin's state.
    #[must_use]
    pub fn state(&self) -> &Rc<S> {
        &self.state
    }

    /// The command's name as declared.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.head.command
    }

    /// An option's value; ask for `Option<T>` where the option may be left out.
    ///
    /// # Errors
    ///
    /// The option was not given, or is of another type than `T`.
    pub fn option<T: FromOption>(&self, name: &str) -> Result<T> {
        T::from_option(name, self.head.options.get(name))
    }
}

impl<S> Deref for CommandContext<S> {
    type Target = Invocation;

    fn deref(&self) -> &Invocation {
        &self.invocation
    }
}

impl<S> fmt::Debug for CommandContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head.fmt(f)
    }
}

/// What the handler of a button, select or modal is given; `S` is the plugin's state.
pub struct ComponentContext<S = ()> {
    state: Rc<S>,
    invocation: Invocation,
    head: ComponentHead,
}

impl<S> ComponentContext<S> {
    pub(crate) fn new(state: Rc<S>, host: Host, head: ComponentHead, parcel: Parcel) -> Self {
        Self {
            state,
            invocation: Invocation::new(host, head.origin.clone(), parcel),
            head,
        }
    }

    /// The plugin's state.
    #[must_use]
    pub fn state(&self) -> &Rc<S> {
        &self.state
    }

    /// What [`Invocation::custom_id`] was given as its argument.
    #[must_use]
    pub fn argument(&self) -> &str {
        &self.head.argument
    }

    /// The values that were picked in a select.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.head.values
    }

    /// What a modal's field holds; empty when there is no such field.
    #[must_use]
    pub fn field(&self, id: &str) -> &str {
        self.head.fields.get(id).map_or("", String::as_str)
    }

    /// Changes the message that carries the component.
    ///
    /// # Errors
    ///
    /// As for [`Invocation::reply`].
    pub async fn update(&self, message: impl Into<NewMessage>) -> Result {
        self.invocation.say(ReplyMode::Update, message.into()).await
    }
}

impl<S> Deref for ComponentContext<S> {
    type Target = Invocation;

    fn deref(&self) -> &Invocation {
        &self.invocation
    }
}

impl<S> fmt::Debug for ComponentContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head.fmt(f)
    }
}

/// What a listener's handler is given: `E` is the event, `S` the plugin's state.
///
/// Ids, flags and text come from the event's header and cost nothing; [`event`](Self::event) parses Discord's JSON, once,
/// when it is first asked.
pub struct EventContext<E, S = ()> {
    state: Rc<S>,
    host: Host,
    parcel: Rc<Parcel>,
    event: OnceCell<Box<E>>,
    kind: PhantomData<E>,
}

impl<E: Event, S> EventContext<E, S> {
    pub(crate) fn new(state: Rc<S>, host: Host, parcel: Rc<Parcel>) -> Self {
        Self {
            state,
            host,
            parcel,
            event: OnceCell::new(),
            kind: PhantomData,
        }
    }

    /// The plugin's state.
    #[must_use]
    pub fn state(&self) -> &Rc<S> {
        &self.state
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The whole event.
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
            let event = E::parse(self.parcel.body())?;
            let _ = self.event.set(event);
        }
        Ok(self.event.get().expect("it was set above"))
    }

    /// Discord's own JSON.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        self.parcel.body()
    }

    /// In which server; `None` in direct messages.
    #[must_use]
    pub fn guild_id(&self) -> Option<Id<GuildMarker>> {
        Id::new_checked(self.parcel.header().header.guild_id)
    }

    /// In which channel, for events of a channel.
    #[must_use]
    pub fn channel_id(&self) -> Option<Id<ChannelMarker>> {
        Id::new_checked(self.parcel.header().header.channel_id)
    }

    /// Which message, for events of a message.
    #[must_use]
    pub fn message_id(&self) -> Option<Id<MessageMarker>> {
        Id::new_checked(self.parcel.header().header.message_id)
    }

    /// Who caused it, for events of a user.
    #[must_use]
    pub fn user_id(&self) -> Option<Id<UserMarker>> {
        Id::new_checked(self.parcel.header().header.user_id)
    }

    /// The message's text, for `MESSAGE_CREATE` and `MESSAGE_UPDATE`.
    #[must_use]
    pub fn content(&self) -> &str {
        self.parcel.header().content
    }

    /// Whether a bot or a webhook caused it.
    #[must_use]
    pub fn is_bot(&self) -> bool {
        self.parcel.header().header.flags & event_flag::BOT != 0
    }

    /// Whether the message mentions this bot.
    #[must_use]
    pub fn mentions_me(&self) -> bool {
        self.parcel.header().header.flags & event_flag::MENTIONS_ME != 0
    }
}

impl<E: Event, S> fmt::Debug for EventContext<E, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventContext")
            .field("event", &E::NAME)
            .finish_non_exhaustive()
    }
}
