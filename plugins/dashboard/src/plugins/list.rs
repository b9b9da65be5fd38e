//! List of plugins: which of them are wanted, in which order, and each as a row with its actions.

use std::cmp::Reverse;

use maud::{Markup, html};
use plugin_api::{
    RouteContext,
    abi::PluginView,
    text::{clip, counted, milliseconds},
};
use serde_json::json;

use super::{
    deeds::{self, Deed},
    standing::{Standing, issues, pills, serves},
};
use crate::{Dashboard, ui};

/// Plugins on a page.
pub(super) const PAGE: u64 = 50;

/// Characters of a description, and of what is wrong.
const WORDS: usize = 200;

/// What of all plugins is wanted: value in the query, and words.
pub(super) const SHOWN: [(&str, &str); 7] = [
    ("", "All"),
    ("loaded", "Loaded"),
    ("not-loaded", "Not loaded"),
    ("healthy", "Healthy"),
    ("issues", "With issues"),
    ("canary", "With a canary"),
    ("cell", "In a cell"),
];

/// The orders that there are.
pub(super) const ORDERS: [(&str, &str); 5] = [
    ("", "By name"),
    ("state", "Issues first"),
    ("newest", "Loaded last"),
    ("commands", "Most commands"),
    ("slowest", "Slowest load"),
];

/// What somebody wants to see.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    pub(super) search: &'a str,
    pub(super) shown: &'a str,
    pub(super) order: &'a str,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(ctx: &'a RouteContext<Dashboard>) -> Self {
        Self {
            search: ctx.query("q"),
            shown: ctx.query("show"),
            order: ctx.query("sort"),
        }
    }

    fn fits(&self, plugin: &PluginView) -> bool {
        let is_shown = match self.shown {
            "loaded" => serves(plugin),
            "not-loaded" => !serves(plugin),
            "healthy" => serves(plugin) && issues(plugin).is_empty(),
            "issues" => !issues(plugin).is_empty(),
            "canary" => plugin.canary.is_some(),
            "cell" => plugin.cell.is_some(),
            _ => true,
        };
        let text = format!(
            "{} {} {} {}",
            plugin.name,
            plugin.description,
            plugin.file,
            plugin.authors.join(" ")
        );
        let text = text.to_lowercase();
        let mut words = self.search.split_whitespace();
        is_shown && words.all(|word| text.contains(&word.to_lowercase()))
    }

    /// Those that are wanted, in order.
    pub(super) fn pick(self, all: &[PluginView]) -> Vec<&PluginView> {
        let mut picked: Vec<&PluginView> = all.iter().filter(|it| self.fits(it)).collect();
        match self.order {
            "state" => picked.sort_by_key(|it| (issues(it).is_empty(), Standing::of(it))),
            "newest" => picked.sort_by_key(|it| Reverse(it.since_ms)),
            "commands" => picked.sort_by_key(|it| Reverse(it.commands)),
            "slowest" => picked.sort_by_key(|it| Reverse(it.load_us)),
            _ => picked.sort_by_key(|it| it.name.to_lowercase()),
        }
        picked
    }
}

/// The page of the list that is asked for.
pub(super) fn drawn(ctx: &RouteContext<Dashboard>, picked: &[&PluginView], page: u64) -> Markup {
    let total = picked.len() as u64;
    let pager = ui::Pager {
        page,
        size: PAGE,
        total,
    };
    let page = page.clamp(1, pager.pages());
    let begin = (page - 1).saturating_mul(PAGE);
    let from = usize::try_from(begin).unwrap_or(usize::MAX);
    html! {
        @if picked.is_empty() {
            (ui::empty("No such plugin", "Search for fewer words, or show all."))
        } @else {
            ul.card.list {
                @for plugin in picked.iter().skip(from).take(PAGE as usize) { (row(ctx, plugin)) }
            }
            (ui::pager(pager, ctx.queries(), "plugin"))
        }
    }
}

/// Address of a plugin's page.
pub(super) fn address(base: &str, name: &str) -> String {
    format!("{base}/plugins/of/{}", ui::encoded(name))
}

fn row(ctx: &RouteContext<Dashboard>, plugin: &PluginView) -> Markup {
    let issues = issues(plugin);
    let is_meant = plugin.unloaded && !serves(plugin);
    html! {
        li.plugin-row data-key=(plugin.name) {
            div.plugin-about {
                div.row {
                    h2 { a href=(address(ctx.base(), &plugin.name)) { (ui::name(&plugin.name)) } }
                    @if !plugin.version.is_empty() { span.muted { bdi { (clip(&plugin.version, 40)) } } }
                    (pills(plugin))
                }
                @if !plugin.description.is_empty() { p { bdi { (clip(&plugin.description, WORDS)) } } }
                p.muted {
                    @if serves(plugin) {
                        (counted(u64::from(plugin.commands), "command")) " · loaded " (ui::ago(plugin.since_ms)) " in " (milliseconds(plugin.load_us))
                        " · load " (plugin.generation)
                        @if let Some(author) = plugin.authors.first() { " · by " bdi { (clip(author, 60)) } }
                    } @else {
                        bdi { (clip(&plugin.file, 100)) }
                        @if is_meant { @if let Some(why) = &plugin.error { " · " bdi { (clip(why, WORDS)) } } }
                    }
                }
                @for issue in issues.iter().take(3) { p.bad-text { bdi { (clip(issue, WORDS)) } } }
            }
            div.actions.end { (actions(ctx, plugin)) }
        }
    }
}

fn actions(ctx: &RouteContext<Dashboard>, plugin: &PluginView) -> Markup {
    let deeds = match serves(plugin) {
        true => &[Deed::Reload, Deed::Unload][..],
        false => &[Deed::Load],
    };
    html! {
        @for deed in deeds {
            (deeds::button(ctx, *deed, plugin, "refresh:#plugins"))
        }
        @if !serves(plugin) && ctx.may("plugins.check") {
            (ui::Action::new("Dry run", format!("{}/plugins/check", ctx.base()))
                .body(&json!({ "name": plugin.name }))
                .then("show:#report")
                .label(format!("Dry run of {}", plugin.name)))
        }
    }
}

#[cfg(test)]
mod tests {
    use plugin_api::abi::{CanaryView, PluginState};

    use super::*;
    use crate::plugins::standing::tests::serving;

    fn all() -> Vec<PluginView> {
        let mut shop = serving("shop");
        shop.description = "Sells tea".to_owned();
        (shop.commands, shop.since_ms, shop.load_us) = (9, 10, 5);
        let mut bank = serving("Bank");
        bank.authors = vec!["Ann".to_owned()];
        bank.panics = 1;
        (bank.since_ms, bank.load_us) = (20, 7);
        bank.canary = Some(CanaryView::default());
        let mut broken = serving("broken");
        broken.state = PluginState::Refused;
        broken.error = Some("no plugin".to_owned());
        vec![shop, bank, broken]
    }

    fn names(wanted: Wanted<'_>) -> Vec<String> {
        let all = all();
        wanted.pick(&all).iter().map(|it| it.name.clone()).collect()
    }

    fn shown(shown: &str) -> Vec<String> {
        names(Wanted {
            shown,
            ..Wanted::default()
        })
    }

    fn sorted(order: &str) -> Vec<String> {
        names(Wanted {
            order,
            ..Wanted::default()
        })
    }

    #[test]
    fn each_filter_leaves_what_it_says() {
        assert_eq!(shown(""), ["Bank", "broken", "shop"]);
        assert_eq!(shown("loaded"), ["Bank", "shop"]);
        assert_eq!(shown("not-loaded"), ["broken"]);
        assert_eq!(shown("healthy"), ["shop"]);
        assert_eq!(shown("issues"), ["Bank", "broken"]);
        assert_eq!(shown("canary"), ["Bank"]);
        assert!(shown("cell").is_empty());
    }

    #[test]
    fn each_order_is_one_and_all_words_are_searched_for() {
        assert_eq!(sorted("state"), ["broken", "Bank", "shop"]);
        assert_eq!(sorted("newest")[0], "Bank");
        assert_eq!(sorted("commands")[0], "shop");
        assert_eq!(sorted("slowest")[0], "Bank");
        let found = |search| {
            names(Wanted {
                search,
                ..Wanted::default()
            })
        };
        assert_eq!(found("TEA sells"), ["shop"]);
        assert_eq!(found("ann"), ["Bank"]);
        assert!(found("tea coffee").is_empty());
    }
}
