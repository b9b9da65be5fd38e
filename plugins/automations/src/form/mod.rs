//! The form in Discord: a draft that is filled in by modals, looked at, and saved. The draft lies in the server's database, so that a reload
//! or a mistake loses nothing.

mod conditions;
mod draft;
mod fill;
mod page;
mod preview;
mod save;
mod steps;

use plugin_api::prelude::*;

use crate::{
    automation::{Automation, Definition},
    core::Person,
    engine,
    model::{Channel, Guild},
    state::{Shared, State},
    templates::{self, ALL},
};
use draft::Draft;

pub(crate) use page::card;
pub(crate) use preview::Preview;

/// Handlers of the form's buttons, selects and modals. Their argument is the draft's stamp, and what else is to be known.
mod part {
    pub(super) const TEMPLATE: &str = "template";
    pub(super) const FILL: &str = "fill";
    pub(super) const FILLED: &str = "filled";
    pub(super) const CONDITIONS: &str = "conditions";
    pub(super) const CONDITIONED: &str = "conditioned";
    pub(super) const STEPS: &str = "steps";
    pub(super) const STEP: &str = "step";
    pub(super) const STEPPED: &str = "stepped";
    pub(super) const UNSTEP: &str = "unstep";
    pub(super) const BACK: &str = "back";
    pub(super) const PREVIEW: &str = "preview";
    pub(super) const SAVE: &str = "save";
    pub(super) const DISCARD: &str = "discard";
}

pub(crate) fn declare(plugin: Plugin<Shared>) -> Plugin<Shared> {
    plugin
        .component(part::TEMPLATE, chosen)
        .component(part::FILL, fill::open)
        .component(part::FILLED, fill::submitted)
        .component(part::CONDITIONS, conditions::open)
        .component(part::CONDITIONED, conditions::submitted)
        .component(part::STEPS, steps::choose)
        .component(part::STEP, steps::open)
        .component(part::STEPPED, steps::submitted)
        .component(part::UNSTEP, steps::drop_last)
        .component(part::BACK, save::back)
        .component(part::PREVIEW, save::preview)
        .component(part::SAVE, save::save)
        .component(part::DISCARD, save::discard)
}

/// The choice of a template, with which the form begins.
pub(crate) fn choice(ctx: &Invocation) -> Result<NewMessage> {
    let options = ALL.iter().map(|it| {
        plugin_api::SelectOption::new(it.title, it.name)
            .description(it.description)
            .emoji(it.icon)
    });
    let menu = select(
        "Which template?",
        ctx.custom_id(part::TEMPLATE, "")?,
        options,
    );
    Ok(NewMessage::from("What shall I do in this server by myself?").row([menu]))
}

/// The form of a definition, which is nobody else's draft from now on.
pub(crate) async fn begin(
    ctx: &Invocation,
    state: &State,
    definition: Definition,
    of: Option<i64>,
    note: Option<String>,
) -> Result<NewMessage> {
    let draft = Draft::begin(ctx.host(), ctx.guild()?, ctx.user().id, definition, of).await?;
    page::form(ctx, state, &draft, note).await
}

async fn chosen(ctx: ComponentContext<Shared>) -> Result {
    may_manage(&ctx).await?;
    let name = ctx.values().first().cloned().unwrap_or_default();
    let template =
        templates::named(&name).ok_or(Error::user("There is no such template any more."))?;
    let page = begin(&ctx, ctx.state(), Definition::new(template), None, None).await?;
    ctx.update(page).await
}

/// Whoever has a form open may have lost the right to it.
///
/// # Errors
///
/// They may not manage the server (any more).
pub(crate) async fn may_manage(ctx: &Invocation) -> Result {
    match ctx.permissions().await?.contains(Permissions::MANAGE_GUILD) {
        true => Ok(()),
        false => Err(Error::user("You may not manage this server any more.")),
    }
}

/// What an automation would do if it were about whoever asks.
pub(crate) async fn rehearsed(
    ctx: &Invocation,
    state: &State,
    automation: &Automation,
) -> Result<Preview> {
    let (person, here) = (engine::invoker(ctx), Some(ctx.channel_id()));
    preview::rehearsed(state, ctx.guild()?, person, here, automation).await
}

/// The same for a definition that is not kept, about this person, and where there is a channel: as if it happened there.
pub(crate) async fn rehearsed_for(
    state: &State,
    guild: Guild,
    person: Person,
    channel: Option<Channel>,
    (id, definition): (i64, Definition),
) -> Result<Preview> {
    let automation = preview::pretended(definition, id, person.id);
    preview::rehearsed(state, guild, person, channel, &automation).await
}
