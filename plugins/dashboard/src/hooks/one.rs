//! A handler: its figures, and the latest events that were for it.

use maud::{Markup, html};
use plugin_api::{
    abi::HookInfo,
    text::{milliseconds, number},
};

use super::{May, list};
use crate::ui;

pub(super) fn drawn(base: &str, handler: &HookInfo, history: Option<Markup>, may: May) -> Markup {
    let mean = |us: u64| {
        let mean = us.checked_div(handler.runs);
        mean.map_or_else(|| "–".to_owned(), milliseconds)
    };
    html! {
        div.row.between {
            (list::state(handler))
            div.actions { (list::buttons(base, handler, may, "refresh:#hook")) }
        }
        div.stats.many {
            (ui::stat("Runs", number(handler.runs), "since it was first loaded"))
            (ui::stat("Failed", number(handler.failures), share(handler)))
            (ui::stat("On average", mean(handler.handled_us), "in the handler"))
            (ui::stat("Waited", mean(handler.waited_us), "on average"))
            (ui::stat("Waiting", number(handler.waiting), ""))
            (ui::stat("Dropped", number(handler.dropped), "queue was full"))
            (ui::stat("Skipped", number(handler.skipped), "off or resting"))
        }
        @if let Some(error) = &handler.last_error {
            (ui::card("Last failure", ui::code_block("Last failure", error)))
        }
        (ui::card("About it", html! {
            dl.facts {
                (ui::fact("Plugin", ui::name(&handler.plugin)))
                (ui::fact("Event", match handler.event.as_str() {
                    "*" => html! { "all, or those that it has chosen" },
                    event => ui::name(event),
                }))
                (ui::fact("Priority", handler.priority))
            }
        }))
        @if let Some(history) = history {
            (ui::card(match handler.event.as_str() {
                "*" => "Latest events of all kinds",
                _ => "Latest events of its kind",
            }, history))
        }
    }
}

fn share(handler: &HookInfo) -> String {
    match handler.runs {
        0 => String::new(),
        runs => format!("{:.1} %", handler.failures as f64 * 100.0 / runs as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_that_never_ran_has_no_mean_and_its_error_is_escaped() {
        let mut handler = HookInfo::default();
        handler.event = "sold".to_owned();
        handler.last_error = Some("<script>".to_owned());
        let shown = drawn("/p/d", &handler, None, May::default()).into_string();
        assert!(
            shown.contains('–') && !shown.contains("<script>"),
            "{shown}"
        );
        (handler.runs, handler.failures) = (3, 1);
        assert_eq!(share(&handler), "33.3 %");
    }
}
