//! Menu: the categories, and how to go on from there.

use plugin_api::{
    SelectOption,
    prelude::*,
    text::{clip, code},
};

use crate::{
    asker::{Asker, PICK},
    catalog::{Catalog, Category},
    credits::CREDITS,
    text::count,
    view::{Key, View},
};

/// Categories of a page: what a select has room for.
const PER_PAGE: usize = 25;

pub(crate) fn message(catalog: &Catalog, asker: &Asker<'_>, page: usize) -> Result<NewMessage> {
    let categories = catalog.categories();
    let pages = categories.len().div_ceil(PER_PAGE).max(1);
    let page = page.min(pages - 1);
    let shown = categories.iter().skip(page * PER_PAGE).take(PER_PAGE);
    let shown: Vec<&Category<'_>> = shown.collect();
    let mut lines = vec![introduction(catalog, categories.len()), String::new()];
    lines.extend(shown.iter().map(|category| {
        let commands = count(category.commands.len(), "command", "commands");
        format!("**{}** · {commands}", clip(&category.named(), 100))
    }));
    let pages_of = match pages {
        1 => String::new(),
        _ => format!(" · page {} of {pages}", page + 1),
    };
    let card = embed("Help")
        .description(lines.join("\n"))
        .footer(format!("For {}{pages_of}", clip(asker.name(), 40)));
    let mut message = NewMessage::from(card);
    if !shown.is_empty() {
        let options = shown.into_iter().map(option);
        let menu = select("Choose a category", asker.calls(PICK)?, options);
        message = message.row([menu]);
    }
    let turn = |button, label, page| {
        let id = asker.opens(button, &View::Menu { page })?;
        Ok::<_, Error>(button_of(label, id))
    };
    let credits = button_of("Credits", asker.calls(CREDITS)?);
    Ok(message.row(match pages {
        1 => vec![credits],
        _ => vec![
            turn('b', "◀", page.saturating_sub(1))?.disabled(page == 0),
            turn('f', "▶", page + 1)?.disabled(page + 1 == pages),
            credits,
        ],
    }))
}

fn button_of(label: &str, id: String) -> plugin_api::ButtonBuilder {
    button(label, id).secondary()
}

fn introduction(catalog: &Catalog, categories: usize) -> String {
    let prefix = &catalog.prefix;
    let commands = count(catalog.listed().count(), "command", "commands");
    let categories = count(categories, "category", "categories");
    let typed = code(&format!("{prefix}help WORD"));
    let begin = match &**prefix {
        "" => String::new(),
        prefix => format!(" Commands begin with {} here.", code(prefix)),
    };
    format!(
        "You may use {commands} here, in {categories}.{begin}\n\
         {typed} opens a command, a group or a category, and looks for any other word in names and descriptions."
    )
}

fn option(category: &Category<'_>) -> SelectOption {
    let view = View::Category {
        key: Key::of_category(&category.title),
        page: 0,
    };
    let commands = count(category.commands.len(), "command", "commands");
    SelectOption::new(clip(&category.label(), 100), view.to_string()).description(commands)
}
