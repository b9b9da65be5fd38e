//! Command `pr_validate`: what a load of a file would come to. Nothing is loaded.

use plugin_api::{
    EmbedBuilder,
    abi::{FileReport, PowerView},
    manifest::Manifest,
    prelude::*,
    text::{clip, code, counted, lines, listed, plain, size, word},
};

use crate::{card::Card, proposed};

/// Characters of a list in a field.
const LIST: usize = 1_000;

pub(crate) fn command() -> Command {
    Command::new("pr_validate", "Shows whether a file would load, and what it would bring")
        .help("A file of the extensions folder, or a plugin by its name. A process of its own is asked what the file declares; nothing is loaded.")
        .option(CommandOption::string("file", "A file of the extensions folder, or a plugin").required().rest())
        .autocomplete("file", files)
        .example("pr_validate libshop.so")
        .run(run)
}

/// Plugins, and the files that they come from.
async fn files(ctx: AutocompleteContext) -> Result<Vec<String>> {
    let all = ctx.host().plugins().all().await?;
    let names = all
        .into_iter()
        .flat_map(|plugin| [plugin.name, plugin.file]);
    Ok(proposed(ctx.typed(), names))
}

async fn run(ctx: CommandContext) -> Result {
    let file: String = ctx.option("file")?;
    let report = ctx.host().plugins().check(file.trim()).await?;
    let manifest = serde_json::from_value(report.manifest.clone()).unwrap_or_default();
    ctx.reply(card(&report, &manifest)).await
}

fn card(report: &FileReport, manifest: &Manifest) -> EmbedBuilder {
    let title = format!("{} {}", word(&report.name), word(&report.version));
    let verdict = verdict(report);
    let said = title.chars().count() + verdict.chars().count() + 60;
    let embed = embed(&title)
        .description(&verdict)
        .footer("Nothing was loaded.");
    let embed = match (report.problems.is_empty(), report.warnings.is_empty()) {
        (true, true) => embed.success(),
        (true, false) => embed.warning(),
        (false, _) => embed.error(),
    };
    let sentences = |all: &[String]| {
        lines(
            &all.iter()
                .map(|it| format!("• {}", plain(it)))
                .collect::<Vec<_>>(),
            LIST,
        )
    };
    let circle: Vec<String> = report.cycle.iter().map(|name| code(name)).collect();
    let intents: Vec<String> = report
        .new_intents
        .iter()
        .map(|it| intent(it, &report.new_privileged))
        .collect();
    let powers: Vec<String> = report.new_powers.iter().map(power).collect();
    Card::new(embed, said)
        .field("Problems", &sentences(&report.problems), false)
        .field(
            "Loaded all the same, as enforcement is off",
            &sentences(&report.warnings),
            false,
        )
        .field("Circle", &circle.join(" → "), false)
        .field("Slash places", &places(report), false)
        .field(
            "Not registered with Discord",
            &sentences(&report.slash_left_out),
            false,
        )
        .field("Intents that it would add", &some(&intents), false)
        .field("Powers that are new", &some(&powers), false)
        .field("Brings", &brings(manifest), false)
        .field("File", &file(report), false)
        .done()
}

fn some(items: &[String]) -> String {
    match items {
        [] => "none".to_owned(),
        items => listed(items, ", "),
    }
}

fn verdict(report: &FileReport) -> String {
    let beside = match &*report.serves {
        "" => "It is not loaded now.".to_owned(),
        serves if serves == report.version => "This version serves now.".to_owned(),
        serves => format!("{} serves now.", word(serves)),
    };
    match report.problems.len() as u64 {
        0 => format!("✅ It can be loaded. {beside}"),
        count => format!(
            "❌ It can't be loaded: {}. {beside}",
            counted(count, "problem")
        ),
    }
}

fn places(report: &FileReport) -> String {
    let Some(used) = report.slash_used else {
        return "not known before the bot has registered its commands".into();
    };
    let now = report.slash_now.unwrap_or(used);
    let change = match used.cmp(&now) {
        std::cmp::Ordering::Equal => "no more than now".to_owned(),
        std::cmp::Ordering::Greater => format!("{} more than now", used - now),
        std::cmp::Ordering::Less => format!("{} fewer than now", now - used),
    };
    let grouped: Vec<String> = report.slash_grouped.iter().map(|name| code(name)).collect();
    let grouped = match &*grouped {
        [] => String::new(),
        names => format!("; grouped: {}", listed(names, ", ")),
    };
    format!("{used} of {}, {change}{grouped}", report.slash_limit)
}

fn intent(name: &str, privileged: &[String]) -> String {
    match privileged.iter().any(|it| it == name) {
        true => format!(
            "{} (privileged: to be switched on in the Developer Portal)",
            code(name)
        ),
        false => code(name),
    }
}

fn power(view: &PowerView) -> String {
    let granted = if view.granted {
        "granted"
    } else {
        "not granted"
    };
    format!("{} ({granted})", code(&view.power))
}

fn brings(manifest: &Manifest) -> String {
    let commands = crate::info::commands(&manifest.commands).len();
    let counts = [
        (commands, "command"),
        (manifest.hooks.len(), "hook"),
        (manifest.schedules.len(), "schedule"),
        (manifest.settings.len(), "setting"),
        (manifest.migrations.len(), "migration"),
    ];
    let some = counts.into_iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = some
        .map(|(count, what)| counted(count as u64, what))
        .collect();
    words.join(", ")
}

fn file(report: &FileReport) -> String {
    format!(
        "{}, for boundary {}, built by {}\nSHA-256 {}",
        size(report.bytes),
        word(&report.boundary),
        word(&report.built_by),
        code(&clip(&report.sha256, 64))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> FileReport {
        let mut report = FileReport::default();
        (report.name, report.version) = ("shop".into(), "1.1.0".into());
        (report.slash_now, report.slash_used, report.slash_limit) = (Some(10), Some(12), 100);
        report
    }

    #[test]
    fn the_verdict_says_what_serves_now() {
        let mut report = report();
        assert_eq!(
            verdict(&report),
            "✅ It can be loaded. It is not loaded now."
        );
        report.serves = "1.0.0".into();
        assert_eq!(verdict(&report), "✅ It can be loaded. 1.0.0 serves now.");
        report.problems = vec!["x".into(), "y".into()];
        report.serves = "1.1.0".into();
        assert_eq!(
            verdict(&report),
            "❌ It can't be loaded: 2 problems. This version serves now."
        );
    }

    #[test]
    fn places_are_told_beside_those_that_are_taken() {
        let mut report = report();
        assert_eq!(places(&report), "12 of 100, 2 more than now");
        report.slash_grouped = vec!["crowd".into()];
        report.slash_now = Some(12);
        assert_eq!(
            places(&report),
            "12 of 100, no more than now; grouped: `crowd`"
        );
        report.slash_used = None;
        assert!(places(&report).starts_with("not known"));
    }

    #[test]
    fn a_circle_is_shown_as_its_way_and_privileged_intents_are_marked() {
        let mut report = report();
        report.cycle = ["shop", "bank", "shop"].map(str::to_owned).into();
        report.new_intents = vec!["GUILDS".into(), "GUILD_MEMBERS".into()];
        report.new_privileged = vec!["GUILD_MEMBERS".into()];
        let shown = card(&report, &Manifest::default()).build();
        let of = |name: &str| {
            shown
                .fields
                .iter()
                .find(|it| it.name == name)
                .map(|it| &*it.value)
        };
        assert_eq!(of("Circle"), Some("`shop` → `bank` → `shop`"));
        let intents = of("Intents that it would add").unwrap_or_default();
        assert!(
            intents.starts_with("`GUILDS`, `GUILD_MEMBERS` (privileged"),
            "{intents}"
        );
        assert_eq!(of("Powers that are new"), Some("none"));
    }
}
