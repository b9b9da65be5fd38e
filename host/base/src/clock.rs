//! Clock of schedules: the machine's, or one that a test or the sandbox moves.

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
    /// Where it stands; one that goes shows what it shows, and this on top.
    stands_at: watch::Sender<i64>,
    /// What it goes by; nothing for one that stands.
    time: Option<Box<dyn Time>>,
}

/// Something that a clock can go by.
pub trait Time: Send + Sync {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;

    /// Whether it goes on by itself, a second in a second.
    fn goes(&self) -> bool;
}

/// The system's time.
struct System;

impl Time for System {
    fn now_ms(&self) -> i64 {
        let whole = |since: Duration| i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => whole(since),
            Err(before) => -whole(before.duration()),
        }
    }

    fn goes(&self) -> bool {
        true
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(0, Some(Box::new(System)))
    }
}

impl Clock {
    fn new(stands_at: i64, time: Option<Box<dyn Time>>) -> Self {
        Self(Arc::new(Inner {
            stands_at: watch::Sender::new(stands_at),
            time,
        }))
    }

    /// A clock that stands still at this time (milliseconds since 1970) until it is moved.
    #[must_use]
    pub fn paused(now_ms: i64) -> Self {
        Self::new(now_ms, None)
    }

    /// A clock that goes by another time than the system's. Whoever makes that jump, stop or go on says so by
    /// [`jumped`](Self::jumped).
    #[must_use]
    pub fn by(time: impl Time + 'static) -> Self {
        Self::new(0, Some(Box::new(time)))
    }

    /// Wakes whoever sleeps: the time that the clock goes by has jumped, stopped or gone on.
    pub fn jumped(&self) {
        self.move_by(0);
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        let time = self.0.time.as_ref().map_or(0, |time| time.now_ms());
        time + *self.0.stands_at.borrow()
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
        let goes = self.0.time.as_ref().is_some_and(|time| time.goes());
        let goes_on = rest == 0 || goes;
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
    async fn a_sleep_by_another_time_ends_when_that_jumps_or_goes_on() {
        struct Other(std::sync::Mutex<(i64, bool)>);
        impl Time for Arc<Other> {
            fn now_ms(&self) -> i64 {
                self.0.lock().unwrap().0
            }
            fn goes(&self) -> bool {
                self.0.lock().unwrap().1
            }
        }
        let other = Arc::new(Other((1_000, false).into()));
        let clock = Clock::by(Arc::clone(&other));
        // It stands: what is due in 10 ms does not come by itself.
        let asleep = tokio::time::timeout(Duration::from_millis(40), clock.sleep_until(1_010));
        assert!(asleep.await.is_err());
        let jump = async {
            *other.0.lock().unwrap() = (5_000, false);
            clock.jumped();
        };
        tokio::join!(clock.sleep_until(4_000), jump);
        assert_eq!(clock.now_ms(), 5_000);
        *other.0.lock().unwrap() = (5_000, true);
        clock.sleep_until(5_020).await;
    }

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
