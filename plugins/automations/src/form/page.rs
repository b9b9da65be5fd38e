//! Page of the form: what the draft says so far, what is still in its way, and the buttons.

use plugin_api::{
    EmbedBuilder,
    prelude::*,
    text::{clip, lines, or_none},
};

use super::{draft::Draft, part};
use crate::{
    automation::Definition,
    engine, keeping,
    model::{self, Condition, Guild, STEPS},
    state::State,
};

/// Characters of a field.
const FIELD: usize = 1_000;

/// A definition for people: in the form, and by `automations info`.
pub(crate) async fn card(
    host: &Host,
    guild: Guild,
    definition: &Definition,
) -> Result<EmbedBuilder> {
    let template = definition.template().map_err(Error::user)?;
    let mut card = embed(format!("{} {}", template.icon, clip(&definition.name, 100))).description(
        format!("{}\n-# When: {}.", template.description, template.trigger),
    );
    for group in template.groups {
        let all: Vec<String> = group
            .parameters
            .iter()
            .map(|it| {
                let value = definition
                    .parameters
                    .get(it.id)
                    .map(|value| it.kind.shown(value));
                let none = if it.required { "*needed*" } else { "–" };
                format!(
                    "**{}** {}",
                    it.title,
                    value.filter(|it| !it.is_empty()).as_deref().unwrap_or(none)
                )
            })
            .collect();
        card = card.field(group.title, or_none(&lines(&all, FIELD)), false);
    }
    let roles = engine::roles_of(host, guild).await?;
    let conditions = model::print(&definition.conditions, &|role| {
        engine::role_shown(&roles, role)
    });
    if !matches!(&definition.conditions, Condition::All(all) if all.is_empty()) {
        let text = format!(
            "```\n{}\n```",
            clip(&conditions.replace("```", "'''"), FIELD)
        );
        card = card.field("Only if", text, false);
    }
    let steps = definition
        .steps
        .iter()
        .enumerate()
        .map(|(at, it)| format!("{}. {}", at + 1, it.words()));
    let steps: Vec<_> = steps.collect();
    if !steps.is_empty() {
        card = card.field("And then", lines(&steps, FIELD), false);
    }
    Ok(card)
}

/// The whole form.
pub(super) async fn form(
    ctx: &Invocation,
    state: &State,
    draft: &Draft,
    note: Option<String>,
) -> Result<NewMessage> {
    let (host, guild, definition) = (ctx.host(), ctx.guild()?, &draft.definition);
    let template = definition.template().map_err(Error::user)?;
    let wrong = keeping::problems(state, guild, definition, ctx.user().id).await?;
    let mut card = card(host, guild, definition).await?;
    if !wrong.is_empty() {
        let wrong: Vec<_> = wrong.iter().map(|it| format!("- {it}")).collect();
        card = card.field("Still in its way", lines(&wrong, FIELD), false);
    }
    let variables = [
        "{user}",
        "{username}",
        "{display_name}",
        "{channel}",
        "{guild_name}",
        "{member_count}",
        "{date}",
        "{time}",
    ];
    let variables: Vec<_> = variables
        .iter()
        .chain(template.variables)
        .copied()
        .collect();
    let card = card.footer(format!(
        "In texts: {} {{random:1-100}} {{math:2*3}}",
        variables.join(" ")
    ));
    let id = |handler: &str| ctx.custom_id(handler, draft.stamp);
    let mut groups = Vec::new();
    for (at, group) in template.groups.iter().enumerate() {
        groups.push(button(
            group.title,
            ctx.custom_id(part::FILL, format_args!("{}:{at}", draft.stamp))?,
        ));
    }
    groups.push(
        button(
            "Name",
            ctx.custom_id(part::FILL, format_args!("{}:name", draft.stamp))?,
        )
        .secondary(),
    );
    let more = [
        button("Conditions", id(part::CONDITIONS)?).secondary(),
        button("Add a step", id(part::STEPS)?)
            .secondary()
            .disabled(definition.steps.len() >= STEPS),
        button("Drop the last step", id(part::UNSTEP)?)
            .secondary()
            .disabled(definition.steps.is_empty()),
    ];
    let save = if draft.of.is_some() {
        "Save the change"
    } else {
        "Save"
    };
    let end = [
        button("Preview", id(part::PREVIEW)?).secondary(),
        button(save, id(part::SAVE)?)
            .success()
            .disabled(!wrong.is_empty()),
        danger_button("Discard", id(part::DISCARD)?),
    ];
    let message = NewMessage::from(
        note.unwrap_or_else(|| "Fill it in, look at the preview, and save it.".into()),
    );
    Ok(message.embed(card).row(groups).row(more).row(end))
}

/// Shows the form in the place of the one before, or beside it where that was deleted meanwhile.
pub(super) async fn turn(ctx: &ComponentContext<crate::state::Shared>, page: NewMessage) -> Result {
    match ctx.update(page.clone()).await {
        Err(error) if error.http_status() == Some(404) => ctx.reply(page.ephemeral()).await,
        other => other,
    }
}
