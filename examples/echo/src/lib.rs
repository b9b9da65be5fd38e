//! Options of several types, the same by prefix and by slash; a private answer; a modal.

use plugin_api::prelude::*;

export_plugin!(|| {
    Plugin::new()
        .description("Says what you say")
        .command(echo())
        .command(whisper())
        .command(letter())
        .component("letter", send_letter)
});

#[derive(Choices)]
enum Colour {
    Red,
    Green,
    Blue,
}

/// Says what you say.
#[command]
async fn echo(
    ctx: CommandContext,
    /// What to say.
    #[max = 200]
    text: String,
    /// How often.
    #[min = 1]
    #[max = 5]
    times: Option<u8>,
    /// In capitals.
    loud: Option<bool>,
    /// Colour of the frame.
    colour: Option<Colour>,
    /// Whom to address.
    to: Option<Id<marker::UserMarker>>,
) -> Result {
    let mut text = vec![text; times.unwrap_or(1).into()].join(" ");
    if loud == Some(true) {
        text = text.to_uppercase();
    }
    if let Some(to) = to {
        text = format!("<@{to}> {text}");
    }
    let colour = match colour {
        Some(Colour::Red) => 0xC0_39_2B,
        Some(Colour::Green) => 0x2E_8B_57,
        Some(Colour::Blue) => 0x34_6E_B0,
        None => return ctx.reply(text).await,
    };
    ctx.reply(embed("Echo").description(text).colour(colour).build())
        .await
}

/// Says it to you alone.
#[command(ephemeral)]
async fn whisper(
    ctx: CommandContext,
    /// What to whisper.
    #[rest]
    text: String,
) -> Result {
    ctx.reply(format!("psst: {text}")).await
}

/// Writes a letter.
#[command(slash_only)]
async fn letter(ctx: CommandContext) -> Result {
    let letter = Modal::new("A letter", ctx.custom_id("letter", ctx.user().id)?)
        .field(TextField::short("subject", "Subject").max_length(80))
        .field(TextField::long("body", "Your letter").optional());
    ctx.modal(&letter).await
}

async fn send_letter(ctx: ComponentContext) -> Result {
    let title = format!("Letter: {}", ctx.field("subject"));
    let footer = format!("opened by {}", ctx.argument());
    ctx.reply(
        embed(title)
            .description(ctx.field("body"))
            .footer(footer)
            .build(),
    )
    .await
}
