//! Sheet: one command, with all that is known of it.

use plugin_api::{
    CommandView, EmbedBuilder,
    prelude::*,
    text::{clip, code, lines},
};

use crate::{
    asker::Asker,
    catalog::{Catalog, Entry, entries},
    kind::Kind,
    listing,
    view::{Key, View},
    words,
};

/// Characters of the description with the options, and of each field: together they stay below Discord's 6,000.
const DESCRIPTION: usize = 3_500;
const FIELD: usize = 250;

pub(crate) fn message(
    catalog: &Catalog,
    asker: &Asker<'_>,
    key: Key,
) -> Option<Result<NewMessage>> {
    let command = catalog.command(key)?;
    Some(page(catalog, asker, command))
}

fn page(catalog: &Catalog, asker: &Asker<'_>, command: &CommandView) -> Result<NewMessage> {
    let siblings = siblings(catalog, command);
    let at = siblings.iter().position(|it| std::ptr::eq(*it, command));
    let beside = |step: isize| siblings.get(at?.checked_add_signed(step)?);
    let turn = |mark, label, to: Option<&&CommandView>| {
        let view = View::Command {
            key: Key::of_command(to.map_or(command, |it| it)),
        };
        let id = asker.opens(mark, &view)?;
        Ok::<_, Error>(button(label, id).secondary().disabled(to.is_none()))
    };
    let back = match command.path.rsplit_once(' ') {
        Some((above, _)) if !command.hidden => View::Group {
            key: Key::of_group(above),
            page: place_in_group(catalog, above, command),
        },
        _ => listing::above(catalog, command),
    };
    let row = [
        turn('b', "◀", beside(-1))?,
        turn('f', "▶", beside(1))?,
        button("Back", asker.opens('u', &back)?).secondary(),
    ];
    Ok(NewMessage::from(card(catalog, command)).row(row))
}

/// The commands that one leafs through: those of its group, or those of its category that are in none.
fn siblings<'a>(catalog: &'a Catalog, command: &'a CommandView) -> Vec<&'a CommandView> {
    let (inside, above): (Vec<_>, _) = match command.path.rsplit_once(' ') {
        Some((above, _)) => (catalog.inside(above).collect(), above),
        None => {
            let category = catalog.category_of(command);
            (category.map_or_else(Vec::new, |it| it.commands), "")
        }
    };
    let single = entries(&inside, above).into_iter();
    let single = single.filter_map(|entry| match entry {
        Entry::Command(command) => Some(command),
        _ => None,
    });
    single.collect()
}

fn place_in_group(catalog: &Catalog, above: &str, command: &CommandView) -> usize {
    let inside: Vec<_> = catalog.inside(above).collect();
    listing::page_with(&entries(&inside, above), command)
}

fn card(catalog: &Catalog, command: &CommandView) -> EmbedBuilder {
    let kind = Kind::of(command);
    let mut card = embed(clip(&format!("{} {}", kind.mark(), command.path), 200))
        .description(description(catalog, command))
        .field("Typed here", typed(command), false)
        .field("Who may", clip(&words::access(command), 600), false);
    if let Some(limits) = words::limits(command) {
        card = card.field("How often", clip(&limits, FIELD), false);
    }
    let names = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| code(name)).collect();
        lines(&[names.join(" ")], FIELD)
    };
    if !command.aliases.is_empty() {
        card = card.field("Other names, by prefix", names(&command.aliases), false);
    }
    if !command.examples.is_empty() {
        let begin = if command.prefix {
            &*catalog.prefix
        } else {
            "/"
        };
        let examples = command.examples.iter();
        let examples = examples.map(|it| code(&clip(&format!("{begin}{it}"), 100)));
        card = card.field(
            "Examples",
            lines(&examples.collect::<Vec<_>>(), FIELD),
            false,
        );
    }
    let inside = catalog.inside(&command.path);
    let inside = inside.filter(|it| it.path != command.path);
    let inside: Vec<String> = inside
        .filter_map(|it| it.path.get(command.path.len() + 1..))
        .map(code)
        .collect();
    if !inside.is_empty() {
        card = card.field("Subcommands", lines(&inside, FIELD), false);
    }
    let category = catalog.category_of(command);
    let place = category.map_or_else(String::new, |category| format!("{} · ", category.title));
    card.footer(format!(
        "{}plugin {}",
        clip(&place, 120),
        clip(&command.plugin, 70)
    ))
}

/// How it is used, what it does, and its options.
fn description(catalog: &Catalog, command: &CommandView) -> String {
    let usage = code(&clip(&listing::usage(catalog, command), FIELD));
    let said = [&*usage, &*command.description, &*command.help];
    let said = said.into_iter().filter(|text| !text.is_empty());
    let mut text = clip(&said.collect::<Vec<_>>().join("\n\n"), 1_500);
    if !command.options.is_empty() {
        let options = command.options.iter().map(words::option);
        let options: Vec<String> = options.map(|line| clip(&line, 400)).collect();
        let room = DESCRIPTION - text.chars().count();
        text += &format!("\n\n**Options**\n{}", lines(&options, room));
    }
    text
}

/// Each way that there is, and why one is missing.
fn typed(command: &CommandView) -> String {
    let ways: Vec<String> = command.typed.iter().map(|way| code(way)).collect();
    let ways = match ways.is_empty() {
        true => "Not at present".to_owned(),
        false => ways.join(" or "),
    };
    clip(&format!("{ways} ({})", command.reached), FIELD)
}
