//! Tables, pagers, bars of filters.

use maud::{Markup, html};
use plugin_api::text::{counted, number};

/// A table in a frame that scrolls sideways by itself. `caption` is read out and not shown; an empty heading is none; `rows` are `tr { th scope="row" { … } td { … } }`.
pub(crate) fn table(caption: &str, headings: &[&str], rows: Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption.hidden { (caption) }
                thead {
                    tr {
                        @for heading in headings {
                            // Of a column of buttons, or of names that need no word: an empty heading would be read out as one.
                            @if heading.is_empty() { td {} } @else { th scope="col" { (heading) } }
                        }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}

/// Which part of something long is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pager {
    /// The page, counted from 1.
    pub(crate) page: u64,
    /// Entries of a page.
    pub(crate) size: u64,
    /// All entries.
    pub(crate) total: u64,
}

impl Pager {
    /// Pages that there are, at least 1.
    pub(crate) fn pages(self) -> u64 {
        self.total.div_ceil(self.size.max(1)).max(1)
    }
}

/// Links to the pages before and after this one, by the value `page` of the query (counted from 1); the rest of the query, as
/// `RouteContext::queries` gives it, stays as it is. Nothing where one page holds all. `what` is what is counted: `server`.
pub(crate) fn pager(pager: Pager, query: &[(String, String)], what: &str) -> Markup {
    let (pages, page) = (pager.pages(), pager.page.clamp(1, pager.pages()));
    if pages == 1 {
        return html! {};
    }
    let link = |to: u64, words: &str, label: &str| {
        html! {
            @if to == page || to == 0 || to > pages {
                span.button.quiet aria-disabled="true" { (words) }
            } @else {
                a.button.quiet href=(address(query, to)) aria-label=(label) { (words) }
            }
        }
    };
    html! {
        nav.pager aria-label="Pages" {
            (link(1, "«", "First page"))
            (link(page - 1, "Previous", "Previous page"))
            span { "Page " (number(page)) " of " (number(pages)) " · " (counted(pager.total, what)) }
            (link(page + 1, "Next", "Next page"))
            (link(pages, "»", "Last page"))
        }
    }
}

/// The query with another page.
fn address(query: &[(String, String)], page: u64) -> String {
    let mut address = String::from("?");
    for (name, value) in query.iter().filter(|(name, _)| name != "page") {
        address.push_str(&encoded(name));
        address.push('=');
        address.push_str(&encoded(value));
        address.push('&');
    }
    address + "page=" + &page.to_string()
}

/// [Percent-encoded](https://url.spec.whatwg.org/#percent-encoded-bytes), whatever it is.
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// A bar of fields above a list, which asks for the same page with other values in the query. It works without scripts, too.
pub(crate) fn filter_bar(address: &str, fields: Markup) -> Markup {
    html! {
        form.filters method="get" action=(address) data-get role="search" {
            (fields)
            button.button type="submit" { "Show" }
        }
    }
}

/// A field for words to search for; `label` is read out and shown inside of it.
pub(crate) fn search_field(name: &str, label: &str, value: &str) -> Markup {
    html! { input type="search" name=(name) value=(value) placeholder=(label) aria-label=(label); }
}

/// A choice: value and words of each; `chosen` is the value that stands there now.
pub(crate) fn select_field(
    name: &str,
    label: &str,
    options: &[(&str, &str)],
    chosen: &str,
) -> Markup {
    html! {
        select name=(name) aria-label=(label) {
            @for (value, words) in options {
                option value=(value) selected[*value == chosen] { (words) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pager_keeps_the_rest_of_the_query() {
        let query = [
            ("q".to_owned(), "a&b ü".to_owned()),
            ("page".to_owned(), "2".to_owned()),
        ];
        let shown = pager(
            Pager {
                page: 2,
                size: 10,
                total: 25,
            },
            &query,
            "server",
        )
        .into_string();
        assert!(
            shown.contains(r#"href="?q=a%26b%20%C3%BC&amp;page=3""#),
            "{shown}"
        );
        assert!(shown.contains("Page 2 of 3 · 25 servers"), "{shown}");
    }

    #[test]
    fn one_page_needs_no_pager_and_a_page_that_is_not_there_is_the_last_one() {
        let of = |page, total| {
            let of = Pager {
                page,
                size: 10,
                total,
            };
            pager(of, &[], "server").into_string()
        };
        assert_eq!(of(1, 0), "");
        assert_eq!(of(1, 10), "");
        assert!(of(9, 11).contains("Page 2 of 2"));
        assert!(!of(9, 11).contains("page=3"));
    }
}
