//! Commands `schedule toggle` and `schedule delete`.

use plugin_api::{prelude::*, text::code};

use crate::{
    plan::{self, Planned},
    run,
};

pub(super) fn toggle() -> Command {
    Command::new(
        "toggle",
        "Switches a schedule off, or on again: what was due meanwhile is left out",
    )
    .example("schedule toggle standup")
    .option(plan::which())
    .autocomplete("schedule", plan::proposed)
    .run(switch)
}

pub(super) fn delete() -> Command {
    Command::new("delete", "Deletes a schedule")
        .alias("remove")
        .example("schedule delete standup")
        .option(plan::which())
        .autocomplete("schedule", plan::proposed)
        .run(cancel)
}

async fn switch(ctx: CommandContext) -> Result {
    let (host, guild, planned) = (ctx.host(), ctx.guild()?, plan::named(&ctx).await?);
    let on = !planned.scheduled.is_on();
    if !plan::of(host, guild).switch(planned.id(), on).await? {
        return Err(gone(&planned));
    }
    run::forget_failures(host, planned.id()).await?;
    if !on {
        return ctx
            .reply(format!(
                "{} is off. The same command switches it on again.",
                code(&planned.title())
            ))
            .await;
    }
    // It has another next time now.
    let next = plan::named(&ctx).await?.next();
    ctx.reply(format!("{} is on: {next}.", code(&planned.title())))
        .await
}

async fn cancel(ctx: CommandContext) -> Result {
    let (host, guild, planned) = (ctx.host(), ctx.guild()?, plan::named(&ctx).await?);
    if !plan::of(host, guild).cancel(planned.id()).await? {
        return Err(gone(&planned));
    }
    run::forget_failures(host, planned.id()).await?;
    ctx.reply(format!(
        "{} is deleted, after {}.",
        code(&planned.title()),
        planned.runs()
    ))
    .await
}

fn gone(planned: &Planned) -> Error {
    Error::user(format!(
        "{} is gone: it has come the last time, or somebody was faster.",
        code(&planned.title())
    ))
}
