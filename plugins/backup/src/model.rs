//! Contents of a server as a snapshot keeps them: chosen fields of Discord's own JSON, with the ids that lead from one to another.

use std::{cmp::Reverse, collections::BTreeMap};

use plugin_api::twilight_model::id::{Id, marker::GenericMarker};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The feature of servers with rules, updates, forums, stages and announcements.
pub(crate) const COMMUNITY: &str = "COMMUNITY";

/// An id of anything: of a role, a channel, a server.
pub(crate) type Snowflake = Id<GenericMarker>;

/// Fields as Discord names them. What has its default is left out, so that nothing and the default are the same.
pub(crate) type Fields = Map<String, Value>;

/// All of a server but its members.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Contents {
    pub(crate) server: Server,
    pub(crate) roles: Vec<Item>,
    pub(crate) channels: Vec<Item>,
    pub(crate) emojis: Vec<Item>,
    pub(crate) stickers: Vec<Item>,
    /// What the bot keeps for the server: its prefix and its settings, by path.
    pub(crate) bot: BTreeMap<String, Value>,
}

/// The server's own settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Server {
    pub(crate) id: Snowflake,
    pub(crate) fields: Fields,
    /// Channels that settings name, by setting: `system_channel_id` and the like.
    #[serde(default)]
    pub(crate) channels: BTreeMap<String, Snowflake>,
    #[serde(default)]
    pub(crate) features: Vec<String>,
    /// Discord's hash of the icon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) icon: Option<String>,
    /// SHA-256 of the icon: its hash is another one when it is uploaded again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) icon_sha256: Option<String>,
    /// The icon itself, as a data URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) picture: Option<String>,
    #[serde(skip)]
    pub(crate) line: Option<Line>,
}

impl Server {
    /// Whether Community is on.
    pub(crate) fn is_community(&self) -> bool {
        self.features.iter().any(|known| known == COMMUNITY)
    }
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Role,
    Channel,
    Emoji,
    Sticker,
}

/// A role, a channel, an emoji or a sticker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: Snowflake,
    /// Discord's type of a channel, its format of a sticker; 1 for an animated emoji.
    #[serde(default)]
    pub(crate) sort: u8,
    /// It belongs to a bot or an integration: nobody else can make it, give it or take it away.
    #[serde(default)]
    pub(crate) managed: bool,
    #[serde(default)]
    pub(crate) position: i64,
    /// The category of a channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<Snowflake>,
    /// Of a channel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) overwrites: Vec<Overwrite>,
    /// The roles that may use an emoji; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) roles: Vec<Snowflake>,
    pub(crate) fields: Fields,
    /// Discord's hash of a role's icon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) icon: Option<String>,
    /// SHA-256 of the icon, as of a server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) icon_sha256: Option<String>,
    /// As a data URI; taken out when a snapshot is read as a whole: see `line`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) picture: Option<String>,
    /// Where the record with the picture stands in the snapshot's file.
    #[serde(skip)]
    pub(crate) line: Option<Line>,
}

/// A line of a snapshot's file: where it begins and how long it is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// What a channel allows or denies to a role (`kind` 0) or a member (1): numbers of permission bits, as Discord writes them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Overwrite {
    pub(crate) id: Snowflake,
    #[serde(rename = "type")]
    pub(crate) kind: u8,
    pub(crate) allow: String,
    pub(crate) deny: String,
}

/// Roles of a member, as Discord lists them: without @everyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) id: Snowflake,
    pub(crate) name: String,
    pub(crate) roles: Vec<Snowflake>,
}

/// Where a role stands: higher is more; of two at the same position the older one is higher.
pub(crate) type Rank = (i64, Reverse<Snowflake>);

/// Discord's types of channels that are told apart here.
pub(crate) mod sort {
    pub(crate) const TEXT: u8 = 0;
    pub(crate) const VOICE: u8 = 2;
    pub(crate) const CATEGORY: u8 = 4;
    pub(crate) const ANNOUNCEMENT: u8 = 5;
    pub(crate) const STAGE: u8 = 13;
    pub(crate) const FORUM: u8 = 15;
    pub(crate) const MEDIA: u8 = 16;
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Role, Self::Channel, Self::Emoji, Self::Sticker];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Channel => "channel",
            Self::Emoji => "emoji",
            Self::Sticker => "sticker",
        }
    }
}

impl Contents {
    pub(crate) fn of(&self, kind: Kind) -> &[Item] {
        match kind {
            Kind::Role => &self.roles,
            Kind::Channel => &self.channels,
            Kind::Emoji => &self.emojis,
            Kind::Sticker => &self.stickers,
        }
    }

    pub(crate) fn item(&self, kind: Kind, id: Snowflake) -> Option<&Item> {
        self.of(kind).iter().find(|item| item.id == id)
    }
}

impl Item {
    pub(crate) fn name(&self) -> &str {
        text(&self.fields, "name")
    }

    /// Of a role.
    pub(crate) const fn rank(&self) -> Rank {
        (self.position, Reverse(self.id))
    }

    /// Permission bits of a role.
    pub(crate) fn permissions(&self) -> u64 {
        text(&self.fields, "permissions").parse().unwrap_or(0)
    }

    /// As people read it.
    pub(crate) fn title(&self, kind: Kind) -> String {
        let name = self.name();
        match (kind, self.sort) {
            (Kind::Role, _) => format!("role {name}"),
            (Kind::Channel, sort::CATEGORY) => format!("category {name}"),
            (Kind::Channel, sort::VOICE | sort::STAGE) => format!("voice channel {name}"),
            (Kind::Channel, sort::FORUM | sort::MEDIA) => format!("forum #{name}"),
            (Kind::Channel, _) => format!("channel #{name}"),
            (Kind::Emoji, _) => format!("emoji :{name}:"),
            (Kind::Sticker, _) => format!("sticker {name}"),
        }
    }
}

/// A field that is text; empty where it is missing.
pub(crate) fn text<'a>(fields: &'a Fields, key: &str) -> &'a str {
    fields.get(key).and_then(Value::as_str).unwrap_or_default()
}
