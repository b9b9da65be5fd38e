//! Command `backup schedule`: snapshots that take themselves, and how long snapshots are kept.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plugin_api::{
    prelude::*,
    text::{counted, moment},
};

use crate::{
    State,
    store::{Guild, Index, Source, User},
    take::{self, Order},
};

/// The schedules' names.
pub(crate) const SNAPSHOT: &str = "snapshot";
pub(crate) const RETENTION: &str = "retention";

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
            if !cancel(host, guild, SNAPSHOT).await? {
                return Err(Error::user("No schedule is on in this server."));
            }
            Index::of(host, guild)
                .audit(Some(by), "schedule off", None, "")
                .await?;
        }
        Action::Enable => {
            let hours: u64 = ctx.option::<Option<u64>>("hours")?.unwrap_or(24);
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
    Ok(format!("every {every}, next {next}{last}"))
}

/// It is time for a snapshot.
pub(crate) async fn due(ctx: ScheduleContext<State>) -> Result {
    let (host, guild) = (ctx.host(), of_server(&ctx)?);
    let by: Option<User> = ctx.payload()?;
    let _place = ctx.state().busy.enter(guild, "snapshot")?;
    let order = Order {
        label: String::new(),
        source: Source::Scheduled,
        by: None,
    };
    let taken = take::take(host, guild, order).await;
    if let (Err(error), Some(by)) = (&taken, by)
        && let Some(why) = error.user_message()
    {
        let told =
            format!("The snapshot that was planned in your server could not be taken. {why}");
        if let Err(error) = host.discord().dm(by, told).await {
            tracing::info!(
                user = by.get(),
                "who has planned it could not be told: {error}"
            );
        }
    }
    taken.map(drop)
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
