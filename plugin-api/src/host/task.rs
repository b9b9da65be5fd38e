//! Background tasks: they begin when the generation goes live, and end with it.

use std::{future::Future, time::Duration};

use tokio::{
    task::AbortHandle,
    time::{Instant, MissedTickBehavior, interval_at},
};

use super::Host;
use crate::error::Result;

impl Host {
    /// Runs `task` in the background, on the plugin's thread. It begins when this generation serves (at once, when it does
    /// already) and is dropped at unload or reload, so two generations never tick side by side. An error goes to the log.
    pub fn spawn(&self, task: impl Future<Output = Result> + 'static) -> Task {
        Task(self.0.spawn(task))
    }

    /// Runs `tick` every `period`, first after one period. A tick that takes longer delays the next. An error goes to
    /// the log and does not end the interval.
    ///
    /// # Panics
    ///
    /// `period` is zero.
    pub fn every<F, Fut>(&self, period: Duration, mut tick: F) -> Task
    where
        F: FnMut() -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        assert!(!period.is_zero(), "an interval needs a period above zero");
        self.spawn(async move {
            let mut interval = interval_at(Instant::now() + period, period);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                interval.tick().await;
                if let Err(error) = tick().await {
                    tracing::error!("a tick failed: {error}");
                }
            }
        })
    }
}

/// A background task. Dropping this leaves it running.
#[derive(Debug, Clone)]
pub struct Task(AbortHandle);

impl Task {
    /// Drops the task at its next `.await`.
    pub fn cancel(&self) {
        self.0.abort();
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}
