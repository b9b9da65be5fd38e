//! Command options: name, type, limits.

use crate::{
    accessors::kinds,
    manifest::{ChoiceManifest, Localized, OptionKind, OptionManifest},
    option_value::FromOption,
};

/// A proposed value: what the member sees (1 to 100 characters), and what the handler is given.
///
/// ```
/// use plugin_api::Choice;
///
/// let green = Choice::new("Green tea", "green");
/// let twelve: Choice = "12".into();
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Choice(ChoiceManifest);

impl Choice {
    /// A value that is called `name`.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        Self(ChoiceManifest::new(name, value))
    }

    pub(super) fn into_manifest(self) -> ChoiceManifest {
        self.0
    }
}

impl<T: Into<String>> From<T> for Choice {
    fn from(text: T) -> Self {
        let text = text.into();
        Self::new(text.clone(), text)
    }
}

/// A type that an option is declared by, with [`CommandOption::of`].
///
/// `String`, integers, `f64`, `bool`, `Id` of a user, channel or role, [`Mentionable`](crate::Mentionable), `Attachment`, `Duration`,
/// `Timestamp`, `Emoji`, `MessageLink`, what derives [`Choices`](crate::Choices); `Option` and `Vec` of each.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be an option of a command",
    label = "`String`, `i64`, `f64`, `bool`, `Id<UserMarker>` and its like, `Mentionable`, `Attachment`, `Duration`, `Timestamp`, `Emoji`, `MessageLink`, an enum with `#[derive(Choices)]`, or an `Option` or `Vec` of these is expected"
)]
pub trait OptionType: FromOption {
    /// Makes the option what this type reads; it is a required string before.
    fn declare(option: &mut CommandOption);
}

/// An option of a command: without bounds and not required by default.
///
/// | option | read as | by prefix |
/// | --- | --- | --- |
/// | [`string`](Self::string) | `String` | a word, or several in quotes |
/// | [`integer`](Self::integer) | `i64` | a whole number |
/// | [`number`](Self::number) | `f64` | a number, with a point or a comma |
/// | [`boolean`](Self::boolean) | `bool` | `true`, `yes`, `y`, `on`, `1` and their opposites |
/// | [`user`](Self::user), [`member`](Self::member), [`channel`](Self::channel), [`role`](Self::role) | `Id<marker::UserMarker>` and the like | a mention, an id or a name |
/// | [`mentionable`](Self::mentionable) | [`Mentionable`](crate::Mentionable) | the same |
/// | [`attachment`](Self::attachment) | `twilight_model::channel::Attachment` | a file of the message |
/// | [`duration`](Self::duration) | `std::time::Duration` | `90s`, `1h30m`, `2 days` |
/// | [`emoji`](Self::emoji) | [`Emoji`](crate::Emoji) | `👏`, `<:tea:41771983429993937>` |
/// | [`message`](Self::message) | [`MessageLink`](crate::MessageLink) | a link to a message, or its id |
/// | [`date`](Self::date) | `twilight_model::util::Timestamp` | `2026-12-24 18:00`, `<t:1767225600>` |
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
pub struct CommandOption(pub(super) OptionManifest);

impl CommandOption {
    kinds! { OptionManifest, OptionKind:
        /// Text, read as `String`.
        string String
        /// A whole number from -2^53 to 2^53, read as `i64`.
        integer Integer
        /// A number, read as `f64`; by prefix with a point or a comma.
        number Number
        /// Yes or no; by prefix `true`, `yes`, `y`, `on`, `1` and `false`, `no`, `n`, `off`, `0`.
        boolean Boolean
        /// A user, read as `Id<UserMarker>`; by prefix a mention, an id, or the name of a member.
        user User
        /// A channel, read as `Id<ChannelMarker>`; by prefix a mention, an id or a name.
        channel Channel
        /// A role, read as `Id<RoleMarker>`; by prefix a mention, an id or a name.
        role Role
        /// A user who is a member of the server; else as [`user`](Self::user).
        member Member
        /// A user or a role, read as [`Mentionable`](crate::Mentionable).
        mentionable Mentionable
        /// A file, read as twilight-model's `Attachment`; by prefix the message's files in turn.
        attachment Attachment
        /// A length of time, read as `std::time::Duration`: `90s`, `1h30m`, `2 days`; units from `s` to `w`. Bounds are in
        /// seconds.
        duration Duration
        /// An emoji, read as [`Emoji`](crate::Emoji): one of Unicode's, or one of a server's.
        emoji Emoji
        /// A message, read as [`MessageLink`](crate::MessageLink): its link, or its id. It is one of this server, in a channel that
        /// the member may read; whether it is still there is not asked.
        message Message
        /// A point in time, read as twilight-model's `Timestamp`: `2026-12-24`, `2026-12-24 18:00` (UTC, or with an offset as
        /// in RFC 3339), `<t:1767225600>`, or from now on as in `in 2h`.
        date Date
    }

    /// An option that is read as `T`: required, unless `T` is an `Option` or a `Vec`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_api::prelude::*;
    ///
    /// let after = CommandOption::of::<Option<Duration>>("after", "When to remind you");
    /// ```
    #[must_use]
    pub fn of<T: OptionType>(name: impl Into<String>, description: impl Into<String>) -> Self {
        let mut option = Self::new(OptionKind::String, name, description).required();
        T::declare(&mut option);
        option
    }

    pub(super) fn into_manifest(self) -> OptionManifest {
        self.0
    }

    /// Must be given.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.0.required = true;
        self
    }

    /// Need not be given, and is this then: as it would be typed.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let sides = CommandOption::integer("sides", "How many sides").default("6");
    /// let after = CommandOption::duration("after", "When to remind you").default("10m");
    /// ```
    #[must_use]
    pub fn default(mut self, typed: impl Into<String>) -> Self {
        self.0.default = Some(typed.into());
        self.0.required = false;
        self
    }

    /// Takes these values and no others; up to 25, with names of 1 to 100 characters. For strings, integers and numbers; a
    /// value that differs from what members see is a [`Choice`](crate::Choice).
    ///
    /// ```
    /// use plugin_api::{Choice, prelude::*};
    ///
    /// let size = CommandOption::string("size", "How much tea").choices(["cup", "pot"]).required();
    /// let heat = CommandOption::integer("heat", "How hot").choices([Choice::new("warm", 60), Choice::new("hot", 95)]);
    /// ```
    #[must_use]
    pub fn choices<C: Into<Choice>>(mut self, choices: impl IntoIterator<Item = C>) -> Self {
        let choices = choices
            .into_iter()
            .map(|choice| choice.into().into_manifest());
        self.0.choices = choices.collect();
        self
    }

    /// For channels: takes these [types](https://discord.com/developers/docs/resources/channel#channel-object-channel-types)
    /// alone.
    ///
    /// ```
    /// use plugin_api::{prelude::*, twilight_model::channel::ChannelType};
    ///
    /// let stage = CommandOption::channel("where", "Where to play").channel_kinds([ChannelType::GuildVoice]);
    /// ```
    #[must_use]
    pub fn channel_kinds(
        mut self,
        kinds: impl IntoIterator<Item = twilight_model::channel::ChannelType>,
    ) -> Self {
        self.0.channel_kinds = kinds.into_iter().map(u8::from).collect();
        self
    }

    /// For users: takes members of the server alone, as [`member`](Self::member) does.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// let whom = CommandOption::of::<Id<marker::UserMarker>>("whom", "Whom to warn").members_only();
    /// ```
    #[must_use]
    pub fn members_only(mut self) -> Self {
        self.0.kind = OptionKind::Member;
        self
    }

    /// Takes several values, read as a `Vec`. By prefix it takes all that is left of the line; by slash, where Discord has no
    /// such thing, they are typed one after the other. For the last option, and not for files.
    #[must_use]
    pub fn repeated(mut self) -> Self {
        self.0.repeated = true;
        self
    }

    /// Its name and description in another language, as [`Command::localized`](crate::Command::localized).
    #[must_use]
    pub fn localized(
        mut self,
        locale: impl Into<String>,
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        let localized = Localized::new(name, description);
        self.0.localized.insert(locale.into(), localized);
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

    /// Greatest value, or greatest length of a string in characters. Discord accepts strings of up to 6,000.
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
