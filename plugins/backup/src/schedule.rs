//! Command `backup schedule`: snapshots that take themselves, and how long snapshots are kept.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plugin_api::{
    prelude::*,
    text::{counted, moment, word},
};

use crate::{
    State,
    busy::Place,
    store::{Guild, Index, Source, User},
    take::{self, Order},
};

/// The schedules' names.
pub(crate) const SNAPSHOT: &str = "snapshot";
pub(crate) const RETENTION: &str = "retention";
/// Of a snapshot that was due while something else was under way.
pub(crate) const LATE: &str = "late";

/// After so long it is looked whether that is over.
const PAUSE: Duration = Duration::from_secs(300);

const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Choices, Clone, Copy)]
pub(crate) enum Action {
    Enable,
    Disable,
    Status,
}

pub(crate) async fn schedule(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let by = ctx.user().id;
    match ctx
        .option::<Option<Action>>("action")?
        .unwrap_or(Action::Status)
    {
        Action::Status => {}
        Action::Disable => {
            cancel(host, guild, LATE).await?;
            if !cancel(host, guild, SNAPSHOT).await? {
                return Err(Error::user("No schedule is on in this server."));
            }
            Index::of(host, guild)
                .audit(Some(by), "schedule off", None, "")
                .await?;
        }
        Action::Enable => {
            let hours: u64 = ctx.option::<Option<u64>>("hours")?.unwrap_or(24);
            cancel(host, guild, LATE).await?;
            cancel(host, guild, SNAPSHOT).await?;
            let period = Duration::from_secs(hours * 3600);
            host.schedule(SNAPSHOT)
                .guild(guild)
                .about(by)
                .every(period)
                .payload(&by)
                .await?;
            let words = format!("every {}", counted(hours, "hour"));
            Index::of(host, guild)
                .audit(Some(by), "schedule on", None, &words)
                .await?;
        }
    }
    let card = embed("Snapshots by themselves")
        .field("Schedule", in_words(host, guild).await?, false)
        .footer("One that has no room takes the place of the oldest of its like. `backup retention` says how long they are kept.");
    ctx.reply(card).await
}

pub(crate) async fn retention(ctx: CommandContext<State>) -> Result {
    let (host, guild) = (ctx.host(), ctx.guild()?);
    let days: Option<u64> = ctx.option("days")?;
    let index = Index::of(host, guild);
    let mut gone = 0;
    if let Some(days) = days {
        let _place = ctx.state().busy.enter(guild, "change")?;
        host.set_guild_setting(guild, "keep_days", days).await?;
        let words = format!("{days} days");
        index
            .audit(Some(ctx.user().id), "retention", None, &words)
            .await?;
        cancel(host, guild, RETENTION).await?;
        if days > 0 {
            host.schedule(RETENTION).guild(guild).every(DAY).await?;
        }
        let rules = take::rules(host, guild).await?;
        gone = take::tidy(host, guild, &index.all().await?, rules, false).await?;
    }
    let rules = take::rules(host, guild).await?;
    let kept = match rules.days {
        0 => "Snapshots are kept until somebody deletes them.".to_owned(),
        days => format!(
            "Snapshots are kept for {}. Those that are pinned stay, and so does the newest one.",
            counted(days, "day")
        ),
    };
    let gone = match gone {
        0 => String::new(),
        gone => format!(
            "\n{} gone now.",
            match gone {
                1 => "1 snapshot is".to_owned(),
                gone => format!("{gone} snapshots are"),
            }
        ),
    };
    ctx.reply(format!("{kept}{gone}")).await
}

async fn cancel(host: &Host, guild: Guild, name: &str) -> Result<bool> {
    let schedules = host.schedule(name).guild(guild);
    let mut was_there = false;
    for scheduled in schedules.list().await? {
        was_there |= schedules.cancel(scheduled.id()).await?;
    }
    Ok(was_there)
}

/// What is planned, for people.
pub(crate) async fn in_words(host: &Host, guild: Guild) -> Result<String> {
    let all = host.schedule(SNAPSHOT).guild(guild).list().await?;
    let Some(next) = all.first() else {
        return Ok("off".to_owned());
    };
    let hours = next.period().map_or(0, |period| period.as_secs() / 3600);
    let at = |time: SystemTime| {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX), 'R')
    };
    let last = match next.last_run() {
        None => String::new(),
        Some((time, None)) => format!(", last {}", at(time)),
        Some((time, Some(_))) => format!(", last {}: it failed", at(time)),
    };
    let (every, next) = (counted(hours, "hour"), at(next.at()));
    let late = match late(host, guild).await? {
        true => ", one is late and taken as soon as nothing else is under way",
        false => "",
    };
    Ok(format!("every {every}, next {next}{last}{late}"))
}

/// It is time for a snapshot.
pub(crate) async fn due(ctx: ScheduleContext<State>) -> Result {
    let (host, guild) = (ctx.host(), of_server(&ctx)?);
    let by: Option<User> = ctx.payload()?;
    let busy = &ctx.state().busy;
    if let Ok(place) = busy.enter_soon(guild, "snapshot").await {
        return take_by_itself(host, guild, by, place).await;
    }
    // One is enough, and was told of.
    if late(host, guild).await? {
        return Ok(());
    }
    let what = busy.what(guild).unwrap_or("change");
    put_off(host, guild, by).await?;
    let words = format!("another {what} was under way; it is taken behind that");
    let index = Index::of(host, guild);
    index.audit(None, "snapshot late", None, &words).await?;
    let why = format!("Another {what} is under way there. It is taken when that is over.");
    tell(host, guild, by, &format!("is late. {why}")).await;
    Ok(())
}

/// It is time for a snapshot that is late.
pub(crate) async fn due_late(ctx: ScheduleContext<State>) -> Result {
    let (host, guild) = (ctx.host(), of_server(&ctx)?);
    let by: Option<User> = ctx.payload()?;
    match ctx.state().busy.enter_soon(guild, "snapshot").await {
        Ok(place) => take_by_itself(host, guild, by, place).await,
        Err(_) => put_off(host, guild, by).await,
    }
}

async fn take_by_itself(host: &Host, guild: Guild, by: Option<User>, place: Place) -> Result {
    let order = Order {
        label: String::new(),
        source: Source::Scheduled,
        by: None,
    };
    let taken = take::take(host, guild, order).await;
    drop(place);
    match &taken {
        Ok(_) => drop(cancel(host, guild, LATE).await?),
        Err(error) => {
            if let Some(why) = error.user_message() {
                tell(host, guild, by, &format!("could not be taken. {why}")).await;
            }
        }
    }
    taken.map(drop)
}

/// Whether a snapshot is late.
async fn late(host: &Host, guild: Guild) -> Result<bool> {
    let waiting = host.schedule(LATE).guild(guild).list().await?;
    Ok(!waiting.is_empty())
}

async fn put_off(host: &Host, guild: Guild, by: Option<User>) -> Result {
    let mut schedules = host.schedule(LATE).guild(guild);
    if let Some(by) = by {
        schedules = schedules.about(by);
    }
    schedules.after(PAUSE).payload(&by).await.map(drop)
}

/// Tells whoever has planned a snapshot what has become of it, if they are known and take messages.
async fn tell(host: &Host, guild: Guild, by: Option<User>, what: &str) {
    let Some(by) = by else {
        return;
    };
    let server = host.cache().guild(guild).await.ok().flatten();
    let server = server.map_or_else(|| guild.to_string(), |it| word(&it.name));
    let told = format!("The snapshot that was planned in **{server}** {what}");
    if let Err(error) = host.discord().dm(by, told).await {
        tracing::info!(
            user = by.get(),
            "who has planned it could not be told: {error}"
        );
    }
}

/// It is time to look what is too old.
pub(crate) async fn expire(ctx: ScheduleContext<State>) -> Result {
    let (host, guild) = (ctx.host(), of_server(&ctx)?);
    let _place = ctx.state().busy.enter(guild, "change")?;
    let rules = take::rules(host, guild).await?;
    let all = Index::of(host, guild).all().await?;
    take::tidy(host, guild, &all, rules, false).await.map(drop)
}

fn of_server(ctx: &ScheduleContext<State>) -> Result<Guild> {
    ctx.guild_id().ok_or(Error::new("a schedule of no server"))
}
