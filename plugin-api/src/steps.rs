//! Steps around all handlers of a plugin: checks, what is done before and after commands, and their errors.

use std::{future::Future, rc::Rc};

use crate::{
    command::{Check, CheckContext},
    context::{CommandContext, ErrorContext},
    error::Result,
    handlers::{After, CommandHandler, OnError},
    plugin::Plugin,
};

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
        self.checks.push(check);
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
    /// with, and the use counts as one that went well; what is [passed on](crate::ErrorContext::into_error) reaches the member and the
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
}
