//! Table of running prefix commands: which command an answer to a message belongs to.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Replies;

/// The commands, by the messages that they were typed in.
#[derive(Debug, Default)]
pub(super) struct TypedCommands {
    open: Arc<Mutex<HashMap<u64, RunningCommand>>>,
}

#[derive(Debug)]
struct RunningCommand {
    /// The command as it is typed by slash, where it can be.
    slash: Option<String>,
    /// Declared so: its answers are for whoever typed it.
    private: bool,
}

/// A command that is not over; over when this is dropped.
#[derive(Debug)]
pub struct Typed {
    open: Arc<Mutex<HashMap<u64, RunningCommand>>>,
    message_id: u64,
}

impl Drop for Typed {
    fn drop(&mut self) {
        lock(&self.open).remove(&self.message_id);
    }
}

impl TypedCommands {
    /// Sentence for a member whose direct messages are closed.
    pub(super) fn closed_sentence(&self, message_id: u64) -> String {
        let slash = lock(&self.open)
            .get(&message_id)
            .and_then(|entry| entry.slash.clone());
        let or = slash.map_or_else(String::new, |slash| {
            format!(", or type `{slash}`, which only you see here")
        });
        format!(
            "This answer is private, and I can't write to you: allow direct messages in this server's privacy settings{or}."
        )
    }
}

impl Replies {
    /// Remembers a command that was typed in this message, until it is over: whether it was declared to answer in `private`, and how
    /// it is typed by `slash`.
    pub fn typed(&self, message_id: u64, private: bool, slash: Option<String>) -> Typed {
        let entry = RunningCommand { slash, private };
        lock(&self.typed.open).insert(message_id, entry);
        Typed {
            open: Arc::clone(&self.typed.open),
            message_id,
        }
    }

    /// Whether the command in this message was declared to answer in private.
    pub fn is_private(&self, message_id: u64) -> bool {
        lock(&self.typed.open)
            .get(&message_id)
            .is_some_and(|entry| entry.private)
    }
}

fn lock(
    open: &Mutex<HashMap<u64, RunningCommand>>,
) -> MutexGuard<'_, HashMap<u64, RunningCommand>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}
