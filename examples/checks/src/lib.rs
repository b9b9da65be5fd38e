//! Access rules and cooldowns: the host sees to them before the handler is called.

use std::cell::Cell;

use plugin_api::prelude::*;

export_plugin!(|| {
    let start = |_host| async {
        let open = Cell::new(false);
        Ok(Shop { open })
    };
    Plugin::with_state(start)
        .description("A tea shop with rules")
        .command(shop())
        .command(restock())
        .command(buy())
        .command(sample())
        .command(brew())
});

struct Shop {
    open: Cell<bool>,
}

/// A check of our own.
async fn open(ctx: CheckContext<Shop>) -> Result {
    if ctx.state().open.get() {
        Ok(())
    } else {
        Err(Error::user("The shop is closed."))
    }
}

/// Opens the shop, or closes it.
#[command(permissions(MANAGE_MESSAGES), bot_permissions(SEND_MESSAGES))]
async fn shop(
    ctx: CommandContext<Shop>,
    /// Whether it is open.
    open: bool,
) -> Result {
    ctx.state().open.set(open);
    ctx.reply(if open { "Open." } else { "Closed." }).await
}

/// Brings new tea.
#[command(any_role("Moderator", "Shopkeeper"))]
async fn restock(ctx: CommandContext<Shop>) -> Result {
    ctx.reply("The shelves are full.").await
}

/// Buys tea, while the shop is open.
#[command(check = open)]
async fn buy(ctx: CommandContext<Shop>) -> Result {
    ctx.reply("Here is your tea.").await
}

/// Tries a tea, twice an hour.
#[command(cooldown(uses = 2, seconds = 3600))]
async fn sample(ctx: CommandContext<Shop>) -> Result {
    ctx.reply("Hm!").await
}

/// Brews tea, one pot per channel at a time.
#[command(check = open, guild_only, max_concurrency(uses = 1, per = Channel))]
async fn brew(ctx: CommandContext<Shop>) -> Result {
    ctx.reply("It is ready.").await
}
