//! Invocation: what the contexts of commands and components have in common.

use std::{
    cell::{Cell, OnceCell, RefCell},
    fmt,
};

use tokio::sync::oneshot;

use twilight_model::{
    application::interaction::Interaction,
    channel::Message,
    id::{
        Id,
        marker::{ChannelMarker, GuildMarker},
    },
};

use super::{
    reply::Reply,
    said::Said,
    user::{User, user},
};
use crate::{
    abi::{Answered, ComponentHead, Origin, ReplyCall, ReplyMode},
    accessors::in_server,
    component::{ComponentScope, Modal},
    error::{Error, Result},
    host::Host,
    message::NewMessage,
    raw::FrameGuard,
    runtime::Click,
};

/// One use of a command or component: who, where, and how to answer.
///
/// Not generic over the plugin, so that it is compiled once; [`CommandContext`](crate::CommandContext) and [`ComponentContext`](crate::ComponentContext) deref to it. A
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
    /// Where answers go: an asked modal's submission takes the place of what was invoked.
    origin: RefCell<Origin>,
    by_prefix: bool,
    frame_guard: FrameGuard,
    said: OnceCell<Said>,
    first_answer: Cell<Option<Answered>>,
    /// Whom the components of an updated message are for, where that one's were made so.
    inherited: Option<ComponentScope>,
    /// The click that is answered here, until the handler ends.
    held: RefCell<Option<oneshot::Sender<()>>>,
    /// Declared so by the command.
    ephemeral: bool,
}

impl Invocation {
    pub(crate) fn new(
        host: Host,
        origin: Origin,
        frame_guard: FrameGuard,
        ephemeral: bool,
    ) -> Self {
        Self {
            host,
            by_prefix: matches!(origin, Origin::Message { .. }),
            origin: RefCell::new(origin),
            frame_guard,
            said: OnceCell::new(),
            first_answer: Cell::new(None),
            inherited: None,
            held: RefCell::new(None),
            ephemeral,
        }
    }

    /// The answer to a component that was made for somebody: what updates its message is, too.
    pub(crate) fn inherits(mut self, scope: ComponentScope) -> Self {
        self.inherited = Some(scope);
        self
    }

    /// The use of a component.
    pub(crate) fn of_component(host: Host, head: &ComponentHead, frame_guard: FrameGuard) -> Self {
        Self::new(host, head.origin.clone(), frame_guard, false).inherits(ComponentScope {
            owner: head.owner,
            timeout_s: head.timeout_s,
        })
    }

    /// An invocation of its own for a click; the click is over when it is dropped.
    pub(super) fn at_click(&self, click: Box<Click>) -> Self {
        let scope = ComponentScope {
            owner: click.head.owner,
            timeout_s: click.head.timeout_s,
        };
        // Whoever has clicked acts there, and not whoever was asked.
        let host = self.host.at_frame(click.frame_guard.id());
        let at = Self::new(host, click.head.origin, click.frame_guard, self.ephemeral);
        at.held.replace(Some(click.done));
        at.inherits(scope)
    }

    /// From now on answers go to this click.
    pub(super) fn go_on_at(&self, click: Box<Click>) {
        self.origin.replace(click.head.origin);
        self.held.replace(Some(click.done));
        self.first_answer.set(None);
    }

    /// Whether a modal can be the next answer, as far as is known here.
    pub(super) fn is_open_to_modals(&self) -> bool {
        let interaction = matches!(*self.origin.borrow(), Origin::Interaction { .. });
        interaction && self.first_answer.get().is_none() && self.held.borrow().is_none()
    }

    /// The message that it came with; 0 for a slash command.
    pub(super) fn message_id(&self) -> u64 {
        self.frame_guard.header().header.message_id
    }

    pub(super) fn origin(&self) -> Origin {
        self.origin.borrow().clone()
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Who did it.
    #[must_use]
    pub fn user(&self) -> User<'_> {
        user(&self.frame_guard)
    }

    /// What else is told of who did it, read when it is first asked for.
    pub(super) fn said(&self) -> &Said {
        self.said.get_or_init(|| Said::read(self.raw()))
    }

    /// In which server; `None` in direct messages.
    #[must_use]
    pub fn guild_id(&self) -> Option<Id<GuildMarker>> {
        self.frame_guard.header().header.guild()
    }

    in_server!();

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
        Id::new(self.frame_guard.header().header.channel_id)
    }

    /// Whether it came as a message with the prefix, and not as an interaction.
    #[must_use]
    pub fn is_prefix(&self) -> bool {
        self.by_prefix
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
        self.send(message).await.map(drop)
    }

    /// Answers as [`reply`](Self::reply) does, and gives a handle to what was sent.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn count_down(ctx: CommandContext) -> Result {
    ///     let sent = ctx.send("3").await?;
    ///     sent.edit("2").await?;
    ///     sent.edit("1").await?;
    ///     sent.delete().await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`reply`](Self::reply).
    pub async fn send(&self, message: impl Into<NewMessage>) -> Result<Reply> {
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
        let mode = if matches!(self.origin(), Origin::Message { .. })
            && self.first_answer.get().is_none()
        {
            ReplyMode::Reply
        } else {
            ReplyMode::Edit
        };
        self.say(mode, message.into()).await.map(drop)
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
    /// As for [`reply`](Self::reply); also when there is no answer.
    pub async fn delete_reply(&self) -> Result {
        let mut call = ReplyCall::new(self.origin(), ReplyMode::Delete);
        let first = self.first_answer.take().unwrap_or_default();
        (call.message_id, call.channel_id) = (first.message_id, first.channel_id);
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
        let call = ReplyCall::new(self.origin(), ReplyMode::Defer);
        self.host.answer(call, Vec::new()).await.map(drop)
    }

    /// Opens a modal. It has to be the first response, within two seconds: then the host defers. What was typed reaches
    /// the [component handler](crate::Plugin::component) that the modal's custom id was made for; where an
    /// [ephemeral](crate::Command::ephemeral) command has opened it, what answers it is for the invoker's eyes alone, too.
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
        let mut call = ReplyCall::new(self.origin(), ReplyMode::Modal);
        call.ephemeral = self.ephemeral;
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
        self.host.custom_id(handler, argument)
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
        self.frame_guard.body()
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
        let read = serde_json::from_slice(self.raw()).map(Box::new);
        read.map_err(|error| Error::unreadable("the message", &error))
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
        let read = serde_json::from_slice(self.raw()).map(Box::new);
        read.map_err(|error| Error::unreadable("the interaction", &error))
    }

    /// Gives an answer of this kind; a text that is too long becomes several.
    pub(super) async fn say(&self, mode: ReplyMode, message: NewMessage) -> Result<Reply> {
        let pieces = match mode {
            ReplyMode::Reply => message.pieces(),
            _ => vec![message],
        };
        let mut sent = Vec::new();
        for message in pieces {
            sent.push(self.say_one(mode, message).await?);
        }
        Ok(Reply::new(
            self.host.clone(),
            self.origin(),
            self.usual(),
            sent,
        ))
    }

    /// Whom components are for unless their message says otherwise, and how long.
    fn usual(&self) -> ComponentScope {
        ComponentScope {
            owner: Some(self.user().id.get()),
            timeout_s: self.host.0.start().component_timeout_s,
        }
    }

    async fn say_one(&self, mode: ReplyMode, mut message: NewMessage) -> Result<Answered> {
        let ephemeral = self.ephemeral || message.is_ephemeral();
        if let (Origin::Message { message_id, .. }, ReplyMode::Reply, false) =
            (&self.origin(), mode, ephemeral)
            && let Some(id) = Id::new_checked(*message_id)
        {
            message = message.reply_to(id);
        }
        message.scope(match (mode, self.inherited) {
            (ReplyMode::Update, Some(inherited)) => inherited,
            _ => self.usual(),
        })?;
        let (body, boundary) = message.to_body()?;
        let mut call = ReplyCall::new(self.origin(), mode);
        message.tell(&mut call);
        call.ephemeral = ephemeral;
        call.multipart_boundary = boundary;
        if mode == ReplyMode::Edit
            && let Some(first) = self.first_answer.get()
        {
            (call.message_id, call.channel_id) = (first.message_id, first.channel_id);
        }
        let answered = self.host.answer(call, body).await?;
        // The message of the component is none of our answers.
        if self.first_answer.get().is_none()
            && mode != ReplyMode::Update
            && answered.message_id.is_some()
        {
            self.first_answer.set(Some(answered));
        }
        Ok(answered)
    }
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("origin", &self.origin())
            .finish_non_exhaustive()
    }
}
