//! Commands `cachestats` and `cleanup`: what is only in memory, and emptying it.

use plugin_api::{
    EmbedBuilder,
    abi::FileStats,
    prelude::*,
    text::{counted, number, size},
};

use crate::asked;

/// Plugins that are shown: those with most on the disk.
const MOST: usize = 5;

pub(super) fn cachestats() -> Command {
    Command::new("cachestats", "Shows what is in the caches, and how files of plugins fare")
        .alias("fw_files")
        .help("Files of plugins with reads, writes, failures and locks; members, rules with prefixes, and settings of servers that are in memory.")
        .example("cachestats")
        .run(show)
}

pub(super) fn cleanup() -> Command {
    Command::new("cleanup", "Empties the caches")
        .help("Nothing is lost: what was in them is read anew when it is asked for next.")
        .example("cleanup")
        .run(clean)
}

async fn show(ctx: CommandContext) -> Result {
    let host = ctx.host();
    let mut card = embed("Caches");
    card = match asked("files.stats", host.file_stats().await) {
        Ok(it) => files(card, &it),
        Err(why) => card.field("Files", why, false),
    };
    card = match asked("bot.caches", host.caches().await) {
        Ok(kept) => card
            .field("Members", counted(kept.members, "member"), true)
            .field(
                "Rules and prefixes",
                format!("of {}", counted(kept.rules, "server")),
                true,
            )
            .field(
                "Settings",
                format!("of {}", counted(kept.settings, "server")),
                true,
            ),
        Err(why) => card.field("Other caches", why, false),
    };
    if let Ok(bot) = asked("bot.status", host.bot().status().await) {
        let known = format!(
            "{} and {}, kept whole; messages are not kept ({} seen)",
            counted(bot.guilds, "server"),
            counted(bot.channels, "channel"),
            number(bot.messages)
        );
        card = card.field("Of Discord", known, false).field(
            "Memory of the process",
            size(bot.memory_bytes),
            true,
        );
    }
    ctx.reply(card.build()).await
}

fn files(card: EmbedBuilder, it: &FileStats) -> EmbedBuilder {
    let share = it.cache_hits * 100 / it.reads.max(1);
    let card = health(card, &it.health);
    let reads = format!(
        "{}, {share} % of them from memory, {} failed",
        number(it.reads),
        number(it.read_failures)
    );
    let writes = format!(
        "{}, {} failed",
        number(it.writes),
        number(it.write_failures)
    );
    let memory = format!("{}, {}", counted(it.cached, "file"), size(it.cached_bytes));
    let card = card
        .field("Reads of files", reads, false)
        .field("Writes and removals", writes, false)
        .field("Files in memory", memory, true)
        .field("Locked at this moment", counted(it.locks, "file"), true);
    let kept: Vec<String> = it
        .plugins
        .iter()
        .filter(|plugin| plugin.files > 0)
        .take(MOST)
        .map(|plugin| format!("`{}`: {}", plugin.plugin, size(plugin.files)))
        .collect();
    match kept.is_empty() {
        true => card,
        false => card.field("Files on the disk", kept.join("\n"), false),
    }
}

/// How files fare, by the share of what failed.
pub(super) fn health(card: EmbedBuilder, health: &str) -> EmbedBuilder {
    match health {
        "healthy" => card.success().description("healthy: below 1 % have failed"),
        "degraded" => card
            .warning()
            .description("degraded: from 1 % to 5 % have failed; the log says what"),
        _ => card.error().description(
            "critical: more than 5 % have failed; the log says what. Is the disk full, or the folder read-only?",
        ),
    }
}

async fn clean(ctx: CommandContext) -> Result {
    let host = ctx.host();
    let before = asked("bot.status", host.bot().status().await);
    let cleared = host.clear_caches(&[]).await?;
    let freed = [
        format!(
            "{} of plugins, {}",
            counted(cleared.files, "file"),
            size(cleared.file_bytes)
        ),
        counted(cleared.members, "member"),
        format!("rules and prefixes of {}", counted(cleared.rules, "server")),
        format!("settings of {}", counted(cleared.settings, "server")),
    ];
    let mut card = embed("Caches emptied").success().description(format!(
        "{}\nThey are read anew when they are asked for.",
        freed.join("\n")
    ));
    if let (Ok(before), Ok(after)) = (before, asked("bot.status", host.bot().status().await)) {
        let memory = format!(
            "{} → {}",
            size(before.memory_bytes),
            size(after.memory_bytes)
        );
        card = card.field("Memory of the process", memory, false);
    }
    ctx.reply(card.build()).await
}
