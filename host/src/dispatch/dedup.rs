//! Deduplication of interactions: Discord may send one again, after a resume for example, and it must not run twice.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long an interaction can be answered, and is remembered.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);

/// Most that are remembered: a bot with 70 a second reaches it.
const MOST: usize = 65_536;

/// The interactions of the last minutes.
#[derive(Debug, Default)]
pub struct Once(Mutex<Recent>);

#[derive(Debug, Default)]
struct Recent {
    ids: HashSet<u64>,
    /// Oldest first.
    order: VecDeque<(Instant, u64)>,
}

impl Once {
    /// Whether an interaction comes for the first time.
    pub(super) fn is_first(&self, id: u64) -> bool {
        self.is_first_at(id, Instant::now())
    }

    fn is_first_at(&self, id: u64, now: Instant) -> bool {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(&(at, oldest)) = recent.order.front()
            && (recent.order.len() >= MOST || now.duration_since(at) > REMEMBERED)
        {
            recent.order.pop_front();
            recent.ids.remove(&oldest);
        }
        let is_first = recent.ids.insert(id);
        if is_first {
            recent.order.push_back((now, id));
        }
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_interaction_is_served_once_and_few_are_remembered() {
        let (once, start) = (Once::default(), Instant::now());
        assert!(once.is_first_at(5, start) && !once.is_first_at(5, start));
        assert!(once.is_first_at(5, start + REMEMBERED + Duration::from_secs(1)));
        for id in 0..3 * MOST as u64 {
            once.is_first_at(id, start);
        }
        assert!(once.0.lock().unwrap().ids.len() <= MOST);
    }
}
