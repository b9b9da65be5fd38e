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
    abi::{ScheduleCancel, ScheduleCreate, ScheduleEntry, ScheduleList, ScheduleReply},
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

impl Schedules {
    /// For this server: what is scheduled belongs to it, and [`list`](Self::list) finds nothing else.
    #[must_use]
    pub fn guild(mut self, guild: Id<GuildMarker>) -> Self {
        self.guild = Some(guild);
        self
    }

    /// About this user: what is scheduled is part of the data that the owner exports and erases, and [`list`](Self::list)
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

    fn new_scheduled(&self, at_ms: Option<i64>, after_ms: Option<u64>) -> NewScheduled {
        NewScheduled {
            host: self.host.clone(),
            call: ScheduleCreate {
                name: self.name.clone(),
                at_ms,
                after_ms,
                guild_id: self.guild.map(Id::get),
                subject: self.about.map(Id::get),
            },
            payload: Ok(b"null".to_vec()),
        }
    }

    /// Cancels what has not begun; whether it was there.
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

    /// What has not begun, the earliest first; 1,000 at most.
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
/// The plugin declares no such handler, the payload is no JSON or larger than 64 KiB, the instant is out of range, or as many
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

/// Something that was scheduled and has not begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Scheduled(ScheduleEntry);

impl Scheduled {
    /// Its id: never given twice.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// When it is due.
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
