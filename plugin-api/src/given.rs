//! Answers of host calls that may be missing.

use crate::error::Result;

/// What a host call gave, or `None` and a line in the log: for an answer that shows what there is when a part of it can't be had. That a
/// power was not granted is the operator's wish, and a line for `debug` alone; anything else is a warning.
///
/// ```
/// use plugin_api::{Power, given, prelude::*};
///
/// async fn state(ctx: CommandContext) -> Result {
///     let bot = given("bot.status", ctx.host().bot().status().await);
///     let servers = bot.map_or("?".to_owned(), |bot| bot.guilds.to_string());
///     ctx.reply(format!("In {servers} servers.")).await
/// }
/// # Plugin::new().powers([Power::BotRead]).command(Command::new("state", "Shows how the bot is").run(state));
/// ```
pub fn given<T>(call: &str, answer: Result<T>) -> Option<T> {
    answer
        .inspect_err(|error| match error.user_message() {
            Some(_) => tracing::debug!(call, "left out: {error}"),
            None => tracing::warn!(call, "left out: {error}"),
        })
        .ok()
}
