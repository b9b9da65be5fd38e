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
///     .option(CommandOption::integer("sides", "How many sides").min(2).max(100))
///     .run(roll);
/// let plugin = Plugin::new().command(command);
/// ```
///
/// A command is for prefix and slash, in servers and in direct messages, and its answers are for all to see, until told
/// otherwise:
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn warn(ctx: CommandContext) -> Result {
///     let whom: Id<marker::UserMarker> = ctx.option("whom")?;
///     ctx.reply(format!("<@{whom}> has been warned.")).await
/// }
///
/// let warn = Command::new("warn", "Warns a member")
///     .option(CommandOption::user("whom", "Whom to warn").required())
///     .slash_only()
///     .guild_only()
///     .ephemeral()
///     .run(warn);
/// let plugin = Plugin::new().command(warn);
/// ```
pub struct Command<S = ()> {
    pub(crate) manifest: CommandManifest,
    pub(crate) handler: Option<CommandHandler<S>>,
}

impl<S: 'static> Command<S> {
    /// A command with a name (1 to 32 lower-case letters, digits, `-` and `_`) and a description (1 to 100 characters),
    /// by Discord's
    /// [rules](https://discord.com/developers/docs/interactions/application-commands#application-command-object). The
    /// host refuses a plugin whose commands break them, and says which.
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

    /// Another name, by prefix alone; without blanks.
    #[must_use]
    pub fn alias(mut self, name: impl Into<String>) -> Self {
        self.manifest.aliases.push(name.into());
        self
    }

    /// Adds an option. Required ones come first, as Discord wants it; up to 25.
    #[must_use]
    pub fn option(mut self, option: CommandOption) -> Self {
        self.manifest.options.push(option.0);
        self
    }

    /// By slash alone. A plugin that has no other commands needs no privileged intent.
    #[must_use]
    pub fn slash_only(mut self) -> Self {
        self.manifest.prefix = false;
        self
    }

    /// By prefix alone.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn files(ctx: CommandContext) -> Result {
    ///     ctx.reply(format!("{} files", ctx.message()?.attachments.len())).await
    /// }
    /// let files = Command::new("files", "Counts a message's files").alias("f").prefix_only().run(files);
    /// # Plugin::new().command(files);
    /// ```
    #[must_use]
    pub fn prefix_only(mut self) -> Self {
        self.manifest.slash = false;
        self
    }

    /// Its answers are for the invoker's eyes alone, and so is what the host says meanwhile ("is thinking…"). By prefix,
    /// where Discord has no such thing, they go to the invoker's direct messages.
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

    /// What it does: ends the declaration. A function, or a closure that returns a future.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let plugin = Plugin::new().command(
    ///     Command::new("version", "Tells the plugin's version")
    ///         .run(|ctx| async move { ctx.reply(env!("CARGO_PKG_VERSION")).await }),
    /// );
    /// ```
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

/// An option of a command: without bounds and not required, until told otherwise.
///
/// | option | read as | by prefix |
/// | --- | --- | --- |
/// | [`string`](Self::string) | `String` | a word, or several in quotes |
/// | [`integer`](Self::integer) | `i64` | a whole number |
/// | [`number`](Self::number) | `f64` | a number, with a point or a comma |
/// | [`boolean`](Self::boolean) | `bool` | `true`, `yes`, `y`, `on`, `1` and their opposites |
/// | [`user`](Self::user), [`channel`](Self::channel), [`role`](Self::role) | `Id<marker::UserMarker>` and the like | a mention or an id |
///
/// ```
/// use plugin_api::prelude::*;
///
/// async fn announce_it(ctx: CommandContext) -> Result {
///     let place: Id<marker::ChannelMarker> = ctx.option("place")?;
///     let text: String = ctx.option("text")?;
///     ctx.host().discord().send(place, text).await?;
///     ctx.reply("Announced.").await
/// }
///
/// let announce = Command::new("announce", "Announces something")
///     .option(CommandOption::channel("place", "Where").required())
///     .option(CommandOption::string("text", "What to say").required().max(200))
///     .option(CommandOption::string("tone", "How to say it").choices(["plain", "loud"]))
///     .option(CommandOption::integer("times", "How often").min(1).max(5))
///     .option(CommandOption::number("pause", "Minutes in between").min(0.5))
///     .option(CommandOption::boolean("pin", "Whether to pin it"))
///     .option(CommandOption::user("from", "In whose name"))
///     .option(CommandOption::role("to", "Who is addressed"))
///     .option(CommandOption::string("note", "For the log").rest());
/// let plugin = Plugin::new().command(announce.run(announce_it));
/// ```
#[derive(Debug, Clone)]
pub struct CommandOption(OptionManifest);

impl CommandOption {
    /// Text, read as `String`.
    #[must_use]
    pub fn string(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(OptionKind::String, name, description)
    }

    /// A whole number from -2^53 to 2^53, read as `i64`.
    #[must_use]
    pub fn integer(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(OptionKind::Integer, name, description)
    }

    /// A number, read as `f64`; by prefix with a point or a comma.
    #[must_use]
    pub fn number(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(OptionKind::Number, name, description)
    }

    /// Yes or no; by prefix `true`, `yes`, `y`, `on`, `1` and `false`, `no`, `n`, `off`, `0`.
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

    /// Takes these values and no others; up to 25, of 1 to 100 characters. For strings.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let size = CommandOption::string("size", "How much tea").choices(["cup", "pot"]).required();
    /// ```
    #[must_use]
    pub fn choices<C: Into<String>>(mut self, choices: impl IntoIterator<Item = C>) -> Self {
        self.0.choices = choices.into_iter().map(Into::into).collect();
        self
    }

    /// Least value, or least length of a string in characters.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let dice = CommandOption::integer("dice", "How many dice").min(1).max(20);
    /// let word = CommandOption::string("word", "Up to 30 characters").max(30);
    /// ```
    #[must_use]
    pub fn min(mut self, min: impl Into<f64>) -> Self {
        self.0.min = Some(min.into());
        self
    }

    /// Greatest value, or greatest length of a string in characters. Discord takes strings of up to 6,000.
    #[must_use]
    pub fn max(mut self, max: impl Into<f64>) -> Self {
        self.0.max = Some(max.into());
        self
    }

    /// By prefix: takes the rest of the line, blanks included. For the last option, a string.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// // `!say what a day` gives the whole `what a day`.
    /// let text = CommandOption::string("text", "What to say").required().rest();
    /// ```
    #[must_use]
    pub fn rest(mut self) -> Self {
        self.0.rest = true;
        self
    }
}

/// A type that an option's value can be read as: what [`CommandContext::option`] returns.
///
/// Implemented for `String`, `i64`, `f64`, `bool`, the ids of users, channels and roles, and `Option` of each. A type of
/// your own reads one of these and goes on from there:
///
/// ```
/// use plugin_api::{FromOption, abi::OptionValue, prelude::*};
///
/// #[derive(Debug, PartialEq)]
/// enum Size { Cup, Pot }
///
/// impl FromOption for Size {
///     fn from_option(name: &str, value: Option<&OptionValue>) -> Result<Self> {
///         match &*String::from_option(name, value)? {
///             "cup" => Ok(Self::Cup),
///             "pot" => Ok(Self::Pot),
///             other => Err(Error::user(format!("there is no tea by the `{other}`"))),
///         }
///     }
/// }
///
/// let pot = OptionValue::String("pot".into());
/// assert_eq!(Size::from_option("size", Some(&pot))?, Size::Pot);
/// assert_eq!(Option::<Size>::from_option("size", None)?, None);
/// # Ok::<(), Error>(())
/// ```
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
