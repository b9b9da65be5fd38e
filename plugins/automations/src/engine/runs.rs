//! Runs of automations: from an occasion to the last step, over waits that outlive the bot.

use std::{
    cell::RefCell,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

use super::{facts, failures, live::Live, rehearsal::Rehearsal};
use crate::{
    automation::Automation,
    core::{Ended, Failure, Occasion, Run, advance},
    model::Guild,
    state::{Shared, State},
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
    let (guild, first) = (run.occasion.guild, run.first());
    let about = run.occasion.person.as_ref().map(|it| it.id);
    let live = Live { state, guild };
    let ended = match advance(run, &live).await {
        Ok(Ended::Done) => Ok(()),
        Ok(Ended::Waits(seconds, run)) => {
            let schedules = state.host.schedule(HANDLER).guild(guild);
            let schedules = match about {
                Some(user) => schedules.about(user),
                None => schedules,
            };
            let kept = schedules.after(Duration::from_secs(seconds));
            let Err(error) = kept.payload(&Waiting { run }).await else {
                return Ok(());
            };
            // More texts than the host keeps for a schedule, say.
            let why = format!("The wait could not be kept: {error}");
            return match first {
                Some(id) => failures::count(state, guild, id, &why, true).await,
                None => Ok(()),
            };
        }
        Err(failure) => Err(failure),
    };
    let Some(id) = first else {
        return Ok(());
    };
    match ended {
        Ok(()) => crate::store::succeeded(&state.host, guild, id, now_ms()).await,
        Err(failure) => failed(state, guild, id, &failure).await,
    }
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
    let goes_on = on.iter().any(|it| Some(it.id) == run.first());
    if goes_on {
        go_on(state, run).await
    } else {
        Ok(())
    }
}

/// What would be done, in words, and what would stop it.
pub(crate) async fn rehearse(
    state: &State,
    automation: &Automation,
    occasion: Occasion,
) -> Result<(Vec<String>, Option<String>)> {
    let occasion = completed(state, occasion).await?;
    let rehearsal = Rehearsal {
        live: Live {
            state,
            guild: occasion.guild,
        },
        said: RefCell::default(),
    };
    let mut run = Run::new(occasion, automation.frame());
    loop {
        match advance(run, &rehearsal).await {
            Ok(Ended::Done) => return Ok((rehearsal.said.into_inner(), None)),
            Ok(Ended::Waits(seconds, rest)) => {
                rehearsal
                    .said
                    .borrow_mut()
                    .push(format!("waits for {}", crate::model::span(seconds)));
                run = rest;
            }
            Err(failure) => {
                let why = failure.why.user_message().map(str::to_owned);
                let Some(why) = why else {
                    return Err(failure.why);
                };
                let stopped = format!("step {} ({}): {why}", failure.step, failure.what);
                return Ok((rehearsal.said.into_inner(), Some(stopped)));
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
