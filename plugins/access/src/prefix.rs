//! Commands `setprefix` and `mentionprefix`.

use plugin_api::prelude::*;

#[derive(Choices)]
enum Switch {
    Enable,
    Disable,
    Status,
}

pub(super) fn setprefix() -> Command {
    Command::new(
        "setprefix",
        "Changes what commands begin with in this server",
    )
    .permissions(Permissions::ADMINISTRATOR)
    .option(
        CommandOption::string(
            "prefix",
            "1 to 5 characters without blanks; `default` for the bot's own",
        )
        .required(),
    )
    .run(set)
}

pub(super) fn mentionprefix() -> Command {
    Command::new(
        "mentionprefix",
        "Switches whether a mention of the bot works like the prefix",
    )
    .permissions(Permissions::ADMINISTRATOR)
    .option(CommandOption::of::<Option<Switch>>(
        "state",
        "What to do; left out: shows the state",
    ))
    .run(mention)
}

async fn set(ctx: CommandContext) -> Result {
    let guild = ctx.guild()?;
    let prefix: String = ctx.option("prefix")?;
    let prefix = if prefix == "default" { "" } else { &prefix };
    let set = ctx.host().commands().set_prefix(guild, prefix).await?;
    let text = format!(
        "Commands begin with `{}` in this server from now on.",
        set.prefix
    );
    ctx.reply(embed("Prefix").description(text).build()).await
}

async fn mention(ctx: CommandContext) -> Result {
    let guild = ctx.guild()?;
    let commands = ctx.host().commands();
    let state: Option<Switch> = ctx.option("state")?;
    let set = match state {
        Some(Switch::Enable) => commands.set_mention_prefix(guild, true).await?,
        Some(Switch::Disable) => commands.set_mention_prefix(guild, false).await?,
        Some(Switch::Status) | None => commands.prefix(guild).await?,
    };
    let text = if set.mention_prefix {
        format!(
            "A mention of the bot works like `{}` in this server.",
            set.prefix
        )
    } else {
        format!(
            "Commands begin with `{}` in this server; a mention of the bot is only a mention.",
            set.prefix
        )
    };
    ctx.reply(embed("Mention prefix").description(text).build())
        .await
}
