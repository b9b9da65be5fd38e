//! Messages: what they are, and what happens to them.

use serde_json::{Value, json};

use super::{Alarm, Emoji, Face, NewPoll, Poll, World};

/// The flag of messages that only one user sees.
pub(crate) const EPHEMERAL: u64 = 1 << 6;
/// The flag of "is thinking…".
pub(crate) const LOADING: u64 = 1 << 7;

/// The flag that hides a message's embeds.
pub(crate) const SUPPRESS_EMBEDS: u64 = 1 << 2;
/// The flag of messages that a thread was started from.
pub(super) const HAS_THREAD: u64 = 1 << 5;
/// The type of the first message in a thread that was started from a message.
pub(crate) const THREAD_STARTER: u8 = 21;
/// How long somebody is shown as typing, in microseconds.
pub(crate) const TYPING_US: i64 = 10_000_000;

/// A message in a channel.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub id: u64,
    pub channel: u64,
    pub author: u64,
    /// 0 default, 19 reply, 20 answer to a slash command, 23 answer to a menu command; others are of the system.
    pub kind: u8,
    pub content: String,
    pub edited_us: Option<i64>,
    pub flags: u64,
    pub tts: bool,
    pub pinned: bool,
    pub embeds: Vec<Value>,
    pub components: Vec<Value>,
    pub attachments: Vec<Value>,
    pub mentions: Vec<u64>,
    pub mention_roles: Vec<u64>,
    pub mention_everyone: bool,
    pub reactions: Vec<(Emoji, Vec<u64>)>,
    /// The message that this one replies to.
    pub reference: Option<u64>,
    pub nonce: Option<Value>,
    /// The interaction that this message answers or follows up.
    pub interaction: Option<u64>,
    /// Discord's `interaction_metadata` and the older `interaction`.
    pub interaction_json: Option<(Value, Option<Value>)>,
    /// Who alone sees the message.
    pub ephemeral_for: Option<u64>,
    /// When it was pinned, in microseconds since 1970.
    pub pinned_us: Option<i64>,
    /// The `message_reference` of what is no reply: forwards, crossposts, messages of the system.
    pub place: Option<Value>,
    /// What a forward carries along.
    pub snapshots: Vec<Value>,
    pub poll: Option<Poll>,
    /// Sticker items.
    pub stickers: Vec<Value>,
    /// How the author looks, if a webhook posted it.
    pub face: Option<Face>,
}

/// What is to become a message, already checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub content: Option<String>,
    pub embeds: Option<Vec<Value>>,
    pub components: Option<Vec<Value>>,
    pub attachments: Option<Vec<Value>>,
    pub flags: Option<u64>,
    pub tts: bool,
    pub allowed_mentions: Option<Value>,
    pub reference: Option<u64>,
    pub nonce: Option<Value>,
    pub enforce_nonce: bool,
    pub interaction: Option<u64>,
    pub ephemeral_for: Option<u64>,
    pub kind: u8,
    /// As [`Message::place`].
    pub place: Option<Value>,
    pub snapshots: Vec<Value>,
    pub poll: Option<NewPoll>,
    pub stickers: Vec<Value>,
    pub face: Option<Face>,
    /// Who is mentioned besides those in the text.
    pub mentions: Vec<u64>,
}

/// A file that was uploaded.
#[derive(Clone, Debug)]
pub(crate) struct Attachment {
    pub filename: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
}

impl Message {
    /// Whether this user can see the message, given that the channel is theirs to see.
    pub(crate) fn visible_to(&self, user: u64) -> bool {
        self.ephemeral_for.is_none_or(|only| only == user)
    }
}

impl World {
    /// A message by its place.
    pub(crate) fn message(&self, channel: u64, message: u64) -> Option<&Message> {
        let channel = self.channels.get(&channel)?;
        channel.messages.get(&message).map(Box::as_ref)
    }

    /// A message by its place, to be changed.
    pub(crate) fn message_mut(&mut self, channel: u64, message: u64) -> Option<&mut Message> {
        let channel = self.channels.get_mut(&channel)?;
        channel.messages.get_mut(&message).map(Box::as_mut)
    }

    /// Posts a draft and tells everybody; gives the new message's id.
    pub(crate) fn post(&mut self, channel: u64, author: u64, draft: Draft) -> u64 {
        let id = self.snowflakes.next();
        self.post_with_id(id, channel, author, draft);
        id
    }

    /// As [`World::post`], under this id.
    pub(super) fn post_with_id(&mut self, id: u64, channel: u64, author: u64, draft: Draft) {
        let mentions = self.mentions(channel, author, &draft);
        let interaction_json = draft
            .interaction
            .and_then(|id| self.interaction_metadata(id));
        let flags = draft.flags.unwrap_or(0);
        let message = Message {
            id,
            channel,
            author,
            kind: if draft.kind == 0 && draft.reference.is_some() {
                19
            } else {
                draft.kind
            },
            content: draft.content.unwrap_or_default(),
            edited_us: None,
            flags: if draft.ephemeral_for.is_some() {
                flags | EPHEMERAL
            } else {
                flags
            },
            tts: draft.tts,
            pinned: false,
            embeds: draft.embeds.unwrap_or_default(),
            components: draft.components.unwrap_or_default(),
            attachments: draft.attachments.unwrap_or_default(),
            mentions: mentions.users,
            mention_roles: mentions.roles,
            mention_everyone: mentions.everyone,
            reactions: Vec::new(),
            reference: draft.reference,
            nonce: draft.nonce,
            interaction: draft.interaction,
            interaction_json,
            ephemeral_for: draft.ephemeral_for,
            pinned_us: None,
            place: draft.place,
            snapshots: draft.snapshots,
            poll: draft.poll.map(|poll| poll.open(self.clock.now_us())),
            stickers: draft.stickers,
            face: draft.face,
        };
        if let Some(poll) = &message.poll {
            let ends = Alarm::PollEnds {
                channel,
                message: id,
            };
            self.alarms.set(poll.expiry_us, ends);
        }
        self.sight(&message);
        self.typing.remove(&(channel, author));
        let told = message.ephemeral_for.is_none();
        if told && Self::is_written(&message) && id != channel {
            self.touch_thread(channel, author, &message.mentions);
        }
        if let Some(channel) = self.channels.get_mut(&channel) {
            channel.keep(message);
        }
        if told {
            self.tell_message("MESSAGE_CREATE", channel, id);
        }
    }

    /// Changes a message and tells everybody. What the draft leaves out stays.
    pub(crate) fn edit(&mut self, channel: u64, message: u64, draft: Draft) {
        let mentions = draft
            .content
            .is_some()
            .then(|| self.message(channel, message).map(|known| known.author))
            .flatten()
            .map(|author| self.mentions(channel, author, &draft));
        let now_us = self.clock.now_us();
        let Some(edited) = self.message_mut(channel, message) else {
            return;
        };
        let was_loading = edited.flags & LOADING != 0;
        edited.flags &= !LOADING;
        if let Some(content) = draft.content {
            edited.content = content;
        }
        if let Some(mentions) = mentions {
            edited.mentions = mentions.users;
            edited.mention_roles = mentions.roles;
            edited.mention_everyone = mentions.everyone;
        }
        if let Some(embeds) = draft.embeds {
            edited.embeds = embeds;
        }
        if let Some(components) = draft.components {
            edited.components = components;
        }
        if let Some(attachments) = draft.attachments {
            edited.attachments = attachments;
        }
        if let Some(flags) = draft.flags {
            // Only these may change after the fact: SUPPRESS_EMBEDS and IS_COMPONENTS_V2.
            let mutable = (1 << 2) | (1 << 15);
            edited.flags = (edited.flags & !mutable) | (flags & mutable);
        }
        if !was_loading {
            edited.edited_us = Some(now_us);
        }
        let seen = edited.clone();
        self.sight(&seen);
        if seen.ephemeral_for.is_none() {
            self.tell_message("MESSAGE_UPDATE", channel, message);
        }
    }

    /// Takes a message away and tells everybody; `false` if it is not there.
    pub(crate) fn delete(&mut self, channel: u64, message: u64) -> bool {
        let Some(gone) = self
            .channels
            .get_mut(&channel)
            .and_then(|channel| channel.messages.remove(&message))
        else {
            return false;
        };
        if gone.ephemeral_for.is_none() {
            let mut data = json!({"id": message.to_string(), "channel_id": channel.to_string()});
            self.add_guild_id(&mut data, channel);
            self.tell("MESSAGE_DELETE", channel, data);
        }
        true
    }

    /// Takes several messages away and tells it in one event.
    pub(crate) fn delete_many(&mut self, channel: u64, messages: &[u64]) {
        let Some(known) = self.channels.get_mut(&channel) else {
            return;
        };
        let gone: Vec<_> = messages
            .iter()
            .filter(|id| known.messages.remove(id).is_some())
            .map(u64::to_string)
            .collect();
        if !gone.is_empty() {
            let mut data = json!({"ids": gone, "channel_id": channel.to_string()});
            self.add_guild_id(&mut data, channel);
            self.tell("MESSAGE_DELETE_BULK", channel, data);
        }
    }

    /// Tells that a message has changed in a way that is no edit (a pin, an embed).
    pub(crate) fn tell_edit(&mut self, channel: u64, message: u64) {
        self.tell_message("MESSAGE_UPDATE", channel, message);
    }

    /// Tells that somebody types.
    pub(crate) fn type_in(&mut self, channel: u64, user: u64) {
        let now = self.clock.now_us();
        self.typing.retain(|_, since| now - *since < TYPING_US);
        self.typing.insert((channel, user), now);
        let mut data = json!({
            "channel_id": channel.to_string(),
            "user_id": user.to_string(),
            "timestamp": self.clock.now_ms() / 1000,
        });
        self.add_guild_id(&mut data, channel);
        if let Some(member) = self
            .guild_of(channel)
            .and_then(|guild| self.member_json(guild, user))
        {
            data["member"] = member;
        }
        self.tell("TYPING_START", channel, data);
    }

    /// Puts `guild_id` into an event's data, unless it happens in direct messages.
    pub(crate) fn add_guild_id(&self, data: &mut Value, channel: u64) {
        if let Some(guild) = self.guild_of(channel) {
            data["guild_id"] = json!(guild.to_string());
        }
    }

    /// Whether a message was written by somebody, and not by the system: such can be replied to and forwarded.
    pub(crate) const fn is_written(message: &Message) -> bool {
        matches!(message.kind, 0 | 19 | 20 | 23)
    }

    fn tell_message(&mut self, event: &str, channel: u64, message: u64) {
        let Some(message) = self.message(channel, message) else {
            return;
        };
        let text = self.message_event_text(message);
        self.tell(event, channel, text);
    }
}
