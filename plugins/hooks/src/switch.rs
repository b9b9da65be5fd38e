//! Commands `eh_disable`, `eh_enable` and `eh_reset_circuit`: one handler is changed, and shown as it is then.
//!
//! The host refuses an id that no handler has, and says which is nearest.

use plugin_api::{
    abi::{HookCircuit, HookInfo},
    prelude::*,
    text::word,
};

use crate::handlers;

pub(super) fn eh_disable() -> Command {
    Command::new("eh_disable", "Switches a handler of a hook off")
        .help("It gets no events any more, also after a restart, until `eh_enable` switches it on.")
        .example("eh_disable shop:shop.sold:count")
        .option(handlers::id_option())
        .autocomplete("id", handlers::ids)
        .run(async |ctx: CommandContext| switch(&ctx, false).await)
}

pub(super) fn eh_enable() -> Command {
    Command::new("eh_enable", "Switches a handler of a hook on again")
        .help("It gets the events that come from then on. What it missed is not made up for.")
        .example("eh_enable shop:shop.sold:count")
        .option(handlers::id_option())
        .autocomplete("id", handlers::ids)
        .run(async |ctx: CommandContext| switch(&ctx, true).await)
}

pub(super) fn eh_reset_circuit() -> Command {
    Command::new(
        "eh_reset_circuit",
        "Ends the rest of a handler that failed too often",
    )
    .help("Its circuit breaker is closed and its failures are forgotten: it gets the next event.")
    .example("eh_reset_circuit shop:shop.sold:count")
    .option(handlers::id_option())
    .autocomplete("id", handlers::ids)
    .run(reset)
}

async fn switch(ctx: &CommandContext, on: bool) -> Result {
    let id = id(ctx)?;
    let before = handlers::seen(ctx.host(), &id).await;
    let now = ctx.host().switch_hook(&id, on).await?;
    let again = if before.is_some_and(|before| before.enabled == on) {
        " already"
    } else {
        ""
    };
    let title = match on {
        true => format!("The handler is on{again}"),
        false => format!("The handler is off{again}, also after a restart"),
    };
    shown(ctx, &title, &now).await
}

async fn reset(ctx: CommandContext) -> Result {
    let id = id(&ctx)?;
    let before = handlers::seen(ctx.host(), &id).await;
    let now = ctx.host().reset_hook(&id).await?;
    let title = match before.map(|before| before.circuit) {
        Some(HookCircuit::Closed) => "The handler was not at rest",
        _ => "The handler's rest is over",
    };
    shown(&ctx, title, &now).await
}

/// The id that was typed; in a code span, as it is copied from the list, too.
fn id(ctx: &CommandContext) -> Result<String> {
    let id: String = ctx.option("id")?;
    let id = id.trim().trim_matches('`');
    match id.is_empty() {
        true => Err(Error::user(format!(
            "`{}` needs the id of a handler: `eh_list` shows them.",
            word(ctx.typed())
        ))),
        false => Ok(id.to_owned()),
    }
}

async fn shown(ctx: &CommandContext, title: &str, hook: &HookInfo) -> Result {
    let card = embed(title).success().description(handlers::lines(hook));
    ctx.reply(card).await
}
