//! Command `why`: the first rule that refuses.

use plugin_api::prelude::*;

pub(super) fn why() -> Command {
    Command::new("why", "Explains why a command refuses")
        .option(
            CommandOption::string(
                "command",
                "Which command; write one of several words in quotes",
            )
            .required(),
        )
        .option(CommandOption::user(
            "user",
            "For which user; left out: for yourself",
        ))
        .autocomplete("command", super::commands)
        .ephemeral()
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let command: String = ctx.option("command")?;
    let user = ctx.option::<Option<_>>("user")?.unwrap_or(ctx.user().id);
    let answer = ctx
        .host()
        .commands()
        .why(&command, user, ctx.guild_id(), ctx.channel_id())
        .await?;
    let ways: Vec<String> = answer.typed.iter().map(|way| format!("`{way}`")).collect();
    let text = match &answer.rule {
        None => format!("<@{user}> may use it here: {}.", ways.join(" or ")),
        Some(rule) => format!(
            "<@{user}> reads: {}\nRule: {}\nIt is typed {}.",
            answer.text,
            explained(rule),
            ways.join(" or ")
        ),
    };
    ctx.reply(
        embed(format!("Why `{}`?", answer.command))
            .description(text)
            .build(),
    )
    .await
}

fn explained(rule: &str) -> String {
    match rule {
        "place" => "where the command works",
        "owner" => "for the bot's owner alone",
        "guild_owner" => "for the server's owner",
        "roles" => "roles that this server has named for it (`config`)",
        "permissions" => "permissions or roles that the command asks for",
        "bot" => "what the bot needs to carry it out",
        "check" => "a check of the command's own",
        "cooldown" => "its cooldown",
        "busy" => "how many of it may run at once",
        other => other,
    }
    .to_owned()
}
