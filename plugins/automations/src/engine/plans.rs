//! Plans of announcements: kept by the host over a restart.

use plugin_api::{prelude::*, text::plain};
use serde::{Deserialize, Serialize};

use crate::{
    Options,
    automation::{Automation, Made},
    model::Guild,
    state::State,
    store,
    templates::{When, read_when},
};

/// The handler that the host calls when an announcement is due.
pub(super) const HANDLER: &str = "announce";

#[derive(Serialize, Deserialize)]
pub(super) struct Due {
    pub(super) automation: i64,
}

/// Plans an announcement anew, and forgets how it was planned before. Others are let be.
pub(crate) async fn plan(state: &State, guild: Guild, automation: &Automation) -> Result {
    if !automation.is_of("announcement") {
        return Ok(());
    }
    cancel(state, guild, automation).await?;
    let when = read_when(automation.definition.parameters.text("when")).map_err(Error::user)?;
    let schedules = state
        .host
        .schedule(HANDLER)
        .guild(guild)
        .about(automation.maker);
    let planned = match when {
        When::Every(period) => schedules.every(period),
        When::Cron(cron) => schedules.cron(cron, Options::of_guild(&state.host, guild).await?.zone),
    };
    let id = planned
        .payload(&Due {
            automation: automation.id,
        })
        .await
        .map_err(|error| {
            let told = error.to_string();
            let reason = told
                .rsplit_once("`: ")
                .map_or(told.as_str(), |(_, reason)| reason);
            Error::user(format!("**When**: {}", plain(reason)))
        })?;
    let made = Made {
        schedule: Some(id),
        ..automation.made.clone()
    };
    store::keep_made(&state.host, guild, automation.id, &made).await
}

/// An announcement comes no more.
pub(crate) async fn cancel(state: &State, guild: Guild, automation: &Automation) -> Result {
    if let Some(id) = automation.made.schedule {
        state.host.schedule(HANDLER).guild(guild).cancel(id).await?;
        let made = Made {
            schedule: None,
            ..automation.made.clone()
        };
        store::keep_made(&state.host, guild, automation.id, &made).await?;
    }
    Ok(())
}
