//! `webhooks/{application}/{token}`: follow-ups and the original response of an interaction. Where the id is no
//! application's, it is a webhook's: [`super::hooks`].

use super::{
    Answer, ApiError, Reply,
    call::{Call, id},
    hooks, interactions,
    message_view::json_of,
    ok, validate,
};
use crate::{
    state::Settings,
    world::{Draft, Interaction, LOADING, World},
};

/// Routes below `webhooks`. The token authorizes.
pub(super) fn route(
    world: &mut World,
    settings: &Settings,
    call: &Call,
    method: &str,
    application: &str,
    token: &str,
    path: &[&str],
) -> Answer {
    if id(application)? != world.application.id {
        return hooks::by_token(world, call, method, id(application)?, token, path);
    }
    let interaction = world
        .interaction_by_token(token)
        .ok_or_else(ApiError::unknown_webhook)?
        .clone();
    if world.clock.elapsed_since(interaction.created_us) > settings.interaction_token_life {
        return Err(ApiError::invalid_webhook_token());
    }
    if interaction.response.is_none() {
        return Err(ApiError::unknown_webhook());
    }
    match (method, path) {
        ("POST", []) => follow_up(world, call, &interaction),
        (method, ["messages", message]) => {
            let message = message_of(world, &interaction, message)?;
            match method {
                "GET" => ok(json_of(world, interaction.channel, message)),
                "PATCH" => edit(world, call, &interaction, message),
                "DELETE" => {
                    world.delete(interaction.channel, message);
                    Ok(Reply::Empty)
                }
                _ => Err(ApiError::method_not_allowed()),
            }
        }
        _ => Err(ApiError::unknown_route()),
    }
}

/// Finds `@original` or a message by id, among those that this interaction made.
fn message_of(world: &World, interaction: &Interaction, message: &str) -> Result<u64, ApiError> {
    let wanted = if message == "@original" {
        interaction.original.unwrap_or(0)
    } else {
        id(message)?
    };
    world
        .message(interaction.channel, wanted)
        .filter(|found| {
            found.interaction == Some(interaction.id) || interaction.original == Some(wanted)
        })
        .map(|found| found.id)
        .ok_or_else(ApiError::unknown_message)
}

fn follow_up(world: &mut World, call: &Call, interaction: &Interaction) -> Answer {
    let draft = interactions::draft(world, call, interaction, &call.body)?;
    validate::not_empty(&draft)?;
    // After a deferral, the first follow-up takes the place of "is thinking…", ephemeral or not as deferred:
    // https://discord.com/developers/docs/interactions/receiving-and-responding#create-followup-message
    let loading = interaction.original.filter(|original| {
        world
            .message(interaction.channel, *original)
            .is_some_and(|message| message.flags & LOADING != 0)
    });
    if let Some(original) = loading {
        world.edit(interaction.channel, original, draft);
        return ok(json_of(world, interaction.channel, original));
    }
    let draft = Draft {
        reference: interaction
            .original
            .filter(|_| draft.ephemeral_for.is_none()),
        kind: 0,
        ..draft
    };
    let message = world.post(interaction.channel, world.application.bot, draft);
    ok(json_of(world, interaction.channel, message))
}

fn edit(world: &mut World, call: &Call, interaction: &Interaction, message: u64) -> Answer {
    let known = world
        .message(interaction.channel, message)
        .ok_or_else(ApiError::unknown_message)?
        .clone();
    let draft = validate::edited(world, &known, &call.body, &call.files)?;
    validate::not_emptied(&known, &draft)?;
    world.edit(interaction.channel, message, draft);
    ok(json_of(world, interaction.channel, message))
}
