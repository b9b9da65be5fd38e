//! Lag: how late something is that should come at once, lately and in all.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::timing::Timing;

/// Seconds of which the maxima are kept.
const WINDOW: usize = 60;

/// How late something was, each time.
#[derive(Debug)]
pub struct Lag {
    began: Instant,
    last_us: AtomicU64,
    /// All since the beginning.
    pub timing: Timing,
    /// The second that a maximum is of, and the maximum in microseconds.
    seconds: Mutex<[(u64, u64); WINDOW]>,
}

/// Summary of a lag. Times are microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LagSummary {
    /// How late it was the last time.
    pub last_us: u64,
    /// How late at most, within the last minute.
    pub minute_max_us: u64,
    /// In 99 of 100 cases it was not later than this, since the beginning: the upper bound of the histogram's bucket.
    pub p99_us: u64,
    /// How often it was measured.
    pub count: u64,
}

impl Default for Lag {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            last_us: AtomicU64::new(0),
            timing: Timing::default(),
            seconds: Mutex::new([(0, 0); WINDOW]),
        }
    }
}

impl Lag {
    /// It was so late now.
    pub fn observe(&self, late: Duration) {
        self.observe_at(Instant::now(), late);
    }

    fn observe_at(&self, now: Instant, late: Duration) {
        let us = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        self.last_us.store(us, Relaxed);
        self.timing.observe(late);
        let second = self.second(now);
        let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = &mut seconds[usize::try_from(second).unwrap_or_default() % WINDOW];
        if slot.0 != second {
            *slot = (second, 0);
        }
        slot.1 = slot.1.max(us);
    }

    /// What there is to say of it.
    #[must_use]
    pub fn summary(&self) -> LagSummary {
        self.summary_at(Instant::now())
    }

    fn summary_at(&self, now: Instant) -> LagSummary {
        let oldest = self.second(now).saturating_sub(WINDOW as u64 - 1);
        let seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = seconds.iter().filter(|(second, _)| *second >= oldest);
        let minute_max_us = lately.map(|(_, max)| *max).max().unwrap_or_default();
        let (_, count, buckets) = self.timing.read();
        let wanted = count - count / 100;
        let mut so_far = 0;
        let p99 = buckets.iter().find(|(_, in_bucket)| {
            so_far += in_bucket;
            so_far >= wanted
        });
        let p99 = p99.map(|(bound, _)| Duration::try_from_secs_f64(*bound));
        let p99_us = match p99 {
            Some(Ok(bound)) if count > 0 => u64::try_from(bound.as_micros()).unwrap_or(u64::MAX),
            Some(Err(_)) => u64::MAX,
            _ => 0,
        };
        LagSummary {
            last_us: self.last_us.load(Relaxed),
            minute_max_us,
            p99_us,
            count,
        }
    }

    /// As if a minute had passed in which nothing was late: for tests, whose time is not the machine's.
    pub fn forget_minute(&self) {
        *self.seconds.lock().unwrap_or_else(PoisonError::into_inner) = [(0, 0); WINDOW];
    }

    fn second(&self, now: Instant) -> u64 {
        // From 1 on: 0 is the second of a slot that nobody has used.
        now.saturating_duration_since(self.began).as_secs() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_the_minutes_maximum_and_the_99th_of_a_hundred() {
        let lag = Lag::default();
        let at = |seconds| lag.began + Duration::from_secs(seconds);
        assert_eq!(lag.summary_at(at(0)), LagSummary::default());
        for _ in 0..99 {
            lag.observe_at(at(1), Duration::from_micros(80));
        }
        lag.observe_at(at(2), Duration::from_millis(700));
        lag.observe_at(at(3), Duration::from_micros(90));
        let now = lag.summary_at(at(3));
        assert_eq!(
            (now.last_us, now.minute_max_us, now.count),
            (90, 700_000, 101)
        );
        assert_eq!(now.p99_us, 100, "one of a hundred was later");
        assert_eq!(lag.summary_at(at(61)).minute_max_us, 700_000);
        assert_eq!(lag.summary_at(at(62)).minute_max_us, 90);
        assert_eq!(lag.summary_at(at(500)).minute_max_us, 0);
        lag.observe_at(at(122), Duration::from_micros(5));
        assert_eq!(
            lag.summary_at(at(122)).minute_max_us,
            5,
            "its slot was another's"
        );
        lag.forget_minute();
        assert_eq!(lag.summary_at(at(122)).minute_max_us, 0);
        for _ in 0..9 {
            lag.observe_at(at(123), Duration::from_secs(90));
        }
        assert_eq!(lag.summary_at(at(123)).p99_us, u64::MAX);
    }
}
