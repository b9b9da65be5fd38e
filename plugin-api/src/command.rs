//! Commands and their options: declared once, reachable by prefix and by slash.

use std::{future::Future, rc::Rc};

use twilight_model::id::{
    Id,
    marker::{ChannelMarker, RoleMarker, UserMarker},
};

use crate::{
    abi::OptionValue,
    context::CommandContext,
    error::{Error, Result},
    manifest::{CommandManifest, OptionKind, OptionManifest},
    runtime::LocalFuture,
};

pub(crate) type CommandHandler<S> = Rc<dyn Fn(CommandContext<S>) -> LocalFuture<Result>>;

/// A command of a plugin with state `S`.
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn roll(ctx: CommandContext) -> Result {
///     let sides: Option<i64> = ctx.option("sides")?;
///     ctx.reply(format!("A die with {} sides.", sides.unwrap_or(6))).await
/// }
///
/// let command = Command::new("roll", "Rolls a die")
///     .alias("r")
///     .option(CommandOption::integer("sides", "How many sides").min(2.0).max(100.0))
///     .run(roll);
/// let plugin = Plugin::new().command(command);
/// ```
pub struct Command<S = ()> {
    pub(crate) manifest: CommandManifest,
    pub(crate) handler: Option<CommandHandler<S>>,
}

impl<S: 'static> Command<S> {
    /// A command with a name (lower case, no blanks, up to 32 characters) and a description (up to 100).
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            manifest: CommandManifest {
                name: name.into(),
                description: description.into(),
                prefix: true,
                slash: true,
                ..CommandManifest::default()
            },
            handler: None,
        }
    }

    /// Another name, by prefix alone.
    #[must_use]
    pub fn alias(mut self, name: impl Into<String>) -> Self {
        self.manifest.aliases.push(name.into());
        self
    }

    /// Adds an option. Required ones come first, as Discord wants it.
    #[must_use]
    pub fn option(mut self, option: CommandOption) -> Self {
        self.manifest.options.push(option.0);
        self
    }

    /// By slash alone.
    #[must_use]
    pub fn slash_only(mut self) -> Self {
        self.manifest.prefix = false;
        self
    }

    /// By prefix alone.
    #[must_use]
    pub fn prefix_only(mut self) -> Self {
        self.manifest.slash = false;
        self
    }

    /// Its answers are for the invoker's eyes alone.
    #[must_use]
    pub fn ephemeral(mut self) -> Self {
        self.manifest.ephemeral = true;
        self
    }

    /// In servers only.
    #[must_use]
    pub fn guild_only(mut self) -> Self {
        self.manifest.guild_only = true;
        self
    }

    /// What it does.
    #[must_use]
    pub fn run<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(CommandContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        self.handler = Some(Rc::new(move |ctx| Box::pin(handler(ctx))));
        self
    }
}

impl<S> std::fmt::Debug for Command<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.manifest.fmt(f)
    }
}

/// An option of a command: optional text without bounds, until told otherwise.
#[derive(Debug, Clone)]
pub struct CommandOption(OptionManifest);

impl CommandOption {
    /// Text.
    #[must_use]
    pub fn string(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(OptionKind::String, name, description)
    }

    /// A whole number from -2^53 to 2^53.
    #[must_use]
    pub fn integer(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(OptionKind::Integer, name, description)
    }

    /// A number.
    #[must_use]
    pub fn number(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(OptionKind::Number, name, description)
    }

    /// Yes or no; by prefix `true`, `yes`, `y`, `on`, `1` and their opposites.
    #[must_use]
    pub fn boolean(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(OptionKind::Boolean, name, description)
    }

    /// A user; by prefix a mention or an id.
    #[must_use]
    pub fn user(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(OptionKind::User, name, description)
    }

    /// A channel; by prefix a mention or an id.
    #[must_use]
    pub fn channel(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(OptionKind::Channel, name, description)
    }

    /// A role; by prefix a mention or an id.
    #[must_use]
    pub fn role(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(OptionKind::Role, name, description)
    }

    fn new(kind: OptionKind, name: impl Into<String>, description: impl Into<String>) -> Self {
        Self(OptionManifest {
            name: name.into(),
            description: description.into(),
            kind,
            ..OptionManifest::default()
        })
    }

    /// Must be given.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.0.required = true;
        self
    }

    /// Takes these values and no others; up to 25. For strings.
    #[must_use]
    pub fn choices<C: Into<String>>(mut self, choices: impl IntoIterator<Item = C>) -> Self {
        self.0.choices = choices.into_iter().map(Into::into).collect();
        self
    }

    /// Least value, or least length of a string.
    #[must_use]
    pub fn min(mut self, min: f64) -> Self {
        self.0.min = Some(min);
        self
    }

    /// Greatest value, or greatest length of a string.
    #[must_use]
    pub fn max(mut self, max: f64) -> Self {
        self.0.max = Some(max);
        self
    }

    /// By prefix: takes the rest of the line, blanks included. For the last option, a string.
    #[must_use]
    pub fn rest(mut self) -> Self {
        self.0.rest = true;
        self
    }
}

/// A type that an option's value can be read as.
pub trait FromOption: Sized {
    /// Reads the value; `None` when the option was not given.
    ///
    /// # Errors
    ///
    /// The option was not given though `Self` needs one, or is of another type.
    fn from_option(name: &str, value: Option<&OptionValue>) -> Result<Self>;
}

impl<T: FromOption> FromOption for Option<T> {
    fn from_option(name: &str, value: Option<&OptionValue>) -> Result<Self> {
        value
            .map(|value| T::from_option(name, Some(value)))
            .transpose()
    }
}

macro_rules! from_option {
    ($($ty:ty: $pattern:pat => $value:expr, $what:literal;)*) => {$(
        impl FromOption for $ty {
            fn from_option(name: &str, value: Option<&OptionValue>) -> Result<Self> {
                match value {
                    Some($pattern) => Ok($value),
                    Some(other) => Err(Error::new(format!(
                        "option `{name}` is {other:?}, and was read as {}: read it as the type that it was declared with",
                        $what
                    ))),
                    None => Err(Error::new(format!(
                        "option `{name}` was not given: declare it with `required()`, or read it as an `Option`"
                    ))),
                }
            }
        }
    )*};
}

from_option! {
    String: OptionValue::String(text) => text.clone(), "a string";
    i64: OptionValue::Integer(number) => *number, "an integer";
    f64: OptionValue::Number(number) => *number, "a number";
    bool: OptionValue::Boolean(yes) => *yes, "a boolean";
    Id<UserMarker>: OptionValue::User(id @ 1..) => Id::new(*id), "a user";
    Id<ChannelMarker>: OptionValue::Channel(id @ 1..) => Id::new(*id), "a channel";
    Id<RoleMarker>: OptionValue::Role(id @ 1..) => Id::new(*id), "a role";
}
