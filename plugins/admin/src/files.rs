//! Command `files`: how the files of plugins fare.

use plugin_api::{prelude::*, text::counted};

/// Plugins that are shown: those with most on the disk.
const MOST: usize = 5;

pub(super) fn command(name: &str) -> Command {
    Command::new(
        name,
        "Shows figures of plugins' files: reads, writes, failures, locks",
    )
    .run(show)
}

async fn show(ctx: CommandContext) -> Result {
    let it = ctx.host().file_stats().await?;
    let share = it.cache_hits * 100 / it.reads.max(1);
    let kept: Vec<String> = it
        .plugins
        .iter()
        .filter(|plugin| plugin.files > 0)
        .take(MOST)
        .map(|plugin| format!("`{}`: {} kB", plugin.plugin, plugin.files / 1_000))
        .collect();
    let shown = embed("Files of plugins");
    let shown = match &*it.health {
        "healthy" => shown.success().description("healthy: below 1 % have failed"),
        "degraded" => shown
            .error()
            .description("degraded: from 1 % to 5 % have failed; the log says what"),
        _ => shown.error().description(
            "critical: more than 5 % have failed; the log says what. Is the disk full, or the folder read-only?",
        ),
    };
    let reads = format!(
        "{}, {share} % of them from memory, {} failed",
        it.reads, it.read_failures
    );
    let writes = format!("{}, {} failed", it.writes, it.write_failures);
    let memory = format!(
        "{}, {} kB",
        counted(it.cached, "file"),
        it.cached_bytes / 1_000
    );
    let mut shown = shown
        .field("Reads", reads, false)
        .field("Writes and removals", writes, false)
        .field("In memory", memory, false)
        .field("Locked at this moment", counted(it.locks, "file"), false);
    if !kept.is_empty() {
        shown = shown.field("On the disk, since the start", kept.join("\n"), false);
    }
    ctx.reply(shown.build()).await
}
