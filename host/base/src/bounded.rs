//! Counter map with a bounded number of keys, so that labels from outside can't blow it up.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

/// What counts everything that came when a map was full.
pub const OTHER: &str = "other";

/// Counts by what they are of, for so many different ones; the rest is counted together as [`OTHER`].
#[derive(Debug)]
pub struct Bounded<V> {
    limit: usize,
    map: RwLock<BTreeMap<String, Arc<V>>>,
}

impl<V: Default> Bounded<V> {
    /// For `limit` different ones.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            map: RwLock::new(BTreeMap::new()),
        }
    }

    /// The counts of `name`.
    #[must_use]
    pub fn of(&self, name: &str) -> Arc<V> {
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = map.get(name) {
            return Arc::clone(value);
        }
        drop(map);
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let is_known = map.contains_key(name);
        let room = map.len() < self.limit;
        let key = if is_known || room { name } else { OTHER };
        Arc::clone(map.entry(key.to_owned()).or_default())
    }

    /// The counts of `kind name`; those of a kind that are too many are counted as `kind other`.
    #[must_use]
    pub fn of_pair(&self, kind: &str, name: &str) -> Arc<V> {
        let key = format!("{kind} {name}");
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = map.get(&key) {
            return Arc::clone(value);
        }
        let is_full = map.len() >= self.limit;
        drop(map);
        let key = if is_full {
            format!("{kind} {OTHER}")
        } else {
            key
        };
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(map.entry(key).or_default())
    }

    /// All of them, by name.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Arc<V>)> {
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        map.iter()
            .map(|(name, value)| (name.clone(), Arc::clone(value)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use super::*;

    #[test]
    fn what_is_too_much_is_counted_together() {
        let counts = Bounded::<AtomicU64>::new(3);
        for number in 0..10_000 {
            counts.of(&number.to_string()).fetch_add(1, Relaxed);
        }
        counts.of("0").fetch_add(1, Relaxed);
        let all: Vec<(String, u64)> = counts
            .all()
            .into_iter()
            .map(|(name, count)| (name, count.load(Relaxed)))
            .collect();
        let named = |name: &str, count| (name.to_owned(), count);
        assert_eq!(
            all,
            [
                named("0", 2),
                named("1", 1),
                named("2", 1),
                named(OTHER, 9_997)
            ]
        );
    }
}
