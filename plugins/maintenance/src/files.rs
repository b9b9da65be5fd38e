//! Command `atomicstats`: how plugins' files are read and written.

use plugin_api::{
    abi::DescribeCall,
    prelude::*,
    text::{counted, number, or_none, size, span},
};

use crate::{asked, caches::health};

pub(super) fn atomicstats() -> Command {
    Command::new("atomicstats", "Shows how files of plugins are read and written")
        .help("The cache and its limits, locks, reads, writes and failures since the bot began. A write is whole or not at all.")
        .example("atomicstats")
        .run(show)
}

async fn show(ctx: CommandContext) -> Result {
    let host = ctx.host();
    let it = host.file_stats().await?;
    let misses = it.reads.saturating_sub(it.cache_hits);
    let rate = it.cache_hits as f64 * 100.0 / it.reads.max(1) as f64;
    let cache = format!(
        "{}, {}\n{} from memory, {} from the disk: {rate:.1} %",
        counted(it.cached, "file"),
        size(it.cached_bytes),
        number(it.cache_hits),
        number(misses),
    );
    let operations = format!(
        "{}, {} failed\n{}, {} failed",
        counted(it.reads, "read"),
        number(it.read_failures),
        counted(it.writes, "write"),
        number(it.write_failures),
    );
    let mut card = health(embed("Files of plugins"), &it.health)
        .field("Cache", cache, true)
        .field("Operations", operations, true)
        .field("Locked at this moment", counted(it.locks, "file"), true);
    let call = DescribeCall {
        of: Some("files".into()),
        ..DescribeCall::default()
    };
    card = match asked("settings.describe", host.describe_settings(&call).await) {
        Ok(limits) => {
            let lines = limits
                .settings
                .iter()
                .map(|one| format!("`{}` {}", one.path, one.value));
            let lines: Vec<String> = lines.collect();
            card.field("Limits", or_none(&lines.join("\n")), false)
        }
        Err(why) => card.field("Limits", or_none(&why), false),
    };
    if let Ok(bot) = asked("bot.status", host.bot().status().await) {
        card = card.field("Counted for", span(bot.up_ms), true);
    }
    ctx.reply(card.build()).await
}
