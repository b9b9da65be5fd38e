//! Links between the pages of one tab.

use maud::{Markup, html};

/// Pages of a tab: address and title of each; `current` is the open one's address.
pub(crate) fn subtabs(label: &str, pages: &[(String, &str)], current: &str) -> Markup {
    html! {
        nav.tabs aria-label=(label) {
            @for (address, title) in pages {
                a href=(address) aria-current=[(address == current).then_some("page")] { (title) }
            }
        }
    }
}
