//! Option values: the types that options are read as.

use std::{fmt, time::Duration};

use twilight_model::{
    channel::Attachment,
    id::{
        Id,
        marker::{ChannelMarker, MessageMarker, RoleMarker, UserMarker},
    },
    util::Timestamp,
};

use crate::{
    abi::OptionValue,
    error::{Error, Result},
    picked::{Emoji, MessageLink},
};

/// An option as it was given, or not: what [`FromOption`] reads.
///
/// ```
/// use plugin_api::OptionInput;
///
/// let pot = OptionInput::text("size", "pot");
/// assert_eq!((pot.name(), pot.read::<String>()?), ("size", "pot".to_owned()));
/// let none = OptionInput::absent("size");
/// assert_eq!((none.is_given(), none.read::<Option<String>>()?), (false, None));
/// # Ok::<(), plugin_api::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct OptionInput<'a> {
    name: &'a str,
    value: Raw<'a>,
}

/// The value as it crossed, or a text of a test's.
#[derive(Debug, Clone, Copy)]
enum Raw<'a> {
    Not,
    Value(&'a OptionValue),
    Text(&'a str),
}

impl<'a> OptionInput<'a> {
    pub(crate) fn of(name: &'a str, value: Option<&'a OptionValue>) -> Self {
        Self {
            name,
            value: value.map_or(Raw::Not, Raw::Value),
        }
    }

    /// An option that was given as this text: for tests.
    #[must_use]
    pub const fn text(name: &'a str, text: &'a str) -> Self {
        Self {
            name,
            value: Raw::Text(text),
        }
    }

    /// An option that was not given: for tests.
    #[must_use]
    pub const fn absent(name: &'a str) -> Self {
        Self {
            name,
            value: Raw::Not,
        }
    }

    /// The option's name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Whether it was given.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        !matches!(self.value, Raw::Not)
    }

    /// Reads it as another type.
    ///
    /// # Errors
    ///
    /// It was not given though `T` needs one, or is of another type.
    pub fn read<T: FromOption>(self) -> Result<T> {
        T::from_option(self)
    }

    #[cold]
    fn mistaken(self, what: &str) -> Error {
        let name = self.name;
        let value: &dyn fmt::Debug = match &self.value {
            Raw::Not => {
                return Error::new(format!(
                    "option `{name}` was not given: declare it with `required()`, or read it as an `Option`"
                ));
            }
            Raw::Value(OptionValue::Unknown { kind, .. }) => {
                return Error::new(format!(
                    "option `{name}` is a `{kind}`, which this plugin's plugin-api ({}) does not know: build the plugin with the host's",
                    crate::abi::API_VERSION
                ));
            }
            Raw::Value(value) => value,
            Raw::Text(text) => text,
        };
        Error::new(format!(
            "option `{name}` is {value:?}, and was read as {what}: read it as the type that it was declared with"
        ))
    }
}

/// A type that an option's value can be read as: what [`CommandContext::option`](crate::CommandContext::option) returns.
///
/// Implemented for `String`, `i64`, `f64`, `bool`, the ids of users, channels and roles, and `Option` of each. A type of
/// your own reads one of these and goes on from there:
///
/// ```
/// use plugin_api::{FromOption, OptionInput, prelude::*};
///
/// #[derive(Debug, PartialEq)]
/// enum Size { Cup, Pot }
///
/// impl FromOption for Size {
///     fn from_option(input: OptionInput<'_>) -> Result<Self> {
///         match &*input.read::<String>()? {
///             "cup" => Ok(Self::Cup),
///             "pot" => Ok(Self::Pot),
///             other => Err(Error::user(format!("there is no tea by the `{other}`"))),
///         }
///     }
/// }
///
/// assert_eq!(OptionInput::text("size", "pot").read::<Size>()?, Size::Pot);
/// assert_eq!(OptionInput::absent("size").read::<Option<Size>>()?, None);
/// # Ok::<(), Error>(())
/// ```
pub trait FromOption: Sized {
    /// Reads the option, which may not have been given.
    ///
    /// # Errors
    ///
    /// The option was not given though `Self` needs one, or is of another type.
    fn from_option(input: OptionInput<'_>) -> Result<Self>;
}

impl<T: FromOption> FromOption for Option<T> {
    fn from_option(input: OptionInput<'_>) -> Result<Self> {
        input.is_given().then(|| T::from_option(input)).transpose()
    }
}

impl<T: FromOption> FromOption for Vec<T> {
    fn from_option(input: OptionInput<'_>) -> Result<Self> {
        match input.value {
            Raw::Value(OptionValue::List(values)) => values
                .iter()
                .map(|value| T::from_option(OptionInput::of(input.name, Some(value))))
                .collect(),
            Raw::Not => Ok(Self::new()),
            _ => Ok(vec![T::from_option(input)?]),
        }
    }
}

/// A user or a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mentionable {
    /// A user.
    User(Id<UserMarker>),
    /// A role.
    Role(Id<RoleMarker>),
}

macro_rules! values {
    ($($ty:ty: $($pattern:pat => $value:expr),+; $what:literal;)*) => {$(
        impl FromOption for $ty {
            fn from_option(input: OptionInput<'_>) -> Result<Self> {
                match input.value {
                    $(Raw::Value($pattern) => Ok($value),)+
                    _ => Err(input.mistaken($what)),
                }
            }
        }
    )*};
}

values! {
    i64: OptionValue::Integer(number) => *number; "an integer";
    f64: OptionValue::Number(number) => *number; "a number";
    bool: OptionValue::Boolean(yes) => *yes; "a boolean";
    Id<UserMarker>: OptionValue::User(id @ 1..) => Id::new(*id); "a user";
    Id<ChannelMarker>: OptionValue::Channel(id @ 1..) => Id::new(*id); "a channel";
    Id<RoleMarker>: OptionValue::Role(id @ 1..) => Id::new(*id); "a role";
    Mentionable:
        OptionValue::User(id @ 1..) => Self::User(Id::new(*id)),
        OptionValue::Role(id @ 1..) => Self::Role(Id::new(*id)); "a user or a role";
    Attachment: OptionValue::Attachment(json) => serde_json::from_value(json.clone())?; "a file";
    Duration: OptionValue::Duration(ms) => Self::from_millis(*ms); "a length of time";
    MessageLink: OptionValue::MessageLink { channel: channel @ 1.., message: message @ 1.. } =>
        Self { channel: Id::new(*channel), message: Id::new(*message) }; "a message's link";
    Timestamp: OptionValue::Date(seconds) => Self::from_secs(*seconds).map_err(Error::new)?; "a point in time";
}

impl FromOption for String {
    fn from_option(input: OptionInput<'_>) -> Result<Self> {
        match input.value {
            Raw::Value(OptionValue::String(text)) => Ok(text.clone()),
            Raw::Text(text) => Ok(text.to_owned()),
            _ => Err(input.mistaken("a string")),
        }
    }
}

impl FromOption for Emoji {
    fn from_option(input: OptionInput<'_>) -> Result<Self> {
        match input.value {
            Raw::Value(OptionValue::Emoji { id, name, animated }) => Ok(Id::new_checked(*id)
                .map_or_else(
                    || Self::Unicode(name.clone()),
                    |id| Self::Custom {
                        id,
                        name: name.clone(),
                        animated: *animated,
                    },
                )),
            _ => Err(input.mistaken("an emoji")),
        }
    }
}

impl FromOption for Id<MessageMarker> {
    fn from_option(input: OptionInput<'_>) -> Result<Self> {
        match input.value {
            Raw::Value(OptionValue::Message(id @ 1..)) => Ok(Self::new(*id)),
            _ => Err(input.mistaken("a message")),
        }
    }
}

macro_rules! smaller_integers {
    ($($ty:ty)*) => {$(
        impl FromOption for $ty {
            fn from_option(input: OptionInput<'_>) -> Result<Self> {
                let (name, number) = (input.name, i64::from_option(input)?);
                Self::try_from(number).map_err(|_| {
                    Error::user(format!("`{name}` can't be {number}: a number from {} to {} is expected.", Self::MIN, Self::MAX))
                })
            }
        }
    )*};
}

smaller_integers! { u8 u16 u32 u64 i8 i16 i32 }
