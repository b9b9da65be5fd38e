//! Command `automations test`: what an automation would do, with whoever asks in the place of the member.

use plugin_api::{
    prelude::*,
    text::{code, lines},
};

use super::{named, proposed, which};
use crate::{engine, form, state::Shared};

pub(super) fn test() -> Command<Shared> {
    Command::new(
        "test",
        "Shows what an automation would do, as if it were about you; nothing is done",
    )
    .example("automations test welcome")
    .option(which())
    .autocomplete("automation", proposed)
    .run(show)
}

async fn show(ctx: CommandContext<Shared>) -> Result {
    let (state, guild, automation) = (ctx.state(), ctx.guild()?, named(&ctx).await?);
    let wrong = engine::check_fence(state, guild, &automation.definition, automation.maker).await?;
    let preview = form::rehearsed(&ctx, state, &automation).await?;
    let mut card = embed(format!("Test of {}", code(&automation.title())));
    if !wrong.is_empty() {
        let wrong: Vec<_> = wrong.iter().map(|it| format!("- {it}")).collect();
        card = card.field("In its way", lines(&wrong, 1_000), false);
    }
    preview.answer(&ctx, card).await
}
