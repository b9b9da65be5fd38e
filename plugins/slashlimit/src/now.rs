//! Use as it is now: what is registered, the plan, and what is not reached by its own name.

use std::collections::BTreeMap;

use plugin_api::{
    EmbedBuilder,
    abi::{SlashBudget, SlashView, UsageView},
    prelude::*,
    text::{counted, listed, number, word},
};

use crate::bar::{Level, bar, coloured, level};

pub(crate) async fn card(host: &Host) -> Result<EmbedBuilder> {
    let budget = host.bot().slash_budget().await?;
    // Why a plugin was grouped and not another: it is used least.
    let usage = match budget.grouped_plugins.is_empty() {
        true => Vec::new(),
        false => host.commands().usage(None, None).await?,
    };
    Ok(shown(&budget, &usage))
}

fn shown(budget: &SlashBudget, usage: &[UsageView]) -> EmbedBuilder {
    let (used, limit) = (budget.used, budget.limit);
    let level = level_of(budget);
    let mut card = coloured(embed("Slash commands"), level)
        .description(format!("{}\n{}", bar(used, limit), state(budget, level)))
        .field("Used", number(used), true)
        .field("Remaining", number(limit.saturating_sub(used)), true)
        .field(
            "New ones that Discord takes today",
            number(budget.creates_left),
            true,
        )
        .field("The plan", plan(budget), false);
    if !budget.grouped_plugins.is_empty() {
        card = card.field(
            "Grouped plugins: the least used",
            grouped(budget, usage),
            false,
        );
    }
    let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for command in &budget.commands {
        let (kind, line) = reached(command);
        kinds.entry(kind).or_default().push(line);
    }
    for (kind, lines) in kinds {
        let between = if kind == NOT_REGISTERED { "\n" } else { ", " };
        card = card.field(
            format!("{kind} ({})", lines.len()),
            listed(&lines, between),
            false,
        );
    }
    card
}

/// What was grouped or left out is no limit that was reached, and still no green.
fn level_of(budget: &SlashBudget) -> Level {
    let plain = level(budget.used, budget.warn_at, budget.limit);
    let is_moved = !budget.grouped_plugins.is_empty();
    if is_moved {
        plain.max(Level::Tight)
    } else {
        plain
    }
}

fn state(budget: &SlashBudget, level: Level) -> String {
    let grouped = budget.grouped_plugins.len() as u64;
    match level {
        Level::Full => "🔴 full: nothing more fits beside these".into(),
        Level::Tight if grouped > 0 => format!(
            "🟡 the commands of {} are grouped, so that all fit",
            counted(grouped, "plugin")
        ),
        Level::Tight => "🟡 warning: few places are left".into(),
        Level::Roomy => "🟢 normal: there is room".into(),
    }
}

fn plan(budget: &SlashBudget) -> String {
    format!(
        "From {} on the bot warns (`commands.warn_at`). More than {} are grouped (`commands.group_at`): those of the least used \
         plugins go below their plugin's name, or are left to the prefix (`commands.overflow`), until there is room again. \
         {} are the most.",
        budget.warn_at, budget.group_at, budget.limit
    )
}

fn grouped(budget: &SlashBudget, usage: &[UsageView]) -> String {
    let line = |plugin: &String| {
        let of_it = usage.iter().filter(|it| it.plugin == *plugin);
        let uses: u64 = of_it.map(|it| it.uses).sum();
        let moved = budget.commands.iter().filter(|it| it.plugin == *plugin);
        format!(
            "`{}`: {}, {} in 30 days",
            word(plugin),
            counted(moved.count() as u64, "command"),
            counted(uses, "use")
        )
    };
    let lines: Vec<String> = budget.grouped_plugins.iter().map(line).collect();
    listed(&lines, "\n")
}

const NOT_REGISTERED: &str = "Not registered";

fn reached(command: &SlashView) -> (&'static str, String) {
    let (path, detail) = (word(&command.path), word(&command.detail));
    match &*command.how {
        "grouped" => ("Grouped", format!("`{detail}`")),
        "in_menu" => ("In a menu", format!("{path} in {detail}")),
        "prefix_only" => ("Prefix only", format!("`{path}`")),
        _ if command.prefix => ("Left to the prefix", format!("`{path}`")),
        _ => (
            NOT_REGISTERED,
            format!("`{path}` of {}: {detail}", word(&command.plugin)),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(used: u64, grouped: &[&str]) -> SlashBudget {
        let mut budget = SlashBudget::default();
        (budget.used, budget.limit, budget.warn_at, budget.group_at) = (used, 100, 90, 95);
        budget.grouped_plugins = grouped.iter().map(|name| (*name).to_owned()).collect();
        budget
    }

    #[test]
    fn each_state_has_its_words() {
        let words = |used, grouped: &[&str]| {
            let budget = budget(used, grouped);
            state(&budget, level_of(&budget))
        };
        assert!(words(3, &[]).starts_with("🟢 normal"));
        assert!(words(90, &[]).starts_with("🟡 warning"));
        assert!(words(12, &["crowd"]).starts_with("🟡 the commands of 1 plugin are grouped"));
        assert!(words(100, &["crowd"]).starts_with("🔴 full"));
    }

    #[test]
    fn a_grouped_plugin_is_named_with_its_uses() {
        let mut usage = UsageView::default();
        (usage.plugin, usage.uses) = ("crowd".into(), 3);
        let mut budget = budget(12, &["crowd"]);
        let mut moved = SlashView::default();
        (moved.path, moved.plugin, moved.how, moved.detail) = (
            "c1".into(),
            "crowd".into(),
            "grouped".into(),
            "/crowd c1".into(),
        );
        budget.commands.push(moved);
        let usage = [usage.clone(), usage];
        assert_eq!(
            grouped(&budget, &usage),
            "`crowd`: 1 command, 6 uses in 30 days"
        );
        let card = shown(&budget, &usage).build();
        let of = |name: &str| {
            card.fields
                .iter()
                .find(|it| it.name == name)
                .map(|it| &*it.value)
        };
        assert_eq!(of("Grouped (1)"), Some("`/crowd c1`"));
    }
}
