//! Commands `automations create` and `automations edit`: both lead to the form.

use plugin_api::{prelude::*, text::code};

use super::{named, proposed, which};
use crate::{form, rights, state::Shared, templates};

pub(super) fn create() -> Command<Shared> {
    Command::new("create", "Makes an automation, step by step")
        .help("Choose a template, fill in its forms, look at what it would do, and save it.")
        .example("automations create welcome")
        .option(
            CommandOption::string(
                "template",
                "Which template; left out: you choose from a list",
            )
            .max(50),
        )
        .autocomplete("template", proposed_templates)
        .run(begin)
}

pub(super) fn edit() -> Command<Shared> {
    Command::new(
        "edit",
        "Changes an automation by the form that it was made with",
    )
    .help("Whoever saves it is its maker from then on: what they may not do, it does not do.")
    .example("automations edit welcome")
    .option(which())
    .autocomplete("automation", proposed)
    .run(change)
}

async fn begin(ctx: CommandContext<Shared>) -> Result {
    let wanted: Option<String> = ctx.option("template")?;
    let Some(wanted) = wanted.filter(|it| !it.trim().is_empty()) else {
        return ctx.reply(form::choice(&ctx)?).await;
    };
    let template = templates::named(&wanted).ok_or_else(|| {
        Error::user(format!(
            "There is no template {}. `automations templates` lists them.",
            code(&wanted)
        ))
    })?;
    let page = form::begin(
        &ctx,
        ctx.state(),
        crate::automation::Definition::new(template),
        None,
        None,
    )
    .await?;
    ctx.reply(page).await
}

async fn change(ctx: CommandContext<Shared>) -> Result {
    let automation = named(&ctx).await?;
    rights::invoker_may_change(&ctx, &automation.definition).await?;
    let page = form::begin(
        &ctx,
        ctx.state(),
        automation.definition,
        Some(automation.id),
        None,
    )
    .await?;
    ctx.reply(page).await
}

async fn proposed_templates(ctx: AutocompleteContext<Shared>) -> Result<Vec<Choice>> {
    let typed = ctx.typed().trim().to_lowercase();
    let fits = |it: &&&templates::Template| {
        it.name.contains(&typed) || it.title.to_lowercase().contains(&typed)
    };
    let found = templates::ALL.iter().filter(fits);
    Ok(found.map(|it| Choice::new(it.title, it.name)).collect())
}
