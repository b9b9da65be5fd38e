//! Ring buffer of recently emitted events.

use std::{
    collections::{BTreeMap, VecDeque},
    time::SystemTime,
};

use host_base::PluginName;
use serde::Serialize;

/// Events that are kept in all.
const KEPT: usize = 100;

/// Events that are kept of one name, so that a busy one does not push out the others.
const KEPT_OF_ONE: usize = 20;

/// One event that was emitted.
#[derive(Debug, Clone, Serialize)]
pub struct Emitted {
    /// When.
    #[serde(serialize_with = "seconds")]
    pub at: SystemTime,
    /// The event.
    pub event: String,
    /// The plugin that emitted it; `None`: the framework.
    pub from: Option<PluginName>,
    /// Handlers that it was queued for.
    pub queued: u32,
    /// Handlers that were too far behind.
    pub dropped: u32,
    /// Handlers that were switched off or rested.
    pub skipped: u32,
}

/// The latest events, oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    kept: VecDeque<Emitted>,
}

impl History {
    pub(super) fn note(&mut self, emitted: Emitted) {
        let of_one = self
            .kept
            .iter()
            .filter(|known| known.event == emitted.event);
        if of_one.count() >= KEPT_OF_ONE {
            let oldest = self
                .kept
                .iter()
                .position(|known| known.event == emitted.event);
            oldest.and_then(|oldest| self.kept.remove(oldest));
        } else if self.kept.len() >= KEPT {
            self.make_room();
        }
        self.kept.push_back(emitted);
    }

    /// Forgets the oldest event of the plugin that has emitted most of them: one that invents names pushes out its own.
    fn make_room(&mut self) {
        let mut counts: BTreeMap<Option<&PluginName>, usize> = BTreeMap::new();
        for emitted in &self.kept {
            *counts.entry(emitted.from.as_ref()).or_default() += 1;
        }
        let busiest = counts.into_iter().max_by_key(|(_, count)| *count);
        let oldest = busiest.and_then(|(busiest, _)| {
            self.kept
                .iter()
                .position(|emitted| emitted.from.as_ref() == busiest)
        });
        self.kept.remove(oldest.unwrap_or_default());
    }

    /// The newest `limit`, newest first.
    pub(super) fn latest(&self, limit: usize) -> Vec<Emitted> {
        self.kept.iter().rev().take(limit).cloned().collect()
    }
}

fn seconds<S: serde::Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let since = at.duration_since(SystemTime::UNIX_EPOCH);
    serializer.serialize_u64(since.map_or(0, |since| since.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emitted(event: &str, queued: u32) -> Emitted {
        Emitted {
            at: SystemTime::now(),
            event: event.into(),
            from: None,
            queued,
            dropped: 0,
            skipped: 0,
        }
    }

    #[test]
    fn a_busy_event_keeps_twenty_and_all_together_a_hundred() {
        let mut history = History::default();
        history.note(emitted("rare", 0));
        for number in 0..1000 {
            history.note(emitted("busy", number));
        }
        let latest = history.latest(usize::MAX);
        assert_eq!(latest.len(), 21);
        assert_eq!((latest[0].queued, &*latest[20].event), (999, "rare"));
        for number in 0..1000 {
            history.note(emitted(&format!("event {number}"), 0));
        }
        assert_eq!(history.latest(usize::MAX).len(), 100);
        assert_eq!(history.latest(3).len(), 3);
        let mut history = History::default();
        history.note(emitted("framework's", 0));
        for number in 0..1000 {
            history.note(Emitted {
                from: Some("flood".into()),
                ..emitted(&format!("flood.{number}"), 0)
            });
        }
        let latest = history.latest(usize::MAX);
        assert_eq!((latest.len(), &*latest[99].event), (100, "framework's"));
    }
}
