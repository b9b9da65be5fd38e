//! Places that plugins share: each may have so many at once, so that one that asks for thousands is not in front of all others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::host_call;

/// The places of each plugin; the host's own work has as many of its own.
#[derive(Debug)]
pub(super) struct Turns {
    each: usize,
    plugins: Mutex<HashMap<Option<Arc<str>>, Weak<Semaphore>>>,
}

/// A place, until this is dropped.
#[derive(Debug)]
pub(super) struct Turn(#[allow(dead_code, reason = "it is held")] OwnedSemaphorePermit);

impl Turns {
    /// So many places for each.
    pub(super) fn new(each: usize) -> Self {
        Self {
            each,
            plugins: Mutex::default(),
        }
    }

    /// Waits for a place of the plugin whose call is served.
    pub(super) async fn take(&self) -> Turn {
        let whose = host_call::caller().map(|caller| caller.plugin);
        let places = self.of(whose);
        // Never closed.
        let place = places.acquire_owned().await;
        Turn(place.expect("nobody closes it"))
    }

    fn of(&self, whose: Option<Arc<str>>) -> Arc<Semaphore> {
        let mut plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = plugins.get(&whose).and_then(Weak::upgrade) {
            return places;
        }
        plugins.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Semaphore::new(self.each));
        plugins.insert(whose, Arc::downgrade(&places));
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::{Caller, Completion, host_call::Lifetime};

    #[tokio::test]
    async fn one_that_takes_all_it_may_is_in_nobodys_way() {
        let turns = Turns::new(2);
        let lifetime = Lifetime::new();
        let of = async |plugin: &str, served: &mut dyn FnMut(usize)| {
            let caller = Caller::new(plugin, 1);
            let serving = async {
                let (_one, _two) = (turns.take().await, turns.take().await);
                let is_full = turns.of(Some(plugin.into())).available_permits();
                served(is_full);
                Completion::default()
            };
            host_call::serve(&caller, &lifetime, serving).await.unwrap();
        };
        let caller = Caller::new("flood", 1);
        let flooding = async {
            let _held = (turns.take().await, turns.take().await);
            let mut left = Vec::new();
            of("victim", &mut |places| left.push(places)).await;
            assert_eq!(left, [0]);
            assert_eq!(turns.of(Some("flood".into())).available_permits(), 0);
            Completion::default()
        };
        host_call::serve(&caller, &lifetime, flooding)
            .await
            .unwrap();
        // Nothing is kept of those who are gone.
        drop(turns.of(Some("another".into())));
        assert_eq!(turns.plugins.lock().unwrap().len(), 1);
    }
}
