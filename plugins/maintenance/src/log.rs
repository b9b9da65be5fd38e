//! Command `fw_log`: what is logged, of all, of a plugin or of a module.

use plugin_api::{
    abi::{LevelCall, LevelsReply},
    prelude::*,
    text::{or_none, plain, word},
};

use crate::tail;

const LEVELS: [&str; 7] = ["error", "warn", "info", "debug", "trace", "off", "default"];

/// `fw_log` with its own handler by prefix, and the group that it is by slash.
pub(super) fn command() -> Command {
    levels("fw_log")
        .example("fw_log shop debug")
        .example("fw_log tail 50")
        .command(tail::tail())
        .command(tail::follow())
        .command(levels("level"))
}

fn levels(name: &str) -> Command {
    Command::new(name, "Shows or changes what is logged")
        .help(
            "Until the bot stops: of a plugin, of a module such as `host_discord::gateway`, or of all. `default` removes an \
             exception.",
        )
        .option(CommandOption::string("of", "A plugin or a module; left out: all"))
        .option(CommandOption::string("level", "Lowest level that is logged; default removes an exception").choices(LEVELS))
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let (of, level): (Option<String>, Option<String>) = (ctx.option("of")?, ctx.option("level")?);
    let host = ctx.host();
    // A level alone is for all.
    let (of, level) = match (of, level) {
        (Some(level), None) if LEVELS.contains(&&*level.to_lowercase()) => {
            (None, Some(level.to_lowercase()))
        }
        (Some(of), None) => {
            let levels = LEVELS.map(|level| format!("`{level}`")).join(", ");
            return Err(Error::user(format!(
                "Which level for `{}`? There are {levels}.",
                word(&of)
            )));
        }
        given => given,
    };
    let Some(level) = level else {
        let levels = host.log_levels().await?;
        return ctx.reply(shown(String::new(), &levels)).await;
    };
    let level = Some(level).filter(|level| level != "default");
    // Any word is a module's name, also that of a plugin that there is not.
    let (is_plugin, note) = match &of {
        None => (false, None),
        Some(of) => match host.plugins().usage(of).await {
            Ok(_) => (true, None),
            Err(_) if of.contains("::") => (false, None),
            Err(why) => (
                false,
                Some({
                    let why = why
                        .user_message()
                        .map_or_else(|| why.to_string(), str::to_owned);
                    format!("`{}` is taken for a module: {}", word(of), plain(&why))
                }),
            ),
        },
    };
    let mut call = LevelCall {
        level,
        ..LevelCall::default()
    };
    match (of, is_plugin) {
        (Some(plugin), true) => call.plugin = Some(plugin),
        (target, _) => call.target = target,
    }
    let levels = host.set_log_level(&call).await?;
    ctx.reply(shown(
        format!("Until the bot stops.\n{}", note.unwrap_or_default()),
        &levels,
    ))
    .await
}

fn shown(note: String, levels: &LevelsReply) -> NewMessage {
    let plugins: Vec<String> = levels
        .plugins
        .iter()
        .map(|(plugin, level)| format!("`{plugin}`: {level}"))
        .collect();
    let text = format!("`{}`\n{note}", plain(&levels.level));
    let mut shown = embed("Log")
        .description(text.trim_end())
        .footer("fw_log tail shows the last lines, fw_log follow those that come");
    if !plugins.is_empty() {
        shown = shown.field("Plugins", or_none(&plugins.join("\n")), false);
    }
    shown.build().into()
}
