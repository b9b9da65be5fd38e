//! Options of several types, the same by prefix and by slash; a private answer; a modal.

use plugin_api::prelude::*;

export_plugin!(|| {
    let echo = Command::new("echo", "Says what you say")
        .option(
            CommandOption::string("text", "What to say")
                .required()
                .max(200),
        )
        .option(CommandOption::integer("times", "How often").min(1).max(5))
        .option(CommandOption::boolean("loud", "In capitals"))
        .option(
            CommandOption::string("colour", "Colour of the frame")
                .choices(["red", "green", "blue"]),
        )
        .option(CommandOption::user("to", "Whom to address"));
    let whisper = Command::new("whisper", "Says it to you alone")
        .option(
            CommandOption::string("text", "What to whisper")
                .required()
                .rest(),
        )
        .ephemeral();
    Plugin::new()
        .description("Says what you say")
        .command(echo.run(say))
        .command(whisper.run(say_privately))
        .command(
            Command::new("letter", "Writes a letter")
                .slash_only()
                .run(open_letter),
        )
        .component("letter", send_letter)
});

async fn say(ctx: CommandContext) -> Result {
    let mut text: String = ctx.option("text")?;
    if ctx.option::<Option<bool>>("loud")? == Some(true) {
        text = text.to_uppercase();
    }
    let times: Option<i64> = ctx.option("times")?;
    text = vec![text; usize::try_from(times.unwrap_or(1))?].join(" ");
    if let Some(to) = ctx.option::<Option<Id<marker::UserMarker>>>("to")? {
        text = format!("<@{to}> {text}");
    }
    let colour = match ctx.option::<Option<String>>("colour")?.as_deref() {
        Some("red") => 0xC0_39_2B,
        Some("green") => 0x2E_8B_57,
        Some("blue") => 0x34_6E_B0,
        _ => return ctx.reply(text).await,
    };
    ctx.reply(embed("Echo").description(text).colour(colour).build())
        .await
}

async fn say_privately(ctx: CommandContext) -> Result {
    let text: String = ctx.option("text")?;
    ctx.reply(format!("psst: {text}")).await
}

async fn open_letter(ctx: CommandContext) -> Result {
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
