//! Choice of events at run time, by handlers that are for more than one.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use host_capability::Failure;
use host_commands::router::HookRoute;
use host_loader::Caller;
use plugin_api::hook::EVERY_EVENT;

use super::NAME;

/// Most events that one handler chooses.
const EVENTS: usize = 1_000;

/// Most handlers of a plugin that choose.
const HANDLERS: usize = 100;

/// What handlers have chosen: by generation, so that one that starts does not change what the one before it is told.
#[derive(Debug, Default)]
pub(super) struct Chosen(Mutex<HashMap<Caller, HashMap<String, BTreeSet<String>>>>);

impl Chosen {
    /// From now on a handler is told of these events.
    ///
    /// # Errors
    ///
    /// There are too many, or one of them has no name that an event can have.
    pub(super) fn choose(
        &self,
        caller: &Caller,
        handler: &str,
        events: Vec<String>,
    ) -> Result<(), Failure> {
        let odd = |event: &&String| {
            event.is_empty() || event.len() > NAME || event.contains(char::is_control)
        };
        if events.len() > EVENTS || events.iter().find(odd).is_some() || handler.len() > NAME {
            return Err(Failure::Refused(format!(
                "a handler chooses {EVENTS} events at most, and the name of one is a line of {NAME} bytes at most"
            )));
        }
        let mut chosen = self.lock();
        let of_caller = chosen.entry(caller.clone()).or_default();
        if of_caller.len() >= HANDLERS && !of_caller.contains_key(handler) {
            return Err(Failure::Refused(format!(
                "{HANDLERS} handlers of this plugin have chosen events already"
            )));
        }
        of_caller.insert(handler.to_owned(), events.into_iter().collect());
        Ok(())
    }

    /// Whether a handler has chosen this event.
    pub(super) fn has(&self, route: &HookRoute, event: &str) -> bool {
        let caller = Caller::new(&*route.plugin, route.slot.current().number);
        let chosen = self.lock();
        let events = chosen.get(&caller).and_then(|of| of.get(&route.handler));
        events.is_some_and(|events| events.contains(event) || events.contains(EVERY_EVENT))
    }

    pub(super) fn generation_ended(&self, caller: &Caller) {
        self.lock().remove(caller);
    }

    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Caller, HashMap<String, BTreeSet<String>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
