//! `interactions/{id}/{token}/callback`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    message_view::json_of,
    validate,
};
use crate::world::{
    Alarm, Draft, EPHEMERAL, Interaction, InteractionKind, LOADING, Response, World,
};

/// Takes the bot's first response to an interaction.
pub(super) fn respond(world: &mut World, call: &Call, interaction: &str, token: &str) -> Answer {
    let known = world
        .interactions
        .get(&id(interaction)?)
        .filter(|known| known.token == token);
    let known = known.ok_or_else(ApiError::unknown_interaction)?.clone();
    if known.response.is_some() {
        return Err(ApiError::already_acknowledged());
    }
    if world.clock.now_us() >= known.due_us {
        return Err(ApiError::unknown_interaction());
    }
    let kind = call.body["type"]
        .as_u64()
        .and_then(|kind| u8::try_from(kind).ok())
        .unwrap_or(0);
    if !fits(&known, kind) {
        let choices = "{4, 5, 6, 7, 8, 9}, and it must fit the interaction";
        return Err(ApiError::form(
            "type",
            "BASE_TYPE_CHOICES",
            format!("Value must be one of {choices}."),
        ));
    }
    let data = &call.body["data"];
    let (message, kept) = match kind {
        4 | 5 => (Some(post(world, call, &known, kind, data)?), Value::Null),
        7 => (Some(update(world, call, &known, data)?), Value::Null),
        8 => (None, choices(data)?),
        9 => (None, validate::modal(data)?),
        _ => (known.source, Value::Null),
    };
    world
        .alarms
        .unset(known.due_us, Alarm::Unanswered(known.id));
    if let Some(interaction) = world.interactions.get_mut(&known.id) {
        interaction.response = Some(Response { kind, data: kept });
        interaction.original = message;
    }
    if call
        .query
        .get("with_response")
        .is_some_and(|wish| wish == "true" || wish == "1")
    {
        Ok(Reply::Json(
            StatusCode::OK,
            callback_json(world, &known, kind, message),
        ))
    } else {
        Ok(Reply::Empty)
    }
}

/// Whether a kind of response answers a kind of interaction.
fn fits(interaction: &Interaction, response: u8) -> bool {
    match interaction.kind {
        InteractionKind::Command => matches!(response, 4 | 5 | 9),
        InteractionKind::Component => matches!(response, 4..=7 | 9),
        InteractionKind::Autocomplete => response == 8,
        // Nobody knows what Discord will take for it.
        InteractionKind::Other(_) => matches!(response, 4..=9),
        // Only a modal that came from a component has a message to change.
        InteractionKind::Modal => {
            matches!(response, 4 | 5) || matches!(response, 6 | 7) && interaction.source.is_some()
        }
    }
}

/// A message that answers an interaction, or follows it up.
pub(super) fn draft(
    world: &mut World,
    call: &Call,
    interaction: &Interaction,
    data: &Value,
) -> Result<Draft, ApiError> {
    let draft = validate::message(world, interaction.channel, data, &call.files)?;
    let ephemeral = draft.flags.is_some_and(|flags| flags & EPHEMERAL != 0);
    let menu = interaction
        .command
        .as_ref()
        .is_some_and(|(_, kind)| kind.number() != 1);
    Ok(Draft {
        interaction: Some(interaction.id),
        ephemeral_for: ephemeral.then_some(interaction.user),
        kind: match interaction.kind {
            InteractionKind::Command if menu => 23,
            InteractionKind::Command => 20,
            _ => 0,
        },
        ..draft
    })
}

fn post(
    world: &mut World,
    call: &Call,
    interaction: &Interaction,
    kind: u8,
    data: &Value,
) -> Result<u64, ApiError> {
    let mut draft = draft(world, call, interaction, data)?;
    if kind == 5 {
        let flags = draft.flags.unwrap_or(0) & EPHEMERAL;
        draft = Draft {
            flags: Some(flags | LOADING),
            interaction: draft.interaction,
            ephemeral_for: draft.ephemeral_for,
            kind: draft.kind,
            ..Draft::default()
        };
    } else {
        validate::not_empty(&draft)?;
    }
    if interaction.kind != InteractionKind::Command {
        draft.reference = interaction.source.filter(|_| draft.ephemeral_for.is_none());
    }
    Ok(world.post(interaction.channel, world.application.bot, draft))
}

fn update(
    world: &mut World,
    call: &Call,
    interaction: &Interaction,
    data: &Value,
) -> Result<u64, ApiError> {
    let source = interaction.source.ok_or_else(ApiError::unknown_message)?;
    let known = world
        .message(interaction.channel, source)
        .ok_or_else(ApiError::unknown_message)?
        .clone();
    let draft = validate::edited(world, &known, data, &call.files)?;
    validate::not_emptied(&known, &draft)?;
    world.edit(interaction.channel, source, draft);
    Ok(source)
}

fn choices(data: &Value) -> Result<Value, ApiError> {
    let choices = data["choices"].as_array().ok_or_else(|| {
        ApiError::form(
            "data.choices",
            "BASE_TYPE_REQUIRED",
            "This field is required",
        )
    })?;
    let mut errors = super::error::FormErrors::default();
    errors.length("data.choices", choices.len(), 0, 25);
    for (index, choice) in choices.iter().enumerate() {
        let name = choice["name"]
            .as_str()
            .map_or(0, |name| name.chars().count());
        errors.length(&format!("data.choices.{index}.name"), name, 1, 100);
        match &choice["value"] {
            Value::Null => errors.required(&format!("data.choices.{index}.value")),
            Value::String(text) => {
                let at = format!("data.choices.{index}.value");
                errors.length(&at, text.chars().count(), 0, 100);
            }
            _ => {}
        }
    }
    errors.check()?;
    Ok(json!(choices))
}

fn callback_json(
    world: &World,
    interaction: &Interaction,
    kind: u8,
    message: Option<u64>,
) -> Value {
    let found = message.and_then(|message| world.message(interaction.channel, message));
    let mut json = json!({
        "interaction": {
            "id": interaction.id.to_string(),
            "type": interaction.kind.number(),
            "channel_id": interaction.channel.to_string(),
        },
        "resource": {"type": kind},
    });
    if let Some(found) = found {
        json["interaction"]["response_message_id"] = json!(found.id.to_string());
        json["interaction"]["response_message_loading"] = json!(found.flags & LOADING != 0);
        json["interaction"]["response_message_ephemeral"] = json!(found.ephemeral_for.is_some());
        if matches!(kind, 4 | 5 | 7) {
            json["resource"]["message"] = json_of(world, interaction.channel, found.id);
        }
    }
    json
}
