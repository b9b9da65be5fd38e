//! What the page's user does.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{actor::Actor, error::Error, http::Context, world::World};

/// A deed of the page's user.
#[derive(Debug, Deserialize)]
pub(super) struct Deed {
    user: String,
    #[serde(default)]
    channel: String,
    #[serde(flatten)]
    what: What,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum What {
    /// Text, or a slash command.
    Say {
        text: String,
    },
    Click {
        message: String,
        custom_id: String,
    },
    Pick {
        custom_id: String,
        values: Vec<String>,
    },
    Submit {
        fields: Vec<(String, String)>,
    },
    React {
        message: String,
        emoji: String,
    },
    /// Closes the modal without submitting.
    Dismiss,
}

/// Does it; the answer is `{}` or `{"error": …}`.
pub(super) async fn act(State(context): State<Context>, Json(deed): Json<Deed>) -> Json<Value> {
    match perform(&context, deed).await {
        Ok(()) => Json(json!({})),
        Err(error) => Json(json!({"error": error.to_string()})),
    }
}

async fn perform(context: &Context, deed: Deed) -> Result<(), Error> {
    let actor = Actor::named(&context.shared, &deed.user)?;
    match deed.what {
        What::Say { text } if text.starts_with('/') => {
            actor.slash_line(&deed.channel, &text).await.map(drop)
        }
        What::Say { text } => actor.says(&deed.channel, &text).await.map(drop),
        What::Click { message, custom_id } => {
            let shown = shown(&actor, &deed.channel, &message)?;
            actor.clicks_on(&shown, &custom_id).await.map(drop)
        }
        What::Pick { custom_id, values } => {
            let values: Vec<_> = values.iter().map(String::as_str).collect();
            actor.picks(&custom_id, &values).await.map(drop)
        }
        What::Submit { fields } => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            actor.submits(&fields).await.map(drop)
        }
        What::React { message, emoji } => {
            actor
                .reacts(&shown(&actor, &deed.channel, &message)?, &emoji)
                .await
        }
        What::Dismiss => {
            context
                .shared
                .change(|state| close_modals(&mut state.world, actor.id()));
            Ok(())
        }
    }
}

fn shown(actor: &Actor, channel: &str, message: &str) -> Result<crate::MessageView, Error> {
    let found = actor
        .messages(channel)
        .into_iter()
        .find(|shown| shown.id.to_string() == message);
    found.ok_or_else(|| Error::Refused("the message is gone".to_owned()))
}

/// The modal that a user has open, with the id of the interaction that it answers.
pub(super) fn open_modal(world: &World, user: u64) -> Option<Value> {
    let mut shown = world
        .interactions
        .values()
        .rev()
        .filter(|interaction| interaction.user == user);
    let (id, response) = shown.find_map(|interaction| {
        let response = interaction.response.as_ref();
        response
            .filter(|response| response.kind == 9)
            .map(|response| (interaction.id, response))
    })?;
    let mut modal = Some(response.data.clone()).filter(|modal| !modal.is_null())?;
    modal["interaction"] = json!(id.to_string());
    Some(modal)
}

fn close_modals(world: &mut World, user: u64) {
    for interaction in world
        .interactions
        .values_mut()
        .filter(|interaction| interaction.user == user)
    {
        if let Some(response) = interaction
            .response
            .as_mut()
            .filter(|response| response.kind == 9)
        {
            response.data = Value::Null;
        }
    }
}
