//! Delayed work on messages that were sent: deletion, and disabling of their components.
//!
//! The host does it, so that a reload of the plugin that sent it changes nothing. A restart carries on with deletions
//! (`deletions.rs`); of components the click tells (`components.rs`).

mod components;
mod deletions;

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use host_base::clock::Clock;
use host_capability::Failure;
use host_store::Storage;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::{components::Watched, deletions::Waiting};
use crate::{
    Discord,
    rest::{EPHEMERAL, TOKEN_LIFE},
};

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Channel.
    pub channel_id: u64,
    /// Message.
    pub message_id: u64,
    /// Whether one member alone sees it.
    pub ephemeral: bool,
}

impl Sent {
    /// The part of a message that is looked at after it was sent: its ids, flags and components. Discord answers with all of it, and an
    /// answer of a few words has forty fields.
    #[must_use]
    pub fn part(message: &[u8]) -> Option<Value> {
        #[derive(Serialize, Deserialize)]
        struct Part {
            #[serde(default)]
            id: Value,
            #[serde(default)]
            channel_id: Value,
            #[serde(default)]
            flags: Value,
            #[serde(default)]
            components: Value,
        }
        let part: Part = serde_json::from_slice(message).ok()?;
        serde_json::to_value(part).ok()
    }

    /// Reads what routing needs of a message's JSON.
    #[must_use]
    pub fn read(message: &Value) -> Option<Self> {
        let id = |key: &str| message[key].as_str()?.parse().ok();
        Some(Self {
            channel_id: id("channel_id")?,
            message_id: id("id")?,
            ephemeral: message["flags"].as_u64().unwrap_or_default() & EPHEMERAL != 0,
        })
    }
}

/// An interaction's token: it changes the interaction's messages, also where the bot itself has no access.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token.
    pub token: String,
    /// When it came.
    pub since: Instant,
}

/// Service for work on messages after they were sent.
pub struct Later {
    discord: Arc<Discord>,
    storage: Arc<Storage>,
    application_id: AtomicU64,
    clock: OnceLock<Clock>,
    /// By message.
    watched: Mutex<HashMap<u64, Watched>>,
    /// How many messages wait for their deletion, by the plugin that has asked for it; the host's own have none.
    waiting: Waiting,
    /// Cancelled when the bot stops.
    shutdown: CancellationToken,
}

impl Later {
    /// Through `discord`; what a restart must not forget is in `storage`.
    #[must_use]
    pub fn new(discord: Arc<Discord>, storage: Arc<Storage>) -> Self {
        Self {
            discord,
            storage,
            application_id: AtomicU64::new(0),
            clock: OnceLock::new(),
            watched: Mutex::default(),
            waiting: Waiting::default(),
            shutdown: CancellationToken::new(),
        }
    }

    /// Begins nothing more: the next start carries on.
    pub fn stop(&self) {
        self.shutdown.cancel();
    }

    /// Waits for that moment; `false` when the bot stops before it.
    async fn until(&self, due: Instant) -> bool {
        tokio::select! {
            () = self.shutdown.cancelled() => false,
            () = tokio::time::sleep_until(due) => true,
        }
    }

    /// Which application the bot is, from the moment it is known.
    pub fn set_application(&self, id: u64) {
        self.application_id.store(id, Relaxed);
    }

    /// Tells how old messages are by another clock than the system's.
    pub fn set_clock(&self, clock: Clock) {
        let _ = self.clock.set(clock);
    }

    /// How many messages' components will be disabled.
    #[must_use]
    pub fn watched_count(&self) -> usize {
        self.watched().len()
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<u64, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes or deletes a message in the way that is open. That it is gone meanwhile is nobody's fault.
    async fn request(
        &self,
        method: &str,
        sent: &Sent,
        token: Option<&Token>,
        body: Value,
    ) -> Result<(), Failure> {
        let token = token.filter(|token| token.since.elapsed() < TOKEN_LIFE);
        let id = sent.message_id;
        let by_token = token.map(|token| {
            let application = self.application_id.load(Relaxed);
            format!("webhooks/{application}/{}/messages/{id}", token.token)
        });
        // What one member alone sees can be changed by the token only.
        let by_right = || format!("channels/{}/messages/{id}", sent.channel_id);
        let by_right = (!sent.ephemeral).then(by_right);
        let done = match (by_token, by_right) {
            (Some(by_token), by_right) => {
                let done = self.discord.json(method, by_token, &body, true).await;
                match (done, by_right) {
                    // A click's token is for answers to the click, and not for the message with the button.
                    (Err(Failure::Discord { status: 404, .. }), Some(by_right)) => {
                        self.discord.json(method, by_right, &body, false).await
                    }
                    (done, _) => done,
                }
            }
            (None, Some(by_right)) => self.discord.json(method, by_right, &body, false).await,
            (None, None) => return Ok(()),
        };
        let done = done.map(drop);
        if let Err(failure) = &done {
            tracing::debug!(
                channel = sent.channel_id,
                message = sent.message_id,
                "{method} of a message, later: {failure}"
            );
        }
        done
    }
}

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Later")
    }
}
