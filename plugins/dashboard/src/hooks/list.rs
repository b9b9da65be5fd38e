//! Totals of all handlers, and the handlers: filtered, sorted, page by page.

use maud::{Markup, html};
use plugin_api::{
    RouteContext,
    abi::{HookCircuit, HookInfo, HooksReply},
    prelude::*,
    text::{counted, milliseconds, number},
};
use serde_json::json;

use super::May;
use crate::{
    Dashboard,
    ui::{self, Action, Tone},
};

/// Handlers on a page.
const PAGE: usize = 100;

/// How handlers may be sorted, and in which words.
const SORTS: [(&str, &str); 7] = [
    ("", "by name"),
    ("runs", "most runs first"),
    ("failures", "most failures first"),
    ("mean", "slowest first"),
    ("waiting", "longest queue first"),
    ("dropped", "most dropped first"),
    ("priority", "highest priority first"),
];

/// States that are looked for.
const STATES: [(&str, &str); 6] = [
    ("", "in any state"),
    ("on", "that are on"),
    ("off", "that are off"),
    ("open", "that rest"),
    ("failing", "that have failed"),
    ("behind", "with a queue"),
];

/// What is asked for.
#[derive(Debug, Default, Clone)]
pub(super) struct Filter {
    q: String,
    plugin: String,
    state: String,
    sort: String,
    page: u64,
}

impl Filter {
    pub(super) fn of(ctx: &RouteContext<Dashboard>) -> Result<Self> {
        let of = |name: &str| ctx.query(name).to_owned();
        Ok(Self {
            q: of("q"),
            plugin: of("plugin"),
            state: of("state"),
            sort: of("sort"),
            page: ctx.query_or("page", 1)?,
        })
    }

    /// As a query that asks for the same; of another page where one is named.
    pub(super) fn query(&self, page: Option<u64>) -> String {
        let pairs = self.pairs();
        let mut query = String::from("?");
        for (name, value) in &pairs {
            query.push_str(&format!("{name}={}&", ui::encoded(value)));
        }
        format!("{query}page={}", page.unwrap_or(self.page))
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let all = [
            ("q", &self.q),
            ("plugin", &self.plugin),
            ("state", &self.state),
            ("sort", &self.sort),
        ];
        let given = all.into_iter().filter(|(_, value)| !value.is_empty());
        given
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }

    fn lets_through(&self, handler: &HookInfo) -> bool {
        let text = format!(
            "{} {}",
            handler.id.to_lowercase(),
            handler
                .last_error
                .as_deref()
                .unwrap_or_default()
                .to_lowercase()
        );
        let has_words = |word: &str| text.contains(word);
        let is_in_state = match self.state.as_str() {
            "on" => handler.enabled,
            "off" => !handler.enabled,
            "open" => handler.circuit != HookCircuit::Closed,
            "failing" => handler.failures > 0,
            "behind" => handler.waiting > 0,
            _ => true,
        };
        is_in_state
            && (self.plugin.is_empty() || handler.plugin == self.plugin)
            && self.q.to_lowercase().split_whitespace().all(has_words)
    }

    fn sort(&self, handlers: &mut [&HookInfo]) {
        let most =
            |of: fn(&HookInfo) -> u64| move |handler: &&HookInfo| std::cmp::Reverse(of(handler));
        // Stable: among equals by id.
        match self.sort.as_str() {
            "runs" => handlers.sort_by_key(most(|it| it.runs)),
            "failures" => handlers.sort_by_key(most(|it| it.failures)),
            "mean" => handlers.sort_by_key(most(|it| mean(it).unwrap_or_default())),
            "waiting" => handlers.sort_by_key(most(|it| it.waiting)),
            "dropped" => handlers.sort_by_key(most(|it| it.dropped)),
            "priority" => handlers.sort_by_key(|it| std::cmp::Reverse(it.priority)),
            _ => {}
        }
    }
}

/// Microseconds of a run, on average.
fn mean(handler: &HookInfo) -> Option<u64> {
    handler.handled_us.checked_div(handler.runs)
}

/// The bar above the handlers.
pub(super) fn filters(address: &str, handlers: &[HookInfo], filter: &Filter) -> Markup {
    let mut plugins: Vec<&str> = handlers.iter().map(|it| it.plugin.as_str()).collect();
    plugins.dedup();
    plugins.sort_unstable();
    plugins.dedup();
    let plugins: Vec<(&str, &str)> = [("", "of all plugins")]
        .into_iter()
        .chain(plugins.into_iter().map(|plugin| (plugin, plugin)))
        .collect();
    ui::filter_bar(
        address,
        html! {
            (ui::search_field("q", "Search handlers and errors", &filter.q))
            (ui::select_field("plugin", "Plugin", &plugins, &filter.plugin))
            (ui::select_field("state", "State", &STATES, &filter.state))
            (ui::select_field("sort", "Sorted", &SORTS, &filter.sort))
        },
    )
}

pub(super) fn drawn(base: &str, reply: &HooksReply, filter: &Filter, may: May) -> Markup {
    let mut found: Vec<&HookInfo> = reply
        .hooks
        .iter()
        .filter(|it| filter.lets_through(it))
        .collect();
    filter.sort(&mut found);
    let pager = ui::Pager {
        page: filter.page,
        size: PAGE as u64,
        total: found.len() as u64,
    };
    let begin = usize::try_from(pager.page.clamp(1, pager.pages()) - 1).unwrap_or_default() * PAGE;
    html! {
        (totals(reply))
        @if reply.hooks.is_empty() {
            (ui::empty("No handlers", "No plugin that is loaded listens to framework events."))
        } @else if found.is_empty() {
            (ui::empty("No handler is like that", "Take a word away, or ask for another state."))
        } @else {
            section.card {
                (ui::table("Handlers", &["Handler", "State", "Runs", "Failed", "On average", "Waiting", "Dropped", ""], html! {
                    @for handler in found.iter().skip(begin).take(PAGE) { (row(base, handler, may)) }
                }))
                (ui::pager(pager, &filter.pairs(), "handler"))
            }
        }
    }
}

fn totals(reply: &HooksReply) -> Markup {
    let sum = |of: fn(&HookInfo) -> u64| reply.hooks.iter().map(of).sum::<u64>();
    let count =
        |fits: fn(&HookInfo) -> bool| reply.hooks.iter().filter(|it| fits(it)).count() as u64;
    let (failures, dropped) = (sum(|it| it.failures), sum(|it| it.dropped));
    let (off, open) = (
        count(|it| !it.enabled),
        count(|it| it.circuit != HookCircuit::Closed),
    );
    let worth = |value: u64, class: &'static str| {
        html! { span.(if value > 0 { class } else { "" }) { (number(value)) } }
    };
    html! {
        div.stats.many {
            (ui::stat("Events emitted", number(reply.emitted), "since the bot began"))
            (ui::stat("Runs", number(sum(|it| it.runs)), html! { "of " (counted(reply.hooks.len() as u64, "handler")) }))
            (ui::stat("Failed", worth(failures, "bad-text"), ""))
            (ui::stat("Waiting", number(sum(|it| it.waiting)), html! { (number(count(|it| it.at_work))) " at work" }))
            (ui::stat("Dropped", worth(dropped, "warn-text"), "queue was full"))
            (ui::stat("Off", number(off), ""))
            (ui::stat("Resting", worth(open, "warn-text"), "after failures"))
        }
    }
}

/// How a handler is, as a pill.
pub(super) fn state(handler: &HookInfo) -> Markup {
    match (handler.enabled, handler.circuit) {
        (false, _) => ui::badge(Tone::Plain, "off"),
        (_, HookCircuit::Open) => ui::badge(Tone::Warn, "rests"),
        (_, HookCircuit::HalfOpen) => ui::badge(Tone::Info, "is tried"),
        _ if handler.at_work => ui::badge(Tone::Good, "at work"),
        _ => ui::badge(Tone::Good, "on"),
    }
}

fn row(base: &str, handler: &HookInfo, may: May) -> Markup {
    html! {
        tr data-key=(handler.id) {
            th scope="row" {
                a href={ (base) "/hooks/one?id=" (ui::encoded(&handler.id)) } { (ui::name(&handler.id)) }
                @if let Some(error) = &handler.last_error {
                    br; small.bad-text { (ui::name(error)) }
                }
            }
            td { (state(handler)) }
            td.number { (number(handler.runs)) }
            td.number { @if handler.failures > 0 { span.bad-text { (number(handler.failures)) } } @else { "0" } }
            td.number { @if let Some(mean) = mean(handler) { (milliseconds(mean)) } @else { "–" } }
            td.number { (number(handler.waiting)) }
            td.number { (number(handler.dropped)) }
            td { div.actions { (buttons(base, handler, may, "refresh:#hooks")) } }
        }
    }
}

/// What may be done with a handler; `then` is done after it.
pub(super) fn buttons(base: &str, handler: &HookInfo, may: May, then: &str) -> Markup {
    let id = &handler.id;
    html! {
        @if may.reset && handler.circuit != HookCircuit::Closed {
            (Action::new("Reset", format!("{base}/hooks/reset"))
                .body(&json!({ "id": id }))
                .label(format!("Close the breaker of {id}"))
                .then(then)
                .quiet())
        }
        @if may.switch {
            @let (words, on) = if handler.enabled { ("Disable", false) } else { ("Enable", true) };
            @let action = Action::new(words, format!("{base}/hooks/switch"))
                .body(&json!({ "id": id, "on": on }))
                .label(format!("{words} {id}"))
                .then(then)
                .quiet();
            @if on { (action) } @else {
                (action.confirm(format!("Disable `{id}`? It is told of nothing any more, also after a restart, until it is enabled.")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handler(id: &str, runs: u64, failures: u64) -> HookInfo {
        let mut handler = HookInfo::default();
        handler.id = id.to_owned();
        handler.plugin = id.split(':').next().unwrap_or_default().to_owned();
        (handler.runs, handler.failures, handler.enabled) = (runs, failures, true);
        handler
    }

    fn ids(all: &[HookInfo], filter: &Filter) -> Vec<String> {
        let mut found: Vec<&HookInfo> = all.iter().filter(|it| filter.lets_through(it)).collect();
        filter.sort(&mut found);
        found.iter().map(|it| it.id.clone()).collect()
    }

    #[test]
    fn handlers_are_found_by_words_plugin_and_state_and_sorted() {
        let mut all = [
            handler("bank:sold:note", 9, 2),
            handler("tea:boiled:pour", 5, 0),
            handler("tea:sold:count", 7, 3),
        ];
        all[1].circuit = HookCircuit::Open;
        all[2].enabled = false;
        let filter = |of: &dyn Fn(&mut Filter)| {
            let mut filter = Filter::default();
            of(&mut filter);
            filter
        };
        assert_eq!(ids(&all, &Filter::default()).len(), 3);
        let words = filter(&|it| it.q = "SOLD tea".into());
        assert_eq!(ids(&all, &words), ["tea:sold:count"]);
        assert_eq!(
            ids(&all, &filter(&|it| it.plugin = "bank".into())),
            ["bank:sold:note"]
        );
        assert_eq!(
            ids(&all, &filter(&|it| it.state = "open".into())),
            ["tea:boiled:pour"]
        );
        assert_eq!(
            ids(&all, &filter(&|it| it.state = "off".into())),
            ["tea:sold:count"]
        );
        let worst = filter(&|it| it.sort = "failures".into());
        assert_eq!(ids(&all, &worst)[0], "tea:sold:count");
    }

    #[test]
    fn who_may_nothing_sees_no_button_and_a_closed_breaker_needs_no_reset() {
        let mut handler = handler("tea:boiled:pour", 0, 0);
        let shown = |handler: &HookInfo, may| buttons("/p/d", handler, may, "reload").into_string();
        let all = May {
            switch: true,
            reset: true,
        };
        assert_eq!(shown(&handler, May::default()), "");
        assert!(
            shown(&handler, all).contains("Disable") && !shown(&handler, all).contains("Reset")
        );
        handler.circuit = HookCircuit::Open;
        handler.enabled = false;
        assert!(shown(&handler, all).contains("Enable") && shown(&handler, all).contains("Reset"));
    }

    #[test]
    fn a_query_keeps_what_was_asked_for() {
        let filter = Filter {
            q: "a&b".into(),
            page: 2,
            ..Filter::default()
        };
        assert_eq!(filter.query(None), "?q=a%26b&page=2");
        assert_eq!(filter.query(Some(3)), "?q=a%26b&page=3");
    }
}
