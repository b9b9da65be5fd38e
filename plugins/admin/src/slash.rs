//! Command `slash-limit`: how slash commands fit into Discord's limits.

use std::collections::BTreeMap;

use plugin_api::{
    abi::{SlashBudget, SlashView},
    prelude::*,
    text::{or_none, word},
};

/// Cells of the usage bar.
const CELLS: u64 = 20;

pub(super) fn command(name: &str) -> Command {
    Command::new(name, "Shows how many slash commands there are, and may be").run(show)
}

async fn show(ctx: CommandContext) -> Result {
    let budget = ctx.host().bot().slash_budget().await?;
    let (used, limit) = (budget.used, budget.limit);
    let filled = (used * CELLS).div_ceil(limit.max(1)).min(CELLS);
    let cells = |count: u64, cell: &str| cell.repeat(usize::try_from(count).unwrap_or_default());
    let bar = format!("`{}{}`", cells(filled, "█"), cells(CELLS - filled, "░"));
    let mut shown = embed("Slash commands")
        .description(bar)
        .field("Used", format!("{used} of {limit}"), true)
        .field("Remaining", limit.saturating_sub(used).to_string(), true)
        .field("Status", state(&budget), true)
        .field(
            "New ones that Discord takes today",
            budget.creates_left.to_string(),
            true,
        );
    let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for command in &budget.commands {
        let (kind, line) = reached(command);
        kinds.entry(kind).or_default().push(line);
    }
    for (kind, lines) in kinds {
        shown = shown.field(
            format!("{kind} ({})", lines.len()),
            or_none(&lines.join("\n")),
            false,
        );
    }
    ctx.reply(shown.build()).await
}

fn state(budget: &SlashBudget) -> &'static str {
    if budget.used >= budget.limit {
        "full"
    } else if !budget.grouped_plugins.is_empty() {
        "grouped"
    } else if budget.used >= budget.warn_at {
        "warning"
    } else {
        "normal"
    }
}

fn reached(command: &SlashView) -> (&'static str, String) {
    let (path, detail) = (&command.path, word(&command.detail));
    match &*command.how {
        "grouped" => ("Grouped", format!("`{detail}`")),
        "in_menu" => ("In a menu", format!("{path} in {detail}")),
        "prefix_only" => ("Prefix only", format!("`{path}`")),
        _ if command.prefix => ("Left to the prefix", format!("`{path}`: {detail}")),
        _ => (
            "Not registered",
            format!("`{path}` of {}: {detail}", command.plugin),
        ),
    }
}
