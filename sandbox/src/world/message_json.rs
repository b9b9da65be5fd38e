//! JSON writer of messages. They go out by the ten thousand, so they are written straight as text: no tree of JSON is
//! built for them unless somebody wants to look inside.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::{
    Member, Message, User, World,
    message::{HAS_THREAD, THREAD_STARTER},
    snowflake::{Id, created_us, iso},
};

/// The message object: <https://discord.com/developers/docs/resources/message#message-object>.
#[derive(Debug, Serialize)]
struct MessageObject<'a> {
    id: Id,
    #[serde(rename = "type")]
    kind: u8,
    channel_id: Id,
    author: Option<Author<'a>>,
    content: &'a str,
    timestamp: String,
    edited_timestamp: Option<String>,
    tts: bool,
    mention_everyone: bool,
    mentions: Vec<Mentioned<'a>>,
    mention_roles: Vec<Id>,
    attachments: &'a [Value],
    embeds: &'a [Value],
    components: &'a [Value],
    pinned: bool,
    flags: u64,
    #[serde(flatten)]
    extras: Extras<'a>,
    /// Twice an option, because `null` means that the message is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    referenced_message: Option<Option<Box<MessageObject<'a>>>>,
    #[serde(flatten)]
    event: Option<InEvent<'a>>,
}

/// What only some messages have.
#[derive(Debug, Serialize)]
struct Extras<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    reactions: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_reference: Option<Reference<'a>>,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    message_snapshots: &'a [Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    poll: Option<Value>,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    sticker_items: &'a [Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interaction_metadata: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interaction: Option<&'a Value>,
}

/// What MESSAGE_CREATE and MESSAGE_UPDATE add:
/// <https://discord.com/developers/docs/events/gateway-events#message-create>.
#[derive(Debug, Serialize)]
struct InEvent<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    guild_id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<Cow<'a, Member>>,
    channel_type: u8,
}

/// A user, or a webhook as it appears.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Author<'a> {
    User(Cow<'a, User>),
    Webhook(Value),
}

/// Somebody who is mentioned, in events with the member.
#[derive(Debug, Serialize)]
struct Mentioned<'a> {
    #[serde(flatten)]
    user: Cow<'a, User>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<Cow<'a, Member>>,
}

/// What a message refers to.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Reference<'a> {
    Reply {
        #[serde(rename = "type")]
        kind: u8,
        channel_id: Id,
        message_id: Id,
        #[serde(skip_serializing_if = "Option::is_none")]
        guild_id: Option<Id>,
    },
    Other(&'a Value),
}

impl World {
    /// The message object as REST gives it.
    pub(crate) fn message_json(&self, message: &Message) -> Value {
        serde_json::to_value(self.message_object(message)).unwrap_or_default()
    }

    /// As [`World::message_json`], written.
    pub(crate) fn message_text(&self, message: &Message) -> String {
        written(&self.message_object(message))
    }

    /// The data of MESSAGE_CREATE and MESSAGE_UPDATE, written.
    pub(super) fn message_event_text(&self, message: &Message) -> String {
        let guild = self.guild_of(message.channel);
        let known = guild.and_then(|guild| self.guilds.get(&guild));
        let mut message_object = self.message_object(message);
        for mention in &mut message_object.mentions {
            mention.member = known.and_then(|guild| guild.members.get(&mention.user.id));
        }
        let channel = self.channels.get(&message.channel);
        message_object.event = Some(InEvent {
            guild_id: guild.map(Id),
            member: known.and_then(|guild| guild.members.get(&message.author)),
            channel_type: channel.map_or(0, super::Channel::type_number),
        });
        written(&message_object)
    }

    /// A message with the one that it refers to.
    fn message_object<'a>(&'a self, message: &'a Message) -> MessageObject<'a> {
        let starter = message.place.as_ref();
        let starter = starter.filter(|_| message.kind == THREAD_STARTER);
        let id = |place: &Value, key: &str| place[key].as_str()?.parse().ok();
        let referenced = match (message.reference, starter) {
            (Some(reference), _) => Some((message.channel, reference)),
            (_, Some(place)) => id(place, "channel_id").zip(id(place, "message_id")),
            _ => None,
        };
        let referenced = referenced.map(|(channel, reference)| {
            let referenced = self.message(channel, reference)?;
            Some(Box::new(self.message_object_alone(referenced)))
        });
        MessageObject {
            referenced_message: referenced,
            ..self.message_object_alone(message)
        }
    }

    fn message_object_alone<'a>(&'a self, message: &'a Message) -> MessageObject<'a> {
        let mentioned = message.mentions.iter();
        let mentioned = mentioned.filter_map(|id| self.users.get(id));
        let mentions = mentioned.map(|user| Mentioned { user, member: None });
        MessageObject {
            id: Id(message.id),
            kind: message.kind,
            channel_id: Id(message.channel),
            author: match &message.face {
                Some(face) => Some(Author::Webhook(face.author_json(message.author))),
                None => self.users.get(&message.author).map(Author::User),
            },
            content: &message.content,
            timestamp: iso(created_us(message.id)),
            edited_timestamp: message.edited_us.map(iso),
            tts: message.tts,
            mention_everyone: message.mention_everyone,
            mentions: mentions.collect(),
            mention_roles: message.mention_roles.iter().copied().map(Id).collect(),
            attachments: &message.attachments,
            embeds: &message.embeds,
            components: &message.components,
            pinned: message.pinned,
            flags: message.flags,
            extras: self.extras(message),
            referenced_message: None,
            event: None,
        }
    }

    fn extras<'a>(&'a self, message: &'a Message) -> Extras<'a> {
        let reply = || {
            Some(Reference::Reply {
                kind: 0,
                channel_id: Id(message.channel),
                message_id: Id(message.reference?),
                guild_id: self.guild_of(message.channel).map(Id),
            })
        };
        let has_thread = message.flags & HAS_THREAD != 0 && self.channels.contains_key(&message.id);
        let face = message.face.as_ref();
        let interaction = message.interaction_json.as_ref();
        let application = interaction.map(|_| self.application.id);
        let by_face = || face.and_then(|face| face.application);
        Extras {
            reactions: (!message.reactions.is_empty()).then(|| self.reactions_json(message)),
            message_reference: message.place.as_ref().map(Reference::Other).or_else(reply),
            message_snapshots: &message.snapshots,
            poll: message
                .poll
                .as_ref()
                .map(|poll| poll.json(self.application.bot)),
            sticker_items: &message.stickers,
            thread: has_thread.then(|| self.thread_json(message.id)),
            webhook_id: application.or_else(|| face.map(|_| message.author)).map(Id),
            application_id: application.or_else(by_face).map(Id),
            nonce: message.nonce.as_ref(),
            interaction_metadata: interaction.map(|(metadata, _)| metadata),
            interaction: interaction.and_then(|(_, older)| older.as_ref()),
        }
    }
}

/// As JSON. Nothing in a message can fail to be written: its keys are strings.
fn written(message_object: &MessageObject<'_>) -> String {
    // Room for all of a usual message.
    let mut text = Vec::with_capacity(1024);
    let done = serde_json::to_writer(&mut text, message_object).ok();
    done.and_then(|()| String::from_utf8(text).ok())
        .unwrap_or_default()
}
