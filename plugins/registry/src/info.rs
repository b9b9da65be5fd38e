//! Command `pr_info`: one plugin, for everybody; what it costs and why it failed, for owners.

use plugin_api::{
    abi::PowerView,
    manifest::{CommandManifest, Dependency},
    prelude::*,
    text::{ago, clip, code, lines, listed, milliseconds, plain, word},
};

use crate::{
    NOT_GRANTED,
    card::Card,
    costs, given, names,
    registry::{Entry, Registry},
    relations::{Mark, Need, circle, conflicts, faults, mark, need},
};

/// Handler of the button that shows owners more.
pub(crate) const OWNERS: &str = "owners";

/// Characters of what a plugin says of itself, and of a list in a field.
const DESCRIPTION: usize = 500;
const LIST: usize = 900;

pub(crate) fn command() -> Command {
    Command::new("pr_info", "Shows what a plugin is, what it needs, and who needs it")
        .help("Version, author, licence, commands, dependencies with their state, conflicts, hooks and powers. Owners get a button for its costs.")
        .option(CommandOption::string("plugin", "Name of the plugin").required())
        .autocomplete("plugin", names)
        .example("pr_info help")
        .run(run)
}

async fn run(ctx: CommandContext) -> Result {
    let name: String = ctx.option("plugin")?;
    let Some(all) = given("plugins.list", Registry::read(ctx.host()).await) else {
        return ctx
            .reply(embed("Plugin").description(NOT_GRANTED).build())
            .await;
    };
    let entry = match all.find(&name) {
        Some(entry) => entry,
        None => return Err(unknown(ctx.host(), &name).await),
    };
    let mut message = NewMessage::from(card(entry, &all));
    if ctx.host().acting().await?.owner {
        let label = if entry.serves() { "Costs" } else { "Why" };
        let more = button(label, ctx.custom_id(OWNERS, &entry.view.name)?).secondary();
        message = message.row([more]);
    }
    ctx.reply(message).await
}

/// There is no plugin of that name: the host's sentence names the nearest one.
async fn unknown(host: &Host, name: &str) -> Error {
    match host.plugins().usage(name).await {
        Err(error) if error.user_message().is_some() => error,
        _ => Error::user(format!("There is no plugin {}.", code(&clip(name, 100)))),
    }
}

/// The button: for owners alone, and for their eyes alone.
pub(crate) async fn for_owners(ctx: ComponentContext) -> Result {
    if !ctx.host().acting().await?.owner {
        return Err(Error::user("That is for the bot's owners."));
    }
    let all = Registry::read(ctx.host()).await?;
    let Some(entry) = all.find(ctx.argument()) else {
        return Err(unknown(ctx.host(), ctx.argument()).await);
    };
    let shown = if entry.serves() {
        costs::card(ctx.host(), &entry.view.name).await?
    } else {
        let title = format!("{} is not running", word(&entry.view.name));
        embed(title).warning()
    };
    let shown = match &entry.view.error {
        None => shown,
        Some(why) if entry.serves() => shown.field(
            "Its newest file was refused",
            clip(&plain(why), LIST),
            false,
        ),
        Some(why) => shown.description(clip(&plain(why), LIST)),
    };
    let shown = match &entry.view.crashed {
        None => shown,
        Some(crash) => shown.field("💥 It", clip(&plain(crash), LIST), false),
    };
    ctx.reply(NewMessage::from(shown).ephemeral()).await
}

fn card(entry: &Entry, all: &Registry) -> plugin_api::EmbedBuilder {
    let (view, manifest) = (&entry.view, &entry.manifest);
    let mark = mark(entry, all);
    let title = format!(
        "{} {} {}",
        mark.sign(),
        word(&view.name),
        word(&view.version)
    );
    let description = clip(&plain(&view.description), DESCRIPTION);
    let said = format!("{description}\n{}", state(entry, all, mark));
    let (title, said) = (title.trim_end(), said.trim());
    let start = Card::new(
        embed(title).description(said),
        title.chars().count() + said.chars().count(),
    );
    let quoted = |names: &[String]| names.iter().map(|name| code(name)).collect::<Vec<_>>();
    let few = |names: Vec<String>| match &*names {
        [] => String::new(),
        names => listed(names, ", "),
    };
    let commands: Vec<String> = commands(&manifest.commands);
    let heard = manifest.hooks.iter().map(|it| it.event.clone());
    let mut heard: Vec<String> = heard.collect();
    heard.sort();
    heard.dedup();
    let needs: Vec<String> = needs(entry, all);
    let provided = manifest.provides.iter();
    let provides = provided
        .map(|it| named(&it.name, it.version.as_deref()))
        .collect();
    let authors: Vec<String> = manifest.authors.iter().map(|it| word(it)).collect();
    start
        .field("Author", &few(authors), true)
        .field("Licence", &word(&manifest.license), true)
        .field("Homepage", &clip(&plain(&manifest.homepage), 200), true)
        .field(
            &format!("Commands ({})", commands.len()),
            &few(quoted(&commands)),
            false,
        )
        .field("Needs", &lines(&needs, LIST), false)
        .field("Provides", &few(provides), false)
        .field("Needed by", &few(quoted(&view.needed_by)), false)
        .field("Conflicts with", &few(against(entry, all)), false)
        .field("Circle", &circle(&view.name, all).join(" → "), false)
        .field("Hooks that it hears", &few(quoted(&heard)), false)
        .field("Hooks that it tells", &few(quoted(&manifest.tells)), false)
        .field(
            "Powers",
            &few(view.powers.iter().map(power).collect()),
            false,
        )
        .done()
}

fn state(entry: &Entry, all: &Registry, mark: Mark) -> String {
    if matches!(mark, Mark::Down | Mark::Quarantine) {
        return format!("It {}.", mark.word());
    }
    let view = &entry.view;
    let mut text = format!(
        "It {}: load {}, {}, in {}.",
        mark.word(),
        view.generation,
        ago(view.since_ms),
        milliseconds(view.load_us)
    );
    for fault in faults(entry, all) {
        text.push_str(&format!("\n⚠️ {fault}"));
    }
    if view.error.is_some() {
        text.push_str("\n⚠️ its newest file was refused, and the one before goes on");
    }
    clip(&text, 1_000)
}

/// Commands by path, those in groups one by one.
pub(crate) fn commands(declared: &[CommandManifest]) -> Vec<String> {
    fn below(above: &str, declared: &[CommandManifest], paths: &mut Vec<String>) {
        for command in declared {
            let path = format!("{above}{}", command.name);
            if command.subcommands.is_empty() {
                paths.push(path);
            } else {
                below(&format!("{path} "), &command.subcommands, paths);
            }
        }
    }
    let mut paths = Vec::new();
    below("", declared, &mut paths);
    paths
}

fn needs(entry: &Entry, all: &Registry) -> Vec<String> {
    let line = |dependency: &Dependency| {
        let wanted = dependency.version.as_deref().map(word);
        let wanted = wanted.map_or_else(String::new, |version| format!(" {version}"));
        let name = code(&dependency.name);
        match need(entry, dependency, all) {
            Need::Met(there) => format!("✅ {name}{wanted}: {there}"),
            Need::Misfit(there) => format!("⚠️ {name}{wanted}: {there}, which does not fit"),
            Need::Missing => format!("❌ {name}{wanted}: is not loaded"),
        }
    };
    let optional = |name: &String| match need(entry, &Dependency::any(name), all) {
        Need::Met(there) | Need::Misfit(there) => {
            format!("✅ {} (optional): {there}", code(name))
        }
        Need::Missing => format!("{} (optional): is not loaded", code(name)),
    };
    let needed = entry.manifest.dependencies.iter().map(line);
    let optional = entry.manifest.optional_dependencies.iter().map(optional);
    needed.chain(optional).collect()
}

/// A name in a version, or in those that a requirement means.
fn named(name: &str, version: Option<&str>) -> String {
    let version = version.map(|version| format!(" {}", word(version)));
    format!("{}{}", code(name), version.unwrap_or_default())
}

fn against(entry: &Entry, all: &Registry) -> Vec<String> {
    let loaded = conflicts(entry, all);
    let declared = entry.manifest.conflicts.iter();
    let mut names: Vec<&String> = declared.chain(&loaded).collect();
    names.sort();
    names.dedup();
    let line = |name: &String| match loaded.contains(name) {
        true => format!("⚠️ {}, which is loaded", code(name)),
        false => code(name),
    };
    let versions = entry.manifest.conflict_versions.iter();
    let versions = versions.map(|it| named(&it.name, it.version.as_deref()));
    names.into_iter().map(line).chain(versions).collect()
}

fn power(view: &PowerView) -> String {
    let granted = if view.granted {
        "granted"
    } else {
        "not granted"
    };
    format!("{} ({granted})", code(&view.power))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relations::tests::registry;

    #[test]
    fn needs_are_told_with_what_is_there() {
        let wanted = [
            Dependency::new("bank", "^1"),
            Dependency::new("tea", "^2"),
            Dependency::any("milk"),
        ];
        let mut all = registry(&[
            ("shop", "1.0.0", &wanted),
            ("bank", "1.2.0", &[]),
            ("tea", "1.0.0", &[]),
        ]);
        if let Some(shop) = all.plugins.get_mut("shop") {
            shop.manifest.optional_dependencies = vec!["bank".into(), "cups".into()];
        }
        assert_eq!(
            needs(&all.plugins["shop"], &all),
            [
                "✅ `bank` ^1: 1.2.0 is loaded",
                "⚠️ `tea` ^2: 1.0.0 is loaded, which does not fit",
                "❌ `milk`: is not loaded",
                "✅ `bank` (optional): 1.2.0 is loaded",
                "`cups` (optional): is not loaded",
            ]
        );
    }
}
