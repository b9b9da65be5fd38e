//! Schedules at run time: created, cancelled, listed.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, de::DeserializeOwned};
use twilight_model::id::{
    Id,
    marker::{GuildMarker, UserMarker},
};

use super::Host;
use crate::{
    abi::{
        ScheduleCancel, ScheduleCreate, ScheduleEntry, ScheduleList, ScheduleReply, ScheduleSteer,
        ScheduleSwitch, SchedulesCall, SchedulesReply,
    },
    error::{Error, Result},
};

/// What was and is to be scheduled for one handler: see [`Host::schedule`].
#[derive(Debug, Clone)]
pub struct Schedules {
    host: Host,
    name: String,
    guild: Option<Id<GuildMarker>>,
    about: Option<Id<UserMarker>>,
}

impl Host {
    /// The way to schedule something at run time, for the handler that was declared by this name with
    /// [`Plugin::scheduled`](crate::Plugin::scheduled). The host keeps it through reloads and restarts, and while the plugin is
    /// not loaded.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Tea {
    ///     channel: Id<marker::ChannelMarker>,
    ///     sort: String,
    /// }
    ///
    /// async fn brew(ctx: CommandContext) -> Result {
    ///     let tea = Tea { channel: ctx.channel_id(), sort: ctx.option("sort")? };
    ///     let ready = ctx.host().schedule("ready").about(ctx.user().id);
    ///     let id = ready.after(Duration::from_secs(180)).payload(&tea).await?;
    ///     ctx.reply(format!("Three minutes. Number {id}, if you change your mind.")).await
    /// }
    ///
    /// async fn ready(ctx: ScheduleContext) -> Result {
    ///     let tea: Tea = ctx.payload()?;
    ///     ctx.host().discord().send(tea.channel, format!("Your {} tea is ready.", tea.sort)).await?;
    ///     Ok(())
    /// }
    ///
    /// async fn throw_away(ctx: CommandContext) -> Result {
    ///     let teas = ctx.host().schedule("ready");
    ///     for tea in teas.clone().about(ctx.user().id).list().await? {
    ///         teas.cancel(tea.id()).await?;
    ///     }
    ///     ctx.reply("All gone.").await
    /// }
    ///
    /// let plugin = Plugin::new()
    ///     .scheduled("ready", ready)
    ///     .command(Command::new("brew", "Makes tea").option(CommandOption::string("sort", "Which")).run(brew))
    ///     .command(Command::new("throw_away", "Throws your tea away").run(throw_away));
    /// ```
    #[must_use]
    pub fn schedule(&self, name: impl Into<String>) -> Schedules {
        Schedules {
            host: self.clone(),
            name: name.into(),
            guild: None,
            about: None,
        }
    }
}

impl Host {
    /// The schedules of all plugins: what they declare, then what was made at run time and comes again. For the next page pass the
    /// answer's `next` as `after`. Needs the power `schedules.read`, and one of the bot's owners who acts; for one server's alone
    /// (`guild_id`), one of its administrators.
    ///
    /// ```
    /// use plugin_api::{Power, abi::SchedulesCall, prelude::*};
    ///
    /// async fn schedules(ctx: CommandContext) -> Result {
    ///     let wanted = SchedulesCall { guild_id: ctx.guild_id().map(Id::get), ..SchedulesCall::default() };
    ///     let found = ctx.host().all_schedules(&wanted).await?;
    ///     let lines: Vec<_> = found.schedules.iter().map(|it| format!("{} {}: {}", it.plugin, it.name, it.when)).collect();
    ///     ctx.reply(lines.join("\n")).await
    /// }
    /// let plugin = Plugin::new()
    ///     .powers([Power::SchedulesRead])
    ///     .command(Command::new("schedules", "Lists this server's schedules").run(schedules));
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, or the host's database can't be used.
    pub async fn all_schedules(&self, wanted: &SchedulesCall) -> Result<SchedulesReply> {
        self.query("schedules.all", wanted).await
    }

    /// Has a schedule of any plugin run now, beside its plan. Needs the power `schedules.manage`, and one of the bot's owners who
    /// acts; for what is scheduled for one server (`guild_id`), one of its administrators.
    ///
    /// # Errors
    ///
    /// Nobody who may stands behind the call, there is no such schedule, or it runs at this moment.
    pub async fn run_schedule(&self, which: &ScheduleSteer) -> Result {
        self.query("schedules.run", which).await
    }

    /// Pauses a schedule of any plugin, or lets it go on: what was due meanwhile is left out. Needs what
    /// [`run_schedule`](Self::run_schedule) needs.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn pause_schedule(&self, which: &ScheduleSteer, paused: bool) -> Result {
        let call = if paused {
            "schedules.pause"
        } else {
            "schedules.resume"
        };
        self.query(call, which).await
    }
}

impl Schedules {
    /// For this server: what is scheduled belongs to it, and [`list`](Self::list) finds nothing else.
    #[must_use]
    pub fn guild(mut self, guild: Id<GuildMarker>) -> Self {
        self.guild = Some(guild);
        self
    }

    /// About this user, or this user's: what is scheduled is part of the data that the owner exports and erases, and [`list`](Self::list)
    /// finds nothing else.
    #[must_use]
    pub fn about(mut self, user: Id<UserMarker>) -> Self {
        self.about = Some(user);
        self
    }

    /// Schedules a run at an instant. One that is past is due at once.
    pub fn at(&self, time: SystemTime) -> NewScheduled {
        self.new_scheduled(Some(to_ms(time)), None)
    }

    /// Schedules a run so long from now, by the host's clock.
    pub fn after(&self, duration: Duration) -> NewScheduled {
        let ms = duration.as_millis().try_into().unwrap_or(u64::MAX);
        self.new_scheduled(None, Some(ms))
    }

    /// Schedules a run each `period`, a second at least: the first one period from now, or at [`first_at`](NewScheduled::first_at).
    /// What [`Schedule`](crate::Schedule) says of missed runs and of those that take longer than the period holds here, too.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// async fn remind(ctx: CommandContext) -> Result {
    ///     let guild = ctx.guild_id().ok_or(Error::user("only in a server"))?;
    ///     let reminders = ctx.host().schedule("remind").guild(guild).about(ctx.user().id);
    ///     let id = reminders.every(Duration::from_secs(24 * 3600)).max_runs(7).await?;
    ///     ctx.reply(format!("Each day for a week. Number {id}, if you change your mind.")).await
    /// }
    /// # Plugin::new().command(Command::new("remind", "Reminds you").run(remind));
    /// ```
    pub fn every(&self, period: Duration) -> NewScheduled {
        let mut new = self.new_scheduled(None, None);
        new.call.every_ms = Some(period.as_millis().try_into().unwrap_or(u64::MAX));
        new
    }

    /// Schedules runs by a cron expression in a time zone, both as in [`Schedule::cron`](crate::Schedule::cron); people may have
    /// typed them: the error says what is wrong.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn announce(ctx: CommandContext) -> Result {
    ///     let (when, text): (String, String) = (ctx.option("when")?, ctx.option("text")?);
    ///     let announcements = ctx.host().schedule("announce");
    ///     let id = match announcements.cron(when, "Europe/Berlin").payload(&text).await {
    ///         Ok(id) => id,
    ///         Err(error) => return Err(Error::user(error.to_string())),
    ///     };
    ///     ctx.reply(format!("Number {id}.")).await
    /// }
    /// # let announce = Command::new("announce", "Announces").run(announce);
    /// # Plugin::new().command(announce);
    /// ```
    pub fn cron(&self, expression: impl Into<String>, zone: impl Into<String>) -> NewScheduled {
        let mut new = self.new_scheduled(None, None);
        (new.call.cron, new.call.zone) = (Some(expression.into()), Some(zone.into()));
        new
    }

    fn new_scheduled(&self, at_ms: Option<i64>, after_ms: Option<u64>) -> NewScheduled {
        NewScheduled {
            host: self.host.clone(),
            call: ScheduleCreate {
                name: self.name.clone(),
                at_ms,
                after_ms,
                guild_id: self.guild.map(Id::get),
                subject: self.about.map(Id::get),
                ..ScheduleCreate::default()
            },
            payload: Ok(b"null".to_vec()),
        }
    }

    /// Switches what comes again off, or on; whether it was there. What was due meanwhile is left out.
    ///
    /// # Errors
    ///
    /// The host's database can't be used.
    pub async fn switch(&self, id: u64, on: bool) -> Result<bool> {
        let params = ScheduleSwitch {
            name: self.name.clone(),
            id,
            on,
        };
        Ok(call(&self.host, "schedules.switch", &params, Vec::new())
            .await?
            .done)
    }

    /// Cancels what has not begun, or comes again; whether it was there.
    ///
    /// # Errors
    ///
    /// The host's database can't be used.
    pub async fn cancel(&self, id: u64) -> Result<bool> {
        let params = ScheduleCancel {
            name: self.name.clone(),
            id,
        };
        Ok(call(&self.host, "schedules.cancel", &params, Vec::new())
            .await?
            .done)
    }

    /// What has not begun or comes again, the earliest first; 1,000 at most.
    ///
    /// # Errors
    ///
    /// The host's database can't be used.
    pub async fn list(&self) -> Result<Vec<Scheduled>> {
        let params = ScheduleList {
            name: self.name.clone(),
            guild_id: self.guild.map(Id::get),
            subject: self.about.map(Id::get),
        };
        let reply = call(&self.host, "schedules.list", &params, Vec::new()).await?;
        Ok(reply.entries.into_iter().map(Scheduled).collect())
    }
}

/// Something to be scheduled; await it, and it is. The result is its id.
///
/// # Errors
///
/// The plugin declares no such handler, the period or the cron expression can't be read, the payload is no JSON or larger than 64 KiB, the instant is out of range, or as many
/// are waiting as may (`schedules.max_waiting`, default 100,000 a plugin).
#[derive(Debug)]
#[must_use = "nothing is scheduled until this is awaited"]
pub struct NewScheduled {
    host: Host,
    call: ScheduleCreate,
    payload: Result<Vec<u8>, serde_json::Error>,
}

impl NewScheduled {
    /// What the handler is to be given: any type that is JSON. Default: nothing.
    pub fn payload(mut self, payload: &impl Serialize) -> Self {
        self.payload = serde_json::to_vec(payload);
        self
    }

    /// Of what comes again: when it does for the first time. A period is counted from it. Default: the next time from now on.
    pub fn first_at(mut self, time: SystemTime) -> Self {
        self.call.at_ms = Some(to_ms(time));
        self
    }

    /// Of what comes again: after so many runs it is gone. Default: it comes until it is cancelled.
    pub fn max_runs(mut self, runs: u64) -> Self {
        self.call.max_runs = Some(runs);
        self
    }
}

impl IntoFuture for NewScheduled {
    type Output = Result<u64>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<u64>>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let reply = call(&self.host, "schedules.create", &self.call, self.payload?).await?;
            let entry = reply.entries.first();
            Ok(entry.ok_or(Error::new("the host gave no id"))?.id)
        })
    }
}

/// Something that was scheduled, and has not begun or comes again.
#[derive(Debug, Clone, PartialEq)]
pub struct Scheduled(ScheduleEntry);

impl Scheduled {
    /// Its id: never given twice.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// When it is due, or due next.
    #[must_use]
    pub fn at(&self) -> SystemTime {
        from_ms(self.0.at_ms)
    }

    /// The server that it is for.
    #[must_use]
    pub fn guild_id(&self) -> Option<Id<GuildMarker>> {
        self.0.guild_id.and_then(Id::new_checked)
    }

    /// The user whom it is about.
    #[must_use]
    pub fn about(&self) -> Option<Id<UserMarker>> {
        self.0.subject.and_then(Id::new_checked)
    }

    /// The cron expression and its time zone, if it comes by one.
    #[must_use]
    pub fn cron(&self) -> Option<(&str, &str)> {
        Some((
            self.0.cron.as_deref()?,
            self.0.zone.as_deref().unwrap_or("UTC"),
        ))
    }

    /// The period, if it has one.
    #[must_use]
    pub fn period(&self) -> Option<Duration> {
        self.0.every_ms.map(Duration::from_millis)
    }

    /// Whether it comes again.
    #[must_use]
    pub fn is_recurring(&self) -> bool {
        self.0.every_ms.is_some() || self.0.cron.is_some()
    }

    /// Whether it is switched on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.0.off
    }

    /// How often it has run, and how often it may; `None`: until it is cancelled.
    #[must_use]
    pub fn runs(&self) -> (u64, Option<u64>) {
        (self.0.runs, self.0.max_runs)
    }

    /// When the last run was due, and its error if it failed; `None` before the first has ended.
    #[must_use]
    pub fn last_run(&self) -> Option<(SystemTime, Option<&str>)> {
        let error = Some(&*self.0.last_result).filter(|result| *result != "ok");
        Some((from_ms(self.0.last_ms?), error))
    }

    /// What it was scheduled with.
    ///
    /// # Errors
    ///
    /// It is not a `T`.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(T::deserialize(&self.0.payload)?)
    }
}

async fn call(
    host: &Host,
    name: &str,
    params: &impl Serialize,
    body: Vec<u8>,
) -> Result<ScheduleReply> {
    let reply = host.ask(name, params, body).await?;
    Ok(serde_json::from_slice(&reply.head)?)
}

fn to_ms(time: SystemTime) -> i64 {
    let whole = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => whole(since),
        Err(before) => -whole(before.duration()),
    }
}

/// Milliseconds since 1970 as a time.
pub(crate) fn from_ms(ms: i64) -> SystemTime {
    let distance = Duration::from_millis(ms.unsigned_abs());
    let time = if ms < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    };
    time.unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_cross_as_milliseconds() {
        for ms in [0, 1, -1, 1_767_225_600_123, -62_135_596_800_000] {
            assert_eq!(to_ms(from_ms(ms)), ms);
        }
    }
}
