//! The shortest plugin: one command, by prefix and by slash.

use plugin_api::prelude::*;

export_plugin!(|| Plugin::new().command(hello()));

/// Says hello.
#[command]
async fn hello(ctx: CommandContext) -> Result {
    ctx.reply(format!("Hello, {}!", ctx.user().name)).await
}
