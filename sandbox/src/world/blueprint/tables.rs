//! Schema of the file, key by key. What they mean is in [`super::furnish`].

use serde::Deserialize;
use toml::Spanned;

/// A word with its place in the file.
pub(super) type Word = Spanned<String>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tables {
    #[serde(default)]
    pub application: Application,
    pub size: Option<Size>,
    #[serde(default)]
    pub user: Vec<User>,
    #[serde(default)]
    pub guild: Vec<Guild>,
    #[serde(default)]
    pub dm: Vec<Direct>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Application {
    /// The bot's name, which is the application's and that of the bot's role.
    pub name: Option<Word>,
    /// The user whom the application belongs to.
    pub owner: Option<Word>,
    /// Those that are switched on; all by default.
    pub privileged_intents: Option<Vec<Word>>,
    /// Of its OAuth2 client; another one in each run without.
    pub client_secret: Option<Word>,
    /// Where users may be sent back to; anywhere on loopback if there is none.
    #[serde(default)]
    pub redirect_uris: Vec<Word>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Size {
    pub guilds: u32,
    /// In each guild.
    pub members: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub name: Word,
    pub display_name: Option<Word>,
    #[serde(default)]
    pub bot: bool,
    pub presence: Option<Presence>,
    /// Whether the bot may send direct messages.
    #[serde(default = "yes")]
    pub direct_messages: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Guild {
    pub name: Word,
    pub owner: Word,
    /// Whether the bot is in it.
    #[serde(default = "yes")]
    pub bot: bool,
    /// How many members to make up besides those who are named.
    #[serde(default)]
    pub crowd: u32,
    #[serde(default)]
    pub crowd_roles: Vec<Word>,
    /// The highest first.
    #[serde(default)]
    pub role: Vec<Role>,
    #[serde(default)]
    pub channel: Vec<Channel>,
    #[serde(default)]
    pub member: Vec<Member>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    pub name: Word,
    pub permissions: Option<Vec<Word>>,
    /// `#rrggbb`.
    pub color: Option<Word>,
    #[serde(default)]
    pub hoist: bool,
    #[serde(default)]
    pub mentionable: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Channel {
    pub name: Word,
    #[serde(default)]
    pub kind: Kind,
    pub category: Option<Word>,
    pub topic: Option<Word>,
    #[serde(default)]
    pub nsfw: bool,
    /// Seconds between two messages of a user.
    pub slowmode_s: Option<Spanned<u16>>,
    #[serde(default)]
    pub overwrite: Vec<Overwrite>,
    #[serde(default)]
    pub message: Vec<Message>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    #[default]
    Text,
    Announcement,
    Voice,
    Stage,
    Forum,
    Media,
    Category,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Presence {
    Online,
    Idle,
    Dnd,
    Offline,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Overwrite {
    pub role: Option<Word>,
    pub user: Option<Word>,
    #[serde(default)]
    pub allow: Vec<Word>,
    #[serde(default)]
    pub deny: Vec<Word>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    pub user: Word,
    #[serde(default)]
    pub roles: Vec<Word>,
    pub nick: Option<Word>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Direct {
    pub user: Word,
    #[serde(default)]
    pub message: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
    pub author: Word,
    pub text: Word,
    #[serde(default)]
    pub pinned: bool,
}

const fn yes() -> bool {
    true
}
