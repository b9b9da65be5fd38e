//! Session state of the page: who one is, how the bot is, and what is open.

use axum::{
    Json,
    extract::{Query, State},
};
use serde_json::{Value, json};

use super::{Ask, act, people};
use crate::{
    context::Context,
    state::State as All,
    world::{InteractionKind, World},
};

/// People who are offered at one click; the others are found by name.
const FIRST_PEOPLE: usize = 3;

/// The state as a user sees it.
pub(super) async fn state(State(context): State<Context>, Query(ask): Query<Ask>) -> Json<Value> {
    Json(context.shared.read(|state| {
        let world = &state.world;
        let me = ask.user(world);
        let people: Vec<_> = people::humans(world)
            .take(FIRST_PEOPLE)
            .map(|user| people::person(world, user.id))
            .collect();
        let dm = world.open_direct_channel(me);
        let dm = dm.and_then(|id| world.channels.get(&id));
        json!({
            "me": people::person(world, me),
            "people": people,
            "more_people": people::humans(world).nth(FIRST_PEOPLE).is_some(),
            "bot": bot(state),
            "dm": dm.map(|dm| dm.id.to_string()),
            "dm_last": dm.and_then(|dm| dm.last_message).map(|id| id.to_string()),
            "modal": act::open_modal(world, me),
            "pending": pending(world, me),
        })
    }))
}

fn bot(state: &All) -> Value {
    let world = &state.world;
    let bot = world.application.bot;
    let online = state.hub.is_ready();
    json!({
        "id": bot.to_string(),
        "name": world.name_of(bot),
        "online": online,
        "presence": state.hub.presence.as_ref().filter(|_| online),
    })
}

/// What this user did and the bot has not responded to: the page says so beside it.
fn pending(world: &World, user: u64) -> Vec<Value> {
    let waiting = world.interactions.values().rev().take(50);
    let waiting = waiting.filter(|interaction| {
        interaction.user == user
            && interaction.response.is_none()
            && interaction.kind != InteractionKind::Autocomplete
    });
    waiting
        .map(|interaction| {
            json!({
                "id": interaction.id.to_string(),
                "title": interaction.title,
                "channel": interaction.channel.to_string(),
                "message": interaction.source.map(|id| id.to_string()),
            })
        })
        .collect()
}
