//! Forecast: what would be registered with a file that is not loaded, or in place of what is.

use plugin_api::{
    EmbedBuilder,
    abi::{FileReport, SlashBudget},
    prelude::*,
    text::{counted, lines, listed, plain, word},
};

use crate::bar::{bar, coloured, level};

/// Characters of a list.
const LIST: usize = 800;

pub(crate) async fn card(host: &Host, file: &str) -> Result<EmbedBuilder> {
    let report = host.plugins().check(file).await?;
    let budget = host.bot().slash_budget().await?;
    Ok(shown(&report, &budget))
}

/// Names of plugins, and of files that were refused.
pub(crate) async fn files(ctx: AutocompleteContext) -> Result<Vec<String>> {
    let typed = ctx.typed().to_lowercase();
    let all = ctx.host().plugins().all().await?;
    let names = all
        .into_iter()
        .flat_map(|plugin| [plugin.name, plugin.file]);
    let mut names: Vec<String> = names
        .filter(|name| !name.is_empty() && name.to_lowercase().contains(&typed))
        .collect();
    names.sort_by_key(|name| (!name.to_lowercase().starts_with(&typed), name.clone()));
    names.dedup();
    names.truncate(25);
    Ok(names)
}

fn shown(report: &FileReport, budget: &SlashBudget) -> EmbedBuilder {
    let title = format!(
        "Slash commands with {} {}",
        word(&report.name),
        word(&report.version)
    );
    let Some(used) = report.slash_used else {
        return embed(title)
            .warning()
            .description("The bot has not registered any commands yet. Ask again in a moment.");
    };
    let limit = report.slash_limit;
    let now = report.slash_now.unwrap_or(budget.used);
    let newly: Vec<String> = report
        .slash_grouped
        .iter()
        .filter(|name| !budget.grouped_plugins.contains(name))
        .map(|name| format!("`{}`", word(name)))
        .collect();
    let again: Vec<String> = budget
        .grouped_plugins
        .iter()
        .filter(|name| !report.slash_grouped.contains(name))
        .map(|name| format!("`{}`", word(name)))
        .collect();
    let mut card = coloured(embed(title), level(used, budget.warn_at, limit))
        .description(format!(
            "{}\n{}",
            bar(used, limit),
            change(report, now, used)
        ))
        .footer("Nothing was loaded.");
    for (name, items, between) in [
        ("Would be grouped", newly, ", "),
        ("Would be ungrouped", again, ", "),
        (
            "Would not be registered",
            quoted(&report.slash_left_out),
            "\n",
        ),
    ] {
        if !items.is_empty() {
            card = card.field(name, listed(&items, between), false);
        }
    }
    if !report.problems.is_empty() {
        card = card.field(
            "It can't be loaded as it is",
            lines(&quoted(&report.problems), LIST),
            false,
        );
    }
    card
}

fn quoted(sentences: &[String]) -> Vec<String> {
    sentences.iter().map(|it| plain(it)).collect()
}

fn change(report: &FileReport, now: u64, used: u64) -> String {
    let place = |count: u64| counted(count, "place");
    let change = match used.cmp(&now) {
        std::cmp::Ordering::Greater => format!(
            "{} more than the {now} that are taken now",
            place(used - now)
        ),
        std::cmp::Ordering::Less => format!(
            "{} fewer than the {now} that are taken now",
            place(now - used)
        ),
        std::cmp::Ordering::Equal => format!("as many as are taken now: {now}"),
    };
    match &*report.serves {
        "" => change,
        serves if serves == report.version => format!("{change}; that version is loaded"),
        serves => format!(
            "{change}, with {} in place of {}",
            word(&report.version),
            word(serves)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(used: Option<u64>) -> FileReport {
        let mut report = FileReport::default();
        (report.name, report.version) = ("crowd".into(), "0.1.0".into());
        (report.slash_now, report.slash_used, report.slash_limit) = (Some(10), used, 100);
        report
    }

    fn told(report: &FileReport) -> (String, Vec<(String, String)>) {
        let mut budget = SlashBudget::default();
        (budget.used, budget.limit, budget.warn_at) = (10, 100, 90);
        budget.grouped_plugins = vec!["old".into()];
        let card = shown(report, &budget).build();
        let fields = card.fields.into_iter().map(|it| (it.name, it.value));
        (card.description.unwrap_or_default(), fields.collect())
    }

    #[test]
    fn more_fewer_and_as_many_are_told_apart() {
        assert!(
            told(&report(Some(95)))
                .0
                .ends_with("85 places more than the 10 that are taken now")
        );
        assert!(
            told(&report(Some(9)))
                .0
                .ends_with("1 place fewer than the 10 that are taken now")
        );
        assert!(
            told(&report(Some(10)))
                .0
                .ends_with("as many as are taken now: 10")
        );
        assert!(
            told(&report(None))
                .0
                .starts_with("The bot has not registered")
        );
    }

    #[test]
    fn what_would_be_grouped_and_ungrouped_and_refused_is_named() {
        let mut report = report(Some(12));
        report.slash_grouped = vec!["crowd".into()];
        report.problems = vec!["it needs `x`,\nwhich is not loaded".into()];
        let fields = told(&report).1;
        let of = |name: &str| fields.iter().find(|it| it.0 == name).map(|it| &*it.1);
        assert_eq!(of("Would be grouped"), Some("`crowd`"));
        assert_eq!(of("Would be ungrouped"), Some("`old`"));
        assert_eq!(
            of("It can't be loaded as it is"),
            Some("it needs `x`, which is not loaded")
        );
    }
}
