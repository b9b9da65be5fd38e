//! Commands in the manifest: what routing, registration with Discord, help and permissions read of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::abi::{CommandKind, words::words};

/// A command, or a group of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CommandManifest {
    /// What it is used on.
    pub kind: CommandKind,
    /// Name, as Discord's [naming rules](https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming) want it.
    pub name: String,
    /// Other names, by prefix alone.
    pub aliases: Vec<String>,
    /// What it does: 1 to 100 characters; none for context menus.
    pub description: String,
    /// More about it, for help texts.
    pub help: String,
    /// Name and description in other languages, by Discord's
    /// [locale](https://discord.com/developers/docs/reference#locales).
    pub localized: BTreeMap<String, Localized>,
    /// Its options, required ones first.
    pub options: Vec<OptionManifest>,
    /// Its commands, when it is a group; a group's own may be groups, too, but no deeper.
    pub subcommands: Vec<Self>,
    /// Whether a message with the prefix reaches it.
    pub prefix: bool,
    /// Whether it is a slash command.
    pub slash: bool,
    /// Whether its answers are for the invoker's eyes alone.
    pub ephemeral: bool,
    /// Whether, by prefix, they are not: they are where the command was typed.
    pub typed_openly: bool,
    /// Whether it works in servers only.
    pub guild_only: bool,
    /// Whether it works in direct messages only.
    pub dm_only: bool,
    /// Whether it works in age-restricted channels only.
    pub age_restricted: bool,
    /// Who may use it. A group's holds for all in it.
    pub access: AccessManifest,
    /// How often it may be used; `None`: the bot's default.
    pub cooldown: Option<CooldownManifest>,
    /// How many uses may run at once.
    pub concurrency: Option<ConcurrencyManifest>,
    /// How it is used, as one would type it without a prefix: `roll 6 2`.
    pub examples: Vec<String>,
    /// Whether help leaves it out. It can be used all the same.
    pub hidden: bool,
    /// The servers that it is for, if it is for chosen ones: registered in these alone, and refused elsewhere.
    #[serde(with = "crate::abi::snowflake::list")]
    pub guilds: Vec<u64>,
    /// Of a group: whether it has a handler of its own, by prefix, which gets what names none of its commands.
    pub runs: bool,
    /// What its handler may take, in milliseconds, before it is stopped; `None`: as its group's, the plugin's, or the operator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
}

impl CommandManifest {
    /// Whether its answers are for the invoker's eyes alone where it is used so.
    #[must_use]
    pub const fn is_private(&self, by_prefix: bool) -> bool {
        self.ephemeral && !(by_prefix && self.typed_openly)
    }
}

/// Name and description in another language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Localized {
    /// The name; `None`: the same.
    pub name: Option<String>,
    /// The description; `None`: the same.
    pub description: Option<String>,
}

impl Localized {
    /// A name and a description; what is empty is the same.
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            name: given(name.into()),
            description: given(description.into()),
        }
    }
}

/// Access to a command: who may use it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AccessManifest {
    /// The bot's owners alone. No server's settings can open it.
    pub owner_only: bool,
    /// The owner of the server, and the bot's owners.
    pub guild_owner_only: bool,
    /// Permissions that the member needs in the channel, as Discord's
    /// [bits](https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags).
    #[serde(with = "crate::abi::snowflake")]
    pub permissions: u64,
    /// Permissions that the bot needs in the channel.
    #[serde(with = "crate::abi::snowflake")]
    pub bot_permissions: u64,
    /// Roles of which the member needs one: names, or ids. Empty: none.
    pub any_role: Vec<String>,
    /// Whether the plugin has a check of its own.
    pub checked: bool,
}

/// Cooldown of a command: how often it may be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CooldownManifest {
    /// Uses within the period; `None`: as many as one likes, whatever the bot's default is.
    pub uses: Option<u32>,
    /// The period, in milliseconds.
    pub period_ms: u64,
    /// Who shares it.
    pub per: Per,
}

/// Limit on uses of a command that run at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ConcurrencyManifest {
    /// Uses at once, at least 1.
    pub uses: u32,
    /// Who shares them.
    pub per: Per,
}

words! {
/// Sharers of a cooldown, or of a maximum of uses at once.
#[derive(Default)]
pub enum Per {
    /// Each user has their own.
    #[default]
    User = "user",
    /// Each member of each server; in direct messages each user.
    Member = "member",
    /// Everybody in a channel.
    Channel = "channel",
    /// Everybody in a server; in direct messages each user.
    Guild = "guild",
    /// Everybody.
    Global = "global",
}
}

/// An option of a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OptionManifest {
    /// Name.
    pub name: String,
    /// What it means: 1 to 100 characters.
    pub description: String,
    /// Name and description in other languages.
    pub localized: BTreeMap<String, Localized>,
    /// What values it takes.
    pub kind: OptionKind,
    /// Whether it must be given.
    pub required: bool,
    /// What it is when it is not given: as it would be typed.
    pub default: Option<String>,
    /// The only values that it takes, where there are any.
    pub choices: Vec<ChoiceManifest>,
    /// Least value, or least length of a string.
    pub min: Option<f64>,
    /// Greatest value, or greatest length of a string.
    pub max: Option<f64>,
    /// The [types](https://discord.com/developers/docs/resources/channel#channel-object-channel-types) of channels that it
    /// takes; empty: all.
    pub channel_kinds: Vec<u8>,
    /// By prefix: takes the rest of the line, blanks included.
    pub rest: bool,
    /// Takes several values; by slash they are typed one after the other.
    pub repeated: bool,
    /// Whether its plugin proposes values while it is typed.
    pub autocomplete: bool,
}

impl Default for OptionManifest {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            localized: BTreeMap::new(),
            kind: OptionKind::String,
            required: false,
            default: None,
            choices: Vec::new(),
            min: None,
            max: None,
            channel_kinds: Vec::new(),
            rest: false,
            repeated: false,
            autocomplete: false,
        }
    }
}

/// A value that an option takes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "ChoiceForm")]
#[non_exhaustive]
pub struct ChoiceManifest {
    /// What the member sees: 1 to 100 characters.
    pub name: String,
    /// What the handler is given: a string or a number, as the option's kind.
    pub value: Value,
}

impl ChoiceManifest {
    /// A choice that is called `name`.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// A choice may be written as its name alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum ChoiceForm {
    Name(String),
    Whole { name: String, value: Value },
}

impl From<ChoiceForm> for ChoiceManifest {
    fn from(form: ChoiceForm) -> Self {
        match form {
            ChoiceForm::Name(name) => Self::new(name.clone(), name),
            ChoiceForm::Whole { name, value } => Self { name, value },
        }
    }
}

words! {
/// Type of an option's values.
pub enum OptionKind {
    /// Text.
    String = "string",
    /// A whole number.
    Integer = "integer",
    /// A number.
    Number = "number",
    /// Yes or no.
    Boolean = "boolean",
    /// A user.
    User = "user",
    /// A user who is a member of the server.
    Member = "member",
    /// A channel.
    Channel = "channel",
    /// A role.
    Role = "role",
    /// A user or a role.
    Mentionable = "mentionable",
    /// A file.
    Attachment = "attachment",
    /// A length of time, such as `1h30m`.
    Duration = "duration",
    /// A point in time, such as `2026-12-24 18:00`.
    Date = "date",
    /// An emoji, of Unicode or of a server.
    Emoji = "emoji",
    /// A message, by its link or id.
    Message = "message",
}
}
