//! Background tasks: they begin when the generation goes live, and end with it.

use std::{future::Future, time::Duration};

use tokio::{
    task::AbortHandle,
    time::{Instant, MissedTickBehavior, interval_at},
};

use super::Host;
use crate::{error::Result, runtime::caught};

impl Host {
    /// Runs `task` in the background, on the plugin's thread. It begins when this generation serves (at once, when it does
    /// already) and is dropped at unload or reload, so two generations never tick side by side. An error goes to the log.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// async fn remind(ctx: CommandContext) -> Result {
    ///     let (host, channel) = (ctx.host().clone(), ctx.channel_id());
    ///     ctx.host().spawn(async move {
    ///         tokio::time::sleep(Duration::from_secs(600)).await;
    ///         host.discord().send(channel, "Ten minutes have passed.").await?;
    ///         Ok(())
    ///     });
    ///     ctx.reply("I will.").await
    /// }
    /// ```
    pub fn spawn(&self, task: impl Future<Output = Result> + 'static) -> Task {
        Task(self.0.spawn(task))
    }

    /// Runs `tick` every `period`, first after one period. A tick that takes longer delays the next. An error goes to
    /// the log, as does a panic, and neither ends the interval.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// let clock = Plugin::with_state(|host| async move {
    ///     let channel = Id::new(175_928_847_299_117_063);
    ///     let bell = host.clone();
    ///     host.every(Duration::from_secs(3600), async move || {
    ///         bell.discord().send(channel, "Ding!").await?;
    ///         Ok(())
    ///     });
    ///     Ok(())
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// `period` is zero.
    pub fn every(&self, period: Duration, mut tick: impl AsyncFnMut() -> Result + 'static) -> Task {
        assert!(!period.is_zero(), "an interval needs a period above zero");
        self.spawn(async move {
            let mut interval = interval_at(Instant::now() + period, period);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                interval.tick().await;
                // A panic is told by the plugin's hook.
                if let Some(Err(error)) = caught(async { tick().await }).await {
                    tracing::error!("a tick failed: {error}");
                }
            }
        })
    }
}

/// A background task. Dropping this leaves it running.
///
/// ```
/// use std::cell::RefCell;
/// use plugin_api::{Task, prelude::*};
///
/// #[derive(Default)]
/// struct Alarm(RefCell<Option<Task>>);
///
/// async fn snooze(ctx: CommandContext<Alarm>) -> Result {
///     match ctx.state().0.take() {
///         Some(alarm) if !alarm.is_finished() => alarm.cancel(),
///         _ => return Err(Error::user("no alarm is set")),
///     }
///     ctx.reply("It will not ring.").await
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Task(AbortHandle);

impl Task {
    /// Drops the task at its next `.await`.
    pub fn cancel(&self) {
        self.0.abort();
    }

    /// Whether it has ended: by itself, by an error or a panic, or cancelled.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}
