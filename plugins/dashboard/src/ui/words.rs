//! Names, times, code.

use maud::{Markup, html};
use plugin_api::twilight_model::util::Timestamp;

/// Somebody else's words: a name, kept apart from the direction that the page is written in, and cut where it is too long.
pub(crate) fn name(text: &str) -> Markup {
    html! { bdi.cut title=(text) { (text) } }
}

/// A point in time, in milliseconds since the Unix epoch, which the page writes as "3 min ago" and keeps up to date; 0 is never.
pub(crate) fn ago(ms: u64) -> Markup {
    match iso(ms) {
        Some(iso) if ms > 0 => {
            html! { time datetime=(iso) data-ago title=(iso) { (iso.get(..19).unwrap_or(&iso).replace('T', " ")) } }
        }
        _ => html! { "never" },
    }
}

/// [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339) in UTC; `None` beyond what a calendar holds.
pub(crate) fn iso(ms: u64) -> Option<String> {
    let micros = i64::try_from(ms).ok()?.checked_mul(1_000)?;
    let timestamp = Timestamp::from_micros(micros).ok()?;
    Some(timestamp.iso_8601().to_string())
}

/// Text as it is, in a frame that scrolls by itself and can be copied; `label` is read out.
pub(crate) fn code_block(label: &str, text: &str) -> Markup {
    html! {
        div.code {
            button.button.quiet type="button" data-copy { "Copy" }
            pre tabindex="0" role="region" aria-label=(label) { code { (text) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_in_time_is_written_for_machines_and_without_scripts() {
        let shown = ago(1_767_225_600_000).into_string();
        assert!(shown.contains("datetime=\"2026-01-01T00:00:00"), "{shown}");
        assert!(shown.contains(">2026-01-01 00:00:00</time>"), "{shown}");
        assert_eq!(ago(0).into_string(), "never");
        assert_eq!(ago(u64::MAX).into_string(), "never");
    }
}
