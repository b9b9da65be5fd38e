//! Actors: one user's acts (saying, clicking, picking, submitting), and waiting for what the bot does.

mod allowed;
mod command;
mod component;
mod consent;
mod expect;
mod file;
mod member;
mod modal;
mod moderate;
mod option;
mod place;
mod poll;
mod presence;
mod reaction;
mod thread;
mod voice;

use std::sync::Arc;

use serde_json::Value;
use twilight_model::guild::Permissions;

pub use self::expect::Sent;
pub(crate) use self::{
    command::{Entered, command_name, offered},
    option::value,
    place::visible_channels,
};
use crate::{
    error::{Error, known},
    state::Shared,
    view::{InteractionView, MessageView, ResponseState},
    world::{Draft, Interaction, World},
};

/// Acts as one user of the world; clones act as the same user.
///
/// Channels are named as in the sidebar (`general`); `dm` is the user's direct messages with the bot.
/// Where two guilds have a channel of the same name, `Guild/channel` tells them apart.
#[derive(Clone, Debug)]
pub struct Actor {
    shared: Arc<Shared>,
    user: u64,
    name: String,
}

impl Actor {
    pub(crate) fn named(shared: &Arc<Shared>, name: &str) -> Result<Self, Error> {
        // One of a crowd is kept from now on, which nobody waits for: the terminal asks for its actor at each change.
        let user = shared.note(|state| {
            let world = &mut state.world;
            if let Some(user) = world.user_named(name) {
                world.cast(user);
            }
            world.user_named(name).ok_or_else(|| Error::UnknownUser {
                name: name.to_owned(),
                known: known(name, world.users.cast().map(|user| user.name.as_str())),
            })
        })?;
        Ok(Self {
            shared: Arc::clone(shared),
            user,
            name: name.to_owned(),
        })
    }

    /// By id, or by name.
    pub(crate) fn known(shared: &Arc<Shared>, id_or_name: &str) -> Result<Self, Error> {
        let by_id = shared.read(|state| {
            let id = id_or_name.parse().ok()?;
            state.world.users.get(&id).map(|user| user.name.clone())
        });
        match (by_id, id_or_name.parse()) {
            (Some(name), Ok(user)) => Ok(Self {
                shared: Arc::clone(shared),
                user,
                name,
            }),
            _ => Self::named(shared, id_or_name),
        }
    }

    /// The user's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The user's id.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.user
    }

    /// Sends a message. `@name` and `#channel` become mentions, as a client would make them.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownChannel`], or [`Error::Refused`] if the user may not write there.
    pub async fn says(&self, channel: &str, text: &str) -> Result<MessageView, Error> {
        self.post(channel, text, None)
    }

    /// Sends a message that replies to another one, in that one's channel.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the user may not write there.
    pub async fn replies(&self, to: &MessageView, text: &str) -> Result<MessageView, Error> {
        self.post(&to.channel_id.to_string(), text, Some(to.id))
    }

    /// Changes a message of the user's own.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if it is somebody else's.
    pub async fn edits(&self, message: &MessageView, text: &str) -> Result<MessageView, Error> {
        self.own(message)?;
        self.shared.change(|state| {
            let content = place::with_mentions(&state.world, message.channel_id, text);
            self.moderated(&mut state.world, message.channel_id, &content)?;
            state.world.edit(
                message.channel_id,
                message.id,
                Draft {
                    content: Some(content),
                    ..Draft::default()
                },
            );
            let edited = state.world.message(message.channel_id, message.id);
            Ok(edited.map_or_else(|| message.clone(), |edited| state.world.view(edited)))
        })
    }

    /// Deletes a message of the user's own, or any where the user may manage messages.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] otherwise.
    pub async fn deletes(&self, message: &MessageView) -> Result<(), Error> {
        let manages = self.shared.read(|state| {
            state
                .world
                .may(self.user, message.channel_id, Permissions::MANAGE_MESSAGES)
        });
        if !manages {
            self.own(message)?;
        }
        self.shared
            .change(|state| state.world.delete(message.channel_id, message.id));
        Ok(())
    }

    /// Types, without sending.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownChannel`].
    pub async fn types(&self, channel: &str) -> Result<(), Error> {
        let channel = self.channel(channel)?;
        self.shared
            .change(|state| state.world.type_in(channel, self.user));
        Ok(())
    }

    /// What the user can see in a channel, oldest first, ephemeral messages included.
    #[must_use]
    pub fn messages(&self, channel: &str) -> Vec<MessageView> {
        let Ok(channel) = self.channel(channel) else {
            return Vec::new();
        };
        self.shared.read(|state| {
            let world = &state.world;
            world
                .visible_messages(self.user, channel)
                .map(|message| world.view(message))
                .collect()
        })
    }

    /// The names of the channels that the user can see, direct messages excluded.
    #[must_use]
    pub fn channels(&self) -> Vec<String> {
        self.shared
            .read(|state| visible_channels(&state.world, self.user))
    }

    /// An interaction of this or any user, as it is now.
    #[must_use]
    pub fn interaction(&self, id: u64) -> Option<InteractionView> {
        self.shared.read(|state| {
            state
                .world
                .interactions
                .get(&id)
                .map(|interaction| interaction_view(&state.world, interaction))
        })
    }

    /// Finds a channel by name, `Guild/name` or id.
    pub(crate) fn channel(&self, name: &str) -> Result<u64, Error> {
        let known = self
            .shared
            .read(|state| place::channel(&state.world, self.user, name))?;
        Ok(known.unwrap_or_else(|| {
            self.shared
                .change(|state| state.world.direct_channel(self.user))
        }))
    }

    fn post(
        &self,
        channel: &str,
        text: &str,
        reference: Option<u64>,
    ) -> Result<MessageView, Error> {
        if text.trim().is_empty() || text.chars().count() > 2000 {
            return Err(Error::Refused(
                "a message has 1 to 2000 characters".to_owned(),
            ));
        }
        self.shared.change(|state| {
            let world = &mut state.world;
            let channel = place::channel(world, self.user, channel)?
                .unwrap_or_else(|| world.direct_channel(self.user));
            self.may_write(world, channel)?;
            let content = place::with_mentions(world, channel, text);
            self.moderated(world, channel, &content)?;
            let draft = Draft {
                content: Some(content),
                reference,
                ..Draft::default()
            };
            let id = world.post(channel, self.user, draft);
            let gone = || Error::Refused("the channel is gone".to_owned());
            world
                .message(channel, id)
                .map(|message| world.view(message))
                .ok_or_else(gone)
        })
    }

    /// Refuses what a client would not let the user write: no permission, a forum, a locked thread, too soon.
    fn may_write(&self, world: &World, channel: u64) -> Result<(), Error> {
        let Some(known) = world.channels.get(&channel) else {
            return Err(Error::Refused("the channel is gone".to_owned()));
        };
        let refuse = |why: &str| {
            let text = format!("{} may not write in #{}{why}", self.name, known.name);
            Err(Error::Refused(text))
        };
        let moderates = || world.may(self.user, channel, Permissions::MANAGE_THREADS);
        if !known.has_messages() {
            return refuse(": messages are not for channels of this kind");
        }
        if !world.may_send(self.user, channel) {
            return refuse("");
        }
        if known.thread.as_ref().is_some_and(|thread| thread.locked) && !moderates() {
            return refuse(": the thread is locked");
        }
        match world.slowmode_left(channel, self.user) {
            0 => Ok(()),
            left => refuse(&format!(" for another {left} s: it has slowmode")),
        }
    }

    /// Refuses what the guild's auto moderation blocks.
    fn moderated(&self, world: &mut World, channel: u64, content: &str) -> Result<(), Error> {
        match world.moderate(channel, self.user, content) {
            Some(why) => Err(Error::Refused(format!("{}: {why}", self.name))),
            None => Ok(()),
        }
    }

    /// The newest message of a channel that the user sees and that fits.
    pub(crate) fn newest_in(
        &self,
        channel: &str,
        wanted: &str,
        fits: impl Fn(&MessageView) -> bool,
    ) -> Result<MessageView, Error> {
        self.channel(channel)?;
        let shown = self.messages(channel);
        let count = shown.len();
        let found = shown.into_iter().rev().find(fits);
        found.ok_or_else(|| Error::NotVisible {
            user: self.name.clone(),
            wanted: wanted.to_owned(),
            seen: match count {
                0 => "nothing".to_owned(),
                count => format!("no such one among {count} messages in #{channel}"),
            },
        })
    }

    fn own(&self, message: &MessageView) -> Result<(), Error> {
        if message.author_id == self.user {
            Ok(())
        } else {
            Err(Error::Refused(format!(
                "{} cannot change a message of {}",
                self.name, message.author
            )))
        }
    }
}

/// An interaction as people see it.
pub(crate) fn interaction_view(world: &World, interaction: &Interaction) -> InteractionView {
    let state = match &interaction.response {
        None => ResponseState::Pending,
        Some(response) => ResponseState::from_number(response.kind),
    };
    let message = interaction
        .original
        .and_then(|id| world.message(interaction.channel, id));
    let data = interaction
        .response
        .as_ref()
        .map(|response| response.data.clone())
        .unwrap_or_default();
    let choices = data.as_array().cloned().unwrap_or_default();
    InteractionView {
        id: interaction.id,
        message: message.map(|message| world.view(message)),
        modal: (state == ResponseState::Modal).then_some(data),
        choices: if state == ResponseState::Choices {
            choices
        } else {
            Vec::<Value>::new()
        },
        state,
    }
}
