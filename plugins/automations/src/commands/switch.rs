//! Commands `automations toggle` and `automations delete`.

use plugin_api::{prelude::*, text::code};

use super::{named, proposed, which};
use crate::{keeping, state::Shared};

pub(super) fn toggle() -> Command<Shared> {
    Command::new("toggle", "Switches an automation off, or on again")
        .example("automations toggle welcome")
        .option(which())
        .autocomplete("automation", proposed)
        .run(switch)
}

pub(super) fn delete() -> Command<Shared> {
    Command::new(
        "delete",
        "Deletes an automation with what it has kept: points of members, its message",
    )
    .example("automations delete welcome")
    .option(which())
    .autocomplete("automation", proposed)
    .run(remove)
}

async fn switch(ctx: CommandContext<Shared>) -> Result {
    let (state, guild, automation) = (ctx.state(), ctx.guild()?, named(&ctx).await?);
    let title = code(&automation.title());
    if automation.is_on {
        keeping::switch_off(state, guild, &automation).await?;
        return ctx
            .reply(format!(
                "{title} is off. The same command switches it on again."
            ))
            .await;
    }
    let wrong = keeping::switch_on(state, guild, &automation).await?;
    if !wrong.is_empty() {
        let list: Vec<_> = wrong.iter().map(|it| format!("- {it}")).collect();
        return Err(Error::user(format!(
            "{title} stays off, since this is in its way:\n{}\n`automations edit {}` changes it.",
            list.join("\n"),
            automation.id
        )));
    }
    ctx.reply(format!("{title} is on.")).await
}

async fn remove(ctx: CommandContext<Shared>) -> Result {
    let (state, guild, automation) = (ctx.state(), ctx.guild()?, named(&ctx).await?);
    let title = code(&automation.title());
    let question = match automation.is_of("levels") {
        true => format!("Delete {title}? All points of your members go with it."),
        false => format!("Delete {title}?"),
    };
    if !ctx.confirm(question).await? {
        return ctx.reply("Nothing was deleted.").await;
    }
    keeping::delete(state, guild, &automation).await?;
    ctx.reply(format!("{title} is deleted.")).await
}
