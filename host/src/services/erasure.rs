//! Erasure of a user: from the databases, and from what plugins have in memory and in their saved states.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use host_base::PluginName;
use host_loader::{Answer, Packet, Plugins, Refused, Slot, next_id};
use host_store::storage::{Erased, StorageError};
use plugin_api::abi::{EntryKind, EraseCall, InvokeHead, frame_kind};
use tokio::{sync::oneshot, time::timeout};

use super::Services;

/// How long a plugin may take to erase a user.
const DEADLINE: Duration = Duration::from_secs(10);

/// What the host waits beyond that.
const GRACE: Duration = Duration::from_secs(1);

/// What became of an erasure.
#[derive(Debug, Clone, Default)]
pub struct Erasure {
    /// In the databases and backups; what could not be erased, by plugins as well, is among its failures.
    pub stored: Erased,
    /// How many plugins have erased the user from their memory and state.
    pub plugins: usize,
    /// What may have something of the user still, and what to do: a sentence each.
    pub left: Vec<String>,
}

/// Erases all that is kept about a user. Plugins go first: what they still write about the user goes with the databases.
///
/// # Errors
///
/// The data folder can't be read.
pub async fn erase(
    services: &Services,
    plugins: &Plugins,
    user: u64,
) -> Result<Erasure, StorageError> {
    let slots = services.functions.routes().plugins();
    let all = slots.iter().map(|slot| from_plugin(plugins, slot, user));
    let mut erasure = Erasure::default();
    let mut failed = Vec::new();
    for (plugin, outcome) in join_all(all).await {
        match outcome {
            Outcome::Erased => erasure.plugins += 1,
            Outcome::Nothing => {}
            Outcome::Keeps => erasure.left.push(format!(
                "`{plugin}` keeps a state and does not say how somebody is erased from it (`on_erase`)"
            )),
            Outcome::Failed(error) => failed.push((plugin.to_string(), error)),
        }
    }
    match plugins.states_at_rest().await {
        Ok(states) => erasure.left.extend(states.into_iter().map(|(plugin, file)| {
            format!(
                "`{plugin}` is not loaded, and its saved state stays as it is: load it and erase once more, or delete `{}`",
                file.display()
            )
        })),
        Err(error) => failed.push(("saved states".to_owned(), error.to_string())),
    }
    erasure.stored = services.storage.erase_subject(user).await?;
    erasure.stored.failed.extend(failed);
    erasure.left.sort();
    Ok(erasure)
}

enum Outcome {
    Erased,
    /// It keeps nothing in a state.
    Nothing,
    /// It keeps a state, and can't be told.
    Keeps,
    Failed(String),
}

async fn from_plugin(plugins: &Plugins, slot: &Arc<Slot>, user: u64) -> (PluginName, Outcome) {
    let generation = slot.current();
    let (plugin, manifest) = (generation.plugin.clone(), &generation.manifest);
    let outcome = match (manifest.erases, manifest.keeps_state) {
        (false, false) => Outcome::Nothing,
        (false, true) => Outcome::Keeps,
        (true, _) => match tell(slot, user).await {
            Err(error) => Outcome::Failed(error),
            Ok(()) => match plugins.save_state(&plugin).await {
                Ok(()) => Outcome::Erased,
                Err(error) => Outcome::Failed(format!(
                    "it has erased the user, and its state could not be saved: {error}"
                )),
            },
        },
    };
    (plugin, outcome)
}

/// Has a plugin erase a user, its canary as well: that began with a copy of its state.
async fn tell(slot: &Slot, user: u64) -> Result<(), String> {
    let call = erase_call(user)?;
    if let Some(answer) = slot.invoke_canary(call) {
        erased(answer).await?;
    }
    erased(slot.invoke(erase_call(user)?)).await
}

fn erase_call(user: u64) -> Result<Packet, String> {
    let head = InvokeHead {
        kind: EntryKind::Erase,
        entry: String::new(),
        from: None,
        event: None,
        deadline_ms: Some(DEADLINE.as_millis().try_into().unwrap_or(u64::MAX)),
    };
    let call = serde_json::to_vec(&EraseCall { user_id: user }).map_err(|it| it.to_string())?;
    Ok(Packet::new(frame_kind::INVOKE, next_id(), &head)
        .with_payload(call)
        .named("on_erase"))
}

async fn erased(queued: Result<oneshot::Receiver<Answer>, Refused>) -> Result<(), String> {
    let answer = queued.map_err(|refused| match refused {
        Refused::Full => "it is busy: try again later".to_owned(),
        Refused::Closed => "it is being unloaded: erase once more".to_owned(),
    })?;
    match timeout(DEADLINE + GRACE, answer).await {
        Ok(Ok(answer)) => answer.error().map_or(Ok(()), |error| Err(error.message)),
        Ok(Err(_)) => Err("it was stopped before it had erased the user: erase once more".into()),
        Err(_) => Err(format!("it has not erased the user within {DEADLINE:?}")),
    }
}
