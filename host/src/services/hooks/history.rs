//! Ring buffer of recently emitted events.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use host_base::PluginName;
use serde::{
    Deserialize, Serialize,
    de::{Deserializer, IgnoredAny, MapAccess, Visitor},
};

/// Events that are kept in all.
const KEPT: usize = 100;

/// Events that are kept of one name, so that a busy one does not push out the others.
const KEPT_OF_ONE: usize = 20;

/// Keys of a payload that are kept, and characters of each.
const KEYS: (usize, usize) = (30, 60);

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
    /// Handlers that have ended, well or not.
    pub handled: u32,
    /// Of those, the ones that failed.
    pub errors: u32,
    /// Microseconds from then until the last of them had ended.
    pub took_us: u64,
    /// Microseconds that it waited in a queue for the handler that came to it last.
    pub queue_delay_us: u64,
    /// Keys of what it had with it, the first 30.
    pub keys: Vec<String>,
}

/// What becomes of an event at its handlers.
#[derive(Debug, Default)]
pub(super) struct Fate {
    handled: AtomicU32,
    errors: AtomicU32,
    took_us: AtomicU64,
    queue_delay_us: AtomicU64,
}

impl Fate {
    /// A handler begins, so long after the event.
    pub(super) fn begins(&self, waited: Duration) {
        self.queue_delay_us.fetch_max(micros(waited), Relaxed);
    }

    /// A handler has ended, so long after the event.
    pub(super) fn ends(&self, after: Duration, failed: bool) {
        self.handled.fetch_add(1, Relaxed);
        self.errors.fetch_add(failed.into(), Relaxed);
        self.took_us.fetch_max(micros(after), Relaxed);
    }
}

/// A duration as it is counted.
pub(super) fn micros(duration: Duration) -> u64 {
    duration.as_micros().try_into().unwrap_or(u64::MAX)
}

/// Keys of a payload, none if it is no object; `None` for what is no JSON.
pub(super) fn keys(payload: &[u8]) -> Option<Vec<String>> {
    if let Ok(Keys(keys)) = serde_json::from_slice(payload) {
        return Some(keys);
    }
    let is_json = || serde_json::from_slice::<IgnoredAny>(payload).is_ok();
    (payload.is_empty() || is_json()).then(Vec::new)
}

/// The first keys of an object.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FirstKeys)
    }
}

struct FirstKeys;

impl<'de> Visitor<'de> for FirstKeys {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
            if keys.len() < KEYS.0 {
                keys.push(key.chars().take(KEYS.1).collect());
            }
        }
        Ok(Keys(keys))
    }
}

/// The latest events, oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    kept: VecDeque<(Emitted, Arc<Fate>)>,
}

impl History {
    pub(super) fn note(&mut self, emitted: Emitted, fate: Arc<Fate>) {
        let is_same = |(known, _): &(Emitted, _)| known.event == emitted.event;
        if self.kept.iter().filter(|known| is_same(known)).count() >= KEPT_OF_ONE {
            let oldest = self.kept.iter().position(is_same);
            oldest.and_then(|oldest| self.kept.remove(oldest));
        } else if self.kept.len() >= KEPT {
            self.make_room();
        }
        self.kept.push_back((emitted, fate));
    }

    /// Forgets the oldest event of the plugin that has emitted most of them: one that invents names pushes out its own.
    fn make_room(&mut self) {
        let mut counts: BTreeMap<Option<&PluginName>, usize> = BTreeMap::new();
        for (emitted, _) in &self.kept {
            *counts.entry(emitted.from.as_ref()).or_default() += 1;
        }
        let busiest = counts.into_iter().max_by_key(|(_, count)| *count);
        let oldest = busiest.and_then(|(busiest, _)| {
            self.kept
                .iter()
                .position(|(emitted, _)| emitted.from.as_ref() == busiest)
        });
        self.kept.remove(oldest.unwrap_or_default());
    }

    /// The newest `limit`, newest first.
    pub(super) fn latest(&self, limit: usize) -> Vec<Emitted> {
        let latest = self.kept.iter().rev().take(limit);
        let latest = latest.map(|(emitted, fate)| Emitted {
            handled: fate.handled.load(Relaxed),
            errors: fate.errors.load(Relaxed),
            took_us: fate.took_us.load(Relaxed),
            queue_delay_us: fate.queue_delay_us.load(Relaxed),
            ..emitted.clone()
        });
        latest.collect()
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
            handled: 0,
            errors: 0,
            took_us: 0,
            queue_delay_us: 0,
            keys: Vec::new(),
        }
    }

    #[test]
    fn the_end_of_each_handler_is_noted_when_it_has_ended() {
        let (mut history, fate) = (History::default(), Arc::<Fate>::default());
        history.note(emitted("sold", 2), Arc::clone(&fate));
        assert_eq!(history.latest(1)[0].handled, 0);
        fate.begins(Duration::from_millis(3));
        fate.ends(Duration::from_millis(9), true);
        fate.begins(Duration::from_millis(1));
        fate.ends(Duration::from_millis(5), false);
        let told = history.latest(1).remove(0);
        assert_eq!((told.handled, told.errors), (2, 1));
        assert_eq!((told.took_us, told.queue_delay_us), (9_000, 3_000));
    }

    #[test]
    fn the_keys_of_an_object_are_kept_and_nothing_of_its_values() {
        let found = keys(br#"{"cup":{"size":[1]},"tea":"x"}"#);
        assert_eq!(found.unwrap(), ["cup", "tea"]);
        for none in ["null", "[1]", "", "7"] {
            assert_eq!(keys(none.as_bytes()).unwrap(), [""; 0], "{none}");
        }
        for odd in ["{", "x", "1 2", r#"{"a":}"#] {
            assert_eq!(keys(odd.as_bytes()), None, "{odd}");
        }
        let many: BTreeMap<String, u8> = (0..99).map(|n| (format!("{n:0>200}"), 0)).collect();
        let kept = keys(&serde_json::to_vec(&many).unwrap()).unwrap();
        assert_eq!((kept.len(), kept[0].len()), KEYS);
    }

    #[test]
    fn a_busy_event_keeps_twenty_and_all_together_a_hundred() {
        let mut history = History::default();
        history.note(emitted("rare", 0), Arc::default());
        for number in 0..1000 {
            history.note(emitted("busy", number), Arc::default());
        }
        let latest = history.latest(usize::MAX);
        assert_eq!(latest.len(), 21);
        assert_eq!((latest[0].queued, &*latest[20].event), (999, "rare"));
        for number in 0..1000 {
            history.note(emitted(&format!("event {number}"), 0), Arc::default());
        }
        assert_eq!(history.latest(usize::MAX).len(), 100);
        assert_eq!(history.latest(3).len(), 3);
        let mut history = History::default();
        history.note(emitted("framework's", 0), Arc::default());
        for number in 0..1000 {
            history.note(
                Emitted {
                    from: Some("flood".into()),
                    ..emitted(&format!("flood.{number}"), 0)
                },
                Arc::default(),
            );
        }
        let latest = history.latest(usize::MAX);
        assert_eq!((latest.len(), &*latest[99].event), (100, "framework's"));
    }
}
