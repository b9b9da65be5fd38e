//! Listener that reads the text of every message, and a command that says how many it has heard.

use std::cell::Cell;

use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::with_state(|_host| async { Ok(Cell::new(0)) })
        .listen(Listener::new(), listen)
        .command(Command::new("heard", "Says how many it has heard").run(heard))
});

async fn listen(ctx: EventContext<MessageCreate, Cell<u64>>) -> Result {
    if ctx.content().contains("ahoy") {
        ctx.state().set(ctx.state().get() + 1);
    }
    Ok(())
}

async fn heard(ctx: CommandContext<Cell<u64>>) -> Result {
    ctx.reply(ctx.state().get().to_string()).await
}
