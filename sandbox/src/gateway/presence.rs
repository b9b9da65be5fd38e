//! Presence of the bot itself: <https://discord.com/developers/docs/events/gateway-events#update-presence>.

use serde_json::{Value, json};
use twilight_model::gateway::presence::Status;

use super::{close::Close, payload::Outcome};
use crate::{state::State, world::Presence};

/// What a bot may set of an activity.
const FIELDS: [&str; 4] = ["name", "state", "type", "url"];

/// Op 3. `since`, `activities` and `status` have to be there; `afk` does not, whatever the docs say
/// (<https://github.com/discord/discord-api-docs/issues/2226>).
pub(super) fn update(state: &mut State, data: &Value) -> Outcome {
    let data = with_activities(data);
    let since = data.get("since");
    let is_whole = since.is_some_and(|since| since.is_null() || since.is_number());
    let status = serde_json::from_value::<Status>(data["status"].clone());
    let activities = activities(state, &data["activities"]);
    let (true, Ok(status), Some(activities)) = (is_whole, status, activities) else {
        return Outcome::Close(Close::UnknownOpcode);
    };
    state.hub.presence = Some(data);
    let bot = state.world.application.bot;
    state.world.present(bot, Presence { status, activities });
    Outcome::Done
}

/// The presence of IDENTIFY. Discord is not strict here.
pub(super) fn first(state: &mut State, data: &Value) {
    let data = with_activities(data);
    let status = serde_json::from_value(data["status"].clone()).unwrap_or(Status::Online);
    let activities = activities(state, &data["activities"]).unwrap_or_default();
    if data.is_object() {
        state.hub.presence = Some(data);
    }
    let bot = state.world.application.bot;
    state.world.present(bot, Presence { status, activities });
}

/// discord.py (in IDENTIFY) and hikari (in op 3, too) send `game`, as it was called when there was one; Discord still reads it.
fn with_activities(data: &Value) -> Value {
    let mut data = data.clone();
    if data.get("activities").is_none()
        && let Some(game) = data.get("game")
    {
        data["activities"] = match game {
            Value::Null => json!([]),
            game => json!([game]),
        };
    }
    data
}

/// Takes the bot offline when it has no session any more.
pub(super) fn settle(state: &mut State) {
    if state.hub.sessions.is_empty() {
        let bot = state.world.application.bot;
        state.world.leave_all_voice(bot);
        state.world.present(bot, Presence::OFFLINE);
    }
}

/// The activities as others see them; `None` if one is malformed.
fn activities(state: &State, data: &Value) -> Option<Vec<Value>> {
    let created_at = state.world.clock.now_ms();
    let activity = |given: &Value| {
        let is_whole = given["name"].is_string() && given["type"].as_u64()? <= 5;
        let mut seen = json!({"id": "custom", "created_at": created_at});
        for field in FIELDS {
            if let Some(value) = given.get(field).filter(|value| !value.is_null()) {
                seen[field] = value.clone();
            }
        }
        is_whole.then_some(seen)
    };
    data.as_array()?.iter().map(activity).collect()
}
