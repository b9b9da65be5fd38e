//! Answers to commands, components and modals.
//!
//! The host owns an interaction, not the plugin: it knows whether the next answer is the first response, an edit of a
//! deferred one, or a follow-up; and it defers by itself before Discord's three seconds are over, also while a plugin is
//! being swapped ([reference](https://discord.com/developers/docs/interactions/receiving-and-responding)).

mod body;
mod interaction;
mod message;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use plugin_api::abi::{Origin, ReplyCall, RequestCall};
use serde_json::{Value, json};
use tokio::sync::Mutex as AsyncMutex;

use self::body::EPHEMERAL;
use super::{
    Completion, Failure,
    discord::{Call, Discord},
};

/// When the host defers by itself: leaves a second of Discord's three for the way there.
pub const AUTO_DEFER: Duration = Duration::from_secs(2);

/// How long Discord honours an interaction's token.
const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);

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
    application_id: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Interaction>>>,
}

impl Replies {
    /// Answers through `discord`.
    #[must_use]
    pub fn new(discord: Arc<Discord>) -> Self {
        Self {
            discord,
            application_id: AtomicU64::new(0),
            open: Mutex::default(),
        }
    }

    pub(super) fn set_application(&self, id: u64) {
        self.application_id.store(id, Relaxed);
    }

    /// Takes an interaction on, from the moment that it came.
    pub fn register(&self, id: u64, token: &str, kind: Kind, ephemeral: bool) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, interaction| interaction.since.elapsed() < TOKEN_LIFE);
        open.insert(
            id,
            Arc::new(Interaction {
                id,
                token: token.to_owned(),
                kind,
                ephemeral,
                since: Instant::now(),
                state: AsyncMutex::new(State::Fresh),
            }),
        );
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
        let message_id = self.answer(call, body).await?;
        Ok(Completion {
            status: 0,
            head: serde_json::to_vec(&json!({ "message_id": message_id }))?,
            body: Vec::new(),
        })
    }

    /// Gives an answer; the id of the message that carries it, where Discord tells.
    ///
    /// # Errors
    ///
    /// As for [`serve`](Self::serve).
    pub async fn answer(&self, call: ReplyCall, body: Vec<u8>) -> Result<Option<u64>, Failure> {
        match call.origin.clone() {
            Origin::Message {
                channel_id,
                message_id,
                user_id,
            } => {
                self.to_message(call, body, channel_id, message_id, user_id)
                    .await
            }
            Origin::Interaction { id, .. } => self.to_interaction(call, body, id).await,
        }
    }

    async fn send(
        &self,
        method: &str,
        path: String,
        body: Vec<u8>,
        multipart_boundary: Option<String>,
        without_token: bool,
    ) -> Result<Vec<u8>, Failure> {
        let request = RequestCall {
            method: method.to_owned(),
            path,
            multipart_boundary,
            reason: None,
        };
        let call = Call {
            request,
            body,
            without_token,
        };
        Ok(self.discord.send(call).await?.1)
    }

    fn find(&self, id: u64) -> Result<Arc<Interaction>, Failure> {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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

fn id_of(message: &[u8]) -> Option<u64> {
    let message: Value = serde_json::from_slice(message).ok()?;
    message["id"].as_str()?.parse().ok()
}
