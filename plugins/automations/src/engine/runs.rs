//! Runs of automations: from an occasion to the last step, over waits that outlive the bot.

use std::{
    cell::RefCell,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    facts, failures,
    live::Live,
    rehearsal::{Rehearsal, Rehearsed},
};
use crate::{
    automation::Automation,
    core::{Ended, Failure, Occasion, Run, advance},
    model::Guild,
    state::{Shared, State},
    store,
};

/// The handler that the host calls when a run has waited.
pub(super) const HANDLER: &str = "resume";

/// A run that waits.
#[derive(Serialize, Deserialize)]
struct Waiting {
    run: Run,
}

/// Runs an automation, if its conditions hold. What goes wrong is the automation's: it is told to its maker, and not to the caller.
pub(crate) async fn fire(state: &State, automation: &Automation, occasion: Occasion) -> Result {
    let occasion = completed(state, occasion).await?;
    if !facts::hold(state, &automation.definition.conditions, &occasion).await? {
        return Ok(());
    }
    go_on(state, Run::new(occasion, automation.frame())).await
}

async fn go_on(state: &State, run: Run) -> Result {
    let (host, guild, is_counted) = (&state.host, run.occasion.guild, run.is_counted());
    let Some(id) = run.first() else {
        return Ok(());
    };
    match advance(run, &Live { state, guild }).await {
        Ok(Ended::Done) if is_counted => store::ended(host, guild, id, now_ms()).await,
        Ok(Ended::Done) => store::succeeded(host, guild, id, now_ms()).await,
        Ok(Ended::Waits(seconds, run)) => match wait(state, seconds, run).await {
            Ok(_) if is_counted => Ok(()),
            Ok(_) => store::began(host, guild, id, now_ms()).await,
            // More texts than the host keeps for a schedule, say.
            Err(error) => {
                let why = format!("The wait could not be kept: {error}");
                failures::count(state, guild, id, &why, true).await
            }
        },
        Err(failure) => failed(state, guild, id, &failure).await,
    }
}

/// Has the host keep a run until it goes on. It is counted by now. The host gives members what it keeps about them, so that there are no
/// addresses of webhooks in it.
async fn wait(state: &State, seconds: u64, run: Run) -> Result<u64> {
    let mut schedules = state.host.schedule(HANDLER).guild(run.occasion.guild);
    if let Some(person) = &run.occasion.person {
        schedules = schedules.about(person.id);
    }
    let run = run.counted().without_addresses();
    schedules
        .after(Duration::from_secs(seconds))
        .payload(&Waiting { run })
        .await
}

/// Where another automation's step has failed, both are told: it counts for the one that has begun.
async fn failed(state: &State, guild: Guild, id: i64, failure: &Failure) -> Result {
    let whose = if failure.automation == id {
        String::new()
    } else {
        format!(" of automation #{}", failure.automation)
    };
    let why = match failure.why.user_message() {
        Some(words) => words.to_owned(),
        None => failure.why.to_string(),
    };
    let told = format!("Step {}{whose} ({}): {why}", failure.step, failure.what);
    failures::count(
        state,
        guild,
        id,
        &told,
        !super::live::is_outage(&failure.why),
    )
    .await
}

/// A run has waited: it goes on, if its automation is still there and on.
pub(super) async fn resumed(ctx: ScheduleContext<Shared>) -> Result {
    let Waiting { run } = ctx.payload()?;
    let state = ctx.state();
    let on = state.working(run.occasion.guild).await?;
    if !on.iter().any(|it| Some(it.id) == run.first()) {
        return Ok(());
    }
    let steps = |id: i64| {
        let found = on.iter().find(|it| it.id == id);
        found.map(|it| it.definition.steps()).unwrap_or_default()
    };
    go_on(state, run.with_addresses(steps)).await
}

/// What would be done, and what would stop it. Whom it is about is named, and not mentioned.
pub(crate) async fn rehearse(
    state: &State,
    automation: &Automation,
    occasion: Occasion,
) -> Result<Rehearsed> {
    let mut occasion = completed(state, occasion).await?;
    if let Some(display) = occasion.person.as_ref().map(|it| it.display.clone()) {
        occasion.say("user", &display);
    }
    let rehearsal = Rehearsal {
        live: Live {
            state,
            guild: occasion.guild,
        },
        done: RefCell::default(),
    };
    let mut run = Run::new(occasion, automation.frame());
    loop {
        match advance(run, &rehearsal).await {
            Ok(Ended::Done) => return Ok(rehearsal.done.into_inner()),
            Ok(Ended::Waits(seconds, rest)) => {
                rehearsal.waits(seconds);
                run = rest;
            }
            Err(failure) => {
                let why = failure.why.user_message().map(str::to_owned);
                let Some(why) = why else {
                    return Err(failure.why);
                };
                let stopped = format!("step {} ({}): {why}", failure.step, failure.what);
                return Ok(Rehearsed {
                    stopped: Some(stopped),
                    ..rehearsal.done.into_inner()
                });
            }
        }
    }
}

/// Fills in what every text may name: the server, and the time.
async fn completed(state: &State, mut occasion: Occasion) -> Result<Occasion> {
    let server = state.host.cache().guild(occasion.guild).await?;
    if let Some(server) = server {
        occasion.say("guild_name", &server.name);
        let count = server.member_count.or(server.approximate_member_count);
        occasion.set(
            "member_count",
            count.map_or_else(|| "?".into(), |it| it.to_string()),
        );
    }
    occasion.set("guild_id", occasion.guild.to_string());
    let now = facts::now_in(state, occasion.guild).await?;
    occasion.set(
        "timestamp",
        format!("<t:{}:f>", now.timestamp().as_second()),
    );
    occasion.set("date", now.date().to_string());
    occasion.set("time", format!("{:02}:{:02}", now.hour(), now.minute()));
    Ok(occasion)
}

pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX))
}
