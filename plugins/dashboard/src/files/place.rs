//! Paths in the bot's folder: addresses of their pages, the way to them, names within them.

use maud::{Markup, html};
use plugin_api::{abi::BotFileCall, prelude::*};

use crate::ui;

/// Address of a page about a path: `page` is what it shows (`""`: a folder, `"/view"`).
pub(super) fn address(base: &str, page: &str, path: &str) -> String {
    match path {
        "" => format!("{base}/files{page}"),
        path => format!("{base}/files{page}?path={}", ui::encoded(path)),
    }
}

/// A name in a folder.
pub(super) fn within(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{}/{name}", folder.trim_end_matches('/')),
    }
}

/// The folder that a path is in; empty: the bot's own.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The last name of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Whether the host says that a path is only read: what would be refused is then left out. What it does not list is not known to be.
pub(super) async fn is_read_only(host: &Host, path: &str) -> bool {
    let name = name(path);
    let mut before = name.to_owned();
    // The list begins behind a name: one that sorts before it.
    before.pop();
    let call = BotFileCall {
        path: parent(path).to_owned(),
        after: Some(before).filter(|before| !before.is_empty()),
        ..BotFileCall::default()
    };
    let list = host.bot_files().list(&call).await;
    list.is_ok_and(|list| {
        let found = list.entries.iter().find(|entry| entry.name == name);
        found.is_some_and(|entry| entry.read_only)
    })
}

/// The folders on the way to a path, with their paths, the bot's own first; what is last is where one is.
fn way(path: &str) -> Vec<(&str, &str)> {
    let mut way = vec![("Bot's folder", "")];
    let mut end = 0;
    for name in path.split('/') {
        end += name.len();
        if !name.is_empty() {
            way.push((name, &path[..end]));
        }
        end += 1;
    }
    way
}

/// Links to the folders on the way to a path.
pub(super) fn crumbs(base: &str, path: &str) -> Markup {
    let way = way(path);
    html! {
        nav.crumbs aria-label="Folders" {
            ol {
                @for (at, (name, path)) in way.iter().enumerate() {
                    li {
                        @if at + 1 == way.len() {
                            span aria-current="page" { (ui::name(name)) }
                        } @else {
                            a href=(address(base, "", path)) { (ui::name(name)) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_path_is_its_folders() {
        assert_eq!(way(""), [("Bot's folder", "")]);
        let deep = way("a/b b/ü.md");
        assert_eq!(
            deep[1..],
            [("a", "a"), ("b b", "a/b b"), ("ü.md", "a/b b/ü.md")]
        );
        assert_eq!(way("a//b").last(), Some(&("b", "a//b")));
    }

    #[test]
    fn paths_are_put_together_and_taken_apart() {
        assert_eq!(
            (within("", "a"), within("a/b", "c")),
            ("a".to_owned(), "a/b/c".to_owned())
        );
        assert_eq!((parent("a/b/c"), name("a/b/c")), ("a/b", "c"));
        assert_eq!((parent("c"), name("c")), ("", "c"));
        assert_eq!(
            address("/p/d", "/view", "a b&c"),
            "/p/d/files/view?path=a%20b%26c"
        );
    }

    #[test]
    fn names_of_others_are_escaped() {
        let shown = crumbs("/p/d", "<b>/\"x").into_string();
        assert!(
            !shown.contains("<b>") && shown.contains("&lt;b&gt;"),
            "{shown}"
        );
    }
}
