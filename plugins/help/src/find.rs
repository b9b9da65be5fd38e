//! Search: what a word means, and what is proposed while it is typed.

use plugin_api::{CommandView, abi::CommandKind, prelude::*, text::clip};

use crate::{
    catalog::{Catalog, Entry, groups},
    view::{Key, View},
};

/// Characters of a word that is looked for: it stands in custom ids.
const WORD: usize = 40;

/// Names that are proposed for one that does not exist.
const NEAREST: usize = 3;

/// Discord's limit for proposals.
const PROPOSALS: usize = 25;

/// The page for what somebody has typed behind `help`: a command, a group, a category, or else a search.
pub(crate) fn meant(catalog: &Catalog, typed: &str) -> View {
    let words = words(typed);
    if words.is_empty() {
        return View::Menu { page: 0 };
    }
    let bare = bare(catalog, &words);
    let names = [words.as_str(), bare];
    names
        .into_iter()
        .find_map(|name| named(catalog, name))
        .unwrap_or_else(|| View::Search {
            word: clip(if bare.is_empty() { &words } else { bare }, WORD),
            page: 0,
        })
}

/// In small letters, with single blanks.
fn words(typed: &str) -> String {
    let words: Vec<&str> = typed.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// Without the prefix or the slash, if one is in front.
fn bare<'a>(catalog: &Catalog, words: &'a str) -> &'a str {
    let prefix = catalog.prefix.to_lowercase();
    let prefix = Some(prefix.trim()).filter(|prefix| !prefix.is_empty());
    let bare = prefix.and_then(|prefix| words.strip_prefix(prefix));
    bare.or(words.strip_prefix('/')).unwrap_or(words).trim()
}

/// What has exactly this name. A hidden command is known by its whole name alone.
fn named(catalog: &Catalog, name: &str) -> Option<View> {
    let is_called = |command: &&CommandView| {
        let typed = command.typed.iter();
        command.path.to_lowercase() == name
            || aliases(command).any(|alias| alias == name)
            || typed.into_iter().any(|typed| typed.to_lowercase() == name)
    };
    let mut found: Vec<&CommandView> = catalog.all().iter().filter(is_called).collect();
    found.sort_by_key(|command| {
        (
            command.path.to_lowercase() != name,
            command.kind != CommandKind::Chat,
        )
    });
    if let Some(command) = found.first() {
        return Some(View::Command {
            key: Key::of_command(command),
        });
    }
    let mut paths = catalog.listed().flat_map(|command| groups(&command.path));
    if let Some(group) = paths.find(|path| path.to_lowercase() == name) {
        let key = Key::of_group(group);
        return Some(View::Group { key, page: 0 });
    }
    let categories = catalog.categories();
    let is_it = |title: &str| title.to_lowercase() == name;
    let category = categories.iter().find(|category| {
        is_it(&category.title) || category.commands.iter().any(|it| is_it(&it.plugin))
    })?;
    Some(View::Category {
        key: Key::of_category(&category.title),
        page: 0,
    })
}

/// A command's other names, behind those of its groups.
fn aliases(command: &CommandView) -> impl Iterator<Item = String> {
    let above = command.path.rsplit_once(' ').map(|(above, _)| above);
    command.aliases.iter().map(move |alias| match above {
        Some(above) => format!("{above} {alias}").to_lowercase(),
        None => alias.to_lowercase(),
    })
}

/// What was perhaps meant: at most a third of the letters are wrong, left out, too many or swapped, and little more than in the
/// best of them.
pub(crate) fn nearest<'a>(catalog: &'a Catalog, word: &str) -> Vec<Entry<'a>> {
    let length = word.chars().count();
    let most = length.div_ceil(3);
    let slips = |name: &str| {
        if name.chars().count().abs_diff(length) > most {
            return None;
        }
        let slips = strsim::osa_distance(&name.to_lowercase(), word);
        Some(slips).filter(|slips| *slips <= most && *slips < length)
    };
    let slips_of = |command: &CommandView| {
        let last = command.path.rsplit(' ').next().unwrap_or_default();
        let names = [&*command.path, last].into_iter();
        let names = names.chain(command.aliases.iter().map(String::as_str));
        names.filter_map(slips).min()
    };
    let commands = catalog.listed();
    let commands = commands.filter_map(|it| Some((slips_of(it)?, Entry::Command(it))));
    let mut paths: Vec<&str> = catalog.listed().flat_map(|it| groups(&it.path)).collect();
    paths.dedup();
    let groups = paths.into_iter().filter_map(|path| {
        let slips = slips(path)?;
        Some((slips, Entry::Group(path, catalog.inside(path).collect())))
    });
    let categories = catalog.categories().into_iter();
    let categories = categories.filter_map(|it| Some((slips(&it.title)?, Entry::Category(it))));
    let mut near: Vec<_> = commands.chain(groups).chain(categories).collect();
    near.sort_by_key(|(slips, entry)| (*slips, entry.name().len()));
    let best = near.first().map_or(0, |(slips, _)| *slips);
    near.into_iter()
        .take_while(|(slips, _)| *slips <= best + 1)
        .map(|(_, entry)| entry)
        .take(NEAREST)
        .collect()
}

/// The commands with a word in their names or in what is said of them; names first.
pub(crate) fn containing<'a>(catalog: &'a Catalog, word: &str) -> Vec<&'a CommandView> {
    let has = |text: &str| text.to_lowercase().contains(word);
    let rank = |command: &CommandView| {
        let aliases = &command.aliases;
        [
            has(&command.path) || aliases.iter().any(|alias| has(alias)),
            has(&command.description),
            has(&command.help),
        ]
        .into_iter()
        .position(|has| has)
    };
    let found = catalog.listed().filter_map(|it| Some((rank(it)?, it)));
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, command)| command).collect()
}

/// Proposes the commands that the asker may use: those that begin with what is typed, then those with it in them.
pub(crate) async fn proposals(ctx: AutocompleteContext) -> Result<Vec<String>> {
    let Some(channel) = ctx.channel_id() else {
        return Ok(Vec::new());
    };
    let catalog = Catalog::of(ctx.host(), ctx.user_id(), ctx.guild_id(), channel).await?;
    let typed = words(ctx.typed());
    let typed = bare(&catalog, &typed);
    let paths = catalog.listed().map(|command| &*command.path);
    let mut found: Vec<(bool, &str)> = paths
        .map(|path| (path, path.to_lowercase()))
        .filter(|(_, small)| small.contains(typed))
        .map(|(path, small)| (!small.starts_with(typed), path))
        .collect();
    found.sort_unstable();
    found.dedup();
    let found = found.into_iter().map(|(_, path)| path.to_owned());
    Ok(found.take(PROPOSALS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> Catalog {
        let command = |path: &str, description: &str, hidden: bool| {
            let mut command = CommandView::default();
            command.path = path.into();
            command.plugin = "tea-house".into();
            command.category = "Tea".into();
            command.description = description.into();
            command.typed = vec![format!("?{path}"), format!("/shop {path}")];
            (command.prefix, command.slash, command.hidden) = (true, true, hidden);
            command
        };
        let mut pour = command("pot pour", "Pours a cup", false);
        pour.aliases = vec!["p".into()];
        Catalog::new(vec![
            command("brew", "Brews a pot of tea", false),
            pour,
            command("pot wash", "Washes it", false),
            command("secret", "Sings of tea", true),
        ])
    }

    #[test]
    fn what_is_typed_means_what_is_called_so() {
        let catalog = catalog();
        let command = |n: usize| View::Command {
            key: Key::of_command(&catalog.all()[n]),
        };
        let (group, category) = (Key::of_group("pot"), Key::of_category("Tea"));
        for (typed, view) in [
            ("", View::Menu { page: 0 }),
            (" \n", View::Menu { page: 0 }),
            ("brew", command(0)),
            ("?BREW", command(0)),
            ("/shop  brew", command(0)),
            ("pot p", command(1)),
            ("/pot pour", command(1)),
            ("secret", command(3)),
            (
                "pot",
                View::Group {
                    key: group,
                    page: 0,
                },
            ),
            (
                "tea",
                View::Category {
                    key: category,
                    page: 0,
                },
            ),
            (
                "tea-house",
                View::Category {
                    key: category,
                    page: 0,
                },
            ),
            (
                "?",
                View::Search {
                    word: "?".into(),
                    page: 0,
                },
            ),
            (
                "?Cup",
                View::Search {
                    word: "cup".into(),
                    page: 0,
                },
            ),
        ] {
            assert_eq!(meant(&catalog, typed), view, "{typed}");
        }
        let View::Search { word, .. } = meant(&catalog, &"x".repeat(4_000)) else {
            panic!("nothing is called so");
        };
        assert_eq!(word.chars().count(), WORD);
    }

    #[test]
    fn a_slip_is_forgiven_and_hidden_commands_are_not_given_away() {
        let catalog = catalog();
        let near = |word: &str| {
            let near = nearest(&catalog, word);
            near.iter()
                .map(|it| it.name().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(near("brwe"), ["brew"]);
        assert_eq!(near("puor"), ["pot pour", "pot"]);
        assert_eq!(near("pto"), ["pot"]);
        assert_eq!(near("tae"), ["Tea"]);
        assert!(near("secrt").is_empty() && near("x").is_empty());
        let found = |word: &str| {
            let found = containing(&catalog, word);
            found.iter().map(|it| it.path.clone()).collect::<Vec<_>>()
        };
        assert_eq!(found("tea"), ["brew"]);
        assert_eq!(found("pot"), ["pot pour", "pot wash", "brew"]);
    }
}
