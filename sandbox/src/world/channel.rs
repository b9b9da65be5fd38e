//! Channels: text channels of guilds, and direct messages.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use twilight_model::guild::Permissions;

use super::{World, message::Message};

/// Messages that a channel keeps; older ones are forgotten, so that long load tests stay small.
const KEPT_MESSAGES: usize = 5000;

/// A text channel or a direct message.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub id: u64,
    pub kind: ChannelKind,
    pub name: String,
    pub topic: Option<String>,
    pub position: i32,
    pub overwrites: Vec<Overwrite>,
    pub rate_limit_per_user: u16,
    pub nsfw: bool,
    pub messages: BTreeMap<u64, Message>,
    pub last_message: Option<u64>,
}

/// Where a channel belongs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ChannelKind {
    /// A text channel of this guild.
    Text { guild: u64 },
    /// The direct messages of the bot with this user.
    Direct { user: u64 },
}

/// What a channel changes in a role's or member's permissions.
#[derive(Clone, Debug)]
pub(crate) struct Overwrite {
    pub id: u64,
    pub of_role: bool,
    pub allow: Permissions,
    pub deny: Permissions,
}

impl Channel {
    /// The guild, unless the channel is a direct message.
    pub(crate) const fn guild(&self) -> Option<u64> {
        match self.kind {
            ChannelKind::Text { guild } => Some(guild),
            ChannelKind::Direct { .. } => None,
        }
    }

    /// Discord's number for the type of channel.
    pub(crate) const fn type_number(&self) -> u8 {
        match self.kind {
            ChannelKind::Text { .. } => 0,
            ChannelKind::Direct { .. } => 1,
        }
    }

    /// Keeps a message, and forgets the oldest beyond the limit.
    pub(crate) fn keep(&mut self, message: Message) {
        if message.ephemeral_for.is_none() {
            self.last_message = Some(message.id);
        }
        self.messages.insert(message.id, message);
        while self.messages.len() > KEPT_MESSAGES {
            self.messages.pop_first();
        }
    }
}

impl World {
    /// The channel object.
    pub(crate) fn channel_json(&self, channel: &Channel) -> Value {
        let last = channel.last_message.map(|id| id.to_string());
        match channel.kind {
            ChannelKind::Text { guild } => json!({
                "id": channel.id.to_string(),
                "type": 0,
                "guild_id": guild.to_string(),
                "name": channel.name,
                "topic": channel.topic,
                "position": channel.position,
                "parent_id": null,
                "nsfw": channel.nsfw,
                "rate_limit_per_user": channel.rate_limit_per_user,
                "last_message_id": last,
                "last_pin_timestamp": channel.last_pin_json(),
                "flags": 0,
                "permission_overwrites": channel.overwrites.iter().map(|overwrite| json!({
                    "id": overwrite.id.to_string(),
                    "type": u8::from(!overwrite.of_role),
                    "allow": overwrite.allow.bits().to_string(),
                    "deny": overwrite.deny.bits().to_string(),
                })).collect::<Vec<_>>(),
            }),
            ChannelKind::Direct { user } => json!({
                "id": channel.id.to_string(),
                "type": 1,
                "last_message_id": last,
                "flags": 0,
                "recipients": self.users.get(&user).map(|user| user.json()).into_iter().collect::<Vec<_>>(),
            }),
        }
    }

    /// The channels of a guild, by position.
    pub(crate) fn channels_of(&self, guild: u64) -> impl Iterator<Item = &Channel> {
        let mut channels: Vec<_> = self.channels.of_guild(guild).collect();
        channels.sort_by_key(|channel| (channel.position, channel.id));
        channels.into_iter()
    }

    /// The channels that a user can see, guild by guild, and the direct messages with the bot at the end.
    pub(crate) fn channels_for(&self, user: u64) -> impl Iterator<Item = &Channel> {
        let of_guilds = self
            .guilds_of(user)
            .flat_map(|guild| self.channels_of(guild.id));
        let direct = self.channels.direct(user);
        let direct = direct.and_then(|id| self.channels.get(&id));
        of_guilds
            .filter(move |channel| self.may(user, channel.id, Permissions::VIEW_CHANNEL))
            .chain(direct)
    }

    /// The bot's direct messages with a user, opened if they are not yet.
    pub(crate) fn direct_channel(&mut self, user: u64) -> u64 {
        self.open_direct_channel(user).unwrap_or_else(|| {
            let id = self.snowflakes.next();
            self.insert_channel(id, "dm", ChannelKind::Direct { user });
            id
        })
    }

    /// The bot's direct messages with a user, if they are open.
    pub(crate) fn open_direct_channel(&self, user: u64) -> Option<u64> {
        self.channels.direct(user)
    }

    /// Puts an empty channel into the world.
    pub(crate) fn insert_channel(&mut self, id: u64, name: &str, kind: ChannelKind) {
        let position = match kind {
            ChannelKind::Text { guild } => self.channels.of_guild(guild).len(),
            ChannelKind::Direct { .. } => 0,
        };
        let position = i32::try_from(position).unwrap_or(i32::MAX);
        self.channels.insert(
            id,
            Channel {
                id,
                kind,
                name: name.to_owned(),
                topic: None,
                position,
                overwrites: Vec::new(),
                rate_limit_per_user: 0,
                nsfw: false,
                messages: BTreeMap::new(),
                last_message: None,
            },
        );
    }
}
