//! Use of a command by day, as bars and as a table of the same.

use std::collections::BTreeMap;

use maud::{Markup, html};
use plugin_api::{
    abi::UsageView,
    text::{milliseconds, number},
    twilight_model::util::Timestamp,
};

use crate::ui;

/// Days that are shown.
pub(super) const DAYS: u64 = 30;

const DAY_MS: u64 = 86_400_000;

const HEIGHT: f64 = 72.0;

/// Width of a bar, and of a bar with the gap beside it.
const BAR: f64 = 7.0;
const STEP: f64 = 10.0;

/// Uses on a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Day {
    day: String,
    uses: u64,
    errors: u64,
    took_us: u64,
}

/// The last days up to now, each also where there was no use.
pub(super) fn of(usage: &[UsageView], now_ms: u64) -> Vec<Day> {
    let mut known: BTreeMap<&str, Day> = BTreeMap::new();
    for used in usage {
        let day = known.entry(&used.day).or_default();
        day.uses += used.uses;
        day.errors += used.errors;
        day.took_us += used.took_us;
    }
    let days = (0..DAYS).rev().filter_map(|before| {
        let day = date(now_ms.saturating_sub(before * DAY_MS))?;
        let found = known.get(day.as_str()).cloned().unwrap_or_default();
        Some(Day { day, ..found })
    });
    days.collect()
}

/// The day in UTC: `2026-11-22`.
fn date(at_ms: u64) -> Option<String> {
    let secs = i64::try_from(at_ms / 1_000).ok()?;
    let iso = Timestamp::from_secs(secs).ok()?.iso_8601().to_string();
    iso.get(..10).map(str::to_owned)
}

pub(super) fn drawn(days: &[Day]) -> Markup {
    let uses: u64 = days.iter().map(|day| day.uses).sum();
    if uses == 0 {
        return ui::empty(
            "Not used within 30 days",
            "Uses are counted by day, in UTC.",
        );
    }
    let most = days.iter().map(|day| day.uses).max().unwrap_or(1).max(1) as f64;
    let width = days.len() as f64 * STEP;
    let label = format!(
        "Uses by day over {} days, {} in all",
        days.len(),
        number(uses)
    );
    let bars = |count: u64| count as f64 / most * (HEIGHT - 2.0);
    let rounded = |value: f64| (value * 10.0).round() / 10.0;
    html! {
        svg.bars viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(label) {
            @for (at, day) in days.iter().enumerate() {
                @let x = at as f64 * STEP;
                @let (all, bad) = (rounded(bars(day.uses)), rounded(bars(day.errors.min(day.uses))));
                g {
                    title { (day.day) ": " (number(day.uses)) " uses, " (number(day.errors)) " errors" }
                    rect.bar x=(x) y=(rounded(HEIGHT - all)) width=(BAR) height=(all) {}
                    rect.bar.bad x=(x) y=(rounded(HEIGHT - bad)) width=(BAR) height=(bad) {}
                }
            }
        }
        div.row.between {
            small.muted { (days.first().map_or("", |day| day.day.as_str())) }
            small.muted { "at most " (number(most as u64)) " a day" }
            small.muted { (days.last().map_or("", |day| day.day.as_str())) }
        }
        details {
            summary { "By day" }
            (table(days))
        }
    }
}

fn table(days: &[Day]) -> Markup {
    let rows = html! {
        @for day in days.iter().rev().filter(|day| day.uses > 0) {
            tr {
                th scope="row" { (day.day) }
                td.number { (number(day.uses)) }
                td.number { (number(day.errors)) }
                td.number { (milliseconds(day.took_us.checked_div(day.uses).unwrap_or_default())) }
            }
        }
    };
    ui::table(
        "Use by day, the last one first",
        &["Day", "Uses", "Errors", "Mean"],
        rows,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(day: &str, uses: u64, errors: u64) -> UsageView {
        let mut used = UsageView::default();
        (used.day, used.uses, used.errors) = (day.to_owned(), uses, errors);
        used
    }

    /// 2026-01-02, noon, in UTC.
    const NOW_MS: u64 = 1_767_355_200_000;

    #[test]
    fn every_day_is_there_and_days_of_several_plugins_are_one() {
        let usage = [
            used("2026-01-01", 3, 1),
            used("2026-01-01", 2, 0),
            used("2025-01-01", 9, 9),
        ];
        let days = of(&usage, NOW_MS);
        assert_eq!(days.len(), 30);
        assert_eq!(
            (&*days[0].day, &*days[29].day),
            ("2025-12-04", "2026-01-02")
        );
        assert_eq!((days[28].uses, days[28].errors, days[29].uses), (5, 1, 0));
    }

    #[test]
    fn bars_are_no_higher_than_the_picture() {
        let days = of(&[used("2026-01-01", 1_000, 2_000)], NOW_MS);
        let shown = drawn(&days).into_string();
        assert!(shown.contains("2026-01-01: 1,000 uses"), "{shown}");
        assert!(!shown.contains("y=\"-"), "{shown}");
        assert!(drawn(&of(&[], NOW_MS)).into_string().contains("Not used"));
    }
}
