//! Cards, rows of figures, facts, and what is shown where there is nothing.

use maud::{Markup, Render, html};

/// A card: a section with a heading of the second level. Several side by side: `div.grid { … }`.
pub(crate) fn card(title: &str, body: impl Render) -> Markup {
    card_with(title, html! {}, body)
}

/// A card with something at the right of its heading: buttons, a pill, a link.
pub(crate) fn card_with(title: &str, aside: Markup, body: impl Render) -> Markup {
    html! {
        section.card {
            header.card-head {
                h2 { (title) }
                @if !aside.0.is_empty() { div.actions { (aside) } }
            }
            (body)
        }
    }
}

/// A figure with its name, and a few words below it. Several of them stand in `div.stats { … }`.
pub(crate) fn stat(name: &str, value: impl Render, words: impl Render) -> Markup {
    html! {
        div.stat {
            span.stat-name { (name) }
            span.stat-value { (value) }
            span.stat-words { (words) }
        }
    }
}

/// A fact: its name, and what is known. Several of them stand in `dl.facts { … }`.
pub(crate) fn fact(name: &str, value: impl Render) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// What is shown where there is nothing: what is missing, and how there will be some.
pub(crate) fn empty(title: &str, words: &str) -> Markup {
    html! {
        div.empty {
            p { strong { (title) } }
            @if !words.is_empty() { p.muted { (words) } }
        }
    }
}
