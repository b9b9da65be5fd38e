//! Record of which events each of two sessions has brought, and how often.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use super::Side;

/// How long an event is remembered: longer than a session takes from IDENTIFY to its first event.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Most events that are remembered: about a megabyte.
const MOST: usize = 16_384;

#[derive(Debug, Default)]
pub(super) struct Brought {
    counts: HashMap<u64, Count>,
    /// Oldest first.
    order: VecDeque<(Instant, u64)>,
}

#[derive(Debug, Default)]
struct Count {
    by: [u32; 2],
    /// How often it stands in the order.
    times: u32,
}

impl Brought {
    /// Whether the other session has not brought this event as often. What really happens several times (a reaction that
    /// comes, goes and comes again) is passed on as often as it does.
    pub(super) fn is_first(&mut self, key: u64, side: Side, now: Instant) -> bool {
        self.forget(now);
        self.order.push_back((now, key));
        let count = self.counts.entry(key).or_default();
        count.times += 1;
        let [old, new] = &mut count.by;
        let (own, other) = match side {
            Side::Old => (old, *new),
            Side::New => (new, *old),
        };
        *own += 1;
        *own > other
    }

    fn forget(&mut self, now: Instant) {
        while let Some(&(at, key)) = self.order.front() {
            if self.order.len() < MOST && now.saturating_duration_since(at) <= REMEMBERED {
                return;
            }
            self.order.pop_front();
            if let Some(count) = self.counts.get_mut(&key) {
                count.times -= 1;
                if count.times == 0 {
                    self.counts.remove(&key);
                }
            }
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.order.len().max(self.counts.len())
    }
}
