//! Steps around a plugin's handlers: checks of all its commands, what is done before and after them, and their errors.

use std::{fmt, future::Future, ops::Deref, rc::Rc};

use crate::{
    abi::EntryKind,
    command::{
        Check, CheckContext,
        check::{before, entry},
    },
    context::{CommandContext, Invocation},
    error::{Error, Result},
    guard::dispose,
    handlers::{CommandHandler, Handlers},
    manifest::CommandManifest,
    plugin::Plugin,
    runtime::LocalFuture,
};

type After<S> = Rc<dyn Fn(CommandContext<S>, Result) -> LocalFuture<Result>>;
type OnError<S> = Rc<dyn Fn(ErrorContext<S>) -> LocalFuture<Result>>;

/// What a plugin does around its handlers.
pub(crate) struct Around<S> {
    checks: Vec<Check<S>>,
    before: Vec<CommandHandler<S>>,
    after: Vec<After<S>>,
    on_error: Option<OnError<S>>,
}

/// Context of [`Plugin::on_error`]: an error, and the use of a command or component that failed with it, to which it derefs.
pub struct ErrorContext<S = ()> {
    state: Rc<S>,
    invocation: Rc<Invocation>,
    handler: String,
    error: Error,
}

impl<S> ErrorContext<S> {
    /// The plugin's state.
    #[must_use]
    pub fn state(&self) -> &Rc<S> {
        &self.state
    }

    /// The error.
    #[must_use]
    pub const fn error(&self) -> &Error {
        &self.error
    }

    /// The error, to pass it on: the host then does with it what it does with any.
    #[must_use]
    pub fn into_error(self) -> Error {
        self.error
    }

    /// The command's path as declared, `tag add`, or the component's handler.
    #[must_use]
    pub fn handler(&self) -> &str {
        &self.handler
    }
}

impl<S> Deref for ErrorContext<S> {
    type Target = Invocation;

    fn deref(&self) -> &Invocation {
        &self.invocation
    }
}

impl<S> fmt::Debug for ErrorContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorContext")
            .field("handler", &self.handler)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl<S: 'static> Plugin<S> {
    /// A check for all commands of the plugin, those that are declared after it, too. It is asked before their own ones
    /// ([`Command::check`](crate::Command::check)), and likewise when somebody asks why a command refuses.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use plugin_api::prelude::*;
    ///
    /// struct Shop { open: Cell<bool> }
    ///
    /// async fn is_open(ctx: CheckContext<Shop>) -> Result {
    ///     match ctx.state().open.get() {
    ///         true => Ok(()),
    ///         false => Err(Error::user("The shop is closed.")),
    ///     }
    /// }
    ///
    /// async fn buy(ctx: CommandContext<Shop>) -> Result {
    ///     ctx.reply("Here you are.").await
    /// }
    ///
    /// let plugin = Plugin::with_state(|_host| async { Ok(Shop { open: Cell::new(true) }) })
    ///     .check(is_open)
    ///     .command(Command::new("buy", "Buys tea").run(buy));
    /// ```
    #[must_use]
    pub fn check<F, Fut>(mut self, check: F) -> Self
    where
        F: Fn(CheckContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        let check: Check<S> = Rc::new(move |ctx| Box::pin(check(ctx)));
        self.handlers.around.checks.push(check);
        self
    }

    /// Does something before each command's handler, when the checks have let it through and the use is counted. With an error the
    /// handler is not called, and the command has failed with it.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn note(ctx: CommandContext) -> Result {
    ///     tracing::info!(command = ctx.command(), by = ctx.user().id.get(), "used");
    ///     Ok(())
    /// }
    /// # async fn ping(ctx: CommandContext) -> Result { ctx.reply("pong").await }
    /// let plugin = Plugin::new().before(note).command(Command::new("ping", "Answers").run(ping));
    /// ```
    #[must_use]
    pub fn before<F, Fut>(mut self, before: F) -> Self
    where
        F: Fn(CommandContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        let before: CommandHandler<S> = Rc::new(move |ctx| Box::pin(before(ctx)));
        self.handlers.around.before.push(before);
        self
    }

    /// Does something after each command's handler, however it ended, and says how the command has ended then. Not
    /// after a panic, nor when the plugin is stopped before the handler has ended.
    ///
    /// ```
    /// use plugin_api::prelude::*;
    ///
    /// async fn note(ctx: CommandContext, ended: Result) -> Result {
    ///     tracing::info!(command = ctx.command(), failed = ended.is_err(), "over");
    ///     ended
    /// }
    /// # async fn ping(ctx: CommandContext) -> Result { ctx.reply("pong").await }
    /// let plugin = Plugin::new().after(note).command(Command::new("ping", "Answers").run(ping));
    /// ```
    #[must_use]
    pub fn after<F, Fut>(mut self, after: F) -> Self
    where
        F: Fn(CommandContext<S>, Result) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        let after: After<S> = Rc::new(move |ctx, ended| Box::pin(after(ctx, ended)));
        self.handlers.around.after.push(after);
        self
    }

    /// Deals with the errors of commands and components, in their handlers and before and after them: `Ok` says that the error is dealt
    /// with, and the use counts as one that went well; what is [passed on](ErrorContext::into_error) reaches the member and the
    /// log as without it. Panics and what checks say don't come here. Declared once; the last one counts.
    ///
    /// ```
    /// use std::{error, fmt};
    /// use plugin_api::prelude::*;
    ///
    /// #[derive(Debug)]
    /// struct SoldOut { until: String }
    ///
    /// impl fmt::Display for SoldOut {
    ///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    ///         f.write_str("sold out")
    ///     }
    /// }
    /// impl error::Error for SoldOut {}
    ///
    /// async fn buy(_ctx: CommandContext) -> Result {
    ///     Err(SoldOut { until: "Monday".into() })?
    /// }
    ///
    /// async fn failed(ctx: ErrorContext) -> Result {
    ///     if let Some(sold_out) = ctx.error().downcast_ref::<SoldOut>() {
    ///         return ctx.reply(format!("All is sold. Come back on {}.", sold_out.until)).await;
    ///     }
    ///     Err(ctx.into_error())
    /// }
    ///
    /// let plugin = Plugin::new().on_error(failed).command(Command::new("buy", "Buys tea").run(buy));
    /// ```
    #[must_use]
    pub fn on_error<F, Fut>(mut self, on_error: F) -> Self
    where
        F: Fn(ErrorContext<S>) -> Fut + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        let on_error: OnError<S> = Rc::new(move |ctx| Box::pin(on_error(ctx)));
        self.handlers.around.on_error = Some(on_error);
        self
    }

    /// Puts the checks of all commands in front of each one's own.
    pub(crate) fn with_checks_in_place(mut self) -> Self {
        let checks = std::mem::take(&mut self.handlers.around.checks);
        if !checks.is_empty() {
            put_in_front(&checks, "", &mut self.manifest.commands, &mut self.handlers);
        }
        self
    }
}

fn put_in_front<S: 'static>(
    checks: &[Check<S>],
    above: &str,
    commands: &mut [CommandManifest],
    handlers: &mut Handlers<S>,
) {
    for command in commands {
        command.access.checked = true;
        let path = format!("{above}{}", command.name);
        if !command.subcommands.is_empty() {
            let inside = &mut command.subcommands;
            put_in_front(checks, &format!("{path} "), inside, handlers);
            continue;
        }
        let key = (EntryKind::Check, path.clone());
        let own = handlers.entries.remove(&key);
        let all = entry(checks.to_vec(), own);
        handlers.entries.insert(key, all);
        let key = (command.kind, path);
        if let Some(handler) = handlers.commands.remove(&key) {
            let handler = before(checks.to_vec(), handler);
            handlers.commands.insert(key, handler);
        }
    }
}

impl<S: 'static> Around<S> {
    /// A command's handler, with what is done before and after it.
    pub(crate) fn command(
        this: &Rc<Handlers<S>>,
        ctx: CommandContext<S>,
        handler: &CommandHandler<S>,
    ) -> LocalFuture<Result> {
        let around = &this.around;
        if around.before.is_empty() && around.after.is_empty() && around.on_error.is_none() {
            return handler(ctx);
        }
        let (handlers, handler) = (Rc::clone(this), Rc::clone(handler));
        Box::pin(async move {
            let around = &handlers.around;
            let mut ended = around.handle(&ctx, &handler).await;
            for after in &around.after {
                ended = after(ctx.again(), ended).await;
            }
            let (state, invocation) = (ctx.state(), ctx.shared());
            around.deal(ended, state, invocation, ctx.command()).await
        })
    }

    async fn handle(&self, ctx: &CommandContext<S>, handler: &CommandHandler<S>) -> Result {
        for before in &self.before {
            before(ctx.again()).await?;
        }
        handler(ctx.again()).await
    }

    /// A component's handler, with what is done about its error.
    pub(crate) fn component(
        this: &Rc<Handlers<S>>,
        (state, invocation): (Rc<S>, Rc<Invocation>),
        name: String,
        handling: LocalFuture<Result>,
    ) -> LocalFuture<Result> {
        let handlers = Rc::clone(this);
        Box::pin(async move {
            let ended = handling.await;
            handlers.around.deal(ended, &state, invocation, &name).await
        })
    }

    pub(crate) const fn deals_with_errors(&self) -> bool {
        self.on_error.is_some()
    }

    async fn deal(
        &self,
        ended: Result,
        state: &Rc<S>,
        invocation: Rc<Invocation>,
        handler: &str,
    ) -> Result {
        match (ended, &self.on_error) {
            (Err(error), Some(on_error)) => {
                on_error(ErrorContext {
                    state: Rc::clone(state),
                    invocation,
                    handler: handler.to_owned(),
                    error,
                })
                .await
            }
            (ended, _) => ended,
        }
    }
}

impl<S> Default for Around<S> {
    fn default() -> Self {
        Self {
            checks: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            on_error: None,
        }
    }
}

impl<S> Drop for Around<S> {
    /// One by one, as the other handlers.
    fn drop(&mut self) {
        self.checks.drain(..).for_each(dispose);
        self.before.drain(..).for_each(dispose);
        self.after.drain(..).for_each(dispose);
        dispose(self.on_error.take());
    }
}
