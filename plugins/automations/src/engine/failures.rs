//! Failures of automations: kept with the step, and after three in a row the automation is off and its maker told.

use plugin_api::{
    prelude::*,
    text::{clip, code, plain, word},
};

use crate::{automation::Automation, model::Guild, state::State, store};

/// So many failures in a row switch an automation off.
const FAILURES: i64 = 3;

/// Counts a failure, if it is one of the automation's own.
pub(super) async fn count(state: &State, guild: Guild, id: i64, why: &str, counts: bool) -> Result {
    let host = &state.host;
    let failures = store::failed(host, guild, id, why, counts).await?;
    tracing::info!(
        guild = guild.get(),
        automation = id,
        failures,
        "an automation has failed: {why}"
    );
    if failures < FAILURES {
        return Ok(());
    }
    let all = store::all(host, guild).await?;
    // Two at once: the first has switched it off.
    let Some(failed) = all.iter().find(|it| it.id == id && it.is_on) else {
        return Ok(());
    };
    store::switch(host, guild, id, false).await?;
    super::cancel_schedule(state, guild, failed).await?;
    state.changed(guild).await?;
    tell(state, guild, failed, why).await
}

async fn tell(state: &State, guild: Guild, failed: &Automation, why: &str) -> Result {
    let host = &state.host;
    let server = host.cache().guild(guild).await?;
    let server = server.map_or_else(|| guild.to_string(), |it| word(&it.name));
    let told = format!(
        "Your automation {} in **{server}** has failed {FAILURES} times in a row and is off now.\n{}\n\
         `automations toggle {}` there switches it on again.",
        code(&failed.definition.name),
        clip(&plain(why), 800),
        failed.id,
    );
    if let Err(error) = host.discord().dm(failed.maker, told).await {
        tracing::info!(
            user = failed.maker.get(),
            "an automation's maker could not be told: {error}"
        );
    }
    Ok(())
}
