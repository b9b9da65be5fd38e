//! Command `automations info`: all of one automation, and what went wrong the last time.

use plugin_api::{
    prelude::*,
    text::{clip, counted, moment, or_none, plain},
};

use super::{named, proposed, which};
use crate::{form, state::Shared};

pub(super) fn info() -> Command<Shared> {
    Command::new(
        "info",
        "Shows an automation: its parameters, conditions, steps, and how it fares",
    )
    .example("automations info welcome")
    .option(which())
    .autocomplete("automation", proposed)
    .run(show)
}

async fn show(ctx: CommandContext<Shared>) -> Result {
    let (automation, guild) = (named(&ctx).await?, ctx.guild()?);
    let card = form::card(ctx.host(), guild, &automation.definition).await?;
    let state = match (automation.is_on, automation.failures) {
        (true, 0) => "on".to_owned(),
        (true, failures) => format!("on, {failures} of 3 failures in a row"),
        (false, _) => "off".into(),
    };
    let runs = counted(u64::try_from(automation.runs).unwrap_or(0), "run");
    let last = automation
        .last_run_ms
        .map_or_else(|| "never".into(), |ms| moment(ms, 'R'));
    let mut card = card
        .field("State", state, true)
        .field("Runs", format!("{runs}, last {last}"), true)
        .field("Made by", format!("<@{}>", automation.maker), true);
    if let Some(error) = &automation.last_error {
        card = card.field("Last failure", or_none(&clip(&plain(error), 1_000)), false);
    }
    ctx.reply(card.footer(format!("#{}", automation.id))).await
}
