//! Slash commands, registered with Discord as they are loaded.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use plugin_api::manifest::{CommandManifest, OptionKind, OptionManifest};
use serde_json::{Value, json};
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
        for (name, command) in self.routes.commands() {
            if !command.slash {
                continue;
            }
            if commands.len() < LIMIT {
                commands.push(slash_command(&command));
            } else {
                left_out.push(name);
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

/// A command as Discord wants it
/// ([reference](https://discord.com/developers/docs/interactions/application-commands#application-command-object)).
fn slash_command(command: &CommandManifest) -> Value {
    let mut json = json!({
        "name": command.name,
        "type": 1,
        "description": command.description,
        "options": command.options.iter().map(option).collect::<Vec<_>>(),
    });
    if command.guild_only {
        json["contexts"] = json!([0]);
    }
    json
}

fn option(option: &OptionManifest) -> Value {
    let kind = match option.kind {
        OptionKind::Integer => 4,
        OptionKind::Boolean => 5,
        OptionKind::User => 6,
        OptionKind::Channel => 7,
        OptionKind::Role => 8,
        OptionKind::Number => 10,
        _ => 3,
    };
    let mut json = json!({
        "type": kind,
        "name": option.name,
        "description": option.description,
        "required": option.required,
    });
    let (min, max) = if kind == 3 {
        ("min_length", "max_length")
    } else {
        ("min_value", "max_value")
    };
    for (key, bound) in [(min, option.min), (max, option.max)] {
        if let Some(bound) = bound {
            json[key] = if kind == 10 {
                json!(bound)
            } else {
                json!(bound as i64)
            };
        }
    }
    if !option.choices.is_empty() {
        json["choices"] = option
            .choices
            .iter()
            .map(|choice| json!({"name": choice, "value": choice}))
            .collect();
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_lengths_for_text_and_values_for_numbers() {
        let command: CommandManifest =
            serde_json::from_value(json!({"name": "a", "description": "b", "options": [
                {"name": "t", "description": "d", "kind": "string", "required": true, "max": 10.0},
                {"name": "n", "description": "d", "kind": "number", "min": 0.5},
                {"name": "c", "description": "d", "kind": "string", "choices": ["x"]},
            ]}))
            .unwrap();
        let json = slash_command(&command);
        assert_eq!(json["options"][0]["max_length"], 10);
        assert_eq!(
            json["options"][1],
            json!({"type": 10, "name": "n", "description": "d", "required": false, "min_value": 0.5})
        );
        assert_eq!(json["options"][2]["choices"][0]["value"], "x");
    }
}
