//! Members who join and leave.

use plugin_api::{prelude::*, twilight_model::gateway::payload::incoming::GuildDelete};

use super::{people, runs};
use crate::{
    core::{Occasion, Person},
    model::Guild,
    state::{Shared, State},
};

pub(super) async fn joined(ctx: EventContext<MemberAdd, Shared>) -> Result {
    let Some(guild) = ctx.guild_id().filter(|it| ctx.state().has_any(*it)) else {
        return Ok(());
    };
    each(
        ctx.state(),
        guild,
        "welcome",
        people::member(&ctx.event()?.member),
    )
    .await
}

/// The bot has left a server, or was removed from it. One that is out of order for a while is not left.
pub(super) async fn gone(ctx: EventContext<GuildDelete, Shared>) -> Result {
    let gone = ctx.event()?;
    match gone.unavailable {
        Some(true) => Ok(()),
        _ => ctx.state().left(gone.id).await,
    }
}

pub(super) async fn left(ctx: EventContext<MemberRemove, Shared>) -> Result {
    let Some(guild) = ctx.guild_id().filter(|it| ctx.state().has_any(*it)) else {
        return Ok(());
    };
    // The bot itself, where it was removed: there is nowhere left to say so.
    if ctx.user_id() == ctx.host().bot_id() {
        return Ok(());
    }
    each(
        ctx.state(),
        guild,
        "goodbye",
        people::stranger(&ctx.event()?.user),
    )
    .await
}

async fn each(state: &State, guild: Guild, template: &str, person: Person) -> Result {
    for automation in state
        .working(guild)
        .await?
        .iter()
        .filter(|it| it.is_of(template))
    {
        runs::fire(
            state,
            automation,
            Occasion::new(guild).about(person.clone()),
        )
        .await?;
    }
    Ok(())
}
