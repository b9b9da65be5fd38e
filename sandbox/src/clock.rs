//! Clock of the sandbox: it runs with the wall clock, and can be paused and moved.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

/// A handle to the time of a sandbox; clones show the same time.
///
/// Everything that is time in the simulated Discord is read from it: ids and timestamps, members' time-outs, the
/// 3 s and 15 min of interactions, the windows of rate limits, the record of the traffic. Moving it wakes whoever
/// waits for a time that has come with it.
///
/// Two things stay outside. A connection's own pace (heartbeats, payloads a minute) is counted in real time, since
/// the client at the other end counts with a clock of its own; so an hour's jump cuts nobody off. And
/// [`Options::deadline`](crate::Options::deadline) is real time, since it guards a test against waiting for ever.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), sandbox::Error> {
/// use std::time::Duration;
/// use sandbox::{Options, Sandbox};
///
/// let sandbox = Sandbox::start(Options::default()).await?;
/// let clock = sandbox.clock();
/// clock.pause();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(15 * 60));
/// assert_eq!(clock.now().duration_since(before).unwrap(), Duration::from_secs(15 * 60));
/// clock.resume();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Clock {
    hands: Arc<watch::Sender<Hands>>,
}

/// What the clock shows: `shown_us` at the moment `running_since`, and ever since while it is paused.
#[derive(Clone, Copy, Debug)]
struct Hands {
    shown_us: i64,
    /// Tokio's instant, so that tests under tokio's paused time move this clock, too.
    running_since: Option<Instant>,
}

impl Hands {
    fn read_us(self) -> i64 {
        let run = self
            .running_since
            .map_or(0, |since| micros(since.elapsed()));
        self.shown_us.saturating_add(run)
    }
}

impl Clock {
    /// A clock that runs, and shows the present.
    pub(crate) fn running() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let hands = Hands {
            shown_us: since_1970.map_or(0, micros),
            running_since: Some(Instant::now()),
        };
        Self {
            hands: Arc::new(watch::Sender::new(hands)),
        }
    }

    /// Stops the clock; nothing happens if it stands already.
    pub fn pause(&self) {
        self.hands.send_modify(|hands| {
            *hands = Hands {
                shown_us: hands.read_us(),
                running_since: None,
            }
        });
    }

    /// Lets the clock go on from where it stands; nothing happens if it runs already.
    pub fn resume(&self) {
        self.hands.send_modify(|hands| {
            hands.running_since.get_or_insert_with(Instant::now);
        });
    }

    /// Moves the clock forward, whether it runs or stands, and wakes whoever waits for a time that has come.
    pub fn advance(&self, by: Duration) {
        self.hands.send_modify(|hands| {
            hands.shown_us = hands.shown_us.saturating_add(micros(by));
        });
    }

    /// When somebody turns it from now on: stops it, lets it go on, or moves it.
    #[must_use]
    pub fn turns(&self) -> Turns {
        Turns(self.hands.subscribe())
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        let since_1970 = u64::try_from(self.now_us()).unwrap_or(0);
        UNIX_EPOCH + Duration::from_micros(since_1970)
    }

    /// Whether the clock stands.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.hands.borrow().running_since.is_none()
    }

    /// What the clock shows, in microseconds since 1970.
    pub(crate) fn now_us(&self) -> i64 {
        self.hands.borrow().read_us()
    }

    /// What the clock shows, in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.now_us() / 1000).unwrap_or(0)
    }

    /// What the clock will show after this time.
    pub(crate) fn after_us(&self, time: Duration) -> i64 {
        self.now_us().saturating_add(micros(time))
    }

    /// How long it is by this clock until then; zero if that has passed.
    pub(crate) fn left_until(&self, us: i64) -> Duration {
        let left = us.saturating_sub(self.now_us());
        Duration::from_micros(u64::try_from(left).unwrap_or(0))
    }

    /// How long ago this was by the clock; zero for times to come.
    pub(crate) fn elapsed_since(&self, us: i64) -> Duration {
        let gone = self.now_us().saturating_sub(us);
        Duration::from_micros(u64::try_from(gone).unwrap_or(0))
    }

    /// Waits until the clock shows this time or a later one, however it gets there.
    pub(crate) async fn reaches(&self, us: i64) {
        let mut moves = self.hands.subscribe();
        loop {
            let hands = *moves.borrow_and_update();
            let Ok(left) = u64::try_from(us.saturating_sub(hands.read_us())) else {
                return;
            };
            if left == 0 {
                return;
            }
            // The sender lives in `self`: a change that never comes is all that can happen here.
            match hands.running_since {
                None => _ = moves.changed().await,
                Some(_) => _ = timeout(Duration::from_micros(left), moves.changed()).await,
            }
        }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// The turns of a [`Clock`], for whoever keeps a clock of their own by it.
#[derive(Debug)]
pub struct Turns(watch::Receiver<Hands>);

impl Turns {
    /// Waits for the next turn, or tells of one since the last time; `false` when the clock is gone.
    pub async fn next(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    async fn sleep(clock: &Clock, time: Duration) {
        clock.reaches(clock.after_us(time)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn it_stands_while_paused_and_loses_nothing_when_moved() {
        let clock = Clock::running();
        let start = clock.now_us();
        tokio::time::advance(HOUR).await;
        assert_eq!(clock.now_us() - start, micros(HOUR));
        clock.pause();
        clock.pause();
        tokio::time::advance(HOUR).await;
        assert_eq!(clock.now_us() - start, micros(HOUR));
        clock.advance(HOUR);
        clock.resume();
        clock.resume();
        tokio::time::advance(HOUR).await;
        clock.advance(HOUR);
        assert_eq!(clock.now_us() - start, micros(HOUR * 4));
    }

    #[tokio::test(start_paused = true)]
    async fn sleepers_wake_by_running_and_by_moving() {
        let clock = Clock::running();
        let begun = Instant::now();
        sleep(&clock, HOUR).await;
        assert!(begun.elapsed() >= HOUR && begun.elapsed() < HOUR + HOUR / 60);

        clock.pause();
        let (sleeper, begun) = (clock.clone(), Instant::now());
        let asleep = tokio::spawn(async move { sleep(&sleeper, HOUR).await });
        tokio::task::yield_now().await;
        clock.advance(HOUR / 2);
        tokio::time::sleep(HOUR).await;
        assert!(!asleep.is_finished(), "it stands half an hour too early");
        clock.advance(HOUR / 2);
        asleep.await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), HOUR.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn who_sleeps_on_a_standing_clock_goes_on_with_it() {
        let clock = Clock::running();
        clock.pause();
        let sleeper = clock.clone();
        let asleep = tokio::spawn(async move { sleep(&sleeper, HOUR).await });
        tokio::time::sleep(HOUR * 2).await;
        assert!(!asleep.is_finished());
        clock.resume();
        let resumed = Instant::now();
        asleep.await.unwrap();
        assert_eq!(resumed.elapsed().as_secs(), HOUR.as_secs());
    }
}
