//! Icons: lines on a grid of 24 by 24, drawn as SVG in the colour of the words beside them.

use maud::{Markup, html};

/// Name and path of each. Drawn for these pages.
const ICONS: [(&str, &str); 31] = [
    ("archive", "M3 4h18v5H3zM5 9v11h14V9M10 13h4"),
    ("bell", "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4"),
    ("bolt", "M13 3 5 14h6l-1 7 8-11h-6z"),
    (
        "book",
        "M5 4h12a2 2 0 0 1 2 2v14H7a2 2 0 0 1-2-2zM5 18a2 2 0 0 1 2-2h12M9 8h6",
    ),
    (
        "bot",
        "M5 9h14v10H5zM12 9V5M12 5h.01M9 13v2M15 13v2M2 13v3M22 13v3",
    ),
    ("cart", "M3 4h3l2.5 11h9L20 8H7M10 20h.01M17 20h.01"),
    ("chat", "M4 5h16v11H10l-5 4v-4H4zM8 9h8M8 12h5"),
    ("clock", "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2"),
    ("code", "M9 7l-5 5 5 5M15 7l5 5-5 5"),
    (
        "cog",
        "M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3M5.3 5.3l2.1 2.1M16.6 16.6l2.1 2.1M18.7 5.3l-2.1 2.1M7.4 16.6l-2.1 2.1",
    ),
    ("command", "M5 7l5 5-5 5M12 18h7"),
    (
        "database",
        "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
    ),
    ("file", "M6 3h8l4 4v14H6zM14 3v4h4"),
    ("folder", "M3 6h6l2 2h10v11H3z"),
    ("gauge", "M4 18a9 9 0 1 1 16 0M12 14l4-5M12 14h.01"),
    (
        "heart",
        "M12 20S4 15 4 9a4 4 0 0 1 8-1.5A4 4 0 0 1 20 9c0 6-8 11-8 11z",
    ),
    ("home", "M4 11l8-7 8 7M6 9.5V20h12V9.5M10 20v-6h4v6"),
    (
        "hook",
        "M12 3v9M12 21a5 5 0 0 0 5-5v-3M12 21a5 5 0 0 1-5-5M14 15l3-3 3 3M10 3h4",
    ),
    (
        "link",
        "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1",
    ),
    ("list", "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01"),
    ("menu", "M4 6h16M4 12h16M4 18h16"),
    ("out", "M10 4H5v16h5M14 8l4 4-4 4M18 12H9"),
    ("plug", "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4"),
    ("search", "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5"),
    ("server", "M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01"),
    (
        "shards",
        "M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5",
    ),
    ("shield", "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z"),
    (
        "sparkle",
        "M12 3l2 6 6 2-6 2-2 6-2-6-6-2 6-2zM19 17v4M17 19h4",
    ),
    ("tag", "M3 4h8l10 10-7 7L4 11zM8 8h.01"),
    (
        "theme",
        "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 4v16M12 8h5M12 12h8M12 16h5",
    ),
    (
        "users",
        "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 20a6.5 6.5 0 0 1 13 0M16 5.5a3.5 3.5 0 0 1 0 6.5M17.5 14a6.5 6.5 0 0 1 4 6",
    ),
];

/// Icons of the dashboard's own tabs, by their ids.
const TABS: [(&str, &str); 25] = [
    ("access", "users"),
    ("assistant", "sparkle"),
    ("audit", "shield"),
    ("backups", "archive"),
    ("chat", "chat"),
    ("commands", "command"),
    ("credits", "heart"),
    ("database", "database"),
    ("events", "bolt"),
    ("files", "folder"),
    ("guide", "book"),
    ("hooks", "hook"),
    ("invite", "link"),
    ("log", "list"),
    ("marketplace", "cart"),
    ("more", "list"),
    ("overview", "home"),
    ("plugins", "plug"),
    ("schedules", "clock"),
    ("security", "shield"),
    ("servers", "server"),
    ("settings", "cog"),
    ("shards", "shards"),
    ("system", "gauge"),
    ("tickets", "tag"),
];

/// An icon by its name; nothing where there is none of that name. It is decoration: words stand beside it, or a label on its button.
pub(crate) fn icon(name: &str) -> Markup {
    let found = ICONS.iter().find(|(called, _)| *called == name);
    html! {
        @if let Some((_, path)) = found {
            svg.icon viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" focusable="false" { path d=(path) {} }
        }
    }
}

/// The icon of one of the dashboard's own tabs, or the characters that it is declared with.
pub(crate) fn of_tab(id: &str, characters: &str) -> Markup {
    match TABS.iter().find(|(tab, _)| *tab == id) {
        Some((_, name)) => icon(name),
        None => html! { (characters) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tabs_icon_is_drawn_and_an_unknown_tab_has_its_characters() {
        for (tab, _) in TABS {
            assert!(of_tab(tab, "").into_string().contains("<path"), "{tab}");
        }
        assert_eq!(of_tab("tea", "🫖").into_string(), "🫖");
        assert_eq!(icon("absent").into_string(), "");
    }
}
