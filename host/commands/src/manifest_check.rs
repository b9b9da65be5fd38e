//! Check of declared commands against Discord's rules, so that one bad command does not block the registration of all
//! others
//! ([reference](https://discord.com/developers/docs/interactions/application-commands#application-command-object)).

use std::collections::HashSet;

use host_base::names;
use host_loader::Neighbour;
use plugin_api::manifest::{CommandKind, CommandManifest, Manifest, OptionKind, OptionManifest};

use crate::router::inherited;

/// Discord's limits.
const OPTIONS: usize = 25;
const CHOICES: usize = 25;
/// Servers that a command may be for: each is registered with by requests of its own.
const GUILDS: usize = 100;
/// Groups in groups, and no deeper.
const DEPTH: usize = 2;
/// Characters of names, descriptions and choices of one command, all in all.
const CHARACTERS: usize = 8_000;

/// Adds all that is wrong with the commands; `reserved` are the program's own.
pub fn problems(
    manifest: &Manifest,
    neighbours: &[Neighbour<'_>],
    reserved: &[&str],
    problems: &mut Vec<String>,
) {
    let mut taken_names = HashSet::new();
    for command in &manifest.commands {
        shape(command, "", 0, problems);
        let size = characters(command);
        if size > CHARACTERS {
            problems.push(format!(
                "command `{}` has {size} characters in names, descriptions and choices: Discord accepts {CHARACTERS}",
                command.name
            ));
        }
        for name in std::iter::once(&command.name).chain(&command.aliases) {
            // Members' words are looked up without upper and lower case.
            if !taken_names.insert((command.kind, names::folded(name))) {
                problems.push(format!("command `{name}` is declared twice"));
            }
            if reserved.iter().any(|own| names::same(own, name)) {
                problems.push(format!(
                    "command `{name}` is the host's own: choose another name"
                ));
            }
            let taken = neighbours.iter().find(|neighbour| {
                neighbour.manifest.commands.iter().any(|other| {
                    other.kind == command.kind
                        && std::iter::once(&other.name)
                            .chain(&other.aliases)
                            .any(|other| names::same(other, name))
                })
            });
            if let Some(neighbour) = taken {
                problems.push(format!(
                    "command `{name}` is taken by the plugin `{}`: rename one of them, or unload that one",
                    neighbour.name
                ));
            }
        }
    }
}

fn shape(command: &CommandManifest, above: &str, depth: usize, problems: &mut Vec<String>) {
    let path = format!("{above}{}", command.name);
    let place = format!("command `{path}`");
    naming(command, &place, problems);
    if !command.prefix && !command.slash {
        problems.push(format!(
            "{place} can't be reached: it is neither for prefix nor for slash"
        ));
    }
    if command.guild_only && command.dm_only {
        problems.push(format!(
            "{place} can't be used: it is for servers only, and for direct messages only"
        ));
    }
    if above.is_empty() && command.guilds.len() > GUILDS {
        problems.push(format!(
            "{place} is for {} servers, and {GUILDS} are the most: leave `only_in` out, and let servers decide",
            command.guilds.len()
        ));
    }
    if command.subcommands.is_empty() || command.runs {
        options(command, &place, problems);
    }
    if command.subcommands.is_empty() {
        return;
    }
    if command.kind != CommandKind::Chat {
        problems.push(format!("{place}: a context menu has no commands in it"));
    }
    if !command.options.is_empty() && !command.runs {
        problems.push(format!(
            "{place} is a group without a handler of its own, and such groups have no options: declare them on its commands"
        ));
    }
    if depth >= DEPTH {
        problems.push(format!(
            "{place} is a group in a group in a group: Discord accepts two of them"
        ));
    }
    if command.subcommands.len() > OPTIONS {
        problems.push(format!(
            "{place}: Discord accepts {OPTIONS} commands in a group, these are {}",
            command.subcommands.len()
        ));
    }
    let mut taken_names = HashSet::new();
    for child in &command.subcommands {
        for name in std::iter::once(&child.name).chain(&child.aliases) {
            if !taken_names.insert(names::folded(name)) {
                problems.push(format!("command `{path} {name}` is declared twice"));
            }
        }
        if !child.guilds.is_empty() {
            problems.push(format!(
                "command `{path} {}` can't be for chosen servers alone: say `only_in` of the whole group",
                child.name
            ));
        }
        shape(
            &inherited(command, child),
            &format!("{path} "),
            depth + 1,
            problems,
        );
    }
}

fn naming(command: &CommandManifest, place: &str, problems: &mut Vec<String>) {
    if command.kind == CommandKind::Chat {
        name(&command.name, place, problems);
        description(&command.description, place, problems);
    } else if !(1..=32).contains(&command.name.chars().count()) {
        problems.push(format!(
            "{place}: Discord accepts names of 1 to 32 characters in context menus"
        ));
    }
    for alias in &command.aliases {
        if alias.is_empty() || alias.contains(char::is_whitespace) {
            problems.push(format!("{place}: alias `{alias}` has blanks or is empty"));
        }
    }
    for (locale, localized) in &command.localized {
        let place = format!("{place} in `{locale}`");
        if !LOCALES.contains(&&**locale) {
            problems.push(format!("{place}: Discord does not know this locale"));
        }
        if let Some(text) = &localized.name
            && command.kind == CommandKind::Chat
        {
            name(text, &place, problems);
        }
        if let Some(text) = &localized.description {
            description(text, &place, problems);
        }
    }
}

fn options(command: &CommandManifest, place: &str, problems: &mut Vec<String>) {
    if command.kind != CommandKind::Chat && !command.options.is_empty() {
        problems.push(format!("{place}: a context menu has no options"));
    }
    if command.options.len() > OPTIONS {
        problems.push(format!(
            "{place}: Discord accepts {OPTIONS} options at most"
        ));
    }
    let mut seen = HashSet::new();
    let mut optional: Option<&str> = None;
    for (index, option) in command.options.iter().enumerate() {
        let place = format!("option `{}` of {place}", option.name);
        if !seen.insert(&option.name) {
            problems.push(format!("{place} is declared twice"));
        }
        match (optional, option.required) {
            (Some(before), true) => problems.push(format!(
                "{place} is required and stands behind the optional `{before}`: Discord accepts required ones first"
            )),
            (None, false) => optional = Some(&option.name),
            _ => {}
        }
        one_option(option, index + 1 == command.options.len(), &place, problems);
    }
}

fn one_option(option: &OptionManifest, last: bool, place: &str, problems: &mut Vec<String>) {
    name(&option.name, place, problems);
    description(&option.description, place, problems);
    let number = matches!(option.kind, OptionKind::Integer | OptionKind::Number);
    if option.choices.len() > CHOICES {
        problems.push(format!(
            "{place}: Discord accepts {CHOICES} choices at most"
        ));
    }
    if !option.choices.is_empty() && !number && option.kind != OptionKind::String {
        problems.push(format!(
            "{place}: choices are for strings, integers and numbers"
        ));
    }
    let mut taken_names = HashSet::new();
    for choice in &option.choices {
        if !(1..=100).contains(&choice.name.chars().count()) {
            problems.push(format!(
                "{place}: Discord accepts choices of 1 to 100 characters"
            ));
        }
        if !taken_names.insert(&choice.name) {
            problems.push(format!("{place}: choice `{}` is there twice", choice.name));
        }
        let fits = match option.kind {
            OptionKind::Integer => choice.value.is_i64(),
            OptionKind::Number => choice.value.is_number(),
            _ => choice.value.is_string(),
        };
        if !fits {
            problems.push(format!(
                "{place}: choice `{}` has the value {}, which is of another kind than the option",
                choice.name, choice.value
            ));
        }
    }
    if option.autocomplete
        && (!option.choices.is_empty() || !(number || option.kind == OptionKind::String))
    {
        problems.push(format!(
            "{place}: values are proposed for strings, integers and numbers without choices"
        ));
    }
    if option.rest && (!last || option.kind != OptionKind::String) {
        problems.push(format!(
            "{place}: only the last option, a string, can take the rest of the line"
        ));
    }
    if option.repeated && (!last || option.kind == OptionKind::Attachment) {
        problems.push(format!(
            "{place}: only the last option, and no file, can be repeated"
        ));
    }
    if option.default.is_some() && option.required {
        problems.push(format!("{place} is required and has a default: choose one"));
    }
    if let (Some(min), Some(max)) = (option.min, option.max)
        && min > max
    {
        problems.push(format!(
            "{place}: nothing is at least {min} and at most {max}"
        ));
    }
}

/// [Names](https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming).
fn name(name: &str, place: &str, problems: &mut Vec<String>) {
    let fits = (1..=32).contains(&name.chars().count())
        && name.chars().all(|letter| {
            "-_'".contains(letter) || (letter.is_alphanumeric() && !letter.is_uppercase())
        });
    if !fits {
        problems.push(format!(
            "{place}: Discord accepts names of 1 to 32 lower-case letters, digits, `-` and `_`"
        ));
    }
}

fn description(text: &str, place: &str, problems: &mut Vec<String>) {
    if !(1..=100).contains(&text.chars().count()) {
        problems.push(format!(
            "{place}: Discord accepts descriptions of 1 to 100 characters, this one has {}",
            text.chars().count()
        ));
    }
}

/// What Discord counts of a command: names, descriptions and values of choices, each in its longest language.
pub fn characters(command: &CommandManifest) -> usize {
    let longest = |own: &str, others: &mut dyn Iterator<Item = &String>| {
        others
            .map(|text| text.chars().count())
            .chain([own.chars().count()])
            .max()
            .unwrap_or_default()
    };
    let texts =
        |name: &str,
         description: &str,
         localized: &std::collections::BTreeMap<String, plugin_api::manifest::Localized>| {
            longest(
                name,
                &mut localized.values().filter_map(|it| it.name.as_ref()),
            ) + longest(
                description,
                &mut localized.values().filter_map(|it| it.description.as_ref()),
            )
        };
    let options = command.options.iter().map(|option| {
        let choices = option.choices.iter().map(|choice| {
            let value = choice.value.as_str().map_or(0, |text| text.chars().count());
            choice.name.chars().count() + value
        });
        texts(&option.name, &option.description, &option.localized) + choices.sum::<usize>()
    });
    texts(&command.name, &command.description, &command.localized)
        + options.sum::<usize>()
        + command.subcommands.iter().map(characters).sum::<usize>()
}

/// Discord's [locales](https://discord.com/developers/docs/reference#locales).
const LOCALES: &[&str] = &[
    "bg", "cs", "da", "de", "el", "en-GB", "en-US", "es-419", "es-ES", "fi", "fr", "hi", "hr",
    "hu", "id", "it", "ja", "ko", "lt", "nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE", "th", "tr",
    "uk", "vi", "zh-CN", "zh-TW",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(command: serde_json::Value, expect: &[&str]) {
        let manifest: Manifest = serde_json::from_value(json!({"commands": [command]})).unwrap();
        let mut found = Vec::new();
        problems(&manifest, &[], &["reload"], &mut found);
        assert_eq!(found.len(), expect.len(), "{found:#?}");
        for (found, expect) in found.iter().zip(expect) {
            assert!(found.contains(expect), "{found} does not say {expect}");
        }
    }

    fn option(more: serde_json::Value) -> serde_json::Value {
        let mut option = json!({"name": "o", "description": "d"});
        option
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"name": "c", "description": "d", "prefix": true, "options": [option]})
    }

    #[test]
    fn groups_are_two_deep_and_have_no_options() {
        let leaf = json!({"name": "x", "description": "d", "prefix": true});
        let group = |name: &str, inside: serde_json::Value| json!({"name": name, "description": "d", "prefix": true, "subcommands": [inside]});
        check(group("a", group("b", leaf.clone())), &[]);
        check(
            group("a", group("b", group("c", leaf.clone()))),
            &["`a b c` is a group in a group in a group"],
        );
        let mut with_options = group("a", leaf.clone());
        with_options["options"] = json!([{"name": "o", "description": "d"}]);
        check(with_options, &["groups have no options"]);
        let mut twice = group("a", leaf.clone());
        twice["subcommands"] = json!([leaf, leaf]);
        check(twice, &["`a x` is declared twice"]);
    }

    #[test]
    fn options_that_discord_or_we_would_refuse() {
        check(
            option(json!({"kind": "integer", "choices": ["a"]})),
            &["of another kind"],
        );
        check(
            option(json!({"kind": "user", "autocomplete": true})),
            &["proposed"],
        );
        check(
            option(json!({"required": true, "default": "x"})),
            &["choose one"],
        );
        check(option(json!({"min": 3.0, "max": 2.0})), &["at least 3"]);
        check(
            option(json!({"kind": "attachment", "repeated": true})),
            &["no file"],
        );
        check(option(json!({"name": "O"})), &["lower-case"]);
    }

    #[test]
    fn context_menus_have_names_of_their_own() {
        check(
            json!({"kind": "user", "name": "Wave at", "slash": true}),
            &[],
        );
        check(
            json!({"kind": "user", "name": "", "slash": true}),
            &["1 to 32 characters"],
        );
    }

    #[test]
    fn a_command_that_is_too_large_is_named() {
        let options: Vec<_> = (0..25)
            .map(|number| {
                let choices: Vec<_> = (0..10).map(|n| format!("{n:030}")).collect();
                json!({"name": format!("o{number}"), "description": "d".repeat(90), "choices": choices})
            })
            .collect();
        check(
            json!({"name": "c", "description": "d", "prefix": true, "options": options}),
            &["Discord accepts 8000"],
        );
    }

    #[test]
    fn a_locale_that_discord_does_not_know() {
        check(
            json!({"name": "c", "description": "d", "prefix": true, "localized": {"xx": {"name": "y"}}}),
            &["does not know this locale"],
        );
    }
}
