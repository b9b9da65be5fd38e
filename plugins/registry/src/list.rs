//! Command `pr_list`: all plugins, ten on a page, each with the mark of its state.

use plugin_api::{
    prelude::*,
    text::{counted, milliseconds, word},
};

use crate::{
    NOT_GRANTED, given,
    registry::{Entry, Registry},
    relations::{Mark, mark},
};

/// Plugins on a page.
const PAGE: usize = 10;

pub(crate) fn command() -> Command {
    Command::new("pr_list", "Lists the plugins that the bot is made of, with their state")
        .help("✅ serves, ⚠️ serves with a fault, 🔄 is in a circle of plugins that need each other, ❌ is not running.")
        .example("pr_list")
        .run(async |ctx: CommandContext| ctx.pages("list", "").await)
}

pub(crate) async fn page(ctx: PageContext) -> Result<Page> {
    let Some(all) = given("plugins.list", Registry::read(ctx.host()).await) else {
        return Ok(Page::new(embed("Plugins").description(NOT_GRANTED), 1));
    };
    let marks: Vec<Mark> = all.plugins.values().map(|it| mark(it, &all)).collect();
    let mut card = embed("Plugins").description(summary(&all, &marks));
    let marked = all.plugins.values().zip(&marks);
    for (entry, mark) in marked.skip(ctx.index() * PAGE).take(PAGE) {
        let title = format!(
            "{} {} {}",
            mark.sign(),
            word(&entry.view.name),
            word(&entry.view.version)
        );
        card = card.field(title.trim_end(), line(entry, *mark), false);
    }
    Ok(Page::new(card, all.plugins.len().div_ceil(PAGE)))
}

fn summary(all: &Registry, marks: &[Mark]) -> String {
    let of = |wanted: Mark| marks.iter().filter(|it| **it == wanted).count();
    let mut parts = vec![counted(marks.len() as u64, "plugin")];
    for (mark, words) in [
        (Mark::Faulty, "with a fault"),
        (Mark::Circle, "in a circle"),
        (Mark::Down, "not running"),
        (Mark::Quarantine, "in quarantine"),
    ] {
        let count = of(mark);
        if count > 0 {
            parts.push(format!("{} {count} {words}", mark.sign()));
        }
    }
    let switched_off: Vec<&str> = [
        (all.enforces_dependencies, "dependencies"),
        (all.enforces_conflicts, "conflicts"),
    ]
    .into_iter()
    .filter_map(|(is_on, what)| (!is_on).then_some(what))
    .collect();
    if !switched_off.is_empty() {
        parts.push(format!("{} are not enforced", switched_off.join(" and ")));
    }
    parts.join(" · ")
}

fn line(entry: &Entry, mark: Mark) -> String {
    // Why is the owners' business: it may name paths.
    if matches!(mark, Mark::Down | Mark::Quarantine) {
        return mark.word().to_owned();
    }
    let manifest = &entry.manifest;
    let mut parts = vec![mark.word().to_owned()];
    for (count, what) in [
        (entry.view.commands as usize, "command"),
        (manifest.hooks.len(), "hook"),
        (manifest.schedules.len(), "schedule"),
    ] {
        if count > 0 {
            parts.push(counted(count as u64, what));
        }
    }
    parts.push(format!("loaded in {}", milliseconds(entry.view.load_us)));
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relations::tests::registry;

    #[test]
    fn the_first_line_counts_what_is_not_as_it_should_be() {
        let mut all = registry(&[("a", "1.0.0", &[])]);
        assert_eq!(
            summary(&all, &[Mark::Serves]),
            "1 plugin · dependencies and conflicts are not enforced"
        );
        (all.enforces_dependencies, all.enforces_conflicts) = (true, true);
        assert_eq!(summary(&all, &[Mark::Serves, Mark::Serves]), "2 plugins");
        assert_eq!(
            summary(&all, &[Mark::Down, Mark::Faulty, Mark::Down, Mark::Circle]),
            "4 plugins · ⚠️ 1 with a fault · 🔄 1 in a circle · ❌ 2 not running"
        );
    }

    #[test]
    fn what_a_plugin_has_none_of_is_not_counted() {
        let all = registry(&[("a", "1.0.0", &[])]);
        let mut entry = all.plugins["a"].clone();
        entry.view.load_us = 2_500;
        assert_eq!(line(&entry, Mark::Serves), "serves · loaded in 2.50 ms");
        entry.view.commands = 2;
        assert_eq!(
            line(&entry, Mark::Serves),
            "serves · 2 commands · loaded in 2.50 ms"
        );
        entry.view.error = Some("/srv/secret/path".into());
        assert_eq!(line(&entry, Mark::Down), "is not running");
    }
}
