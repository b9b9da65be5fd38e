//! Figures in the header of every page: latency, processor and memory, fetched anew every few seconds.

use maud::{Markup, html};
use plugin_api::{
    Route, RouteContext, RouteReply,
    abi::BotStatus,
    prelude::*,
    text::{number, size},
};

use crate::{
    Dashboard, shell,
    ui::{Tone, badge},
};

pub(crate) fn add(plugin: Plugin<Dashboard>) -> Plugin<Dashboard> {
    let route = Route::get("/header")
        .right(shell::FIGURES)
        .words("The figures in the header of every page");
    plugin.route(route, figures)
}

async fn figures(ctx: RouteContext<Dashboard>) -> Result<RouteReply> {
    shell::is_of_all(&ctx)?;
    let state = ctx.state();
    let status = state.pulse.status(&state.host).await?;
    Ok(shell::part(&drawn(&status)))
}

/// How the bot is, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// All shards are connected, and no plugin has failed.
    Good,
    /// Some shards are not connected, or plugins were refused.
    Degraded,
    /// No shard is connected.
    Offline,
}

impl Health {
    pub(crate) fn of(status: &BotStatus) -> Self {
        match status {
            BotStatus {
                shards_connected: 0,
                ..
            } => Self::Offline,
            status if status.shards_connected < status.shards || status.plugins_refused > 0 => {
                Self::Degraded
            }
            _ => Self::Good,
        }
    }

    pub(crate) fn pill(self) -> Markup {
        match self {
            Self::Good => badge(Tone::Good, "Healthy"),
            Self::Degraded => badge(Tone::Warn, "Degraded"),
            Self::Offline => badge(Tone::Bad, "Offline"),
        }
    }
}

fn drawn(status: &BotStatus) -> Markup {
    let latency = status.latency_ms;
    html! {
        (Health::of(status).pill())
        span.figure title="From a heartbeat to its answer, on average over the shards" {
            span.figure-name { "Latency" }
            b { @match latency { Some(ms) => { (number(ms.round() as u64)) " ms" }, None => { "–" } } }
        }
        span.figure title="Of one processor" {
            span.figure-name { "CPU" }
            b { (format!("{:.1} %", status.cpu_percent)) }
        }
        span.figure title="Memory of the process" {
            span.figure-name { "Memory" }
            b { (size(status.memory_bytes)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_is_healthy_where_all_shards_are_connected_and_no_plugin_has_failed() {
        for (shards, connected, refused, health) in [
            (2, 2, 0, Health::Good),
            (2, 2, 1, Health::Degraded),
            (2, 1, 0, Health::Degraded),
            (2, 0, 0, Health::Offline),
            (0, 0, 0, Health::Offline),
        ] {
            let mut status = BotStatus::default();
            status.shards = shards;
            status.shards_connected = connected;
            status.plugins_refused = refused;
            assert_eq!(
                Health::of(&status),
                health,
                "{shards} {connected} {refused}"
            );
        }
    }
}
