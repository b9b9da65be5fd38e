//! Occasion: what has happened, to whom and where, as the steps see it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::harmless;
use crate::model::{Channel, Guild, Message, Role, User};

/// What has happened. It can be kept, since a pipeline may wait for days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Occasion {
    pub(crate) guild: Guild,
    /// Whom it is about.
    pub(crate) person: Option<Person>,
    /// Where it happened.
    pub(crate) channel: Option<Channel>,
    /// The message that it is about.
    pub(crate) message: Option<Message>,
    /// What texts and conditions may name.
    pub(crate) variables: BTreeMap<String, String>,
}

/// A member, or somebody who was one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) id: User,
    pub(crate) name: String,
    /// How the server shows them.
    pub(crate) display: String,
    pub(crate) avatar: String,
    pub(crate) roles: Vec<Role>,
}

impl Occasion {
    /// Something that has happened in a server.
    pub(crate) fn new(guild: Guild) -> Self {
        Self {
            guild,
            person: None,
            channel: None,
            message: None,
            variables: BTreeMap::new(),
        }
    }

    /// It is about this member: `{user}`, `{username}`, `{display_name}`, `{user_id}`, `{user_avatar}`.
    pub(crate) fn about(mut self, person: Person) -> Self {
        self.set("user", format!("<@{}>", person.id));
        self.set("user_id", person.id.to_string());
        self.say("username", &person.name);
        self.say("display_name", &person.display);
        self.set("user_avatar", person.avatar.clone());
        self.person = Some(person);
        self
    }

    /// It happened in this channel: `{channel}`, `{channel_id}`.
    pub(crate) fn at(mut self, channel: Channel) -> Self {
        self.set("channel", format!("<#{channel}>"));
        self.set("channel_id", channel.to_string());
        self.channel = Some(channel);
        self
    }

    /// Sets a variable to a text of ours.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.insert(name.to_owned(), value.into());
    }

    /// Sets a variable to what a member has chosen or written: it mentions nobody.
    pub(crate) fn say(&mut self, name: &str, value: &str) {
        self.set(name, harmless(value));
    }
}
