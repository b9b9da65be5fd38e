//! Tests of generations on disk: what stays unloaded, kept files, several that are reloaded as one, and canaries.

mod canaries;
mod rollbacks;
mod together;
mod unloads;

use std::path::PathBuf;

use crate::{fixtures, support::Fixture};

/// A plugin that counts, keeps its count, and says which version it is.
fn counting(name: &str, version: &str, declared: &str) -> PathBuf {
    let tag = format!("generations-{}", version.replace('.', "-"));
    fixtures::plugin(name, &tag, version, "", &source(name, version, declared))
}

fn source(name: &str, version: &str, declared: &str) -> String {
    format!(
        "//! Counts, and says what it is.\nuse std::cell::Cell;\n\nuse plugin_api::prelude::*;\n\n\
         export_plugin!(|| Plugin::with_state(|_host| async {{ Ok(Cell::new(0_u64)) }}){declared}\n    \
         .command(Command::new(\"{name}\", \"Counts\").run(count))\n    \
         .on_save(|count| State::new(1, &count.get()))\n    \
         .on_restore(|count, saved| {{ count.set(saved.read()?); Ok(()) }}));\n\n\
         async fn count(ctx: CommandContext<Cell<u64>>) -> Result {{\n    \
         ctx.state().set(ctx.state().get() + 1);\n    \
         ctx.reply(format!(\"{name} {version} counts {{}}\", ctx.state().get())).await\n}}\n"
    )
}

/// The first `tea`.
fn tea() -> PathBuf {
    counting("tea", "1.0.0", "")
}

/// Drops a plugin in, and waits until this load of it serves.
async fn serve(bot: &Fixture, library: &std::path::Path, name: &str, generation: u64) {
    bot.drop_in(library, name);
    bot.until_generation(name, generation).await;
}

/// What an owner is told.
async fn told(bot: &Fixture, line: &str) -> String {
    bot.ask(&bot.owner(), line).await.text()
}

/// What a member is told.
async fn said(bot: &Fixture, line: &str) -> String {
    bot.ask(&bot.member(), line).await.text()
}

fn serves(bot: &Fixture, name: &str) -> bool {
    let all = bot.plugins().status();
    all.iter()
        .any(|it| it.plugin.is(name) && it.serving.is_some())
}
