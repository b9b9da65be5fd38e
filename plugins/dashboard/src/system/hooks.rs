//! Handlers of hooks, by plugin: how often they ran, failed and were left out.

use std::collections::BTreeMap;

use maud::{Markup, html};
use plugin_api::{
    abi::{HookCircuit, HookInfo, HooksCall},
    prelude::*,
    text::{milliseconds, number},
};

use crate::ui::{self, Tone};

/// Handlers that the host gives at once.
const AT_ONCE: u32 = 200;

/// What the handlers of a plugin have done together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Sum {
    handlers: u64,
    resting: u64,
    off: u64,
    runs: u64,
    failures: u64,
    dropped: u64,
    handled_us: u64,
}

pub(super) async fn of(host: &Host) -> Result<Markup> {
    let mut call = HooksCall {
        limit: Some(AT_ONCE),
        ..HooksCall::default()
    };
    let mut sums = BTreeMap::new();
    loop {
        let page = host.hooks(&call).await?;
        for handler in &page.hooks {
            count(&mut sums, handler);
        }
        match page.next {
            Some(next) => call.after = Some(next),
            None => break,
        }
    }
    Ok(ui::card("Hooks", drawn(&sums)))
}

fn count(sums: &mut BTreeMap<String, Sum>, handler: &HookInfo) {
    let sum = sums.entry(handler.plugin.clone()).or_default();
    sum.handlers += 1;
    sum.resting += u64::from(handler.circuit == HookCircuit::Open);
    sum.off += u64::from(!handler.enabled);
    sum.runs += handler.runs;
    sum.failures += handler.failures;
    sum.dropped += handler.dropped;
    sum.handled_us += handler.handled_us;
}

fn drawn(sums: &BTreeMap<String, Sum>) -> Markup {
    if sums.is_empty() {
        return ui::empty(
            "No handlers",
            "No plugin that is loaded listens to framework events.",
        );
    }
    ui::table(
        "Handlers of hooks, by plugin",
        &["Plugin", "Handlers", "Runs", "Failed", "On average"],
        html! {
            @for (plugin, sum) in sums {
                tr {
                    th scope="row" { (ui::name(plugin)) }
                    td {
                        (number(sum.handlers))
                        @if sum.resting > 0 { " " (ui::badge(Tone::Warn, html! { (sum.resting) " resting" })) }
                        @if sum.off > 0 { " " (ui::badge(Tone::Plain, html! { (sum.off) " off" })) }
                    }
                    td { (number(sum.runs)) @if sum.dropped > 0 { ", " (number(sum.dropped)) " dropped" } }
                    td { @if sum.failures > 0 { span.bad-text { (number(sum.failures)) } } @else { "0" } }
                    td { @if let Some(mean) = sum.handled_us.checked_div(sum.runs) { (milliseconds(mean)) } @else { "–" } }
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_of_a_plugin_are_counted_together() {
        let mut sums = BTreeMap::new();
        let mut handler = HookInfo::default();
        handler.plugin = "tea".to_owned();
        (handler.enabled, handler.runs, handler.handled_us) = (true, 2, 3_000);
        count(&mut sums, &handler);
        handler.circuit = HookCircuit::Open;
        handler.failures = 1;
        count(&mut sums, &handler);
        let sum = &sums["tea"];
        assert_eq!((sum.handlers, sum.resting, sum.off), (2, 1, 0));
        assert_eq!((sum.runs, sum.failures, sum.handled_us), (4, 1, 6_000));
        let shown = drawn(&sums).into_string();
        assert!(shown.contains("1 resting"), "{shown}");
    }
}
