//! What is counted of a shard.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{AcqRel, Relaxed},
        },
    },
    time::{Duration, Instant},
};

/// What is counted of a shard.
#[derive(Debug, Default)]
pub struct ShardFigures {
    up: AtomicBool,
    was_up: AtomicBool,
    reconnects: AtomicU64,
    latency_us: AtomicU64,
    outage: Mutex<Outage>,
}

/// When a session was lost, and how long it took to have one again.
#[derive(Debug, Default)]
struct Outage {
    since: Option<Instant>,
    over_after: Option<Duration>,
}

impl ShardFigures {
    /// Whether it has a session now, and how long its last heartbeat took.
    pub fn see(&self, up: bool, latency: Option<Duration>) {
        let before = self.up.swap(up, AcqRel);
        if up && !before && self.was_up.swap(true, AcqRel) {
            self.reconnects.fetch_add(1, Relaxed);
        }
        if up != before {
            let mut outage = self.outage();
            match up {
                true => outage.over_after = outage.since.take().map(|since| since.elapsed()),
                false => outage.since = Some(Instant::now()),
            }
        }
        if let Some(latency) = latency {
            let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
            self.latency_us.store(us.max(1), Relaxed);
        }
    }

    /// How long the last outage took, once it is over; told once.
    pub fn take_outage(&self) -> Option<Duration> {
        self.outage().over_after.take()
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it has a session.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up.load(Relaxed)
    }

    /// How often it got a session again.
    #[must_use]
    pub fn reconnects(&self) -> u64 {
        self.reconnects.load(Relaxed)
    }

    /// How long its last heartbeat took; `None` before the first.
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        match self.latency_us.load(Relaxed) {
            0 => None,
            us => Some(Duration::from_micros(us)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_session_is_no_reconnect() {
        let shard = ShardFigures::default();
        let mut seen = Vec::new();
        for up in [false, true, true, false, false, true] {
            shard.see(up, None);
            seen.push(shard.reconnects());
        }
        assert_eq!(seen, [0, 0, 0, 0, 0, 1]);
        assert!(shard.take_outage().is_some());
        assert_eq!(shard.take_outage(), None, "told once");
    }
}
