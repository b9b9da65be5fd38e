//! A form, a look at what was written, and a confirmation, before anything happens: one handler from top to bottom.

use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::new()
        .description("Announcements, step by step")
        .command(announce())
});

/// Announces something in this channel.
#[command(slash_only, ephemeral, permissions(MANAGE_MESSAGES))]
async fn announce(ctx: CommandContext) -> Result {
    let form = Modal::new("An announcement", "")
        .field(TextField::short("title", "Title").max_length(100))
        .field(TextField::long("text", "Text").max_length(2000));
    let Some(form) = ctx.ask_modal(form).await? else {
        return Ok(());
    };
    let announcement = embed(form.get("title"))
        .description(form.get("text"))
        .build();
    let look = NewMessage::from("Shall I send this?").embed(announcement.clone());
    // No click in time, and a reload meanwhile, are a no.
    if !ctx.confirm(look).await? {
        return ctx.reply("It is not sent.").await;
    }
    let discord = ctx.host().discord();
    discord.send(ctx.channel_id(), announcement).await?;
    ctx.reply("It is sent.").await
}
