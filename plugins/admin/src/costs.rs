//! Command `plugin`: what one plugin uses.

use plugin_api::{
    abi::{CountView, PluginUsage},
    prelude::*,
    text::{counted, milliseconds, size, word},
};

/// Handlers and host calls that are shown: those that took most time.
const SHOWN: usize = 8;

pub(super) fn command(name: &str) -> Command {
    Command::new(name, "Shows what a plugin uses")
        .help("Processor time, memory, waits, what it keeps on the disk, its handlers and host calls.")
        .option(CommandOption::string("name", "Name of the plugin").required())
        .autocomplete("name", names)
        .run(show)
}

/// The plugins that begin with what is typed, or have it in them.
async fn names(ctx: AutocompleteContext) -> Result<Vec<String>> {
    let typed = ctx.typed().to_lowercase();
    let all = ctx.host().plugins().all().await?;
    let names = all.into_iter().map(|plugin| plugin.name);
    let mut names: Vec<String> = names.filter(|name| name.contains(&typed)).collect();
    names.sort_by_key(|name| (!name.starts_with(&typed), name.clone()));
    names.truncate(25);
    Ok(names)
}

async fn show(ctx: CommandContext) -> Result {
    let name: String = ctx.option("name")?;
    let usage = ctx.host().plugins().usage(&name).await?;
    let mut shown = embed(&usage.name).description(summary(&usage));
    for (title, rows) in [("Handlers", &usage.handlers), ("Host calls", &usage.calls)] {
        let lines: Vec<String> = rows.iter().take(SHOWN).map(line).collect();
        if !lines.is_empty() {
            shown = shown.field(title, lines.join("\n"), false);
        }
    }
    ctx.reply(shown.build()).await
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
        "{kind}`{}`{failed}: {} times, {mean} each",
        word(&row.name),
        row.count
    )
}
