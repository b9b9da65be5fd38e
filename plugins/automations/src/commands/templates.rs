//! Command `automations templates`: what can be made.

use plugin_api::prelude::*;

use crate::{state::Shared, templates::ALL};

pub(super) fn templates() -> Command<Shared> {
    Command::new("templates", "Lists what automations can be made from").run(show)
}

async fn show(ctx: CommandContext<Shared>) -> Result {
    let mut card = embed("Templates").description("`automations create NAME` begins with one.");
    for it in ALL {
        let text = format!("{}\n-# {}", it.description, it.trigger);
        card = card.field(
            format!("{} {} · `{}`", it.icon, it.title, it.name),
            text,
            false,
        );
    }
    ctx.reply(card).await
}
