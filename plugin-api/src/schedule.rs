//! Schedules: handlers that the host calls at their time, also after a reload or a restart.

use std::{
    fmt,
    rc::Rc,
    time::{Duration, SystemTime},
};

use serde::de::DeserializeOwned;
use twilight_model::id::{Id, marker::GuildMarker};

use crate::{
    abi::{EntryKind, ScheduleRun},
    accessors::surroundings,
    error::{Error, Result},
    host::{Host, from_ms},
    manifest::ScheduleManifest,
    plugin::Plugin,
};

/// Schedule of a handler, and what happens when it could not run. The host keeps it in its database.
///
/// - A run is *missed* when it can't begin within `schedules.late_s` (default 60) of its due time: the host was down, the plugin
///   was not loaded, the machine slept. However many were missed, they are caught up by one run, whose due time is the latest
///   of them; with [`skip_missed`](Self::skip_missed) by none.
/// - A due time begins one run at most: that is noted in the database before the handler is called. What is cut short by
///   `kill -9` is not begun again, unless by [`at_least_once`](Self::at_least_once).
/// - A run that is not over when the next is due makes that one be skipped. It is counted.
///
/// ```
/// use std::time::Duration;
/// use plugin_api::prelude::*;
///
/// async fn tidy(ctx: ScheduleContext) -> Result {
///     tracing::info!(missed = ctx.missed(), "tidying up");
///     Ok(())
/// }
/// let nightly = Schedule::cron("tidy", "30 4 * * *", "Europe/Berlin")
///     .skip_missed()
///     .retries(2)
///     .deadline(Duration::from_secs(300));
/// let plugin = Plugin::new().schedule(nightly, tidy);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a schedule does nothing until it is given to `Plugin::schedule`"]
pub struct Schedule(ScheduleManifest);

impl Schedule {
    fn new(name: impl Into<String>) -> Self {
        Self(ScheduleManifest {
            name: name.into(),
            ..ScheduleManifest::default()
        })
    }

    /// Every `period`, counted from the moment at which the host first saw it: it does not drift, and a reload changes
    /// nothing. A period that is changed begins anew. At least a second.
    pub fn every(name: impl Into<String>, period: Duration) -> Self {
        let mut schedule = Self::new(name);
        schedule.0.every_ms = Some(period.as_millis().try_into().unwrap_or(u64::MAX));
        schedule
    }

    /// By a cron expression: minute, hour, day of the month, month, day of the week, and seconds before them if there are six
    /// fields. Sunday is 0 or 7, names work (`mon`, `jan`), and so do `L`, `#` and `W`
    /// ([croner's patterns](https://docs.rs/croner/4/croner/#pattern)). Where both a day of the month and a day of the week
    /// are given, either will do.
    ///
    /// `zone` is a time zone's [IANA name](https://en.wikipedia.org/wiki/List_of_tz_database_time_zones), such as
    /// `Europe/Berlin` or `UTC`. When the clocks change, a time that does not exist runs once, right after the gap, and a time
    /// that occurs twice runs once, the first time. Only where the hour is `*` the hour that occurs twice is two hours, as it
    /// is for a clock: every ten minutes stays every ten minutes.
    pub fn cron(
        name: impl Into<String>,
        expression: impl Into<String>,
        zone: impl Into<String>,
    ) -> Self {
        let mut schedule = Self::new(name);
        schedule.0.cron = Some(expression.into());
        schedule.0.zone = Some(zone.into());
        schedule
    }

    /// At instants that are set at run time, by [`Host::schedule`].
    pub fn at_run_time(name: impl Into<String>) -> Self {
        Self::new(name)
    }

    /// Leaves out what was missed. Default: it is caught up, once.
    pub fn skip_missed(mut self) -> Self {
        self.0.skip_missed = true;
        self
    }

    /// Begins a run again that was cut short: the process was killed, or the plugin was unloaded while the handler ran. Then
    /// a due time may begin more than one run; the handler has to bear that. Default: it counts as missed.
    pub fn at_least_once(mut self) -> Self {
        self.0.at_least_once = true;
        self
    }

    /// Tries a run that has failed again, so many times: after 10 s, 20 s, 40 s and so on, up to 10 minutes. The run is not
    /// over meanwhile. Default: 0.
    pub fn retries(mut self, retries: u32) -> Self {
        self.0.retries = retries;
        self
    }

    /// How long a run may take; then it is dropped, and has failed. Default: `schedules.timeout_ms` (60,000).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.0.deadline_ms = Some(deadline.as_millis().try_into().unwrap_or(u64::MAX).max(1));
        self
    }
}

/// Context of a schedule's handler: `S` is the plugin's state.
pub struct ScheduleContext<S = ()> {
    state: Rc<S>,
    host: Host,
    run: ScheduleRun,
}

impl<S> ScheduleContext<S> {
    surroundings!();

    /// When it was due.
    #[must_use]
    pub fn due(&self) -> SystemTime {
        from_ms(self.run.due_ms)
    }

    /// Whether it was missed at its due time, and is caught up now.
    #[must_use]
    pub fn caught_up(&self) -> bool {
        self.run.caught_up
    }

    /// How many due times before this one went by without a run since the last one.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.run.missed
    }

    /// 1, and one more with each time that this run is tried again.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.run.attempt
    }

    /// The id of what was scheduled at run time; `None` for what is declared.
    #[must_use]
    pub fn id(&self) -> Option<u64> {
        self.run.id
    }

    /// The server that it was scheduled for.
    #[must_use]
    pub fn guild_id(&self) -> Option<Id<GuildMarker>> {
        self.run.guild_id.and_then(Id::new_checked)
    }

    /// What it was scheduled with.
    ///
    /// # Errors
    ///
    /// The payload is not a `T`: an older version of the plugin may have scheduled it.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.run.payload).map_err(|error| {
            Error::new(format!(
                "the payload of the schedule is not what this plugin expects: {error}"
            ))
        })
    }
}

impl<S> fmt::Debug for ScheduleContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScheduleContext")
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

impl<S: 'static> Plugin<S> {
    /// Runs a handler every `period`: [`Schedule::every`] with its defaults. For what need not outlive a reload,
    /// [`Host::every`] is lighter.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// async fn tidy(ctx: ScheduleContext) -> Result {
    ///     ctx.host().storage().bot().kv_store("drafts").delete("oldest").await?;
    ///     Ok(())
    /// }
    /// let plugin = Plugin::new().every("tidy", Duration::from_secs(6 * 3600), tidy);
    /// ```
    #[must_use]
    pub fn every<F, Fut>(self, name: impl Into<String>, period: Duration, handler: F) -> Self
    where
        F: Fn(ScheduleContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        self.schedule(Schedule::every(name, period), handler)
    }

    /// Runs a handler by a cron expression in a time zone: [`Schedule::cron`] with its defaults.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn report(ctx: ScheduleContext) -> Result {
    ///     let channel: Id<marker::ChannelMarker> = Id::new(175_928_847_299_117_063);
    ///     ctx.host().discord().send(channel, "A new week!").await?;
    ///     Ok(())
    /// }
    /// let plugin = Plugin::new().cron("report", "0 9 * * mon", "Europe/Berlin", report);
    /// ```
    #[must_use]
    pub fn cron<F, Fut>(
        self,
        name: impl Into<String>,
        expression: impl Into<String>,
        zone: impl Into<String>,
        handler: F,
    ) -> Self
    where
        F: Fn(ScheduleContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        self.schedule(Schedule::cron(name, expression, zone), handler)
    }

    /// Declares the handler of what is scheduled at run time with [`Host::schedule`].
    #[must_use]
    pub fn scheduled<F, Fut>(self, name: impl Into<String>, handler: F) -> Self
    where
        F: Fn(ScheduleContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        self.schedule(Schedule::at_run_time(name), handler)
    }

    /// Declares a schedule and its handler. A name is declared once; the host refuses what it can't read, with the reason.
    #[must_use]
    pub fn schedule<F, Fut>(mut self, schedule: Schedule, handler: F) -> Self
    where
        F: Fn(ScheduleContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        self.handlers.entries.insert(
            (EntryKind::Schedule, schedule.0.name.clone()),
            Rc::new(move |state, host, _head, frame_guard| {
                match serde_json::from_slice(frame_guard.body()) {
                    Ok(run) => {
                        let handled = handler(ScheduleContext { state, host, run });
                        Box::pin(async move { handled.await.map(|()| Vec::new()) })
                    }
                    Err(error) => Box::pin(std::future::ready(Err(error.into()))),
                }
            }),
        );
        self.manifest.schedules.push(schedule.0);
        self
    }
}
