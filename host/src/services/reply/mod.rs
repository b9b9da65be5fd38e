//! Answers to commands, components and modals.
//!
//! The host owns an interaction, not the plugin: it knows whether the next answer is the first response, an edit of a
//! deferred one, or a follow-up; and it defers by itself before Discord's three seconds are over, also while a plugin is
//! being swapped ([reference](https://discord.com/developers/docs/interactions/receiving-and-responding)).

mod body;
mod interaction;
mod message;
mod typed;

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use plugin_api::abi::{Answered, Colours, Origin, ReplyCall, ReplyMode, RequestCall, Tone};
use serde_json::{Value, json};
use tokio::{sync::Mutex as AsyncMutex, time::Instant};

pub(super) use self::body::{EPHEMERAL, edited};
pub(crate) use self::typed::Typed;
use super::{
    Completion, Failure,
    discord::{Call, Discord},
    later::{Later, Sent, Token},
};
use crate::{config::Live, router::Routes};

/// When the host defers by itself: leaves a second of Discord's three for the way there.
pub const AUTO_DEFER: Duration = Duration::from_secs(2);

/// How long Discord honours an interaction's token.
pub(super) const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);

/// What kind of interaction an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A command.
    Command,
    /// A button or select: it has a message that can be updated.
    Component,
    /// A submitted modal.
    Modal,
}

/// How far an interaction has been answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Discord waits for the first response.
    Fresh,
    /// Deferred with "is thinking…".
    Deferred { ephemeral: bool },
    /// Answered by the message of its component, updated or (deferred) as it is. From then on `@original` is that message,
    /// and no answer of ours.
    DeferredUpdate,
    /// Answered.
    Responded,
}

#[derive(Debug)]
struct Interaction {
    id: u64,
    token: String,
    kind: Kind,
    /// Declared so by its command: what the host defers by itself is ephemeral, too.
    ephemeral: bool,
    since: Instant,
    // Held across the request: answers to one interaction go out one after the other.
    state: AsyncMutex<State>,
}

/// Answers to commands, components and modals.
#[derive(Debug)]
pub struct Replies {
    discord: Arc<Discord>,
    later: Arc<Later>,
    config: Live,
    application_id: AtomicU64,
    open: Mutex<Open>,
    typed: typed::Book,
}

/// The interactions whose tokens Discord honours.
#[derive(Debug, Default)]
struct Open {
    by_id: HashMap<u64, Arc<Interaction>>,
    /// In the order in which they came, which is that in which they expire: whoever comes looks at those that are over, and at
    /// no others.
    queue: VecDeque<(Instant, u64)>,
}

impl Open {
    /// Forgets those that are over.
    fn expire(&mut self, now: Instant) {
        while let Some(&(since, id)) = self.queue.front()
            && now.duration_since(since) >= TOKEN_LIFE
        {
            self.queue.pop_front();
            // The same id once more is another interaction, with a time of its own.
            if self.by_id.get(&id).is_some_and(|open| open.since == since) {
                self.by_id.remove(&id);
            }
        }
    }
}

impl Replies {
    /// Answers through `discord`, as configured.
    #[must_use]
    pub fn new(
        config: Live,
        discord: Arc<Discord>,
        later: Arc<Later>,
        routes: Arc<Routes>,
    ) -> Self {
        Self {
            discord,
            later,
            config,
            application_id: AtomicU64::new(0),
            open: Mutex::default(),
            typed: typed::Book::new(routes),
        }
    }

    pub(super) fn set_application(&self, id: u64) {
        self.application_id.store(id, Relaxed);
    }

    /// Colours of embeds.
    #[must_use]
    pub fn colours(&self) -> Colours {
        self.config.now().answers.colours
    }

    /// Takes an interaction on, from the moment that it came.
    pub fn register(&self, id: u64, token: &str, kind: Kind, ephemeral: bool) {
        let since = Instant::now();
        let interaction = Arc::new(Interaction {
            id,
            token: token.to_owned(),
            kind,
            ephemeral,
            since,
            state: AsyncMutex::new(State::Fresh),
        });
        let mut open = self.open();
        open.expire(since);
        open.queue.push_back((since, id));
        open.by_id.insert(id, interaction);
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many interactions are kept: for as long as Discord honours their tokens.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.open().by_id.len()
    }

    /// Defers an interaction that nobody has answered yet.
    pub async fn defer_if_fresh(&self, id: u64) {
        let Ok(interaction) = self.find(id) else {
            return;
        };
        let mut state = interaction.state.lock().await;
        if *state != State::Fresh {
            return;
        }
        match self
            .defer(&interaction, &mut state, interaction.ephemeral)
            .await
        {
            Ok(()) => {
                self.discord.figures.deferred.fetch_add(1, Relaxed);
            }
            Err(failure) => tracing::warn!(interaction = id, "could not defer: {failure}"),
        }
    }

    /// Closes an interaction whose handler has answered nothing: Discord would call the bot unresponsive.
    pub async fn acknowledge(&self, id: u64) {
        let Ok(interaction) = self.find(id) else {
            return;
        };
        let mut state = interaction.state.lock().await;
        if *state != State::Fresh {
            return;
        }
        let (kind, data) = match interaction.kind {
            Kind::Component => (6, Value::Null),
            Kind::Command | Kind::Modal => (4, json!({"content": "Done.", "flags": EPHEMERAL})),
        };
        if let Err(failure) = self.respond(&interaction, &mut state, kind, data).await {
            tracing::warn!(interaction = id, "could not acknowledge: {failure}");
        }
    }

    /// Whether an interaction still waits for its first response.
    pub async fn is_fresh(&self, id: u64) -> bool {
        match self.find(id) {
            Ok(interaction) => *interaction.state.lock().await == State::Fresh,
            Err(_) => false,
        }
    }

    /// The host call `reply`.
    ///
    /// # Errors
    ///
    /// The answer is not possible any more, or Discord refused it.
    pub async fn serve(&self, params: Value, body: Vec<u8>) -> Result<Completion, Failure> {
        let call: ReplyCall = serde_json::from_value(params)?;
        let answered = self.answer(call, body).await?;
        Ok(Completion {
            status: 0,
            head: serde_json::to_vec(&answered)?,
            body: Vec::new(),
        })
    }

    /// Gives an answer; the message that carries it, where there is one.
    ///
    /// # Errors
    ///
    /// As for [`serve`](Self::serve).
    pub async fn answer(&self, call: ReplyCall, body: Vec<u8>) -> Result<Answered, Failure> {
        if call.mode == ReplyMode::Unknown {
            return Err(unknown("this way to answer"));
        }
        let origin = call.origin.clone();
        let stay = self.stay(&call);
        let message = match &origin {
            Origin::Message {
                channel_id,
                message_id,
                user_id,
            } => {
                self.to_message(call, body, *channel_id, *message_id, *user_id)
                    .await?
            }
            Origin::Interaction { id, .. } => self.to_interaction(call, body, *id).await?,
            _ => return Err(unknown("the way by which it came")),
        };
        let Some(message) = message else {
            return Ok(Answered::default());
        };
        let Some(sent) = Sent::read(&message) else {
            return Ok(Answered::default());
        };
        self.later.watch(&message, self.token(&origin));
        let answered = Answered {
            message_id: Some(sent.message_id),
            channel_id: Some(sent.channel_id),
        };
        if let Some(after) = stay.filter(|stay| stay.always || !sent.ephemeral) {
            self.later.delete(sent, self.token(&origin), after.time);
        }
        Ok(answered)
    }

    /// How long the answer stays, unless it stays for ever.
    fn stay(&self, call: &ReplyCall) -> Option<Stay> {
        if let Some(milliseconds) = call.delete_after_ms {
            let time = Duration::from_millis(milliseconds);
            return Some(Stay { time, always: true });
        }
        let seconds = match (call.mode, call.tone) {
            (ReplyMode::Reply | ReplyMode::Edit, Some(Tone::Success)) => {
                self.config.now().answers.delete_success_after_s
            }
            (ReplyMode::Reply | ReplyMode::Edit, Some(Tone::Error)) => {
                self.config.now().answers.delete_error_after_s
            }
            _ => 0,
        };
        (seconds > 0).then(|| Stay {
            time: Duration::from_secs(seconds),
            always: false,
        })
    }

    pub(crate) fn token(&self, origin: &Origin) -> Option<Token> {
        let Origin::Interaction { id, .. } = origin else {
            return None;
        };
        self.find(*id).ok().map(|interaction| Token {
            token: interaction.token.clone(),
            since: interaction.since,
        })
    }

    async fn send(
        &self,
        method: &str,
        path: String,
        body: Vec<u8>,
        multipart_boundary: Option<String>,
        without_token: bool,
    ) -> Result<Option<Value>, Failure> {
        let request = RequestCall {
            method: method.to_owned(),
            path,
            multipart_boundary,
            ..RequestCall::default()
        };
        let call = Call {
            request,
            body,
            without_token,
            ..Call::default()
        };
        let (_, response) = self.discord.send(call).await?;
        Ok(serde_json::from_slice(&response).ok())
    }

    fn find(&self, id: u64) -> Result<Arc<Interaction>, Failure> {
        let open = self.open();
        open.by_id
            .get(&id)
            .filter(|interaction| interaction.since.elapsed() < TOKEN_LIFE)
            .cloned()
            .ok_or_else(|| {
                Failure::Refused(
                    "Discord takes answers to an interaction for 15 minutes, and they are over; send a message instead".into(),
                )
            })
    }
}

/// How long an answer stays.
#[derive(Debug, Clone, Copy)]
struct Stay {
    time: Duration,
    /// Also where one member alone sees it.
    always: bool,
}

/// What a newer plugin asks for.
fn unknown(what: &str) -> Failure {
    Failure::Refused(format!(
        "this host ({}) does not know {what}: update the host",
        env!("CARGO_PKG_VERSION")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interaction(id: u64, since: Instant) -> Arc<Interaction> {
        Arc::new(Interaction {
            id,
            token: String::new(),
            kind: Kind::Command,
            ephemeral: false,
            since,
            state: AsyncMutex::new(State::Fresh),
        })
    }

    #[test]
    fn those_that_are_over_go_and_no_other_is_looked_at() {
        let (mut open, start) = (Open::default(), Instant::now());
        for id in 0..20_000 {
            let since = start + Duration::from_millis(id);
            open.queue.push_back((since, id));
            open.by_id.insert(id, interaction(id, since));
        }
        open.expire(start + TOKEN_LIFE - Duration::from_millis(1));
        assert_eq!((open.by_id.len(), open.queue.len()), (20_000, 20_000));
        open.expire(start + TOKEN_LIFE + Duration::from_millis(9));
        assert_eq!((open.by_id.len(), open.queue.len()), (19_990, 19_990));
        // The same id once more lives as long as any other.
        let again = start + Duration::from_secs(60);
        open.queue.push_back((again, 15));
        open.by_id.insert(15, interaction(15, again));
        open.expire(start + TOKEN_LIFE + Duration::from_millis(19));
        assert!(open.by_id.contains_key(&15) && !open.by_id.contains_key(&16));
        open.expire(again + TOKEN_LIFE);
        assert!(open.by_id.is_empty() && open.queue.is_empty());
    }

    /// A hundred thousand come and go in a moment; a look at all that are there would take minutes.
    #[test]
    fn the_cost_of_one_more_does_not_depend_on_how_many_there_are() {
        let (mut open, start) = (Open::default(), Instant::now());
        let mut looked_at = 0;
        for id in 0..100_000_u64 {
            let now = start + Duration::from_millis(id * 18);
            let before = open.queue.len();
            open.expire(now);
            looked_at += before - open.queue.len();
            open.queue.push_back((now, id));
            open.by_id.insert(id, interaction(id, now));
        }
        // Each once, however many there were meanwhile: 50,000.
        assert_eq!(looked_at, 50_000);
        assert_eq!(open.by_id.len(), 50_000);
    }
}
