//! Interactions: commands, clicks, autocompletions and modals on their way to the bot and back.

use serde_json::{Value, json};

use super::{Alarm, CommandKind, World};

/// What a user did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum InteractionKind {
    Command,
    Component,
    Autocomplete,
    Modal,
    /// One that Discord has not invented yet, in a raw payload.
    Other(u64),
}

impl InteractionKind {
    /// Reads Discord's number.
    pub(crate) const fn from_number(number: u64) -> Self {
        match number {
            2 => Self::Command,
            3 => Self::Component,
            4 => Self::Autocomplete,
            5 => Self::Modal,
            other => Self::Other(other),
        }
    }

    /// Discord's number.
    pub(crate) const fn number(self) -> u64 {
        match self {
            Self::Command => 2,
            Self::Component => 3,
            Self::Autocomplete => 4,
            Self::Modal => 5,
            Self::Other(number) => number,
        }
    }

    /// A number that Discord's documents have: nobody knows how messages tell of other kinds.
    const fn documented(self) -> u64 {
        match self {
            Self::Other(_) => Self::Command.number(),
            known => known.number(),
        }
    }
}

/// An interaction, and what has become of it.
#[derive(Clone, Debug)]
pub(crate) struct Interaction {
    pub id: u64,
    pub token: String,
    pub kind: InteractionKind,
    pub user: u64,
    pub channel: u64,
    pub created_us: i64,
    /// Until then it can be responded to.
    pub due_us: i64,
    /// Set when nobody had responded until then.
    pub failed: bool,
    /// The first sighting that can be an answer.
    pub since: u64,
    /// `/echo`, `button "Yes"`: for messages to people.
    pub title: String,
    /// The name of the command behind it, if there is one.
    pub command: Option<(String, CommandKind)>,
    /// The message whose component was used.
    pub source: Option<u64>,
    /// The interaction that was answered with the modal, if this is one that was submitted.
    pub shown_by: Option<u64>,
    pub response: Option<Response>,
    /// The message that `@original` means.
    pub original: Option<u64>,
}

/// How the bot responded.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    /// Discord's number of the callback type.
    pub kind: u8,
    /// The modal or the choices.
    pub data: Value,
}

/// An interaction that is about to happen.
#[derive(Clone, Debug)]
pub(crate) struct NewInteraction {
    pub kind: InteractionKind,
    pub user: u64,
    pub channel: u64,
    pub title: String,
    pub command: Option<(String, CommandKind)>,
    pub source: Option<u64>,
    pub data: Value,
}

/// An interaction whose payload is somebody else's.
#[derive(Clone, Debug)]
pub(crate) struct RawInteraction {
    pub id: u64,
    pub token: String,
    pub kind: InteractionKind,
    pub user: u64,
    pub channel: u64,
    pub title: String,
    pub command: Option<(String, CommandKind)>,
    pub source: Option<u64>,
}

/// Interactions that are kept; older ones have long lost their token.
const KEPT_INTERACTIONS: usize = 5000;

/// Bytes that a user without Nitro may upload.
const ATTACHMENT_SIZE_LIMIT: u64 = 10 * 1024 * 1024;

impl World {
    /// Starts an interaction and tells the bot; gives its id.
    pub(crate) fn interact(&mut self, new: NewInteraction) -> u64 {
        let id = self.snowflakes.next();
        let token = format!(
            "aW50ZXJhY3Rpb246{id:x}{:016x}",
            id.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        );
        let payload = self.interaction_json(id, &token, &new);
        self.expect_response(RawInteraction {
            id,
            token,
            kind: new.kind,
            user: new.user,
            channel: new.channel,
            title: new.title,
            command: new.command,
            source: new.source,
        });
        // No channel: the bot gets interactions from channels that it cannot see, too.
        let guild = self.guild_of(new.channel);
        self.outbox.push(super::Event {
            name: "INTERACTION_CREATE".to_owned(),
            guild,
            channel: None,
            data: payload.into(),
        });
        id
    }

    /// From now on, and for as long as Discord waits, the bot can respond to this interaction; gives its id.
    /// One that is known already, told once more, stays as it is.
    pub(crate) fn expect_response(&mut self, new: RawInteraction) -> u64 {
        let id = new.id;
        let known = self.interactions.get(&id);
        if known.is_some_and(|known| known.token == new.token) {
            return id;
        }
        let due_us = self.clock.after_us(self.acknowledge_within);
        self.alarms.set(due_us, Alarm::Unanswered(id));
        self.interactions.insert(
            id,
            Interaction {
                id,
                token: new.token,
                kind: new.kind,
                user: new.user,
                channel: new.channel,
                created_us: self.clock.now_us(),
                due_us,
                failed: false,
                since: self.next_sighting,
                title: new.title,
                command: new.command,
                source: new.source,
                shown_by: None,
                response: None,
                original: None,
            },
        );
        while self.interactions.len() > KEPT_INTERACTIONS {
            self.interactions.pop_first();
        }
        id
    }

    /// The interaction with this token.
    pub(crate) fn interaction_by_token(&self, token: &str) -> Option<&Interaction> {
        self.interactions
            .values()
            .rev()
            .find(|interaction| interaction.token == token)
    }

    /// `interaction_metadata` and, for commands, the older `interaction` of messages that answer.
    pub(crate) fn interaction_metadata(&self, id: u64) -> Option<(Value, Option<Value>)> {
        let interaction = self.interactions.get(&id)?;
        let user = self.users.get(&interaction.user)?.json();
        let mut metadata = json!({
            "id": id.to_string(),
            "type": interaction.kind.documented(),
            "user": user,
            "authorizing_integration_owners": self.integration_owners(interaction.channel),
        });
        if let Some(source) = interaction.source {
            metadata["interacted_message_id"] = json!(source.to_string());
        }
        // Where a modal came from; hikari reads no message without it.
        if let Some((shown_by, _)) = interaction
            .shown_by
            .and_then(|shown_by| self.interaction_metadata(shown_by))
        {
            metadata["triggering_interaction_metadata"] = shown_by;
        }
        let older = interaction
            .command
            .as_ref()
            .map(|(name, _)| json!({"id": id.to_string(), "type": 2, "name": name, "user": user}));
        Some((metadata, older))
    }

    fn integration_owners(&self, channel: u64) -> Value {
        json!({"0": self.guild_of(channel).unwrap_or(0).to_string()})
    }

    fn interaction_json(&self, id: u64, token: &str, new: &NewInteraction) -> Value {
        let bot = self.application.bot;
        let guild = self.guild_of(new.channel);
        let mut json = json!({
            "id": id.to_string(),
            "application_id": self.application.id.to_string(),
            "type": new.kind.number(),
            "data": new.data,
            "channel_id": new.channel.to_string(),
            "token": token,
            "version": 1,
            "locale": "en-US",
            "app_permissions": self.permissions(new.channel, bot).bits().to_string(),
            "entitlements": self.entitlements_for(new.user, guild),
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": self.integration_owners(new.channel),
            "context": u8::from(guild.is_none()),
            "attachment_size_limit": ATTACHMENT_SIZE_LIMIT,
        });
        let permissions = self.permissions(new.channel, new.user).bits().to_string();
        if let Some(channel) = self.channels.get(&new.channel) {
            json["channel"] = self.channel_json(channel);
        }
        if let Some(guild) = guild {
            json["guild_id"] = json!(guild.to_string());
            json["guild_locale"] = json!("en-US");
            json["guild"] = json!({"id": guild.to_string(), "locale": "en-US", "features": []});
            if let Some(mut member) = self.member_json(guild, new.user) {
                member["permissions"] = json!(permissions);
                json["member"] = member;
            }
            json["channel"]["permissions"] = json!(permissions);
        } else if let Some(user) = self.users.get(&new.user) {
            json["user"] = user.json();
        }
        if let Some(message) = new
            .source
            .and_then(|source| self.message(new.channel, source))
        {
            json["message"] = self.message_json(message);
        }
        json
    }
}
