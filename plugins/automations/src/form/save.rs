//! End of the form: the preview, the save, and the bin.

use plugin_api::{prelude::*, text::code};

use super::{
    draft::Draft,
    page::{form, turn},
    preview::pretended,
};
use crate::{keeping, state::Shared};

pub(super) async fn back(ctx: ComponentContext<Shared>) -> Result {
    let (draft, _) = Draft::of(&ctx).await?;
    let page = form(&ctx, ctx.state(), &draft, None).await?;
    turn(&ctx, page).await
}

pub(super) async fn discard(ctx: ComponentContext<Shared>) -> Result {
    Draft::begun(&ctx).await?;
    Draft::forget(ctx.host(), ctx.guild()?, ctx.user().id).await?;
    ctx.update(over("It is thrown away.").embed(embed("Nothing is kept")))
        .await
}

pub(super) async fn preview(ctx: ComponentContext<Shared>) -> Result {
    let (draft, _) = Draft::of(&ctx).await?;
    let automation = pretended(draft.definition, draft.of.unwrap_or(0), ctx.user().id);
    let shown = super::rehearsed(&ctx, ctx.state(), &automation).await?;
    shown.answer(&ctx, embed("Preview")).await
}

pub(super) async fn save(ctx: ComponentContext<Shared>) -> Result {
    let (draft, _) = Draft::of(&ctx).await?;
    let (state, host, guild, maker) = (ctx.state(), ctx.host(), ctx.guild()?, ctx.user().id);
    let definition = &draft.definition;
    if !keeping::problems(state, guild, definition, maker)
        .await?
        .is_empty()
    {
        // The page says what is in the way.
        let page = form(&ctx, state, &draft, Some("It can't be saved yet.".into())).await?;
        return turn(&ctx, page).await;
    }
    let id = match keeping::save(state, guild, draft.of, definition, maker).await {
        Ok(id) => id,
        Err(error) => {
            let why = error.user_message().map(str::to_owned).ok_or(error)?;
            let page = form(&ctx, state, &draft, Some(why)).await?;
            return turn(&ctx, page).await;
        }
    };
    Draft::forget(host, guild, maker).await?;
    let title = code(&format!("#{id} {}", definition.name));
    match keeping::set_up(state, guild, id).await {
        Ok(true) => {
            ctx.update(over(&format!(
                "{title} is saved and on. `automations list` shows all."
            )))
            .await
        }
        Ok(false) => {
            ctx.update(over(&format!(
                "{title} is saved. It is off: `automations toggle {id}` switches it on."
            )))
            .await
        }
        Err(error) => {
            let why = error.user_message().map(str::to_owned).ok_or(error)?;
            let text = format!(
                "{title} is saved, but off: {why}\n`automations edit {id}` changes it, `automations toggle {id}` switches it on."
            );
            ctx.update(over(&text)).await
        }
    }
}

fn over(text: &str) -> NewMessage {
    NewMessage::from(text).without_components()
}
