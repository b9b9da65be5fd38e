//! Acts of the page's user.

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    actor::{Actor, Entered},
    context::Context,
    error::Error,
    view::MessageView,
    world::World,
};

/// A deed of the page's user.
#[derive(Debug, Deserialize)]
pub(super) struct Deed {
    /// An id or a name.
    user: String,
    /// An id, a name, or `dm`.
    #[serde(default)]
    channel: String,
    #[serde(flatten)]
    what: What,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum What {
    /// Text, or a slash command as a line.
    Say {
        text: String,
        /// The message that it replies to.
        #[serde(default)]
        reply: Option<String>,
        /// What [`upload`] gave for the files that go with it.
        #[serde(default)]
        files: Vec<String>,
    },
    Edit {
        message: String,
        text: String,
    },
    Delete {
        message: String,
    },
    Slash {
        command: String,
        #[serde(default)]
        options: Vec<(String, Value)>,
    },
    /// Asks the bot for choices; the answer is `{"choices": […]}`.
    Complete {
        command: String,
        #[serde(default)]
        options: Vec<(String, Value)>,
        focused: String,
    },
    UserMenu {
        command: String,
        target: String,
    },
    MessageMenu {
        command: String,
        message: String,
    },
    Click {
        message: String,
        custom_id: String,
    },
    Pick {
        message: String,
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
    Unreact {
        message: String,
        emoji: String,
    },
    /// Votes for these answers of a poll, by number, and for no others.
    Vote {
        message: String,
        answers: Vec<u8>,
    },
    /// Starts a thread, perhaps from a message; the answer has its `channel`.
    Thread {
        name: String,
        #[serde(default)]
        message: Option<String>,
    },
    /// Posts in a forum; the answer has the post's `channel`.
    Post {
        title: String,
        text: String,
    },
    Pin {
        message: String,
    },
    Unpin {
        message: String,
    },
    /// Changes the nickname of a member; none with an empty one.
    Nick {
        target: String,
        nick: String,
    },
    /// Gives a member a role, by name or id, or takes it.
    Role {
        target: String,
        role: String,
        give: bool,
    },
    Type,
    /// Takes an ephemeral message off the user's screen.
    Hide {
        message: String,
    },
    /// Closes the modal without submitting.
    Dismiss,
}

/// Does it; the answer is `{}`, or `{"error": …, "kind": …}` with the kinds `not_answered` and `refused`.
pub(super) async fn act(State(context): State<Context>, Json(deed): Json<Deed>) -> Json<Value> {
    match perform(&context, deed).await {
        Ok(answer) => Json(answer),
        Err(error) => {
            let kind = match error {
                Error::NotAnswered { .. } => "not_answered",
                _ => "refused",
            };
            Json(json!({"error": error.to_string(), "kind": kind}))
        }
    }
}

async fn perform(context: &Context, deed: Deed) -> Result<Value, Error> {
    let actor = Actor::known(&context.shared, &deed.user)?;
    let shown = |message: &str| shown(context, &actor, &deed.channel, message);
    match deed.what {
        What::Say { text, reply, files } => {
            let reply = reply.as_deref().map(shown).transpose()?;
            let unknown = say(context, &actor, &deed.channel, &text, reply, &files).await?;
            return Ok(unknown.map_or_else(|| json!({}), |note| json!({"note": note})));
        }
        What::Edit { message, text } => {
            actor.edits(&shown(&message)?, &text).await?;
        }
        What::Delete { message } => actor.deletes(&shown(&message)?).await?,
        What::Slash { command, options } => {
            actor
                .slash(&deed.channel, &command, &borrowed(&options))
                .await?;
        }
        What::Complete {
            command,
            options,
            focused,
        } => {
            let choices = actor
                .autocompletes(&deed.channel, &command, &borrowed(&options), &focused)
                .await?;
            return Ok(json!({"choices": choices}));
        }
        What::UserMenu { command, target } => {
            actor.uses_on_user(&deed.channel, &command, &target).await?;
        }
        What::MessageMenu { command, message } => {
            actor.uses_on_message(&command, &shown(&message)?).await?;
        }
        What::Click { message, custom_id } => {
            actor.clicks_on(&shown(&message)?, &custom_id).await?;
        }
        What::Pick {
            message,
            custom_id,
            values,
        } => {
            let values: Vec<_> = values.iter().map(String::as_str).collect();
            actor
                .picks_on(&shown(&message)?, &custom_id, &values)
                .await?;
        }
        What::Submit { fields } => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            actor.submits(&fields).await?;
        }
        What::React { message, emoji } => actor.reacts(&shown(&message)?, &emoji).await?,
        What::Unreact { message, emoji } => actor.unreacts(&shown(&message)?, &emoji).await?,
        What::Vote { message, answers } => {
            let answers: Vec<_> = answers.iter().map(u8::to_string).collect();
            let answers: Vec<_> = answers.iter().map(String::as_str).collect();
            actor.votes(&shown(&message)?, &answers).await?;
        }
        What::Thread { name, message } => {
            let thread = match message {
                Some(message) => actor.starts_thread_on(&shown(&message)?, &name).await?,
                None => actor.starts_thread(&deed.channel, &name).await?,
            };
            return Ok(json!({"channel": thread.to_string()}));
        }
        What::Post { title, text } => {
            let first = actor.posts(&deed.channel, &title, &text).await?;
            return Ok(json!({"channel": first.channel_id.to_string()}));
        }
        What::Pin { message } => actor.pins(&shown(&message)?).await?,
        What::Unpin { message } => actor.unpins(&shown(&message)?).await?,
        What::Nick { target, nick } => actor.renames(&deed.channel, &target, &nick).await?,
        What::Role {
            target,
            role,
            give: true,
        } => actor.gives_role(&deed.channel, &target, &role).await?,
        What::Role { target, role, .. } => actor.takes_role(&deed.channel, &target, &role).await?,
        What::Type => actor.types(&deed.channel).await?,
        What::Hide { message } => hide(context, &actor, &shown(&message)?)?,
        What::Dismiss => context
            .shared
            .change(|state| close_modals(&mut state.world, actor.id())),
    }
    Ok(json!({}))
}

async fn say(
    context: &Context,
    actor: &Actor,
    channel: &str,
    text: &str,
    reply: Option<MessageView>,
    files: &[String],
) -> Result<Option<String>, Error> {
    if !files.is_empty() {
        let gone = || Error::Refused("a file is gone".to_owned());
        let find = |id: &String| {
            let id = id.parse().ok()?;
            context
                .shared
                .read(|state| state.world.files.get(&id).cloned())
        };
        let files = files.iter().map(|id| find(id).ok_or_else(gone));
        let files = files.collect::<Result<Vec<_>, _>>()?;
        let files: Vec<_> = files
            .iter()
            .map(|file| (file.filename.as_str(), &file.bytes[..]))
            .collect();
        let reference = reply.map(|reply| reply.id);
        actor.send_files(channel, text, &files, reference)?;
        return Ok(None);
    }
    if let Some(to) = reply {
        actor.replies(&to, text).await?;
        return Ok(None);
    }
    Ok(match actor.enters(channel, text).await? {
        Entered::Used(_) => None,
        Entered::Said { unknown } => unknown,
    })
}

/// Whose file it is, and what it is called.
#[derive(Debug, Deserialize)]
pub(super) struct Upload {
    user: String,
    name: String,
}

/// Takes a file; the answer's `id` stands for it, in `files` and as the value of an option or of a modal's field.
pub(super) async fn upload(
    State(context): State<Context>,
    Query(upload): Query<Upload>,
    bytes: Bytes,
) -> Json<Value> {
    let kept = Actor::known(&context.shared, &upload.user)
        .and_then(|actor| actor.uploads(&upload.name, &bytes));
    Json(match kept {
        Ok(id) => json!({"id": id}),
        Err(error) => json!({"error": error.to_string(), "kind": "refused"}),
    })
}

fn borrowed(options: &[(String, Value)]) -> Vec<(&str, Value)> {
    options
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect()
}

fn shown(
    context: &Context,
    actor: &Actor,
    channel: &str,
    message: &str,
) -> Result<MessageView, Error> {
    let channel = actor.channel(channel)?;
    let found = context.shared.read(|state| {
        let message = state.world.message(channel, message.parse().ok()?)?;
        message
            .visible_to(actor.id())
            .then(|| state.world.view(message))
    });
    found.ok_or_else(|| Error::Refused("the message is gone".to_owned()))
}

fn hide(context: &Context, actor: &Actor, message: &MessageView) -> Result<(), Error> {
    if !message.ephemeral {
        let refused = format!("{} can hide only what nobody else sees", actor.name());
        return Err(Error::Refused(refused));
    }
    context
        .shared
        .change(|state| state.world.delete(message.channel_id, message.id));
    Ok(())
}

/// The modal that a user has open, with the id of the interaction that it answers.
pub(super) fn open_modal(world: &World, user: u64) -> Option<Value> {
    let mut shown = world
        .interactions
        .values()
        .rev()
        .filter(|interaction| interaction.user == user);
    let (interaction, modal) = shown.find_map(|interaction| {
        let response = interaction.response.as_ref();
        response
            .filter(|response| response.kind == 9)
            .map(|response| (interaction, response.data.clone()))
    })?;
    let mut modal = Some(modal).filter(|modal| !modal.is_null())?;
    modal["interaction"] = json!(interaction.id.to_string());
    modal["channel"] = json!(interaction.channel.to_string());
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
