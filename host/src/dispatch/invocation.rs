//! Invocation: a command or component queued for its plugin, and followed until it is answered or has failed.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant},
};

use host_base::{PluginName, error_id, shown};
use host_capability::{Failure, UNKNOWN_INTERACTION};
use host_discord::reply::Typed;
use host_loader::{Answer, EventRecord, Packet, Refused, Slot, interrupted, next_id};
use plugin_api::{
    abi::{CommandHead, ComponentHead, Origin, ReplyCall, ReplyMode, Tone, frame_kind},
    hook::{CommandError, CommandExecuted, ComponentError},
};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tracing::{Instrument, Span};
use twilight_model::id::Id;

use super::{Dispatch, left::Work};
use crate::services::Failed;
use host_commands::{Running, UsageLog, router::CommandRoute};

/// Characters that a message of Discord's takes.
const MESSAGE: usize = 2_000;

/// An invocation that is queued.
pub(crate) struct Invocation {
    origin: Origin,
    plugin: PluginName,
    /// What it was about.
    event: Arc<EventRecord>,
    what: String,
    /// The command's path, or the component's handler.
    name: String,
    /// Around all that the host does about it; its id stands in the plugin's own lines, too.
    span: Span,
    answer: oneshot::Receiver<Answer>,
    /// For commands: the hook event that is emitted afterwards.
    used: Option<CommandInUse>,
    /// Its place among the uses that may run at once.
    running: Option<Running>,
    /// For commands by prefix: what answers to the message are about.
    typed: Option<Typed>,
}

/// A command that was used.
struct CommandInUse {
    event: Arc<EventRecord>,
    command: Arc<str>,
    plugin: PluginName,
    began: Instant,
}

impl Invocation {
    /// Queues a command.
    pub(crate) fn command(
        event: &Arc<EventRecord>,
        route: &CommandRoute,
        head: &CommandHead,
        work: &Work,
    ) -> Result<Self, Refused> {
        let id = next_id();
        let plugin = route.slot.current().plugin.clone();
        let packet = Packet::new(frame_kind::COMMAND, id, head)
            .with_event(Arc::clone(event))
            .named(&head.command)
            .telling(work.begun());
        Ok(Self {
            answer: route.slot.invoke(packet)?,
            origin: head.origin.clone(),
            what: format!("command `{}`", head.command),
            name: head.command.clone(),
            event: Arc::clone(event),
            span: span(event, "command", id, &plugin, &head.command),
            plugin,
            used: Some(CommandInUse {
                event: Arc::clone(event),
                command: Arc::clone(&route.path),
                plugin: route.plugin.clone(),
                began: Instant::now(),
            }),
            running: None,
            typed: None,
        })
    }

    /// Queues a component or modal.
    pub(super) fn component(
        event: &Arc<EventRecord>,
        slot: &Slot,
        head: &ComponentHead,
        work: &Work,
    ) -> Result<Self, Refused> {
        let id = next_id();
        let plugin = slot.current().plugin.clone();
        let packet = Packet::new(frame_kind::COMPONENT, id, head)
            .with_event(Arc::clone(event))
            .named(&head.handler)
            .telling(work.begun());
        Ok(Self {
            answer: slot.invoke(packet)?,
            origin: head.origin.clone(),
            what: format!("component `{}`", head.handler),
            name: head.handler.clone(),
            event: Arc::clone(event),
            span: span(event, "component", id, &plugin, &head.handler),
            plugin,
            used: None,
            running: None,
            typed: None,
        })
    }

    /// Keeps what answers to its message are about until it is over.
    pub(crate) fn typed(mut self, typed: Option<Typed>) -> Self {
        self.typed = typed;
        self
    }

    /// Keeps its place among those that run until it is over.
    pub(crate) fn holding(mut self, running: Running) -> Self {
        self.running = Some(running);
        self
    }
}

fn span(event: &EventRecord, kind: &str, id: u64, plugin: &str, name: &str) -> Span {
    let header = &event.header;
    tracing::info_span!(
        parent: None,
        "invocation",
        id,
        kind,
        plugin,
        name,
        shard = header.shard,
        guild = header.guild_id,
        channel = header.channel_id,
        user = header.user_id
    )
}

impl CommandInUse {
    fn count(&self, log: &UsageLog, failed: bool) {
        log.note(host_commands::CommandUse {
            guild: self.event.header.guild(),
            command: Arc::clone(&self.command),
            plugin: self.plugin.clone(),
            failed,
            took: self.took(),
        });
    }

    fn took(&self) -> Duration {
        self.began.elapsed()
    }

    fn executed(self, plugin: &PluginName, slash: bool) -> CommandExecuted {
        CommandExecuted {
            took_us: self.took().as_micros().try_into().unwrap_or(u64::MAX),
            command: self.command.to_string(),
            plugin: plugin.to_string(),
            user_id: self.event.header.user_id,
            guild_id: self.event.header.guild().map(Id::get),
            channel_id: self.event.header.channel_id,
            slash,
        }
    }

    fn failed(self, plugin: &PluginName, error: &str, error_id: &str) -> CommandError {
        CommandError {
            command: self.command.to_string(),
            plugin: plugin.to_string(),
            user_id: self.event.header.user_id,
            guild_id: self.event.header.guild().map(Id::get),
            channel_id: self.event.header.channel_id,
            error: error.to_owned(),
            error_id: error_id.to_owned(),
        }
    }
}

impl Dispatch {
    /// Waits for the answer; a failure is answered to the member and logged with an error id.
    pub(super) fn follow(self: &Arc<Self>, invocation: Invocation, work: Work) {
        let dispatch = Arc::clone(self);
        let span = invocation.span.clone();
        let following = async move {
            let has_ended = dispatch.followed(invocation, &work).await;
            // What a stop has cut short is the next process's to answer.
            if !has_ended && dispatch.stopping.is_cancelled() && work.is_unanswered() {
                return work.leave();
            }
            work.finish();
        };
        tokio::spawn(following.instrument(span));
    }

    /// Whether its handler has come to its end.
    async fn followed(self: &Arc<Self>, invocation: Invocation, work: &Work) -> bool {
        let dispatch = self;
        let Invocation {
            origin,
            plugin,
            what,
            name,
            event,
            answer,
            used,
            running,
            typed: _typed,
            ..
        } = invocation;
        let error = match answer.await {
            Ok(answer) => answer.error(),
            // The plugin goes because the bot goes.
            Err(_) if dispatch.stopping.is_cancelled() && work.is_untouched() => return false,
            Err(_) => Some(interrupted()),
        };
        tracing::debug!(failed = error.is_some(), "answered");
        drop(running);
        if let Some(used) = &used {
            // What was the member's own mistake is no error of the command.
            let failed = error
                .as_ref()
                .is_some_and(|error| error.user_message.is_none());
            used.count(&dispatch.commands.usage, failed);
            dispatch.services.figures.hourly.command(failed);
        }
        let slash = matches!(origin, Origin::Interaction { .. });
        let Some(error) = error else {
            if let Some(used) = used {
                dispatch.services.hooks.emit(&used.executed(&plugin, slash));
            }
            dispatch.acknowledge(&origin).await;
            return true;
        };
        // Nobody can be told anything any more.
        let over = dispatch.services.replies.over(&origin);
        let id = match (&error.user_message, &over) {
            (Some(_), _) => String::new(),
            (None, Some(id)) => id.to_string(),
            (None, None) => error_id::new(),
        };
        let failed = match used {
            Some(used) => Failed::Command(used.failed(&plugin, &error.message, &id)),
            None => Failed::Component(component_error(&event, &plugin, name, &error.message, &id)),
        };
        dispatch.services.failed(failed);
        if let Some(text) = error.user_message {
            dispatch.say(origin, &text).await;
            return false;
        }
        if over.is_some() && error.discord_code == Some(UNKNOWN_INTERACTION) {
            // The log has it by this id.
            tracing::debug!(plugin = &*plugin, error_id = &*id, "{what} came too late");
            return false;
        }
        tracing::error!(
            plugin = &*plugin,
            error_id = &*id,
            "{what} failed: {}",
            error.message
        );
        match error.deadline_ms {
            Some(deadline_ms) => dispatch.tells_late(origin, &id, deadline_ms).await,
            None => dispatch.apologise(origin, &id).await,
        }
        false
    }

    /// Tells a member something, in a task of its own.
    pub(crate) fn tell(self: &Arc<Self>, origin: Origin, text: String) {
        let dispatch = Arc::clone(self);
        tokio::spawn(async move { dispatch.say(origin, &text).await });
    }

    /// Tells a member why not: a sentence, which all refusals are, the host's and the plugins'.
    pub(crate) async fn say(&self, origin: Origin, text: &str) {
        let message = json!({"content": fitting(text)});
        if let Err(failure) = self.refuse(origin, message).await {
            untold(&failure);
        }
    }

    /// Tells what the host has to say about a command that is declared to answer in private, where it is no use of it (the usage of
    /// a group, say): by prefix in direct messages.
    pub(crate) async fn whisper(&self, origin: Origin, text: &str) {
        let message = json!({"content": fitting(text)});
        if let Err(failure) = self.refuse_in(origin, message, true).await {
            untold(&failure);
        }
    }

    /// Tells a member that something is broken, and by which id the owner finds it in the log.
    pub(crate) async fn apologise(&self, origin: Origin, id: &str) {
        self.apologise_as(origin, "Something went wrong", id).await;
    }

    /// Tells a member that what they have asked for took longer than it may, and was stopped.
    async fn tells_late(&self, origin: Origin, id: &str, deadline_ms: u64) {
        let took = match deadline_ms {
            0..1_000 => format!("{deadline_ms} ms"),
            _ => format!("{} s", deadline_ms.div_ceil(1_000)),
        };
        let what = format!("That took longer than {took} and was stopped");
        self.apologise_as(origin, &what, id).await;
    }

    async fn apologise_as(&self, origin: Origin, what: &str, id: &str) {
        let embed = json!({
            "title": what,
            "description": format!(
                "If it happens again, tell the bot's owner this error id: `{id}`"
            ),
            "color": self.services.replies.colours().error,
        });
        let refused = self
            .refuse(origin.clone(), json!({"embeds": [embed]}))
            .await;
        match refused {
            // The bot may write here, but not embed.
            Err(Failure::Discord { status: 403, .. }) => {
                let text = format!(
                    "{what}. If it happens again, tell the bot's owner this error id: `{id}`"
                );
                self.say(origin, &text).await;
            }
            Err(failure) => untold(&failure),
            Ok(()) => {}
        }
    }

    async fn refuse(&self, origin: Origin, message: Value) -> Result<(), Failure> {
        let replies = &self.services.replies;
        // Private where Discord can, and where the host has not deferred in public.
        let private = match &origin {
            Origin::Interaction { id, .. } => replies.is_open(*id).await,
            Origin::Message { message_id, .. } => replies.is_private(*message_id),
            _ => false,
        };
        self.refuse_in(origin, message, private).await
    }

    async fn refuse_in(
        &self,
        origin: Origin,
        mut message: Value,
        private: bool,
    ) -> Result<(), Failure> {
        message["allowed_mentions"] = json!({"parse": []});
        shown::message(&mut message);
        match self.refuse_as(&origin, message.clone(), private).await {
            // What was to be private is not shown to everybody: they learn why they don't see it.
            Err(Failure::DirectMessagesClosed { sentence }) => {
                let instead = json!({"content": sentence, "allowed_mentions": {"parse": []}});
                self.refuse_as(&origin, instead, false).await
            }
            // Somebody else was faster, and everybody sees the bot think.
            Err(Failure::DeferredInPublic) => self.refuse_as(&origin, message, false).await,
            told => told,
        }
    }

    async fn refuse_as(
        &self,
        origin: &Origin,
        mut message: Value,
        private: bool,
    ) -> Result<(), Failure> {
        if let Origin::Message { message_id, .. } = origin
            && !private
        {
            message["message_reference"] =
                json!({"message_id": message_id.to_string(), "fail_if_not_exists": false});
        }
        let mut call = ReplyCall::new(origin.clone(), ReplyMode::Reply);
        call.ephemeral = private;
        call.tone = Some(Tone::Error);
        let body = serde_json::to_vec(&message)?;
        let replies = &self.services.replies;
        match private {
            true => replies.answer(call, body).await.map(drop),
            false => replies.answer_openly(call, body).await.map(drop),
        }
    }

    /// A handler that answered nothing leaves no "the application did not respond".
    async fn acknowledge(&self, origin: &Origin) {
        if let Origin::Interaction { id, .. } = origin {
            self.services.replies.acknowledge(*id).await;
        }
    }
}

fn component_error(
    event: &EventRecord,
    plugin: &PluginName,
    component: String,
    error: &str,
    error_id: &str,
) -> ComponentError {
    ComponentError {
        component,
        plugin: plugin.to_string(),
        user_id: event.header.user_id,
        guild_id: event.header.guild().map(Id::get),
        channel_id: event.header.channel_id,
        error: error.to_owned(),
        error_id: error_id.to_owned(),
    }
}

/// As much of a text as one message takes: one that Discord refuses would leave the member without an answer.
fn fitting(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MESSAGE) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.chars().take(MESSAGE - 1).chain(['…']).collect()),
    }
}

/// A line in the log, unless there is one.
fn untold(failure: &Failure) {
    if !failure.is_logged() {
        tracing::warn!("a member could not be answered: {failure}");
    }
}
