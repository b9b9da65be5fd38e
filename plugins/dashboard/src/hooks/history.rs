//! Latest events, and what has become of them.

use maud::{Markup, html};
use plugin_api::{
    abi::HookEvent,
    text::{milliseconds, number},
};

use crate::ui::{self, Tone};

pub(super) fn drawn(events: &[HookEvent]) -> Markup {
    if events.is_empty() {
        return ui::empty(
            "No event yet",
            "Plugins that come and go, errors, and what plugins tell each other are listed here.",
        );
    }
    let rows = html! {
        @for event in events {
            tr {
                th scope="row" { (ui::name(&event.event)) }
                td { (ui::name(event.from.as_deref().unwrap_or("the host"))) }
                td { (fate(event)) }
                td.number { (milliseconds(event.took_us)) @if event.queue_delay_us > 0 { br; small.muted { "waited " (milliseconds(event.queue_delay_us)) } } }
                td { (keys(event)) }
                td.number { (ui::ago(event.at_ms)) }
            }
        }
    };
    ui::table(
        "The latest events",
        &[
            "Event",
            "From",
            "Handlers",
            "Took",
            "What it had with it",
            "When",
        ],
        rows,
    )
}

fn fate(event: &HookEvent) -> Markup {
    html! {
        @if event.queued == 0 && event.skipped == 0 && event.dropped == 0 {
            span.muted { "nobody listens" }
        } @else {
            (number(u64::from(event.handled))) " of " (number(u64::from(event.queued)))
        }
        @for (count, tone, words) in [
            (event.errors, Tone::Bad, "failed"),
            (event.dropped, Tone::Warn, "too far behind"),
            (event.skipped, Tone::Plain, "off or resting"),
        ] {
            @if count > 0 { " " (ui::badge(tone, html! { (number(u64::from(count))) " " (words) })) }
        }
    }
}

fn keys(event: &HookEvent) -> Markup {
    html! {
        @if event.keys.is_empty() { span.muted { "nothing" } }
        @for key in &event.keys { bdi.tag { (key) } " " }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_who_failed_over_it_and_who_never_heard_of_it() {
        let mut event = HookEvent::default();
        event.event = "<b>sold".to_owned();
        assert!(
            drawn(&[event.clone()])
                .into_string()
                .contains("nobody listens")
        );
        (event.queued, event.handled, event.errors, event.dropped) = (3, 2, 1, 1);
        event.keys = vec!["cups".to_owned()];
        let shown = drawn(&[event]).into_string();
        assert!(
            shown.contains("2 of 3") && shown.contains("1 failed"),
            "{shown}"
        );
        assert!(shown.contains("1 too far behind") && shown.contains("cups"));
        assert!(!shown.contains("<b>"));
    }
}
