//! A pantry: what no example has, and the check of the dashboard needs. Tables of the bot's and of servers', and a handler of a hook that fails.

use plugin_api::prelude::*;
use serde::{Deserialize, Serialize};

export_plugin!(|| {
    Plugin::new()
        .description("Jars, and an order that nobody takes")
        .migration(
            1,
            Scope::Bot,
            "CREATE TABLE pantry__jars (name TEXT PRIMARY KEY, cups INTEGER NOT NULL);
             INSERT INTO pantry__jars VALUES ('tea', 3), ('<script>alert(1)</script>', 7)",
        )
        .migration(
            2,
            Scope::Guild,
            "CREATE TABLE pantry__shelves (name TEXT PRIMARY KEY)",
        )
        .command(Command::new("order", "Orders tea").run(order))
        .on_hook("shop", shop)
});

/// Tea was ordered.
#[derive(Serialize, Deserialize)]
struct Ordered {}

impl Hook for Ordered {
    const EVENT: &'static str = "pantry.ordered";
}

async fn order(ctx: CommandContext) -> Result {
    ctx.host().emit(&Ordered {}).await?;
    ctx.reply("ordered").await
}

async fn shop(_ctx: HookContext<Ordered>) -> Result {
    Err(Error::new("the shop is closed for good"))
}
