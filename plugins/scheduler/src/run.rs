//! Run of a plan that is due, and what becomes of one that fails again and again.

use std::time::UNIX_EPOCH;

use plugin_api::{
    prelude::*,
    text::{clip, code, plain, word},
};
use serde::{Deserialize, Serialize};

use crate::{
    place::Place,
    plan::{self, Kind, Plan},
};

/// So many failures in a row switch a schedule off.
const FAILURES: u64 = 3;

/// The hook event of a plan that is due: any plugin may handle it, and tells plans apart by their names.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Due {
    /// The schedule's number.
    id: u64,
    /// The server that it was made in.
    guild_id: Id<marker::GuildMarker>,
    /// How its maker has called it.
    name: String,
    /// What its maker has written.
    content: String,
    /// When it was due, in milliseconds since 1970.
    due_ms: u64,
}

// One event, and a name of our own: nobody tells by a schedule what only the framework, or another plugin, can know.
impl Hook for Due {
    const EVENT: &'static str = "scheduler.due";
}

pub(super) async fn run(ctx: ScheduleContext) -> Result {
    let plan: Plan = ctx.payload()?;
    let (host, id) = (ctx.host(), ctx.id().unwrap_or_default());
    let guild = ctx
        .guild_id()
        .ok_or(Error::new("a schedule of no server"))?;
    match act(&ctx, guild, &plan).await {
        Ok(()) => forget_failures(host, id).await,
        Err(error) => {
            if !is_outage(&error) {
                let why = error
                    .user_message()
                    .map_or_else(|| error.to_string(), str::to_owned);
                count_failure(host, guild, id, &plan, &why).await?;
            }
            Err(error)
        }
    }
}

/// Whether Discord, or the way there, is out of order: that is not the schedule's fault, and it comes again when Discord does.
fn is_outage(error: &Error) -> bool {
    let out_of_order = |status| status >= 500 || status == 429;
    error.user_message().is_none() && error.http_status().is_none_or(out_of_order)
}

async fn act(ctx: &ScheduleContext, guild: Id<marker::GuildMarker>, plan: &Plan) -> Result {
    let host = ctx.host();
    if plan.kind != Kind::Message && !host.acting().await?.owners.contains(&plan.maker.get()) {
        let whose = plan.maker;
        return Err(Error::user(format!(
            "<@{whose}>, whose schedule it is, is no owner of the bot any more."
        )));
    }
    match plan.kind {
        Kind::Message => {
            let channel = plan
                .channel
                .ok_or(Error::user("The schedule names no channel."))?;
            let place = Place::of(host, guild, plan.maker, channel).await?;
            place.send(host, &plan.text).await
        }
        Kind::Hook => {
            let due = ctx.due().duration_since(UNIX_EPOCH)?.as_millis();
            let due = Due {
                id: ctx.id().unwrap_or_default(),
                guild_id: guild,
                name: plan.name.clone(),
                content: plan.text.clone(),
                due_ms: u64::try_from(due)?,
            };
            host.emit(&due).await.map(drop)
        }
        Kind::Log => {
            tracing::info!(schedule = plan.name, guild = guild.get(), "{}", plan.text);
            Ok(())
        }
    }
}

/// How often schedules have failed in a row, by their numbers.
fn failures(host: &Host) -> KvStore {
    host.storage().bot().kv_store("failures")
}

/// A schedule begins anew: it has run, was switched, or is gone.
pub(crate) async fn forget_failures(host: &Host, id: u64) -> Result {
    failures(host).delete(&id.to_string()).await.map(drop)
}

async fn count_failure(
    host: &Host,
    guild: Id<marker::GuildMarker>,
    id: u64,
    plan: &Plan,
    why: &str,
) -> Result {
    let all = plan::all(host, guild).await?;
    let this = all.iter().find(|it| it.id() == id);
    let is_last =
        this.is_none_or(|it| matches!(it.scheduled.runs(), (runs, Some(most)) if runs >= most));
    if is_last {
        return forget_failures(host, id).await;
    }
    let count = |before: Option<u64>| before.unwrap_or(0) + 1;
    if failures(host).update(&id.to_string(), count).await? < FAILURES {
        return Ok(());
    }
    plan::of(host, guild).switch(id, false).await?;
    forget_failures(host, id).await?;
    tracing::warn!(
        schedule = plan.name,
        id,
        guild = guild.get(),
        "switched off after {FAILURES} failures in a row: {why}"
    );
    let server = host
        .cache()
        .guild(guild)
        .await?
        .map_or_else(|| guild.to_string(), |guild| word(&guild.name));
    let told = format!(
        "Your schedule {} in **{server}** has failed {FAILURES} times in a row and is off now.\n{}\n\
         `schedule toggle {id}` there switches it on again.",
        code(&plan.name),
        clip(&plain(why), 500),
    );
    if let Err(error) = host.discord().dm(plan.maker, told).await {
        tracing::info!(
            user = plan.maker.get(),
            "its maker could not be told: {error}"
        );
    }
    Ok(())
}
