//! The heads of what members do: commands, components, autocompletion.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::manifest::CommandKind;

/// Where an invocation came from, and so where its answers go.
///
/// ```
/// use plugin_api::abi::Origin;
///
/// let origin: Origin = serde_json::from_str(r#"{"via": "interaction", "id": 5, "token": "t"}"#)?;
/// assert!(matches!(origin, Origin::Interaction { id: 5, .. }));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "via", rename_all = "snake_case")]
pub enum Origin {
    /// A message that began with the prefix.
    Message {
        /// Channel of the message.
        channel_id: u64,
        /// The message.
        message_id: u64,
        /// Its author.
        user_id: u64,
    },
    /// An interaction.
    Interaction {
        /// The interaction.
        id: u64,
        /// Its token, good for 15 minutes.
        token: String,
    },
}

/// A value of a command option, the same by prefix and by slash.
///
/// ```
/// use plugin_api::abi::OptionValue;
///
/// let value: OptionValue = serde_json::from_str(r#"{"type": "integer", "value": 3}"#)?;
/// assert_eq!(value, OptionValue::Integer(3));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum OptionValue {
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// A user's id.
    User(u64),
    /// A channel's id.
    Channel(u64),
    /// A role's id.
    Role(u64),
    /// A message's id.
    Message(u64),
    /// A file, as Discord's
    /// [attachment](https://discord.com/developers/docs/resources/message#attachment-object).
    Attachment(Value),
    /// A length of time, in milliseconds.
    Duration(u64),
    /// A point in time, in seconds since 1970 began.
    Date(i64),
    /// Several values.
    List(Vec<Self>),
}

/// Head of COMMAND.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CommandHead {
    /// What kind of command.
    #[serde(default)]
    pub kind: CommandKind,
    /// The command's name as declared; of one in a group its path: `settings prefix`.
    pub command: String,
    /// Where it came from.
    pub origin: Origin,
    /// The options that were given, by name; for a context menu what it was opened on, as `target`.
    #[serde(default)]
    pub options: BTreeMap<String, OptionValue>,
    /// Whether its answers were declared to be for the invoker's eyes alone.
    #[serde(default)]
    pub ephemeral: bool,
    /// As it is typed where it was used: `!tag add`, `/shop tag add`; a context menu's name.
    #[serde(default)]
    pub typed: String,
    /// Whether the host has asked the plugin's own checks already (an entry of kind CHECK), before it counted the use.
    #[serde(default)]
    pub checked: bool,
}

/// Head of COMPONENT.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ComponentHead {
    /// The handler's name as declared.
    pub handler: String,
    /// What the custom id carried behind the handler's name.
    #[serde(default)]
    pub argument: String,
    /// Where it came from.
    pub origin: Origin,
    /// The user whom the component is for; 0: everyone.
    #[serde(default)]
    pub owner: u64,
    /// Seconds for which it can be used since it was last; 0: for ever.
    #[serde(default)]
    pub timeout_s: u64,
    /// The values picked in a select.
    #[serde(default)]
    pub values: Vec<String>,
    /// A modal's fields, by custom id.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// What was picked in a modal's selects, or uploaded, by custom id: values, or ids.
    #[serde(default)]
    pub picked: BTreeMap<String, Vec<String>>,
}

/// Argument of an [`EntryKind::Autocomplete`](super::EntryKind) entry.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AutocompleteCall {
    /// The command's path.
    pub command: String,
    /// The option that is being typed.
    pub option: String,
    /// What is typed so far.
    pub typed: String,
    /// The other options, as far as they are there and can be read.
    pub options: BTreeMap<String, OptionValue>,
    /// Who types.
    pub user_id: u64,
    /// In which server; 0 in direct messages.
    pub guild_id: u64,
    /// In which channel.
    pub channel_id: u64,
    /// The member's [locale](https://discord.com/developers/docs/reference#locales).
    pub locale: String,
}

/// Argument of an [`EntryKind::Check`](super::EntryKind) entry: who wants to use which command, and where.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckCall {
    /// The command's path.
    pub command: String,
    /// Who.
    pub user_id: u64,
    /// In which server; 0 in direct messages.
    pub guild_id: u64,
    /// In which channel.
    pub channel_id: u64,
}

/// Result of an [`EntryKind::Check`](super::EntryKind) entry.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckReply {
    /// What the member is told, when the check refuses.
    pub refusal: Option<String>,
}
