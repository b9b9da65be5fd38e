//! Keeping, switching and deleting automations, with what belongs to one that is on: its message, its schedule, what has to be heard.

use plugin_api::prelude::*;

use crate::{
    Options,
    automation::{Automation, Definition},
    engine,
    model::{Guild, User},
    state::State,
    store,
};

/// Keeps a new automation, or in the place of `of` a changed one, and gives its number. Whether it is on is another step:
/// [`set_up`].
///
/// # Errors
///
/// The server has as many as it may have, another one of that name, or `of` no more.
pub(crate) async fn save(
    state: &State,
    guild: Guild,
    of: Option<i64>,
    definition: &Definition,
    maker: User,
) -> Result<i64> {
    let host = &state.host;
    match of {
        Some(id) => {
            store::update(host, guild, id, definition, maker).await?;
            Ok(id)
        }
        None => store::insert(host, guild, definition, maker, Options::of(host)?.limit).await,
    }
}

pub(crate) async fn switch_off(state: &State, guild: Guild, automation: &Automation) -> Result {
    store::switch(&state.host, guild, automation.id, false).await?;
    engine::cancel_schedule(state, guild, automation).await?;
    state.changed(guild).await
}

/// Switches one on, unless something is in its way: that is what is given back, and nothing has changed then.
pub(crate) async fn switch_on(
    state: &State,
    guild: Guild,
    automation: &Automation,
) -> Result<Vec<String>> {
    let wrong = problems(state, guild, &automation.definition, automation.maker).await?;
    if wrong.is_empty() {
        store::switch(&state.host, guild, automation.id, true).await?;
        set_up(state, guild, automation.id).await?;
    }
    Ok(wrong)
}

/// Deletes one with all that it has kept.
///
/// # Errors
///
/// It is gone already.
pub(crate) async fn delete(state: &State, guild: Guild, automation: &Automation) -> Result {
    engine::cancel_schedule(state, guild, automation).await?;
    if !store::delete(&state.host, guild, automation.id).await? {
        return Err(Error::user(format!(
            "{} is gone: somebody was faster.",
            plugin_api::text::code(&automation.title())
        )));
    }
    engine::take_panel_away(state, automation).await;
    state.changed(guild).await
}

/// All that is in the way of a definition of this maker's: what does not fit together, and what is not allowed.
pub(crate) async fn problems(
    state: &State,
    guild: Guild,
    definition: &Definition,
    maker: User,
) -> Result<Vec<String>> {
    match definition.check() {
        Ok(()) => engine::check_fence(state, guild, definition, maker).await,
        Err(wrong) => Ok(wrong),
    }
}

/// Does what belongs to an automation that is on: its message, its schedule, what has to be heard. Whether it is on.
///
/// # Errors
///
/// Why its message or its schedule can't be made. It is off then.
pub(crate) async fn set_up(state: &State, guild: Guild, id: i64) -> Result<bool> {
    let all = store::all(&state.host, guild).await?;
    let Some(automation) = all.iter().find(|it| it.id == id && it.is_on) else {
        return Ok(false);
    };
    let made = async {
        engine::put_panel(state, guild, automation).await?;
        engine::plan_schedule(state, guild, automation).await
    };
    let made = made.await;
    if made.is_err() {
        store::switch(&state.host, guild, id, false).await?;
    }
    state.changed(guild).await?;
    made.map(|()| true)
}
