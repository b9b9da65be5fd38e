//! Renewal allowance: how many of the sessions that Discord allows a day may be spent on changes of intents.

use std::time::{Duration, Instant};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Most renewals that may follow each other without a pause.
const BURST: u32 = 50;

/// A token bucket. Discord resets the token of a bot that starts more sessions than it may, so plugins that come and go all
/// day must not be able to use them up.
#[derive(Debug, Clone)]
pub(in crate::gateway) struct Allowance {
    left: u32,
    burst: u32,
    refill: Duration,
    /// When the last one was added.
    filled: Instant,
}

impl Allowance {
    /// For one of `shards` shards: of `total` sessions a day, of which `remaining` are left, half are for renewals; the other
    /// half is for connections that break.
    pub(in crate::gateway) fn of(total: u32, remaining: u32, shards: u32, now: Instant) -> Self {
        let share = (total / 2 / shards.max(1)).max(1);
        let burst = (share / 10).clamp(1, BURST);
        Self {
            left: (remaining / 2 / shards.max(1)).clamp(1, burst),
            burst,
            refill: DAY / share,
            filled: now,
        }
    }

    /// When the next renewal may be: a moment that is over, while some are left.
    pub(super) fn next(&self) -> Instant {
        match self.left {
            0 => self.filled + self.refill,
            _ => self.filled,
        }
    }

    /// One renewal.
    pub(super) fn spend(&mut self, now: Instant) {
        let added = now.saturating_duration_since(self.filled).as_nanos() / self.refill.as_nanos();
        let added = u32::try_from(added).unwrap_or(u32::MAX);
        if self.left.saturating_add(added) >= self.burst {
            self.left = self.burst;
            self.filled = now;
        } else {
            self.left += added;
            self.filled += self.refill * added;
        }
        self.left = self.left.saturating_sub(1);
    }
}
