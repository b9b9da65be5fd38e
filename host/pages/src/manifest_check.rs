//! Manifest check: whether declared pages can be served.

use std::collections::HashSet;

use host_capability::CallRule;
use plugin_api::manifest::{PagesManifest, RightLevel};

use crate::path;

/// Most routes of a plugin.
const ROUTES: usize = 500;

/// Methods that are served.
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

/// What keeps pages from being served; `call` tells whether there is a host call of a name, and what it needs.
pub fn problems(
    pages: &PagesManifest,
    call: impl Fn(&str) -> Option<CallRule>,
    problems: &mut Vec<String>,
) {
    if pages.routes.len() > ROUTES {
        let count = pages.routes.len();
        problems.push(format!(
            "it declares {count} routes, and {ROUTES} are the most"
        ));
    }
    let mut rights = HashSet::new();
    for right in &pages.rights {
        let name = &right.name;
        if !is_word(name) {
            problems.push(format!(
                "the right `{name}`: 1 to 48 lower-case letters, digits, `_`, `-` and `.`"
            ));
        } else if call(name).is_some() {
            problems.push(format!("the right `{name}` is called as a host call is"));
        } else if !rights.insert(&**name) {
            problems.push(format!("the right `{name}` is declared twice"));
        }
        if right.level == RightLevel::Unknown {
            problems.push(format!(
                "the right `{name}` is for a level that this host does not know: owner, helper, visitor or server"
            ));
        }
    }
    let known = |right: &str| {
        right.is_empty()
            || rights.contains(right)
            || call(right).is_some_and(|call| call.rule.needs().is_some())
    };
    let unknown = |what: &str, right: &str| {
        format!(
            "{what} needs the right `{right}`, which is no host call that needs a power, and is not declared: `.right(\"{right}\", …)`"
        )
    };
    let mut routes = HashSet::new();
    for route in &pages.routes {
        let what = format!("the route {} {}", route.method, route.path);
        if !METHODS.contains(&&*route.method) {
            problems.push(format!("{what}: the methods are {}", METHODS.join(", ")));
        }
        if let Some(problem) = path::problem(&route.path) {
            problems.push(format!("{what}: the path {problem}"));
        }
        if !known(&route.right) {
            problems.push(unknown(&what, &route.right));
        }
        if !routes.insert((&*route.method, &*route.path)) {
            problems.push(format!("{what} is declared twice"));
        }
    }
    let mut tabs = HashSet::new();
    for tab in &pages.tabs {
        let what = format!("the tab `{}`", tab.id);
        if !is_word(&tab.id) || tab.title.trim().is_empty() {
            problems.push(format!(
                "{what} needs a title, and a name of 1 to 48 lower-case letters, digits, `_`, `-` and `.`"
            ));
        }
        if !tabs.insert(&*tab.id) {
            problems.push(format!("{what} is declared twice"));
        }
        if !routes.contains(&("GET", &*tab.path)) {
            problems.push(format!(
                "{what} shows `{}`, and there is no route GET {}",
                tab.path, tab.path
            ));
        }
        if !known(&tab.right) {
            problems.push(unknown(&what, &tab.right));
        }
    }
    let mut topics = HashSet::new();
    for topic in &pages.topics {
        let what = format!("the topic `{}`", topic.name);
        if !is_word(&topic.name) {
            problems.push(format!(
                "{what}: 1 to 48 lower-case letters, digits, `_`, `-` and `.`"
            ));
        } else if !topics.insert(&*topic.name) {
            problems.push(format!("{what} is declared twice"));
        }
        if !known(&topic.right) {
            problems.push(unknown(&what, &topic.right));
        }
    }
}

fn is_word(name: &str) -> bool {
    let fits =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
    (1..=48).contains(&name.len()) && name.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use host_capability::Who;
    use plugin_api::Power;

    use super::*;

    fn check(pages: &str) -> Vec<String> {
        let pages = serde_json::from_str(pages).unwrap();
        let call = |name: &str| match name {
            "plugins.list" => Some(CallRule::reads(
                "plugins.list",
                Power::PluginsRead,
                Who::Anybody,
            )),
            "reply" => Some(CallRule::free("reply")),
            _ => None,
        };
        let mut found = Vec::new();
        problems(&pages, call, &mut found);
        found
    }

    #[test]
    fn what_can_be_served_is() {
        let found = check(
            r#"{"rights": [{"name": "pour", "level": "helper"}], "topics": [{"name": "kettle", "right": "pour"}],
                "routes": [{"method": "GET", "path": "/"}, {"method": "POST", "path": "/{guild}", "right": "plugins.list"}],
                "tabs": [{"id": "tea", "title": "Tea", "path": "/", "right": "pour"}]}"#,
        );
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn each_thing_that_cant_be_served_is_named() {
        for (pages, words) in [
            (
                r#"{"rights": [{"name": "Pour", "level": "helper"}]}"#,
                "the right `Pour`",
            ),
            (
                r#"{"rights": [{"name": "plugins.list"}]}"#,
                "as a host call is",
            ),
            (
                r#"{"rights": [{"name": "a"}, {"name": "a"}]}"#,
                "declared twice",
            ),
            (
                r#"{"rights": [{"name": "a", "level": "king"}]}"#,
                "does not know",
            ),
            (
                r#"{"routes": [{"method": "PATCH", "path": "/"}]}"#,
                "the methods are",
            ),
            (
                r#"{"routes": [{"method": "GET", "path": "x"}]}"#,
                "begins with no slash",
            ),
            (
                r#"{"routes": [{"method": "GET", "path": "/", "right": "pour"}]}"#,
                "`pour`",
            ),
            (
                r#"{"routes": [{"method": "GET", "path": "/", "right": "reply"}]}"#,
                "`reply`",
            ),
            (
                r#"{"tabs": [{"id": "a", "title": "A", "path": "/a"}]}"#,
                "no route GET /a",
            ),
            (
                r#"{"topics": [{"name": "a", "right": "x"}]}"#,
                "the topic `a`",
            ),
        ] {
            let found = check(pages);
            assert!(
                found.iter().any(|it| it.contains(words)),
                "{pages}: {found:?}"
            );
        }
    }
}
