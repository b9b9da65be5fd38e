//! Slash commands, registered with Discord as they are loaded.

pub(crate) mod plan;
pub(crate) mod shape;

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::sync::watch;

use crate::{
    owner,
    plugin::file,
    router::Routes,
    services::{Failure, Services},
};

/// Changes that come within this time are registered together.
const QUIET: Duration = Duration::from_millis(200);

/// Discord's limit of slash commands
/// ([reference](https://discord.com/developers/docs/interactions/application-commands#registering-a-command)).
const LIMIT: usize = 100;

/// Registers slash commands.
#[derive(Debug)]
pub struct Registration {
    services: Arc<Services>,
    routes: Arc<Routes>,
    /// Remembers what is registered, so that a restart without changes costs Discord nothing.
    memory: PathBuf,
    last: Mutex<Option<String>>,
    /// One at a time: what is sent last is what is registered.
    door: tokio::sync::Mutex<()>,
}

impl Registration {
    /// Registers what `routes` lead to; `memory` is a file that remembers what is registered.
    #[must_use]
    pub fn new(services: Arc<Services>, routes: Arc<Routes>, memory: PathBuf) -> Self {
        let last = fs::read_to_string(&memory).ok();
        Self {
            services,
            routes,
            memory,
            last: Mutex::new(last),
            door: tokio::sync::Mutex::default(),
        }
    }

    /// Registers after every change, until the sender of `changes` is gone.
    pub async fn follow(&self, mut changes: watch::Receiver<u64>) {
        loop {
            // Wait until it is quiet: a start loads many plugins one after the other.
            while let Ok(Ok(())) = tokio::time::timeout(QUIET, changes.changed()).await {}
            if let Err(failure) = self.register(false).await {
                tracing::error!(
                    "slash commands could not be registered: {failure}; `sync` tries again"
                );
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Registers all commands, whether they have changed or not; their names.
    ///
    /// # Errors
    ///
    /// Discord refused, or was out of reach.
    pub async fn sync(&self) -> Result<Vec<String>, Failure> {
        self.register(true).await
    }

    async fn register(&self, always: bool) -> Result<Vec<String>, Failure> {
        let _inside = self.door.lock().await;
        let commands = self.wanted();
        let names = commands
            .iter()
            .filter_map(|command| command["name"].as_str().map(str::to_owned))
            .collect();
        let application = self.services.application_id();
        let body = Value::Array(commands);
        let print = format!(
            "{application} {}",
            file::hex(&file::sha256(body.to_string().as_bytes()))
        );
        let is_registered = self.last().as_deref() == Some(&*print);
        if is_registered && !always {
            return Ok(names);
        }
        self.services
            .discord
            .json(
                "PUT",
                format!("applications/{application}/commands"),
                &body,
                false,
            )
            .await?;
        tracing::info!(commands = names.len(), "slash commands registered");
        if let Err(error) = fs::write(&self.memory, &print) {
            tracing::debug!(path = %self.memory.display(), "can't remember what is registered: {error}");
        }
        *self.last() = Some(print);
        Ok(names)
    }

    /// The owner's commands, then the plugins', by name.
    fn wanted(&self) -> Vec<Value> {
        let mut commands = owner::slash_commands();
        let mut left_out = Vec::new();
        for (_plugin, command) in self.routes.declared_commands() {
            let Some(json) = shape::command(&command) else {
                continue;
            };
            if commands.len() < LIMIT {
                commands.push(json);
            } else {
                left_out.push(command.name.clone());
            }
        }
        if !left_out.is_empty() {
            tracing::error!(
                "Discord takes {LIMIT} slash commands; these are left to the prefix: {}",
                left_out.join(", ")
            );
        }
        commands
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
