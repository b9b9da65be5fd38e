//! Automatic responses of the host: in time, when nobody has answered; and when there is nothing to say.

use std::sync::atomic::Ordering::Relaxed;

use host_capability::{Failure, UNKNOWN_MESSAGE};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Kind, Received, Replies, body,
    first::Outcome,
    open::Interaction,
    state::{First, Progress, State},
};
use crate::rest::EPHEMERAL;

impl Replies {
    /// Defers an interaction that nobody has answered yet.
    pub async fn defer_if_fresh(&self, id: u64) {
        let Ok(interaction) = self.find(id) else {
            return;
        };
        let mut progress = interaction.progress.lock().await;
        if !progress.is_open() {
            return;
        }
        let ephemeral = interaction.ephemeral;
        match self.defer(&interaction, &mut progress, ephemeral).await {
            Ok(Outcome::Given(_)) => {
                interaction.deferred_by_host.store(true, Relaxed);
                self.discord.figures.deferred.fetch_add(1, Relaxed);
            }
            // A plugin's own request, or another process.
            Ok(Outcome::GoOn) => {}
            Err(failure) if failure.is_logged() => {}
            Err(failure) => tracing::warn!(interaction = id, "could not defer: {failure}"),
        }
    }

    /// Says that the answer takes a while.
    pub(super) async fn defer(
        &self,
        interaction: &Interaction,
        progress: &mut Progress,
        ephemeral: bool,
    ) -> Result<Outcome, Failure> {
        let (first, data) = match interaction.kind {
            Kind::Component => (First::DeferredUpdate, Value::Null),
            Kind::Command | Kind::Modal => {
                let mut data = json!({});
                body::set_ephemeral(&mut data, ephemeral);
                (First::Thinking { ephemeral }, data)
            }
        };
        self.first(interaction, progress, first, data).await
    }

    /// Closes an interaction whose handler has answered nothing: Discord would call the bot unresponsive, or show "is thinking…" for
    /// the rest of its quarter of an hour. What the plugin has deferred is the plugin's to answer, also after its handler.
    pub async fn acknowledge(&self, id: u64) {
        let Ok(interaction) = self.find(id) else {
            return;
        };
        let mut progress = interaction.progress.lock().await;
        if matches!(progress.state(), State::Deferred { .. })
            && interaction.deferred_by_host.load(Relaxed)
        {
            let done = json!({"content": "Done."}).to_string().into_bytes();
            return match self.settle(&interaction, &mut progress, done).await {
                // Somebody has deleted it: nobody waits.
                Err(gone) if gone.is(UNKNOWN_MESSAGE) => {}
                Err(failure) => {
                    tracing::warn!(interaction = id, "could not acknowledge: {failure}")
                }
                Ok(()) => {}
            };
        }
        if !progress.is_open() {
            return;
        }
        let (first, data) = match interaction.kind {
            Kind::Component => (First::DeferredUpdate, Value::Null),
            Kind::Command | Kind::Modal => (
                First::Message,
                json!({"content": "Done.", "flags": EPHEMERAL}),
            ),
        };
        match self.first(&interaction, &mut progress, first, data).await {
            Err(failure) if !failure.is_logged() => {
                tracing::warn!(interaction = id, "could not acknowledge: {failure}");
            }
            _ => {}
        }
    }

    /// Proposes values for what a member types.
    ///
    /// # Errors
    ///
    /// Discord refused, or was out of reach.
    pub async fn propose(&self, id: u64, token: &str, choices: Value) -> Result<(), Failure> {
        let received = Received {
            id,
            token,
            user: 0,
            kind: Kind::Command,
            ephemeral: false,
            source: None,
        };
        // Answered once, and by nobody else.
        let interaction = Interaction::new(received, Instant::now());
        let data = json!({ "choices": choices });
        let mut progress = interaction.progress.lock().await;
        let first = self.first(&interaction, &mut progress, First::Choices, data);
        first.await.map(drop)
    }

    /// Whether an interaction may still wait for its first response.
    pub async fn is_open(&self, id: u64) -> bool {
        match self.find(id) {
            Ok(interaction) => interaction.progress.lock().await.is_open(),
            Err(_) => false,
        }
    }
}
