//! What happens to a message after it was sent: it is deleted, or its components are disabled, when the time has come.
//!
//! The host does it, so that a reload of the plugin that sent it changes nothing. A restart of the host forgets deletions;
//! of components the click tells (`components.rs`).

mod components;

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::time::Instant;

use self::components::Watched;
use super::{
    Discord,
    reply::{EPHEMERAL, TOKEN_LIFE},
    schedules::Clock,
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
    /// Reads what routing needs of a message as Discord tells it.
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

/// What happens to messages after they were sent.
pub struct Later {
    discord: Arc<Discord>,
    application_id: AtomicU64,
    clock: OnceLock<Clock>,
    /// By message.
    watched: Mutex<HashMap<u64, Watched>>,
}

impl Later {
    /// Through `discord`.
    #[must_use]
    pub fn new(discord: Arc<Discord>) -> Self {
        Self {
            discord,
            application_id: AtomicU64::new(0),
            clock: OnceLock::new(),
            watched: Mutex::default(),
        }
    }

    pub(super) fn set_application(&self, id: u64) {
        self.application_id.store(id, Relaxed);
    }

    /// Tells how old messages are by another clock than the system's.
    pub(super) fn set_clock(&self, clock: Clock) {
        let _ = self.clock.set(clock);
    }

    /// How many messages' components will be disabled.
    #[must_use]
    pub fn watched_count(&self) -> usize {
        self.watched().len()
    }

    /// Deletes a message after a while.
    pub fn delete(self: &Arc<Self>, sent: Sent, token: Option<Token>, after: Duration) {
        let later = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            later
                .request("DELETE", &sent, token.as_ref(), Value::Null)
                .await;
        });
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<u64, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes or deletes a message in the way that is open. That it is gone meanwhile is nobody's fault.
    async fn request(&self, method: &str, sent: &Sent, token: Option<&Token>, body: Value) {
        let token = token.filter(|token| token.since.elapsed() < TOKEN_LIFE);
        let path = match token {
            Some(token) => format!(
                "webhooks/{}/{}/messages/{}",
                self.application_id.load(Relaxed),
                token.token,
                sent.message_id
            ),
            // What one member alone sees can be changed by the token only.
            None if sent.ephemeral => return,
            None => format!("channels/{}/messages/{}", sent.channel_id, sent.message_id),
        };
        let done = self.discord.json(method, path, &body, token.is_some());
        if let Err(failure) = done.await {
            tracing::debug!(
                channel = sent.channel_id,
                message = sent.message_id,
                "{method} of a message, later: {failure}"
            );
        }
    }
}

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Later")
    }
}
