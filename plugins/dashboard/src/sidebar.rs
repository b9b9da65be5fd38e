//! Sidebar: the tabs of all plugins, under their headings.

use maud::{Markup, html};
use plugin_api::abi::TabView;

use crate::icons;

/// Headings in the order that they stand in; those that plugins make up follow, and last what has none.
const HEADINGS: [&str; 4] = ["Core", "Tools", "Admin", "Meta"];

/// Heading of the tabs that say none.
const OTHERS: &str = "Plugins";

/// The tabs under their headings, each with those that stand there, in their order.
pub(crate) fn grouped(tabs: &[TabView]) -> Vec<(&str, Vec<&TabView>)> {
    let mut groups: Vec<(&str, Vec<&TabView>)> =
        HEADINGS.map(|heading| (heading, Vec::new())).to_vec();
    let mut others = Vec::new();
    for tab in tabs {
        let heading = tab.group.as_str();
        if heading.is_empty() || heading == OTHERS {
            others.push(tab);
        } else if let Some((_, group)) = groups.iter_mut().find(|(name, _)| *name == heading) {
            group.push(tab);
        } else {
            groups.push((heading, vec![tab]));
        }
    }
    groups.push((OTHERS, others));
    groups.retain(|(_, tabs)| !tabs.is_empty());
    groups
}

/// Address that shows a tab: its own where the page is this plugin's, within the shell where it is another's.
pub(crate) fn address(base: &str, own: &str, tab: &TabView) -> String {
    if tab.plugin == own {
        tab.address.clone()
    } else {
        format!("{base}/tab/{}/{}", tab.plugin, tab.id)
    }
}

/// The list of tabs; `current` is the open one's plugin and id.
pub(crate) fn list(base: &str, own: &str, tabs: &[TabView], current: (&str, &str)) -> Markup {
    html! {
        @for (heading, tabs) in grouped(tabs) {
            section.nav-group {
                h2 { bdi { (heading) } }
                ul {
                    @for tab in tabs {
                        @let open = (tab.plugin.as_str(), tab.id.as_str()) == current;
                        li {
                            a href=(address(base, own, tab)) aria-current=[open.then_some("page")] {
                                span.nav-icon aria-hidden="true" {
                                    @if tab.plugin == own { (icons::of_tab(&tab.id, &tab.icon)) } @else { (tab.icon) }
                                }
                                bdi.cut { (tab.title) }
                            }
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

    fn tab(plugin: &str, id: &str, group: &str) -> TabView {
        let mut tab = TabView::default();
        tab.plugin = plugin.to_owned();
        tab.id = id.to_owned();
        tab.title = id.to_owned();
        tab.group = group.to_owned();
        tab.address = format!("/p/{plugin}/{id}");
        tab
    }

    #[test]
    fn tabs_stand_under_their_headings_in_the_order_of_the_headings() {
        let tabs = [
            tab("d", "credits", "Meta"),
            tab("tea", "rooms", ""),
            tab("d", "overview", "Core"),
            tab("zoo", "cages", "Animals"),
            tab("d", "plugins", "Core"),
            tab("tea", "cups", "Plugins"),
        ];
        let shown: Vec<(&str, Vec<&str>)> = grouped(&tabs)
            .into_iter()
            .map(|(heading, tabs)| (heading, tabs.iter().map(|tab| tab.id.as_str()).collect()))
            .collect();
        assert_eq!(
            shown,
            [
                ("Core", vec!["overview", "plugins"]),
                ("Meta", vec!["credits"]),
                ("Animals", vec!["cages"]),
                ("Plugins", vec!["rooms", "cups"]),
            ]
        );
    }

    #[test]
    fn another_plugins_tab_is_shown_within_the_shell_and_its_words_are_escaped() {
        let mut hostile = tab("tea", "rooms", "<script>");
        hostile.title = "<img src=x>".to_owned();
        let list = list(
            "/p/d",
            "d",
            &[hostile, tab("d", "own", "Core")],
            ("d", "own"),
        );
        let list = list.into_string();
        assert!(list.contains(r#"href="/p/d/tab/tea/rooms""#), "{list}");
        assert!(
            list.contains(r#"href="/p/d/own" aria-current="page""#),
            "{list}"
        );
        assert!(
            !list.contains("<script>") && !list.contains("<img"),
            "{list}"
        );
    }
}
