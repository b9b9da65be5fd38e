//! Calls of handlers with what their plugin does around them.

use std::rc::Rc;

use crate::{
    abi::EntryKind,
    command::{
        Check,
        check::{before, entry},
    },
    context::{CommandContext, ErrorContext, Invocation},
    error::Result,
    handlers::{Around, CommandHandler, Handlers},
    manifest::CommandManifest,
    runtime::LocalFuture,
};

/// Puts the checks of all commands in front of each one's own.
pub(crate) fn put_in_front<S: 'static>(
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

/// A command's handler, with what is done before and after it.
pub(crate) fn command<S: 'static>(
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
        let mut ended = handle(around, &ctx, &handler).await;
        for after in &around.after {
            ended = after(ctx.again(), ended).await;
        }
        let (state, invocation) = (ctx.state(), ctx.shared());
        deal(around, ended, state, invocation, ctx.command()).await
    })
}

async fn handle<S>(
    around: &Around<S>,
    ctx: &CommandContext<S>,
    handler: &CommandHandler<S>,
) -> Result {
    for before in &around.before {
        before(ctx.again()).await?;
    }
    handler(ctx.again()).await
}

/// A component's handler, with what is done about its error.
pub(crate) fn component<S: 'static>(
    this: &Rc<Handlers<S>>,
    (state, invocation): (Rc<S>, Rc<Invocation>),
    name: String,
    handling: LocalFuture<Result>,
) -> LocalFuture<Result> {
    let handlers = Rc::clone(this);
    Box::pin(async move {
        let ended = handling.await;
        deal(&handlers.around, ended, &state, invocation, &name).await
    })
}

async fn deal<S>(
    around: &Around<S>,
    ended: Result,
    state: &Rc<S>,
    invocation: Rc<Invocation>,
    handler: &str,
) -> Result {
    match (ended, &around.on_error) {
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
