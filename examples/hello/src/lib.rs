//! The shortest plugin: one command, by prefix and by slash.

use plugin_api::prelude::*;

export_plugin!(|| Plugin::new().command(Command::new("hello", "Says hello").run(hello)));

async fn hello(ctx: CommandContext) -> Result {
    ctx.reply(format!("Hello, {}!", ctx.user().name)).await
}
