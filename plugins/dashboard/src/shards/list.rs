//! Totals, the map of all shards, each shard with its figures, and what has happened.

use maud::{Markup, html};
use plugin_api::{
    abi::{ShardView, ShardsReply},
    text::{milliseconds, number, span},
};
use serde_json::json;

use super::history::{History, What};
use crate::{
    pulse,
    ui::{self, Action, Tone},
};

/// Shards on a page; the map has all.
const PAGE: usize = 48;

/// Pieces of a shard's line of the last hour.
const PIECES: usize = 60;

/// Beyond this a heartbeat takes long.
const SLOW_US: u64 = 500_000;

/// What has happened that is shown.
const LATEST: usize = 30;

/// What whoever looks may do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct May {
    pub(super) reconnect: bool,
    pub(super) reset: bool,
}

pub(super) fn drawn(
    base: &str,
    reply: &ShardsReply,
    history: &History,
    may: May,
    page: u64,
) -> Markup {
    let shards = &reply.shards;
    let pager = ui::Pager {
        page,
        size: PAGE as u64,
        total: shards.len() as u64,
    };
    let page = pager.page.clamp(1, pager.pages());
    let begin = usize::try_from(page - 1).unwrap_or_default() * PAGE;
    html! {
        (totals(reply))
        @if shards.len() > 1 {
            (ui::card("Map", html! {
                div.shard-map {
                    @for (at, shard) in shards.iter().enumerate() {
                        @let on_page = at / PAGE + 1;
                        a class=(class(shard)) href={ (base) "/shards?page=" (on_page) "#shard-" (shard.id) }
                            title={ "Shard " (shard.id) ": " (state(shard)) } aria-label={ "Shard " (shard.id) ": " (state(shard)) } { (shard.id) }
                    }
                }
            }))
        }
        @if shards.is_empty() {
            (ui::empty("No shard runs here yet", "The bot connects in a moment."))
        }
        div.shards {
            @for shard in shards.iter().skip(begin).take(PAGE) { (one(base, shard, history, may)) }
        }
        (ui::pager(pager, &[], "shard"))
        (ui::card_with("What has happened", html! {
            @if may.reset {
                (Action::new("Count from zero", format!("{base}/shards/reset"))
                    .confirm("Have all shards count their messages and reconnects from zero?")
                    .then("refresh:#shards").quiet())
            }
        }, happenings(history)))
    }
}

fn totals(reply: &ShardsReply) -> Markup {
    let shards = &reply.shards;
    let connected = shards.iter().filter(|it| it.connected).count();
    let latencies: Vec<u64> = shards.iter().filter_map(|it| it.latency_us).collect();
    let mean = latencies
        .iter()
        .sum::<u64>()
        .checked_div(latencies.len() as u64);
    let worst = latencies.iter().max();
    let sum = |of: fn(&ShardView) -> u64| shards.iter().map(of).sum::<u64>();
    let of = shards.first().map_or(0, |it| it.of);
    html! {
        div.stats {
            (ui::stat("Connected", html! { (connected) " of " (shards.len()) }, match of as usize > shards.len() {
                true => format!("{of} in all processes"),
                false => String::new(),
            }))
            (ui::stat("Latency", mean.map_or_else(|| "–".to_owned(), milliseconds), worst.filter(|_| latencies.len() > 1).map_or_else(String::new, |worst| format!("{} at most", milliseconds(*worst)))))
            (ui::stat("Servers", number(sum(|it| it.guilds)), ""))
            (ui::stat("Messages", number(sum(|it| it.events)), "from Discord"))
            (ui::stat("Reconnects", number(sum(|it| it.reconnects)), html! { (number(sum(|it| it.resumes))) " without a loss" }))
            @if let Some(starts) = &reply.starts {
                (ui::stat("Sessions left", html! { (number(u64::from(starts.remaining))) " of " (number(u64::from(starts.total))) },
                    format!("all again in {}", span(starts.resets_ms.saturating_sub(pulse::now_ms())))))
            }
        }
    }
}

fn class(shard: &ShardView) -> &'static str {
    match shard {
        ShardView {
            connected: false, ..
        } => "bad",
        shard if shard.latency_us.is_some_and(|us| us > SLOW_US) => "warn",
        _ => "",
    }
}

fn state(shard: &ShardView) -> &'static str {
    match class(shard) {
        "bad" => "away",
        "warn" => "slow",
        _ => "connected",
    }
}

fn one(base: &str, shard: &ShardView, history: &History, may: May) -> Markup {
    let id = shard.id;
    let tone = match class(shard) {
        "bad" => Tone::Bad,
        "warn" => Tone::Warn,
        _ => Tone::Good,
    };
    let when = |ms: Option<u64>| ui::ago(ms.unwrap_or_default());
    let latency = shard
        .latency_us
        .map_or_else(|| "not measured yet".to_owned(), milliseconds);
    html! {
        section class={ "card shard " (class(shard)) } id={ "shard-" (id) } {
            header.card-head {
                h2 { "Shard " (id) @if shard.of > 1 { small.muted { " of " (shard.of) } } }
                (ui::badge(tone, state(shard)))
            }
            @let line = history.line(id, PIECES);
            @if line.iter().flatten().count() > 1 {
                (ui::sparkline(&line, 100.0, &format!("Latency of shard {id} over the last hour, now {latency}")))
            }
            dl.facts {
                (ui::fact("Latency", latency))
                (ui::fact("Servers", number(shard.guilds)))
                (ui::fact("Messages", number(shard.events)))
                (ui::fact("Last heard", when(shard.last_event_ms)))
                (ui::fact("Session", html! { "since " (when(shard.session_since_ms)) }))
                (ui::fact("Reconnects", html! { (number(shard.reconnects)) ", " (number(shard.resumes)) " resumed" }))
                @if shard.counted_since_ms.is_some() { (ui::fact("Counted", html! { "since " (when(shard.counted_since_ms)) })) }
            }
            @if may.reconnect || may.reset {
                div.actions {
                    @if may.reconnect {
                        (Action::new("Reconnect", format!("{base}/shards/reconnect"))
                            .body(&json!({ "shard": id }))
                            .label(format!("Reconnect shard {id}"))
                            .confirm(format!("Have shard {id} connect again? Its session goes on, so that nothing is missed."))
                            .then("refresh:#shards").quiet())
                    }
                    @if may.reset {
                        (Action::new("Reset counts", format!("{base}/shards/reset"))
                            .body(&json!({ "shard": id }))
                            .label(format!("Reset counts of shard {id}"))
                            .then("refresh:#shards").quiet())
                    }
                }
            }
        }
    }
}

fn happenings(history: &History) -> Markup {
    let all = history.happenings();
    html! {
        @if all.is_empty() {
            p.muted { "No connection was lost or found since this page's plugin was loaded." }
        } @else {
            ul.list {
                @for it in all.iter().take(LATEST) {
                    @let (tone, word, words) = told(it.what);
                    li {
                        (ui::badge(tone, word))
                        span.grow { "Shard " (it.shard) " " (words) }
                        small.muted { (ui::ago(it.at_ms)) }
                    }
                }
            }
        }
    }
}

fn told(what: What) -> (Tone, &'static str, &'static str) {
    match what {
        What::Lost => (Tone::Bad, "lost", "has lost its connection"),
        What::Resumed => (
            Tone::Good,
            "resumed",
            "has one again; its session went on, and nothing was missed",
        ),
        What::NewSession => (Tone::Warn, "new session", "has a new session"),
        What::Connected => (Tone::Info, "connected", "has a connection again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(count: u32) -> ShardsReply {
        let mut reply = ShardsReply::default();
        for id in 0..count {
            let mut shard = ShardView::default();
            (shard.id, shard.of, shard.connected) = (id, count, id != 1);
            shard.latency_us = (id == 2).then_some(SLOW_US + 1);
            reply.shards.push(shard);
        }
        reply
    }

    #[test]
    fn shards_that_are_away_or_slow_stand_out_and_the_map_has_all() {
        let shown = drawn("/p/d", &reply(60), &History::default(), May::default(), 2).into_string();
        assert_eq!(shown.matches("href=\"/p/d/shards?page=").count(), 60);
        assert_eq!(shown.matches("id=\"shard-").count(), 12, "the second page");
        assert!(shown.contains("Shard 1: away") && shown.contains("Shard 2: slow"));
        assert!(!shown.contains("<button"), "who may nothing has no button");
    }

    #[test]
    fn a_bot_without_shards_is_no_error() {
        let shown = drawn("/p/d", &reply(0), &History::default(), May::default(), 1).into_string();
        assert!(shown.contains("No shard runs here yet"), "{shown}");
    }
}
