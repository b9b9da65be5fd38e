//! Clock of schedules in the sandbox: an hour's jump there is one here.

use std::time::UNIX_EPOCH;

use tokio::task::JoinHandle;

use crate::services::schedules::{Clock, Time};

/// The sandbox's clock, as something that a clock can go by.
struct SandboxTime(sandbox::Clock);

impl Time for SandboxTime {
    fn now_ms(&self) -> i64 {
        let since_1970 = self.0.now().duration_since(UNIX_EPOCH);
        since_1970.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }

    fn goes(&self) -> bool {
        !self.0.is_paused()
    }
}

/// Tells a clock of jumps until it is dropped.
#[derive(Debug)]
pub(super) struct Moving(JoinHandle<()>);

impl Drop for Moving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A clock of the bot that goes by the sandbox's.
pub(super) fn clock_of(time: sandbox::Clock) -> (Clock, Moving) {
    let mut turns = time.turns();
    let clock = Clock::by(SandboxTime(time));
    let moved = clock.clone();
    let moving = tokio::spawn(async move {
        while turns.next().await {
            moved.jumped();
        }
    });
    (clock, Moving(moving))
}
