//! Commands and their options: declared once, reachable by prefix and by slash.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `access.rs` | who may use a command, and how often |
//! | `option.rs` | the declaration of options, and their choices |
//! | `types.rs` | the types that an option can be declared by |
//! | `autocomplete.rs` | values that are proposed while a member types |
//! | `check.rs` | a plugin's own checks |
//! | `declared.rs` | that `#[command]` declares the same |

mod access;
mod autocomplete;
pub(crate) mod check;
#[cfg(test)]
mod declared;
mod option;
mod types;

use std::{future::Future, rc::Rc};

pub use self::{
    autocomplete::AutocompleteContext,
    check::CheckContext,
    option::{Choice, CommandOption, OptionType},
};
pub(crate) use self::{autocomplete::Completer, check::Check};
use crate::{
    abi::EntryKind,
    context::CommandContext,
    error::Result,
    handlers::{CommandHandler, Handlers},
    manifest::{CommandKind, CommandManifest, Localized},
};

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
/// [`#[command]`](macro@crate::command) writes the same from the handler alone.
///
/// A command is for prefix and slash, in servers and in direct messages, for everybody, and its answers are for all to
/// see, by default:
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
///     .permissions(Permissions::MODERATE_MEMBERS)
///     .slash_only()
///     .guild_only()
///     .ephemeral()
///     .run(warn);
/// let plugin = Plugin::new().command(warn);
/// ```
pub struct Command<S = ()> {
    manifest: CommandManifest,
    handler: Option<CommandHandler<S>>,
    children: Vec<Self>,
    completers: Vec<(String, Completer<S>)>,
    checks: Vec<Check<S>>,
}

impl<S: 'static> Command<S> {
    /// A command with a name (1 to 32 lower-case letters, digits, `-` and `_`) and a description (1 to 100 characters),
    /// by Discord's
    /// [rules](https://discord.com/developers/docs/interactions/application-commands#application-command-object). The
    /// host refuses a plugin whose commands break them, and says which.
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::of(CommandKind::Chat, name, description)
    }

    /// A group of commands: `!tag add`, `/tag add`. Its commands may be groups once more, and no deeper. What is said of
    /// the group (who may, where) holds for all in it.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// # async fn add(ctx: CommandContext) -> Result { ctx.reply("Added.").await }
    /// # async fn show(ctx: CommandContext) -> Result { ctx.reply("Tea.").await }
    /// let tag = Command::group("tag", "Texts that can be recalled")
    ///     .guild_only()
    ///     .command(Command::new("show", "Shows a tag").alias("get").run(show))
    ///     .command(Command::new("add", "Adds a tag").permissions(Permissions::MANAGE_MESSAGES).run(add));
    /// let plugin = Plugin::new().command(tag);
    /// ```
    ///
    /// By prefix a group may have a handler of its own, which gets what names none of its commands (`!tag`, `!tag tea`), with
    /// options of its own. By slash Discord has no such thing.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// /// Shows a tag.
    /// #[command]
    /// async fn tag(
    ///     ctx: CommandContext,
    ///     /// Which one.
    ///     name: Option<String>,
    /// ) -> Result {
    ///     ctx.reply(name.unwrap_or("Which one?".into())).await
    /// }
    /// # async fn add(ctx: CommandContext) -> Result { ctx.reply("Added.").await }
    /// let tag = tag().command(Command::new("add", "Adds a tag").run(add));
    /// let plugin = Plugin::new().command(tag);
    /// ```
    #[must_use]
    pub fn group(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self::of(CommandKind::Chat, name, description)
    }

    /// A command in a user's context menu, with a name of 1 to 32 characters, blanks and capitals included. On whom it was
    /// opened is the option `target`, an `Id<UserMarker>`.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn wave(ctx: CommandContext) -> Result {
    ///     let whom: Id<marker::UserMarker> = ctx.option("target")?;
    ///     ctx.reply(format!("{} waves at <@{whom}>.", ctx.user().name)).await
    /// }
    /// let plugin = Plugin::new().command(Command::user_menu("Wave at").run(wave));
    /// ```
    #[must_use]
    pub fn user_menu(name: impl Into<String>) -> Self {
        Self::of(CommandKind::User, name, "").slash_only()
    }

    /// A command in a message's context menu; else as [`user_menu`](Self::user_menu). On which message it was opened is
    /// the option `target`, an `Id<MessageMarker>`; the message itself is [`CommandContext::target_message`].
    #[must_use]
    pub fn message_menu(name: impl Into<String>) -> Self {
        Self::of(CommandKind::Message, name, "").slash_only()
    }

    fn of(kind: CommandKind, name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            manifest: CommandManifest {
                kind,
                name: name.into(),
                description: description.into(),
                prefix: true,
                slash: true,
                ..CommandManifest::default()
            },
            handler: None,
            children: Vec::new(),
            completers: Vec::new(),
            checks: Vec::new(),
        }
    }

    /// Adds a command, or a group, to a group.
    #[must_use]
    pub fn command(mut self, command: Self) -> Self {
        self.children.push(command);
        self
    }

    /// Another name, by prefix alone; without blanks.
    #[must_use]
    pub fn alias(mut self, name: impl Into<String>) -> Self {
        self.manifest.aliases.push(name.into());
        self
    }

    /// More about it than its description holds, for help texts.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.manifest.help = text.into();
        self
    }

    /// How it is used, as one would type it without a prefix; for help texts. Several may be given.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// # async fn roll(ctx: CommandContext) -> Result { ctx.reply("4").await }
    /// let roll = Command::new("roll", "Rolls dice").example("roll 6").example("roll 20 2").run(roll);
    /// # Plugin::new().command(roll);
    /// ```
    #[must_use]
    pub fn example(mut self, text: impl Into<String>) -> Self {
        self.manifest.examples.push(text.into());
        self
    }

    /// Help does not list it. Whoever knows it can use it all the same: who may is said by [`permissions`](Self::permissions)
    /// and the like.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.manifest.hidden = true;
        self
    }

    /// Its name and description in another language, by Discord's
    /// [locale](https://discord.com/developers/docs/reference#locales). Members with that locale see them for the slash
    /// command.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// # async fn roll(ctx: CommandContext) -> Result { ctx.reply("4").await }
    /// let roll = Command::new("roll", "Rolls a die").localized("de", "würfeln", "Wirft einen Würfel").run(roll);
    /// # Plugin::new().command(roll);
    /// ```
    #[must_use]
    pub fn localized(
        mut self,
        locale: impl Into<String>,
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        let localized = Localized::new(name, description);
        self.manifest.localized.insert(locale.into(), localized);
        self
    }

    /// Adds an option. Required ones come first, as Discord wants it; up to 25.
    #[must_use]
    pub fn option(mut self, option: CommandOption) -> Self {
        self.manifest.options.push(option.into_manifest());
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

    /// By slash as [`ephemeral`](Self::ephemeral) says; by prefix its answers are where it was typed.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn state(ctx: CommandContext) -> Result {
    ///     ctx.reply("All is well.").await
    /// }
    /// let state = Command::new("state", "Shows how all is").owner_only().ephemeral_by_slash().run(state);
    /// # Plugin::new().command(state);
    /// ```
    #[must_use]
    pub fn ephemeral_by_slash(mut self) -> Self {
        self.manifest.typed_openly = true;
        self.ephemeral()
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

    /// Gives its handlers, and those of the commands in it, to `handlers`; what is left is the declaration. `above` is the
    /// path of the groups around it, with a blank at its end, and `checks` are theirs.
    pub(crate) fn install(
        mut self,
        above: &str,
        mut checks: Vec<Check<S>>,
        handlers: &mut Handlers<S>,
    ) -> CommandManifest {
        let path = format!("{above}{}", self.manifest.name);
        checks.append(&mut self.checks);
        self.manifest.access.checked |= !checks.is_empty();
        assert!(
            self.handler.is_some() || !self.children.is_empty(),
            "command `{path}` has no handler: end its declaration with `.run(handler)`"
        );
        self.manifest.runs = self.handler.is_some() && !self.children.is_empty();
        for (option, completer) in self.completers {
            let declared = self
                .manifest
                .options
                .iter_mut()
                .find(|known| known.name == option);
            let Some(declared) = declared else {
                panic!(
                    "command `{path}` completes the option `{option}`, which it does not have: declare it with `.option(…)` first"
                );
            };
            declared.autocomplete = true;
            let key = (EntryKind::Autocomplete, format!("{path} {option}"));
            handlers.entries.insert(key, autocomplete::entry(completer));
        }
        if let Some(handler) = self.handler {
            if !checks.is_empty() {
                let key = (EntryKind::Check, path.clone());
                handlers
                    .entries
                    .insert(key, check::entry(checks.clone(), None));
            }
            let handler = if checks.is_empty() {
                handler
            } else {
                check::before(checks.clone(), handler)
            };
            handlers
                .commands
                .insert((self.manifest.kind, path.clone()), handler);
        }
        let above = format!("{path} ");
        let install = |child: Self| child.install(&above, checks.clone(), handlers);
        self.manifest.subcommands = self.children.into_iter().map(install).collect();
        self.manifest
    }
}

/// The first parameter of a handler, from which [`command`](macro@crate::command) takes the plugin's state.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a command's handler can't begin with `{Self}`",
    label = "`CommandContext`, or `CommandContext<State>` in a plugin with a state, is expected"
)]
pub trait HandlerContext {
    /// The plugin's state.
    type State: 'static;
}

impl<S: 'static> HandlerContext for CommandContext<S> {
    type State = S;
}

impl<S> std::fmt::Debug for Command<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.manifest.fmt(f)
    }
}
