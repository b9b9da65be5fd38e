//! Command `discordbotframework`: what Cogwright is, and what it learnt from.

use plugin_api::{
    prelude::*,
    text::{counted, span},
};

use crate::given;

/// The project that set the commands and manners which Cogwright's members know.
const REFERENCE: &str = "https://github.com/TheHolyOneZ/discord-bot-framework";

const FEATURES: &[&str] = &[
    "Features are plugins: native libraries that are loaded, unloaded and replaced while the bot runs, without losing a message",
    "Every command by prefix and by slash, with typed options, checks, cooldowns and rules of each server",
    "Buttons, menus, forms and pages that survive a reload",
    "A database, settings, secrets, schedules, hooks and files for each plugin, with fences between them",
    "What reaches beyond a plugin's own is a power that the owner grants, and every use that changes something is in an audit journal",
    "A simulated Discord to try all of it out, without an account",
];

pub(super) fn discordbotframework() -> Command {
    Command::new("discordbotframework", "Tells what this bot is built with")
        .alias("framework")
        .alias("botinfo")
        .example("botinfo")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let features: Vec<String> = FEATURES.iter().map(|line| format!("• {line}")).collect();
    let mut card = embed("Cogwright")
        .description(format!(
            "This bot runs on Cogwright, a host for Discord bots in Rust.\n\n{}",
            features.join("\n")
        ))
        .field(
            "Where to begin",
            format!(
                "{}, {} and {} tell more of this bot.",
                typed(&ctx, "stats"),
                typed(&ctx, "modules"),
                typed(&ctx, "serverinfo")
            ),
            false,
        );
    if let Some(bot) = given("bot.status", ctx.host().bot().status().await) {
        card = card
            .field("Version", &bot.host_version, true)
            .field("Up for", span(bot.up_ms), true)
            .field("Serves", counted(bot.guilds, "server"), true)
            .field(
                "Has",
                format!(
                    "{}, {}",
                    counted(bot.plugins.into(), "plugin"),
                    counted(bot.commands.into(), "command")
                ),
                true,
            );
    }
    let card = card.field(
        "Credits",
        format!(
            "Its commands and its manners go back to [discord-bot-framework]({REFERENCE}) by TheHolyOneZ."
        ),
        false,
    );
    let link = link_button("discord-bot-framework", REFERENCE);
    ctx.reply(NewMessage::from(card).row([link])).await
}

/// A command of this plugin's, as the reader has typed this one: `!stats`, `/stats`.
fn typed(ctx: &CommandContext, name: &str) -> String {
    let typed = ctx.typed();
    let begin = ["discordbotframework", "framework", "botinfo"]
        .iter()
        .find_map(|own| typed.strip_suffix(own))
        .unwrap_or("/");
    format!("`{begin}{name}`")
}
