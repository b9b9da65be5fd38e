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

/// Whoever used a command or a component.
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn greet(ctx: CommandContext) -> Result {
///     let user = ctx.user();
///     tracing::info!(id = user.id.get(), name = user.name, "greeted");
///     ctx.reply(format!("Hello, {}!", user.mention())).await
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct User<'a> {
    /// Id.
    pub id: Id<UserMarker>,
    /// The user name (unique, and not what the server displays).
    pub name: &'a str,
}

impl User<'_> {
    /// `<@id>`: the user's name in Discord's
    /// [markup](https://discord.com/developers/docs/reference#message-formatting). Notifies nobody, unless
    /// [`NewMessage::allow_mentions`] says so.
    #[must_use]
    pub fn mention(&self) -> String {
        format!("<@{}>", self.id)
    }
}

/// What commands and components have in common: who, where, and how to answer.
///
/// Not generic over the plugin, so that it is compiled once; [`CommandContext`] and [`ComponentContext`] deref to it. A
/// helper that takes it serves both:
///
/// ```
/// use plugin_api::{Invocation, prelude::*};
///
/// async fn greet(ctx: &Invocation) -> Result {
///     let place = if ctx.guild_id().is_some() { "here" } else { "in private" };
///     ctx.reply(format!("Good to see you {place}, {}!", ctx.user().name)).await
/// }
///
/// async fn hello(ctx: CommandContext) -> Result {
///     greet(&ctx).await
/// }
///
/// async fn again(ctx: ComponentContext) -> Result {
///     greet(&ctx).await
/// }
/// ```
pub struct Invocation {
    host: Host,
    origin: Origin,
    parcel: Parcel,
    first_answer: Cell<Option<u64>>,
    /// Declared so by the command.
    ephemeral: bool,
}

impl Invocation {
    pub(crate) fn new(host: Host, origin: Origin, parcel: Parcel, ephemeral: bool) -> Self {
        Self {
            host,
            origin,
            parcel,
            first_answer: Cell::new(None),
            ephemeral,
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
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn shout(ctx: CommandContext) -> Result {
    ///     ctx.host().discord().send(ctx.channel_id(), "To whom it may concern!").await?;
    ///     Ok(())
    /// }
    /// ```
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
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn weather(ctx: CommandContext) -> Result {
    ///     ctx.reply("Let me look outside.").await?;
    ///     ctx.reply(embed("Weather").description("Rain.").build()).await?;
    ///     ctx.reply(NewMessage::from("The radar:").file("radar.txt", "drops")).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Discord refused, or was out of reach; Discord's 15 minutes for an interaction are over; or the message is
    /// ephemeral and the host has deferred in public (declare the command [`ephemeral`](crate::Command::ephemeral)).
    pub async fn reply(&self, message: impl Into<NewMessage>) -> Result {
        self.say(ReplyMode::Reply, message.into()).await
    }

    /// Changes the first answer; answers, when there is none yet.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// async fn tea(ctx: CommandContext) -> Result {
    ///     ctx.reply("The water is on.").await?;
    ///     tokio::time::sleep(Duration::from_secs(180)).await;
    ///     ctx.edit_reply("Tea is ready.").await
    /// }
    /// ```
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
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// async fn secret(ctx: CommandContext) -> Result {
    ///     ctx.reply("This message deletes itself.").await?;
    ///     tokio::time::sleep(Duration::from_secs(10)).await;
    ///     ctx.delete_reply().await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`reply`](Self::reply); by prefix also when there is no answer, or only one by direct message.
    pub async fn delete_reply(&self) -> Result {
        let mut call = reply::plain(&self.origin, ReplyMode::Delete);
        call.message_id = self.first_answer.get();
        self.host.answer(call, Vec::new()).await.map(drop)
    }

    /// Says that the answer takes a while: "is thinking…" by slash and for modals, nothing to be seen for buttons and
    /// selects, "is typing" by prefix. Except by prefix the host does so by itself after two of the three seconds that
    /// Discord [gives](https://discord.com/developers/docs/interactions/receiving-and-responding), and after another
    /// answer there is nothing left to defer.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn sum(ctx: CommandContext) -> Result {
    ///     ctx.defer().await?;
    ///     let sum: u64 = tokio::task::spawn_blocking(|| (0..100_000_000).sum()).await?;
    ///     ctx.reply(format!("{sum}")).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`reply`](Self::reply).
    pub async fn defer(&self) -> Result {
        let call = reply::plain(&self.origin, ReplyMode::Defer);
        self.host.answer(call, Vec::new()).await.map(drop)
    }

    /// Opens a modal. It has to be the first response, within two seconds: then the host defers. What was typed reaches
    /// the [component handler](crate::Plugin::component) that the modal's custom id was made for.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn open(ctx: CommandContext) -> Result {
    ///     let letter = Modal::new("A letter", ctx.custom_id("letter", ctx.channel_id())?)
    ///         .field(TextField::short("subject", "Subject").max_length(80))
    ///         .field(TextField::long("text", "Your letter"));
    ///     ctx.modal(&letter).await
    /// }
    ///
    /// async fn letter(ctx: ComponentContext) -> Result {
    ///     ctx.reply(format!("**{}**\n{}", ctx.field("subject"), ctx.field("text"))).await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .command(Command::new("letter", "Writes a letter").slash_only().run(open))
    ///     .component("letter", letter);
    /// ```
    ///
    /// # Errors
    ///
    /// By prefix, where Discord has no modals; after another response; or Discord refused.
    pub async fn modal(&self, modal: &Modal) -> Result {
        let call = reply::plain(&self.origin, ReplyMode::Modal);
        self.host.answer(call, modal.to_body()?).await.map(drop)
    }

    /// The custom id of a button, select or modal whose handler is `handler` of this plugin; `argument` reaches the handler
    /// as it is, also after a reload or a restart. Discord hands it through the member's client: check what matters.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn offer(ctx: CommandContext) -> Result {
    ///     let buy = button("Buy", ctx.custom_id("buy", 7)?);
    ///     ctx.reply(NewMessage::from("Tea, slightly used").row([buy])).await
    /// }
    ///
    /// async fn buy(ctx: ComponentContext) -> Result {
    ///     let article: u64 = ctx.argument().parse()?;
    ///     ctx.reply(format!("Article {article} is yours.")).await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .command(Command::new("offer", "Offers tea").run(offer))
    ///     .component("buy", buy);
    /// ```
    ///
    /// # Errors
    ///
    /// The id would be longer than Discord's 100 characters ([`CUSTOM_ID_LIMIT`](crate::CUSTOM_ID_LIMIT)): keep the
    /// argument in the state, and pass a key.
    pub fn custom_id(&self, handler: &str, argument: impl fmt::Display) -> Result<String> {
        component::custom_id(self.host.plugin_name(), handler, &argument.to_string())
    }

    /// Discord's own JSON: the [message](https://discord.com/developers/docs/resources/message#message-object) by
    /// prefix, else the
    /// [interaction](https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object). For
    /// fields that [`message`](Self::message) and [`interaction`](Self::interaction) don't have yet.
    ///
    /// ```
    /// use plugin_api::{Json, prelude::*};
    ///
    /// async fn own_id(ctx: CommandContext) -> Result {
    ///     let json: Json = serde_json::from_slice(ctx.raw())?;
    ///     ctx.reply(format!("Its id is {}.", json["id"])).await
    /// }
    /// ```
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        self.parcel.body()
    }

    /// The message that the command came as; an error for an interaction.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn files(ctx: CommandContext) -> Result {
    ///     if !ctx.is_prefix() {
    ///         return Err(Error::user("send the files with `!files`"));
    ///     }
    ///     let message = ctx.message()?;
    ///     ctx.reply(format!("{} files", message.attachments.len())).await
    /// }
    /// ```
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
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn language(ctx: CommandContext) -> Result {
    ///     let interaction = ctx.interaction()?;
    ///     let locale = interaction.locale.as_deref().unwrap_or("en-US");
    ///     ctx.reply(format!("You read {locale}.")).await
    /// }
    /// let language = Command::new("language", "Tells your language").slash_only().run(language);
    /// # Plugin::new().command(language);
    /// ```
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
        let ephemeral = self.ephemeral || message.is_ephemeral();
        if let (Origin::Message { message_id, .. }, ReplyMode::Reply, false) =
            (&self.origin, mode, ephemeral)
            && let Some(id) = Id::new_checked(*message_id)
        {
            message = message.reply_to(id);
        }
        let (body, boundary) = message.to_body()?;
        let mut call = reply::plain(&self.origin, mode);
        call.ephemeral = ephemeral;
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
///
/// Who, where and how to answer it has from [`Invocation`].
///
/// ```
/// use std::cell::RefCell;
/// use plugin_api::prelude::*;
///
/// #[derive(Default)]
/// struct Notes(RefCell<Vec<String>>);
///
/// async fn note(ctx: CommandContext<Notes>) -> Result {
///     ctx.state().0.borrow_mut().push(ctx.option("text")?);
///     ctx.reply(format!("`{}` has {} notes.", ctx.command(), ctx.state().0.borrow().len())).await
/// }
/// ```
pub struct CommandContext<S = ()> {
    state: Rc<S>,
    invocation: Invocation,
    head: CommandHead,
}

impl<S> CommandContext<S> {
    pub(crate) fn new(state: Rc<S>, host: Host, head: CommandHead, parcel: Parcel) -> Self {
        Self {
            state,
            invocation: Invocation::new(host, head.origin.clone(), parcel, head.ephemeral),
            head,
        }
    }

    /// The plugin's state.
    #[must_use]
    pub fn state(&self) -> &Rc<S> {
        &self.state
    }

    /// The command's name as declared, also when it was called by an alias.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.head.command
    }

    /// An option's value; ask for `Option<T>` where the option may be left out.
    ///
    /// The host has checked it against the [declaration](crate::CommandOption): what is required is there, and in its
    /// bounds.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn pour(ctx: CommandContext) -> Result {
    ///     let sort: String = ctx.option("sort")?;
    ///     let cups: Option<i64> = ctx.option("cups")?;
    ///     let milk = ctx.option::<Option<bool>>("milk")?.unwrap_or(false);
    ///     ctx.reply(format!("{} × {sort}, milk: {milk}", cups.unwrap_or(1))).await
    /// }
    /// ```
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
///
/// Who, where and how to answer it has from [`Invocation`].
///
/// ```
/// use std::cell::Cell;
/// use plugin_api::prelude::*;
///
/// #[derive(Default)]
/// struct Poll {
///     votes: Cell<u64>,
/// }
///
/// async fn vote(ctx: ComponentContext<Poll>) -> Result {
///     let votes = ctx.state().votes.get() + 1;
///     ctx.state().votes.set(votes);
///     ctx.update(format!("{}: {votes} votes", ctx.argument())).await
/// }
/// ```
pub struct ComponentContext<S = ()> {
    state: Rc<S>,
    invocation: Invocation,
    head: ComponentHead,
}

impl<S> ComponentContext<S> {
    pub(crate) fn new(state: Rc<S>, host: Host, head: ComponentHead, parcel: Parcel) -> Self {
        Self {
            state,
            invocation: Invocation::new(host, head.origin.clone(), parcel, false),
            head,
        }
    }

    /// The plugin's state.
    #[must_use]
    pub fn state(&self) -> &Rc<S> {
        &self.state
    }

    /// What [`Invocation::custom_id`] was given as its argument; empty when that was.
    #[must_use]
    pub fn argument(&self) -> &str {
        &self.head.argument
    }

    /// The values that were picked in a select; empty for buttons and modals.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn picked(ctx: ComponentContext) -> Result {
    ///     let sort = ctx.values().first().map_or("no", String::as_str);
    ///     ctx.reply(format!("{sort} tea, then.")).await
    /// }
    /// ```
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.head.values
    }

    /// What a modal's field holds, by the id that it was [made](crate::TextField) with; empty when there is no such
    /// field.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn letter(ctx: ComponentContext) -> Result {
    ///     if ctx.field("text").contains("coffee") {
    ///         return Err(Error::user("this is a tea house"));
    ///     }
    ///     ctx.reply(format!("Sent: {}", ctx.field("subject"))).await
    /// }
    /// ```
    #[must_use]
    pub fn field(&self, id: &str) -> &str {
        self.head.fields.get(id).map_or("", String::as_str)
    }

    /// Changes the message that carries the component, or that carried the one which opened the modal. What the new
    /// message does not mention (its embeds, its components) stays.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn close(ctx: ComponentContext) -> Result {
    ///     ctx.update(NewMessage::from("The poll is closed.").without_components()).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Invocation::reply`]; also for a modal that a command opened, which has no message.
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
///     if let (Some(channel), Some(message)) = (ctx.channel_id(), ctx.message_id()) {
///         ctx.host().discord().react(channel, message, "👋").await?;
///     }
///     Ok(())
/// }
/// ```
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
            let event = E::parse(self.parcel.body())?;
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
        self.parcel.body()
    }

    /// In which server; `None` in direct messages, and for events of no server.
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
        Id::new_checked(self.parcel.header().header.user_id)
    }

    /// The message's text, for `MESSAGE_CREATE` and `MESSAGE_UPDATE`; else empty. Without the privileged intent
    /// [`MESSAGE_CONTENT`](https://discord.com/developers/docs/events/gateway#message-content-intent) Discord fills it
    /// in direct messages and in messages that mention the bot only.
    #[must_use]
    pub fn content(&self) -> &str {
        self.parcel.header().content
    }

    /// Whether a bot (this one included) or a webhook caused it. [`Listener::ignore_bots`](crate::Listener::ignore_bots)
    /// leaves them out from the start.
    #[must_use]
    pub fn is_bot(&self) -> bool {
        self.parcel.header().header.flags & event_flag::BOT != 0
    }

    /// Whether the message mentions this bot by name; `@everyone` and its roles don't count.
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
