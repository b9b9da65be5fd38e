//! Announcements that are due.

use plugin_api::prelude::*;

use super::{plans::Due, runs};
use crate::{core::Occasion, state::Shared};

pub(super) async fn due(ctx: ScheduleContext<Shared>) -> Result {
    let Due { automation } = ctx.payload()?;
    let (state, guild) = (
        ctx.state(),
        ctx.guild_id()
            .ok_or(Error::new("an announcement of no server"))?,
    );
    let working = state.working(guild).await?;
    let Some(found) = working
        .iter()
        .find(|it| it.id == automation && it.made.schedule == ctx.id())
    else {
        // It was deleted, switched off, or planned anew meanwhile.
        return Ok(());
    };
    runs::fire(state, found, Occasion::new(guild)).await
}
