//! Commands that were typed with the prefix and are not over: what an answer to their message is about.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Replies;
use crate::{commands::CommandRoute, router::Routes};

/// The commands, by the messages that they were typed in.
#[derive(Debug)]
pub(super) struct Book {
    open: Arc<Mutex<HashMap<u64, Entry>>>,
    routes: Arc<Routes>,
}

#[derive(Debug)]
struct Entry {
    path: Arc<str>,
    /// Declared so: its answers are for whoever typed it.
    private: bool,
}

/// A command that is not over; over when this is dropped.
#[derive(Debug)]
pub(crate) struct Typed {
    open: Arc<Mutex<HashMap<u64, Entry>>>,
    message_id: u64,
}

impl Drop for Typed {
    fn drop(&mut self) {
        lock(&self.open).remove(&self.message_id);
    }
}

impl Book {
    pub(super) fn new(routes: Arc<Routes>) -> Self {
        Self {
            open: Arc::default(),
            routes,
        }
    }

    /// What a member is told whose direct messages are closed.
    pub(super) fn closed_sentence(&self, message_id: u64) -> String {
        let path = lock(&self.open)
            .get(&message_id)
            .map(|entry| Arc::clone(&entry.path));
        let slash = path.and_then(|path| self.routes.registered().slash(&path));
        let or = slash.map_or_else(String::new, |slash| {
            format!(", or type `{slash}`, which only you see here")
        });
        format!(
            "This answer is private, and I can't write to you: allow direct messages in this server's privacy settings{or}."
        )
    }
}

impl Replies {
    /// Remembers a command that was typed in this message, until it is over.
    pub(crate) fn typed(&self, message_id: u64, route: &CommandRoute) -> Typed {
        let entry = Entry {
            path: Arc::clone(&route.path),
            private: route.command.ephemeral,
        };
        lock(&self.typed.open).insert(message_id, entry);
        Typed {
            open: Arc::clone(&self.typed.open),
            message_id,
        }
    }

    /// Whether the command in this message was declared to answer in private.
    pub(crate) fn is_private(&self, message_id: u64) -> bool {
        lock(&self.typed.open)
            .get(&message_id)
            .is_some_and(|entry| entry.private)
    }
}

fn lock(open: &Mutex<HashMap<u64, Entry>>) -> MutexGuard<'_, HashMap<u64, Entry>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}
