//! Discord's limits: slash commands, and requests by what became of them.

use std::collections::BTreeMap;

use maud::{Markup, html};
use plugin_api::{
    RouteContext,
    abi::{MetricFamily, SlashBudget, SlashView},
    prelude::*,
    text::number,
};

use super::metrics;
use crate::{
    Dashboard,
    ui::{self, Tone},
};

/// Requests by route and status, as the host counts them.
const REQUESTS: &str = "cogwright_rest_requests";

/// Commands that are not reached by their own names: as many are listed.
const COMMANDS: usize = 40;

pub(super) async fn of(ctx: &RouteContext<Dashboard>) -> Result<Markup> {
    let bot = ctx.host().bot();
    let budget = match ctx.may("slash.budget") {
        true => Some(bot.slash_budget().await?),
        false => None,
    };
    let requests = match ctx.may(metrics::RIGHT) {
        true => Some(by_status(&bot.metrics(REQUESTS).await?)),
        false => None,
    };
    Ok(html! {
        div.grid {
            @if let Some(budget) = &budget { (ui::card("Slash commands", slash(budget))) }
            @if let Some(requests) = &requests { (ui::card("Requests to Discord", by_status_drawn(requests))) }
        }
    })
}

fn slash(budget: &SlashBudget) -> Markup {
    let more = budget.commands.len().saturating_sub(COMMANDS);
    html! {
        (ui::meter("Registered", budget.used as f64, budget.limit as f64, &format!("{} of {}", number(budget.used), number(budget.limit))))
        dl.facts {
            (ui::fact("Grouped from", html! { (number(budget.group_at)) " on, warned from " (number(budget.warn_at)) " on" }))
            (ui::fact("Today", html! { (number(budget.creates_left)) " more new ones" }))
        }
        @if !budget.commands.is_empty() {
            details {
                summary { "Not reached by their own names: " (budget.commands.len()) }
                (ui::table("Commands that are not reached by their own names", &["Command", "Plugin", "How"], html! {
                    @for command in budget.commands.iter().take(COMMANDS) {
                        tr {
                            th scope="row" { (ui::name(&command.path)) }
                            td { (ui::name(&command.plugin)) }
                            td { (how(command)) }
                        }
                    }
                }))
                @if more > 0 { p.muted { "and " (number(more as u64)) " more" } }
            }
        }
    }
}

fn how(command: &SlashView) -> Markup {
    let detail = &command.detail;
    html! {
        @match command.how.as_str() {
            "grouped" => { "as " bdi { (detail) } },
            "in_menu" => { "in the menu " bdi { (detail) } },
            "prefix_only" => "by prefix",
            "left_out" => { (ui::badge(Tone::Warn, "left out")) " " bdi { (detail) } },
            other => { (other) " " bdi { (detail) } },
        }
        @if command.how != "prefix_only" && command.prefix { ", or by prefix" }
    }
}

/// How many requests ended with each status, the most first.
fn by_status(families: &[MetricFamily]) -> Vec<(String, u64)> {
    let mut counts = BTreeMap::new();
    let of = families.iter().filter(|family| family.name == REQUESTS);
    for sample in of.flat_map(|family| &family.samples) {
        let status = sample.labels.get("status").cloned().unwrap_or_default();
        *counts.entry(status).or_insert(0) += sample.value as u64;
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn by_status_drawn(counts: &[(String, u64)]) -> Markup {
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let limited: u64 = counts
        .iter()
        .filter(|(status, _)| status == "429")
        .map(|(_, count)| count)
        .sum();
    html! {
        p.row {
            @if limited > 0 {
                (ui::badge(Tone::Warn, html! { (number(limited)) " rate limited" }))
            } @else {
                (ui::badge(Tone::Good, "never rate limited"))
            }
        }
        @if counts.is_empty() {
            (ui::empty("No request yet", ""))
        } @else {
            (ui::table("Requests by status", &["Status", "Requests", "Share"], html! {
                @for (status, count) in counts {
                    tr {
                        th scope="row" { (ui::badge(tone(status), if status.is_empty() { "other" } else { status })) }
                        td { (number(*count)) }
                        td { (format!("{:.1} %", *count as f64 * 100.0 / all.max(1) as f64)) }
                    }
                }
            }))
        }
    }
}

fn tone(status: &str) -> Tone {
    match status.as_bytes().first() {
        Some(b'2' | b'3') => Tone::Good,
        Some(b'4') => Tone::Warn,
        Some(b'5') => Tone::Bad,
        _ => Tone::Plain,
    }
}

#[cfg(test)]
mod tests {
    use plugin_api::abi::MetricSample;

    use super::*;

    fn family(name: &str, samples: &[(&str, f64)]) -> MetricFamily {
        let mut family = MetricFamily::default();
        family.name = name.to_owned();
        for (status, value) in samples {
            let mut sample = MetricSample::default();
            sample.labels = [("status".to_owned(), (*status).to_owned())].into();
            sample.value = *value;
            family.samples.push(sample);
        }
        family
    }

    #[test]
    fn requests_are_counted_by_status_over_all_routes() {
        let all = [
            family(REQUESTS, &[("200", 5.0), ("429", 1.0), ("200", 2.0)]),
            family("cogwright_rest_requests_other", &[("200", 100.0)]),
        ];
        let counts = by_status(&all);
        assert_eq!(counts, [("200".to_owned(), 7), ("429".to_owned(), 1)]);
        let shown = by_status_drawn(&counts).into_string();
        assert!(shown.contains("1 rate limited") && shown.contains("87.5 %"));
        assert!(
            by_status_drawn(&[])
                .into_string()
                .contains("never rate limited")
        );
    }
}
