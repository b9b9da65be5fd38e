//! Channels of every kind: those of guilds, their threads, and direct messages.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use twilight_model::{channel::ChannelType, guild::Permissions};

use super::{Record, Thread, World, message::Message, record::fields};

/// Messages that a channel keeps; older ones are forgotten, so that long load tests stay small.
const KEPT_MESSAGES: usize = 5000;

/// A channel of a guild, a thread, or a direct message.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub id: u64,
    pub kind: ChannelKind,
    pub name: String,
    pub topic: Option<String>,
    pub position: i32,
    /// The category; of a thread the channel that it hangs on.
    pub parent: Option<u64>,
    /// Of a thread always empty: its parent's count.
    pub overwrites: Vec<Overwrite>,
    pub rate_limit_per_user: u16,
    pub nsfw: bool,
    pub flags: u64,
    /// What only some kinds have and the sandbox keeps as Discord's JSON: `bitrate`, `available_tags`, …
    pub settings: Record,
    /// Set if the channel is a thread.
    pub thread: Option<Thread>,
    /// Boxed: a message is large, and the map moves what it holds.
    pub messages: BTreeMap<u64, Box<Message>>,
    pub last_message: Option<u64>,
}

/// Where a channel belongs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ChannelKind {
    /// A channel or thread of this guild.
    Guild { guild: u64, of: ChannelType },
    /// The direct messages of the bot with this user.
    Direct { user: u64 },
}

/// What a channel changes in a role's or member's permissions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Overwrite {
    pub id: u64,
    pub of_role: bool,
    pub allow: Permissions,
    pub deny: Permissions,
}

impl Overwrite {
    /// The overwrite object.
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "type": u8::from(!self.of_role),
            "allow": self.allow.bits().to_string(),
            "deny": self.deny.bits().to_string(),
        })
    }
}

impl Channel {
    /// An empty channel.
    pub(crate) fn new(id: u64, name: &str, kind: ChannelKind) -> Self {
        let mut channel = Self {
            id,
            kind,
            name: name.to_owned(),
            topic: None,
            position: 0,
            parent: None,
            overwrites: Vec::new(),
            rate_limit_per_user: 0,
            nsfw: false,
            flags: 0,
            settings: Record::new(),
            thread: None,
            messages: BTreeMap::new(),
            last_message: None,
        };
        channel.settings = default_settings(channel.of());
        channel
    }

    /// The guild, unless the channel is a direct message.
    pub(crate) const fn guild(&self) -> Option<u64> {
        match self.kind {
            ChannelKind::Guild { guild, .. } => Some(guild),
            ChannelKind::Direct { .. } => None,
        }
    }

    /// Discord's type of channel.
    pub(crate) const fn of(&self) -> ChannelType {
        match self.kind {
            ChannelKind::Guild { of, .. } => of,
            ChannelKind::Direct { .. } => ChannelType::Private,
        }
    }

    /// Discord's number for the type of channel.
    pub(crate) fn type_number(&self) -> u8 {
        self.of().into()
    }

    /// Whether this is a thread.
    pub(crate) const fn is_thread(&self) -> bool {
        self.of().is_thread()
    }

    /// Whether this is a thread that is archived.
    pub(crate) fn is_archived(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| thread.archived)
    }

    /// Whether messages can be in it: everything but categories, forums and media channels.
    pub(crate) const fn has_messages(&self) -> bool {
        !matches!(
            self.of(),
            ChannelType::GuildCategory | ChannelType::GuildForum | ChannelType::GuildMedia
        )
    }

    /// Keeps a message, and forgets the oldest beyond the limit.
    pub(crate) fn keep(&mut self, message: Message) {
        if message.ephemeral_for.is_none() {
            self.last_message = Some(message.id);
        }
        self.messages.insert(message.id, Box::new(message));
        while self.messages.len() > KEPT_MESSAGES {
            self.messages.pop_first();
        }
    }
}

/// What a new channel of this type has of its own.
pub(crate) fn default_settings(of: ChannelType) -> Record {
    fields(match of {
        ChannelType::GuildVoice | ChannelType::GuildStageVoice => {
            json!({"bitrate": 64_000, "user_limit": 0, "rtc_region": null})
        }
        ChannelType::GuildForum | ChannelType::GuildMedia => json!({
            "available_tags": [],
            "default_reaction_emoji": null,
            "default_sort_order": null,
            "default_forum_layout": 0,
            "default_thread_rate_limit_per_user": 0,
        }),
        _ => Value::Null,
    })
}

impl World {
    /// The channel object.
    pub(crate) fn channel_json(&self, channel: &Channel) -> Value {
        let mut json = json!({
            "id": channel.id.to_string(),
            "type": channel.type_number(),
            "last_message_id": channel.last_message.map(|id| id.to_string()),
            "flags": channel.flags,
        });
        let guild = match channel.kind {
            ChannelKind::Guild { guild, .. } => guild,
            ChannelKind::Direct { user } => {
                let user = self.users.get(&user).map(|user| user.json());
                json["recipients"] = user.into_iter().collect();
                return json;
            }
        };
        json["guild_id"] = json!(guild.to_string());
        json["name"] = json!(channel.name);
        json["parent_id"] = json!(channel.parent.map(|id| id.to_string()));
        json["rate_limit_per_user"] = json!(channel.rate_limit_per_user);
        if channel.has_messages() {
            json["last_pin_timestamp"] = channel.last_pin_json();
        }
        if let Some(thread) = &channel.thread {
            add_thread(&mut json, channel, thread);
            return json;
        }
        json["position"] = json!(channel.position);
        json["nsfw"] = json!(channel.nsfw);
        json["permission_overwrites"] = channel.overwrites.iter().map(Overwrite::json).collect();
        if channel.of() != ChannelType::GuildCategory {
            json["topic"] = json!(channel.topic);
        }
        for (key, value) in &channel.settings {
            json[key] = value.clone();
        }
        json
    }

    /// The channels of a guild, by position; its threads are not among them.
    pub(crate) fn channels_of(&self, guild: u64) -> impl Iterator<Item = &Channel> {
        let channels = self.channels.of_guild(guild);
        let mut channels: Vec<_> = channels.filter(|channel| !channel.is_thread()).collect();
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

    /// Puts an empty channel into the world, below the others of its guild.
    pub(crate) fn insert_channel(&mut self, id: u64, name: &str, kind: ChannelKind) {
        let mut channel = Channel::new(id, name, kind);
        if let Some(guild) = channel.guild()
            && !channel.is_thread()
        {
            let others = self.channels.of_guild(guild).len();
            channel.position = i32::try_from(others).unwrap_or(i32::MAX);
        }
        self.channels.insert(id, channel);
    }
}

fn add_thread(json: &mut Value, channel: &Channel, thread: &Thread) {
    let private = channel.of() == ChannelType::PrivateThread;
    let messages = channel.messages.values();
    let told = messages.filter(|message| {
        message.ephemeral_for.is_none() && World::is_written(message) && message.id != channel.id
    });
    json["owner_id"] = json!(thread.owner.to_string());
    json["thread_metadata"] = thread.metadata_json(private);
    json["message_count"] = json!(told.count());
    json["member_count"] = json!(thread.members.len().min(50));
    json["total_message_sent"] = json!(thread.total_sent);
    if !thread.applied_tags.is_empty() {
        let tags = thread.applied_tags.iter().map(u64::to_string);
        json["applied_tags"] = tags.collect();
    }
}
