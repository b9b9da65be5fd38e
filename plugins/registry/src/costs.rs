//! Command `fw_plugin`: what one plugin uses.

use plugin_api::{
    EmbedBuilder,
    abi::{CountView, PluginFootprint, PluginUsage},
    prelude::*,
    text::{counted, lines, milliseconds, plain, size, word},
};

use crate::names;

/// Handlers and host calls that are shown: those that took most time.
const SHOWN: usize = 8;

/// Characters of these.
const LIST: usize = 1_000;

pub(crate) fn command() -> Command {
    Command::new("fw_plugin", "Shows what a plugin uses")
        .help("Processor time, memory, waits, what it keeps on the disk, its handlers and host calls.")
        .option(CommandOption::string("name", "Name of the plugin").required())
        .autocomplete("name", names)
        .example("fw_plugin help")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let name: String = ctx.option("name")?;
    ctx.reply(card(ctx.host(), &name).await?).await
}

pub(crate) async fn card(host: &Host, name: &str) -> Result<EmbedBuilder> {
    let usage = host.plugins().usage(name).await?;
    let mut shown = embed(word(&usage.name)).description(summary(&usage));
    shown = shown.field("Over time", over_time(&usage.footprint), false);
    for (title, rows) in [("Handlers", &usage.handlers), ("Host calls", &usage.calls)] {
        let rows: Vec<String> = rows.iter().take(SHOWN).map(line).collect();
        if !rows.is_empty() {
            shown = shown.field(title, lines(&rows, LIST), false);
        }
    }
    Ok(shown)
}

fn summary(usage: &PluginUsage) -> String {
    let heap = usage.heap_bytes.map_or_else(
        || "unknown".to_owned(),
        |bytes| format!("{:.1} kB", bytes as f64 / 1_000.0),
    );
    let wait = usage.waited_us / usage.served.max(1);
    format!(
        "version {} · generation {} · {} reloads · up {} min\n{:.3} s of processor · {heap} of memory\n\
         {} waiting · {} served after {} each · {} dropped\n{} failed · {}\n\
         {} in databases, {} in files, of {} (`storage.max_plugin_bytes`)",
        usage.version,
        usage.generation,
        usage.reloads,
        usage.up_ms / 60_000,
        usage.cpu_us as f64 / 1e6,
        usage.waiting,
        usage.served,
        milliseconds(wait),
        usage.dropped,
        usage.failed,
        counted(usage.panics, "panic"),
        size(usage.tables_bytes),
        size(usage.files_bytes),
        size(usage.limit_bytes),
    )
}

fn over_time(footprint: &PluginFootprint) -> String {
    let peak = footprint.heap_peak_bytes;
    let peak = peak.map_or_else(|| "unknown".to_owned(), size);
    let mut told = format!(
        "{peak} of memory at most · {} · {:.3} s of processor with those\n{}, after which something stayed {} and was given back",
        counted(footprint.threads.into(), "thread"),
        footprint.cpu_us as f64 / 1e6,
        counted(footprint.unloads, "unload"),
        counted(footprint.tidied, "time"),
    );
    if footprint.pinned > 0 {
        told += &format!(
            "\n{} still mapped with {}, until the bot is restarted",
            counted(footprint.pinned, "ended generation"),
            size(footprint.pinned_bytes)
        );
    }
    if let Some(why) = &footprint.stays {
        told += &format!("\nit can't be unloaded: {}", plain(why));
    }
    let told: Vec<String> = told.lines().map(str::to_owned).collect();
    lines(&told, LIST)
}

fn line(row: &CountView) -> String {
    let kind = match &*row.kind {
        "call" => String::new(),
        kind => format!("{kind} "),
    };
    let failed = match row.failed {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    let mean = milliseconds(row.took_us / row.count.max(1));
    format!(
        "{kind}`{}`{failed}: {}, {mean} each",
        word(&row.name),
        counted(row.count, "time")
    )
}
