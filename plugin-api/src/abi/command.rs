//! JSON heads of what members do: commands, components, autocompletion.

use std::collections::BTreeMap;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeStruct,
};
use serde_json::{Value, from_value, json};

use super::{snowflake, words::words};

words! {
/// Kind of a command: what it is used on.
#[derive(Default)]
pub enum CommandKind {
    /// Nothing: it is typed.
    #[default]
    Chat = "chat",
    /// A user, from the context menu.
    User = "user",
    /// A message, from the context menu.
    Message = "message",
}
}

/// Origin of an invocation, and so where its answers go.
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
#[non_exhaustive]
pub enum Origin {
    /// A message that began with the prefix.
    Message {
        /// Channel of the message.
        #[serde(with = "super::snowflake")]
        channel_id: u64,
        /// The message.
        #[serde(with = "super::snowflake")]
        message_id: u64,
        /// Its author.
        #[serde(with = "super::snowflake")]
        user_id: u64,
    },
    /// An interaction.
    Interaction {
        /// The interaction.
        #[serde(with = "super::snowflake")]
        id: u64,
        /// Its token, good for 15 minutes.
        token: String,
    },
    /// By a way that a later version has, and this one does not know.
    #[serde(other)]
    Unknown,
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
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
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
    /// An emoji.
    Emoji {
        /// Its id; 0 for one of Unicode's.
        id: u64,
        /// Its name, or the emoji itself.
        name: String,
        /// Whether it moves.
        animated: bool,
    },
    /// A message, by its channel's and its own id.
    MessageLink {
        /// The channel.
        channel: u64,
        /// The message.
        message: u64,
    },
    /// Several values.
    List(Vec<Self>),
    /// What a later version has, and this one does not know: as it came.
    Unknown {
        /// Its type.
        kind: String,
        /// Its value.
        value: Value,
    },
}

impl Serialize for OptionValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tagged = Tagged(serializer.serialize_struct("OptionValue", 2)?);
        match self {
            Self::String(text) => tagged.put("string", text)?,
            Self::Integer(number) => tagged.put("integer", number)?,
            Self::Number(number) => tagged.put("number", number)?,
            Self::Boolean(yes) => tagged.put("boolean", yes)?,
            Self::User(id) => tagged.put("user", &id.to_string())?,
            Self::Channel(id) => tagged.put("channel", &id.to_string())?,
            Self::Role(id) => tagged.put("role", &id.to_string())?,
            Self::Message(id) => tagged.put("message", &id.to_string())?,
            Self::Attachment(json) => tagged.put("attachment", json)?,
            Self::Duration(ms) => tagged.put("duration", ms)?,
            Self::Date(seconds) => tagged.put("date", seconds)?,
            Self::Emoji { id, name, animated } => {
                let id = id.to_string();
                tagged.put(
                    "emoji",
                    &json!({"id": id, "name": name, "animated": animated}),
                )?;
            }
            Self::MessageLink { channel, message } => {
                let ids = [channel.to_string(), message.to_string()];
                tagged.put("message_link", &ids)?;
            }
            Self::List(values) => tagged.put("list", values)?,
            Self::Unknown { kind, value } => tagged.put(kind, value)?,
        }
        tagged.0.end()
    }
}

/// A value behind its type.
struct Tagged<S>(S);

impl<S: SerializeStruct> Tagged<S> {
    fn put<T: Serialize + ?Sized>(&mut self, kind: &str, value: &T) -> Result<(), S::Error> {
        self.0.serialize_field("type", kind)?;
        self.0.serialize_field("value", value)
    }
}

impl<'de> Deserialize<'de> for OptionValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Read {
            #[serde(rename = "type")]
            kind: String,
            #[serde(default)]
            value: Value,
        }
        let Read { kind, value } = Read::deserialize(deserializer)?;
        let read = match &*kind {
            "string" => from_value(value).map(Self::String),
            "integer" => from_value(value).map(Self::Integer),
            "number" => from_value(value).map(Self::Number),
            "boolean" => from_value(value).map(Self::Boolean),
            "user" => snowflake::deserialize(value).map(Self::User),
            "channel" => snowflake::deserialize(value).map(Self::Channel),
            "role" => snowflake::deserialize(value).map(Self::Role),
            "message" => snowflake::deserialize(value).map(Self::Message),
            "attachment" => Ok(Self::Attachment(value)),
            "duration" => from_value(value).map(Self::Duration),
            "date" => from_value(value).map(Self::Date),
            "emoji" => from_value(value).map(|EmojiForm { id, name, animated }| Self::Emoji {
                id,
                name,
                animated,
            }),
            "message_link" => from_value(value).and_then(|[channel, message]: [Value; 2]| {
                Ok(Self::MessageLink {
                    channel: snowflake::deserialize(channel)?,
                    message: snowflake::deserialize(message)?,
                })
            }),
            "list" => from_value(value).map(Self::List),
            _ => Ok(Self::Unknown { kind, value }),
        };
        read.map_err(D::Error::custom)
    }
}

/// An emoji as it crosses.
#[derive(Deserialize)]
struct EmojiForm {
    #[serde(default, with = "super::snowflake")]
    id: u64,
    #[serde(default)]
    name: String,
    #[serde(default)]
    animated: bool,
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
    /// The user whom the component is for; absent: everyone.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub owner: Option<u64>,
    /// Seconds for which it can be used since it was last; absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u64>,
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
    #[serde(with = "super::snowflake")]
    pub user_id: u64,
    /// In which server; absent in direct messages.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// In which channel; absent when it is about the server as a whole.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub channel_id: Option<u64>,
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
    #[serde(with = "super::snowflake")]
    pub user_id: u64,
    /// In which server; absent in direct messages.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub guild_id: Option<u64>,
    /// In which channel; absent when it is about the server as a whole.
    #[serde(
        default,
        with = "super::snowflake::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub channel_id: Option<u64>,
}

/// Result of an [`EntryKind::Check`](super::EntryKind) entry.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckReply {
    /// The sentence for the member, when the check refuses.
    pub refusal: Option<String>,
}
