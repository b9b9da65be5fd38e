//! Canaries that fail: too often, or for good. They are taken back, and the program is notified.

use std::{sync::Arc, time::SystemTime};

use super::super::{Plugins, supervise::What};
use crate::{Caller, Change, generation::Generation, outcomes::Tally};

impl Plugins {
    /// The canaries that fail too often, with what they have had to do. To be asked each second.
    pub(in crate::plugins) fn failing_canaries(&self) -> Vec<(Arc<Generation>, Tally)> {
        let percent = self.program.options().canary_failure_percent;
        let set = self.set();
        let canaries = set.loaded.values().filter_map(|it| it.slot.canary());
        canaries
            .filter_map(|it| Some((Arc::clone(&it.generation), it.fails_too_often(percent)?)))
            .collect()
    }

    /// Whether a generation is its plugin's canary.
    pub(in crate::plugins) fn is_canary(&self, generation: &Arc<Generation>) -> bool {
        let set = self.set();
        let loaded = set.loaded.get(&generation.plugin);
        let canary = loaded.and_then(|it| it.slot.canary());
        canary.is_some_and(|it| Arc::ptr_eq(&it.generation, generation))
    }

    /// Ends a canary of its plugin for this reason, and notifies the program.
    pub(in crate::plugins) async fn canary_fails(&self, generation: &Arc<Generation>, why: &str) {
        let name = &generation.plugin;
        let lock = self.lock_of(name);
        let _inside = lock.lock().await;
        if !self.is_canary(generation) {
            return;
        }
        let Some(canary) = self.slot_of(name).ok().and_then(|it| it.take_canary()) else {
            return;
        };
        tracing::error!(
            plugin = &**name,
            generation = generation.number,
            "the canary is taken back: {why}"
        );
        let told = format!(
            "The canary of `{name}` was taken back: {why}. It was {}. Generation {} serves all servers again.",
            canary.status().in_words(SystemTime::now()),
            self.current(name).map_or(0, |it| it.number)
        );
        let caller = Caller::new(name, generation.number);
        self.program.changed(Change::CanaryTakenBack(caller, told));
        self.changes.send_modify(|changes| *changes += 1);
        self.close_canary(Some(canary)).await;
    }

    /// Ends a canary with which something is the matter.
    pub(in crate::plugins) async fn deal_with_canary(
        &self,
        generation: &Arc<Generation>,
        what: What,
    ) {
        let why = match what {
            What::Ended(why) => why,
            What::Panics(count) => format!("it panicked {count} times within a minute"),
            What::Heap(bytes) => format!(
                "it holds {} MiB of heap, more than it may (`limits.heap_mb`)",
                bytes >> 20
            ),
            What::Stuck(stall, doing) => {
                let why = format!(
                    "its thread has been in {doing} for {} s ({})",
                    stall.lasts.as_secs(),
                    stall.pace()
                );
                // Members learn of it before anything else is done.
                generation.abandon(&why);
                why
            }
        };
        self.canary_fails(generation, &why).await;
    }
}
