//! End of the form: the preview, the save, and the bin.

use plugin_api::{
    prelude::*,
    text::{clip, code},
};

use super::{
    draft::Draft,
    page::{form, turn},
};
use crate::{
    automation::{Automation, Definition},
    core::{Occasion, Person},
    engine, keeping,
    model::{Channel, Guild, User},
    state::{Shared, State},
    templates,
};

pub(super) async fn back(ctx: ComponentContext<Shared>) -> Result {
    let (draft, _) = Draft::of(&ctx).await?;
    let page = form(&ctx, ctx.state(), &draft, None).await?;
    turn(&ctx, page).await
}

pub(super) async fn discard(ctx: ComponentContext<Shared>) -> Result {
    Draft::of(&ctx).await?;
    Draft::forget(ctx.host(), ctx.guild()?, ctx.user().id).await?;
    ctx.update(over("It is thrown away.").embed(embed("Nothing is kept")))
        .await
}

pub(super) async fn preview(ctx: ComponentContext<Shared>) -> Result {
    let (draft, _) = Draft::of(&ctx).await?;
    let automation = pretended(draft.definition, draft.of.unwrap_or(0), ctx.user().id);
    let text = super::rehearsed(&ctx, ctx.state(), &automation).await?;
    ctx.reply(NewMessage::from(embed("Preview").description(text)).ephemeral())
        .await
}

pub(super) fn pretended(definition: Definition, id: i64, maker: User) -> Automation {
    Automation {
        id,
        definition,
        maker,
        is_on: true,
        runs: 0,
        failures: 0,
        last_error: None,
        last_run_ms: None,
        made: crate::automation::Made::default(),
    }
}

/// What it would do, if it were about this person and happened in this channel.
pub(super) async fn rehearsed(
    state: &State,
    guild: Guild,
    person: Person,
    channel: Option<Channel>,
    automation: &Automation,
) -> Result<String> {
    if let Err(wrong) = automation.definition.check() {
        return Ok(format!(
            "It can't do anything yet:\n- {}",
            clip(&wrong.join("\n- "), 1_500)
        ));
    }
    let mut occasion = Occasion::new(guild).about(person);
    if let Some(channel) = channel {
        occasion = occasion.at(channel);
    }
    occasion.message = Some(Id::new(1));
    for (name, value) in [
        ("message", "an example"),
        ("word", "example"),
        ("level", "5"),
        ("points", "2500"),
        ("number", "1"),
        ("role", "a role"),
        ("what", "has joined a channel"),
        ("channel_name", "a-channel"),
    ] {
        occasion.set(name, value);
    }
    let template = automation.definition.template().map_err(Error::user)?;
    let holds = engine::holds(state, &automation.definition.conditions, &occasion).await?;
    let (said, stopped) = engine::rehearse(state, automation, occasion).await?;
    let mut text = format!("**{}**, with you as the member:\n", template.trigger);
    let own = templates::own_words(template, &automation.definition.parameters);
    for (at, line) in own.into_iter().chain(said).enumerate() {
        text.push_str(&format!("{}. {line}\n", at + 1));
    }
    if let Some(why) = stopped {
        text.push_str(&format!("⚠️ There it would end: {why}\n"));
    }
    if !holds {
        text.push_str("⚠️ Its conditions don't hold for you now, so it would do nothing.\n");
    }
    Ok(clip(&text, 4_000))
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
