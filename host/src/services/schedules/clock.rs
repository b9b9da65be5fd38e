//! The clock that schedules go by.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::sync::watch;

/// The longest sleep: the wall clock may be set, and the machine may sleep, and neither moves tokio's timers.
const LONGEST_SLEEP_MS: i64 = 60_000;

/// The wall clock, or one that a test moves. Clones are the same clock.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    /// Where it stands; the system's shows what it shows, and this on top.
    stands_at: watch::Sender<i64>,
    is_system: bool,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(0, true)
    }
}

impl Clock {
    fn new(stands_at: i64, is_system: bool) -> Self {
        Self(Arc::new(Inner {
            stands_at: watch::Sender::new(stands_at),
            is_system,
        }))
    }

    /// A clock that stands still at this time (milliseconds since 1970) until it is moved.
    #[must_use]
    pub fn paused(now_ms: i64) -> Self {
        Self::new(now_ms, false)
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        let whole = |since: Duration| i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let system = match (
            self.0.is_system,
            SystemTime::now().duration_since(UNIX_EPOCH),
        ) {
            (false, _) => 0,
            (true, Ok(since)) => whole(since),
            (true, Err(before)) => -whole(before.duration()),
        };
        system + *self.0.stands_at.borrow()
    }

    /// Moves the clock, as somebody does who sets it.
    pub fn move_by(&self, ms: i64) {
        self.0.stands_at.send_modify(|at| *at += ms);
    }

    /// Moves the clock to a time.
    pub fn set(&self, now_ms: i64) {
        self.move_by(now_ms - self.now_ms());
    }

    /// Sleeps until this time, until the clock is moved, or for a minute: whoever sleeps looks again.
    pub async fn sleep_until(&self, ms: i64) {
        let mut moved = self.0.stands_at.subscribe();
        let rest = (ms - self.now_ms()).clamp(0, LONGEST_SLEEP_MS);
        let goes_on = rest == 0 || self.0.is_system;
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(rest.unsigned_abs())), if goes_on => {}
            _ = moved.changed() => {}
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("now_ms", &self.now_ms())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_sleep_ends_at_its_time_or_when_the_clock_is_moved() {
        let system = Clock::default();
        let (began, until) = (Instant::now(), system.now_ms() + 30);
        system.sleep_until(until).await;
        assert!(system.now_ms() >= until && began.elapsed() >= Duration::from_millis(29));

        let clock = Clock::paused(1_000);
        clock.sleep_until(1_000).await;
        for clock in [clock, system] {
            let moving = async { clock.move_by(3_600_000) };
            let far = clock.now_ms() + 50_000;
            tokio::join!(clock.sleep_until(far), moving);
            assert!(clock.now_ms() > far);
            clock.set(5);
            assert!((5..60_000).contains(&clock.now_ms()));
        }
    }
}
