//! Listing: commands and groups, five a page; of a category, a group, or a search.

use plugin_api::{
    CommandView, EmbedBuilder, SelectOption,
    prelude::*,
    text::{clip, code},
};

use crate::{
    asker::{Asker, PICK},
    catalog::{Catalog, Entry, entries},
    find,
    kind::{Kind, legend},
    text::count,
    view::{Key, View},
};

/// Entries of a page.
const PER_PAGE: usize = 5;

/// Characters that the usage of one may take.
const USAGE: usize = 120;

/// A list, and where it is in the book.
struct Listing<'a, T> {
    title: String,
    text: String,
    entries: Vec<Entry<'a>>,
    page: usize,
    /// The view of another of its pages.
    turned: T,
    back: View,
}

/// The page that a command, or what it is in, is on.
pub(crate) fn page_with(entries: &[Entry<'_>], command: &CommandView) -> usize {
    let place = entries.iter().position(|entry| entry.has(command));
    place.unwrap_or_default() / PER_PAGE
}

pub(crate) fn category(
    catalog: &Catalog,
    asker: &Asker<'_>,
    key: Key,
    page: usize,
) -> Option<Result<NewMessage>> {
    let category = catalog.category(key)?;
    let listing = Listing {
        title: category.named(),
        text: format!("{}.", count(category.commands.len(), "command", "commands")),
        entries: entries(&category.commands, ""),
        page,
        turned: |page| View::Category { key, page },
        back: View::Menu { page: 0 },
    };
    Some(listing.message(catalog, asker))
}

pub(crate) fn group(
    catalog: &Catalog,
    asker: &Asker<'_>,
    key: Key,
    page: usize,
) -> Option<Result<NewMessage>> {
    let (path, inside) = catalog.group(key)?;
    let first = inside.first()?;
    let listing = Listing {
        title: path.to_owned(),
        text: format!("A group of {}.", count(inside.len(), "command", "commands")),
        back: match path.rsplit_once(' ') {
            Some((above, _)) => View::Group {
                key: Key::of_group(above),
                page: 0,
            },
            None => above(catalog, first),
        },
        entries: entries(&inside, path),
        page,
        turned: |page| View::Group { key, page },
    };
    Some(listing.message(catalog, asker))
}

/// The page of its category that a command or its group is on.
pub(crate) fn above(catalog: &Catalog, command: &CommandView) -> View {
    match catalog.category_of(command) {
        Some(category) => View::Category {
            key: Key::of_category(&category.title),
            page: page_with(&entries(&category.commands, ""), command),
        },
        None => View::Menu { page: 0 },
    }
}

pub(crate) fn search(
    catalog: &Catalog,
    asker: &Asker<'_>,
    word: &str,
    page: usize,
) -> Result<NewMessage> {
    let near = find::nearest(catalog, word);
    let mut found = find::containing(catalog, word);
    let is_near = |it: &Entry<'_>, command| matches!(it, Entry::Command(_)) && it.has(command);
    found.retain(|command| !near.iter().any(|it| is_near(it, command)));
    let mut names: Vec<String> = near.iter().map(|it| code(it.name())).collect();
    // A plugin's only command often has the plugin's name.
    names.dedup();
    let mut text = format!("Nothing that you may use here is called {}.", code(word));
    if !names.is_empty() {
        text += &format!(" Did you mean {}?", names.join(" or "));
    }
    match (found.len(), near.is_empty()) {
        (0, true) => text += " Nothing has it in its name or description, either.",
        (0, false) => {}
        (1, _) => text += " 1 command has it in its name or description.",
        (number, _) => {
            text += &format!(" {number} commands have it in their names or descriptions.")
        }
    }
    let listing = Listing {
        title: "Search".to_owned(),
        text,
        entries: near
            .into_iter()
            .chain(found.into_iter().map(Entry::Command))
            .collect(),
        page,
        turned: |page| View::Search {
            word: word.to_owned(),
            page,
        },
        back: View::Menu { page: 0 },
    };
    listing.message(catalog, asker)
}

impl<T: Fn(usize) -> View> Listing<'_, T> {
    fn message(&self, catalog: &Catalog, asker: &Asker<'_>) -> Result<NewMessage> {
        let pages = self.entries.len().div_ceil(PER_PAGE).max(1);
        let page = self.page.min(pages - 1);
        let shown = self.entries.iter().skip(page * PER_PAGE).take(PER_PAGE);
        let shown: Vec<&Entry<'_>> = shown.collect();
        let card = embed(clip(&self.title, 200)).description(&*self.text);
        let card = shown
            .iter()
            .fold(card, |card, entry| field(card, catalog, entry));
        let single = shown.iter().filter_map(|entry| match entry {
            Entry::Command(command) => Some(*command),
            _ => None,
        });
        let legend = legend(single);
        let place = match pages {
            1 => String::new(),
            _ => format!("Page {} of {pages}", page + 1),
        };
        let foot: Vec<&str> = [&*place, &*legend]
            .into_iter()
            .filter(|it| !it.is_empty())
            .collect();
        let mut message = NewMessage::from(match foot.is_empty() {
            true => card,
            false => card.footer(foot.join(" · ")),
        });
        if !shown.is_empty() {
            let options = shown.into_iter().map(option);
            message = message.row([select("Open a page", asker.calls(PICK)?, options)]);
        }
        let turn = |mark, label, page| {
            let id = asker.opens(mark, &(self.turned)(page))?;
            Ok::<_, Error>(button(label, id).secondary())
        };
        Ok(message.row([
            turn('b', "◀", page.saturating_sub(1))?.disabled(page == 0),
            turn('f', "▶", page + 1)?.disabled(page + 1 == pages),
            button("Back", asker.opens('u', &self.back)?).secondary(),
        ]))
    }
}

fn field(card: EmbedBuilder, catalog: &Catalog, entry: &Entry<'_>) -> EmbedBuilder {
    match entry {
        Entry::Command(command) => {
            let name = format!("{} {}", Kind::of(command).mark(), usage(catalog, command));
            let text = match &*command.description {
                "" => "In the menu of a user or a message.",
                text => text,
            };
            card.field(clip(&name, USAGE), clip(text, 300), false)
        }
        Entry::Category(category) => {
            let number = count(category.commands.len(), "command", "commands");
            let name = clip(&category.named(), 250);
            card.field(name, format!("A category of {number}"), false)
        }
        Entry::Group(path, inside) => {
            let name = format!("🗂️ {path} …");
            let start = path.len() + 1;
            let inside = inside.iter().filter_map(|it| it.path.get(start..));
            let names: Vec<String> = inside.map(code).collect();
            let number = count(names.len(), "command", "commands");
            let names = clip(&names.join(" "), 200);
            // Cut in the middle of a name, the code would not end.
            let open = if names.matches('`').count() % 2 == 1 {
                "`"
            } else {
                ""
            };
            card.field(clip(&name, 250), format!("{number}: {names}{open}"), false)
        }
    }
}

/// How it is typed here; by prefix, where both ways are open.
pub(crate) fn usage(catalog: &Catalog, command: &CommandView) -> String {
    let rest = command
        .usage
        .strip_prefix(&*command.path)
        .unwrap_or_default();
    match command.typed.first() {
        Some(typed) => format!("{typed}{rest}"),
        None => format!("{}{}", catalog.prefix, command.usage),
    }
}

fn option(entry: &Entry<'_>) -> SelectOption {
    let (label, view, text) = match entry {
        Entry::Command(command) => {
            let view = View::Command {
                key: Key::of_command(command),
            };
            (command.path.clone(), view, command.description.clone())
        }
        Entry::Category(category) => {
            let view = View::Category {
                key: Key::of_category(&category.title),
                page: 0,
            };
            let number = count(category.commands.len(), "command", "commands");
            (category.label(), view, format!("A category of {number}"))
        }
        Entry::Group(path, inside) => {
            let view = View::Group {
                key: Key::of_group(path),
                page: 0,
            };
            let number = count(inside.len(), "command", "commands");
            (format!("{path} …"), view, format!("A group of {number}"))
        }
    };
    let option = SelectOption::new(clip(&label, 100), view.to_string());
    match &*text {
        "" => option,
        text => option.description(clip(text, 100)),
    }
}
