//! Context of a command's handler.

use std::{fmt, ops::Deref, rc::Rc};

use twilight_model::{
    channel::Message,
    id::{Id, marker::MessageMarker},
};

use super::{Invocation, resolved};
use crate::{
    abi::CommandHead,
    error::{Error, Result},
    host::Host,
    option_value::{FromOption, OptionInput},
    raw::FrameGuard,
};

/// Context of a command's handler; `S` is the plugin's state.
///
/// Who, where and how to answer it has from [`Invocation`].
///
/// ```
/// use std::cell::RefCell;
/// use plugin_api::prelude::*;
///
/// #[derive(Default)]
/// struct Notes(RefCell<Vec<String>>);
///
/// async fn note(ctx: CommandContext<Notes>) -> Result {
///     ctx.state().0.borrow_mut().push(ctx.option("text")?);
///     ctx.reply(format!("`{}` has {} notes.", ctx.command(), ctx.state().0.borrow().len())).await
/// }
/// ```
pub struct CommandContext<S = ()> {
    state: Rc<S>,
    invocation: Rc<Invocation>,
    head: Rc<CommandHead>,
}

impl<S> CommandContext<S> {
    pub(crate) fn new(
        state: Rc<S>,
        host: Host,
        head: CommandHead,
        frame_guard: FrameGuard,
    ) -> Self {
        Self {
            state,
            invocation: Rc::new(Invocation::new(
                host,
                head.origin.clone(),
                frame_guard,
                head.ephemeral,
            )),
            head: Rc::new(head),
        }
    }

    /// The same use once more, for what is done around the handler.
    pub(crate) fn again(&self) -> Self {
        Self {
            state: Rc::clone(&self.state),
            invocation: Rc::clone(&self.invocation),
            head: Rc::clone(&self.head),
        }
    }

    pub(crate) fn shared(&self) -> Rc<Invocation> {
        Rc::clone(&self.invocation)
    }

    /// Whether the host has asked the checks already.
    pub(crate) fn is_checked(&self) -> bool {
        self.head.checked
    }

    /// The plugin's state.
    #[must_use]
    pub fn state(&self) -> &Rc<S> {
        &self.state
    }

    /// The command's name as declared, also when it was called by an alias; of one in a group its path: `tag add`.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.head.command
    }

    /// The command as its invoker typed it, for texts that say how to go on: `!tag add`, or `/shop tag add` where the host has
    /// grouped slash commands below their plugin's name; a context menu's name.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn add(ctx: CommandContext) -> Result {
    ///     let text: Option<String> = ctx.option("text")?;
    ///     match text {
    ///         Some(_) => ctx.reply("Added.").await,
    ///         None => Err(Error::user(format!("Which text? `{} TEXT`", ctx.typed()))),
    ///     }
    /// }
    /// # Plugin::new().command(Command::new("add", "Adds").run(add));
    /// ```
    #[must_use]
    pub fn typed(&self) -> &str {
        match &*self.head.typed {
            "" => &self.head.command,
            typed => typed,
        }
    }

    /// The message that a [context menu](crate::Command::message_menu) was opened on.
    ///
    /// # Errors
    ///
    /// The command is none of a message's context menu.
    pub fn target_message(&self) -> Result<Box<Message>> {
        let id: Id<MessageMarker> = self.option("target")?;
        if self.is_prefix() {
            return Err(Error::new("this was a message, not an interaction"));
        }
        resolved::message(self.raw(), id.get())
    }

    /// An option's value; ask for `Option<T>` where the option may be left out.
    ///
    /// The host has checked it against the [declaration](crate::CommandOption): what is required is there, and in its
    /// bounds.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn pour(ctx: CommandContext) -> Result {
    ///     let sort: String = ctx.option("sort")?;
    ///     let cups: Option<i64> = ctx.option("cups")?;
    ///     let milk = ctx.option::<Option<bool>>("milk")?.unwrap_or(false);
    ///     ctx.reply(format!("{} × {sort}, milk: {milk}", cups.unwrap_or(1))).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The option was not given, or is of another type than `T`.
    pub fn option<T: FromOption>(&self, name: &str) -> Result<T> {
        OptionInput::of(name, self.head.options.get(name)).read()
    }
}

impl<S> Deref for CommandContext<S> {
    type Target = Invocation;

    fn deref(&self) -> &Invocation {
        &self.invocation
    }
}

impl<S> fmt::Debug for CommandContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head.fmt(f)
    }
}
