//! The process and its machine, and how late the host is.

use maud::{Markup, html};
use plugin_api::{
    abi::{BotStatus, LagReply, LagView},
    text::{milliseconds, number, size, span},
};

use crate::ui;

pub(super) fn drawn(status: &BotStatus, lag: Option<&LagReply>) -> Markup {
    html! {
        div.stats {
            (ui::stat("CPU", format!("{:.1} %", status.cpu_percent), html! { "of one of " (status.cores) " processors" }))
            (ui::stat("Memory", size(status.memory_bytes), html! { "of " (size(status.machine_memory_bytes)) }))
            (ui::stat("Events", number(status.events), "of the gateway"))
            (ui::stat("Messages", number(status.messages), "seen"))
            (ui::stat("Requests", number(status.requests), "to Discord"))
        }
        div.grid.broad {
            (ui::card("Bot", html! {
                dl.facts {
                    (ui::fact("Host", html! { "Cogwright " (status.host_version) }))
                    (ui::fact("Built", html! { (status.target) @if !status.release { ", without optimisations" } }))
                    (ui::fact("Up for", span(status.up_ms)))
                    (ui::fact("Process", html! { (status.pid) }))
                    (ui::fact("Shards", html! { (status.shards_connected) " of " (status.shards) " connected" }))
                    (ui::fact("Plugins", html! { (status.plugins) @if status.plugins_refused > 0 { ", " (status.plugins_refused) " refused" } }))
                    (ui::fact("Commands", number(u64::from(status.commands))))
                }
            }))
            (ui::card("Machine", html! {
                dl.facts {
                    (ui::fact("System", html! { bdi { (status.system) } }))
                    (ui::fact("Up for", span(status.system_up_s.saturating_mul(1_000))))
                    (ui::fact("Memory free", size(status.machine_available_bytes)))
                    @if let Some(threads) = status.threads { (ui::fact("Threads", number(threads))) }
                    @if let Some(open) = status.descriptors {
                        (ui::fact("Descriptors", html! { (number(open)) @if let Some(limit) = status.descriptors_limit { " of " (number(limit)) } }))
                    }
                    @if let Some(connections) = status.connections { (ui::fact("Connections", number(connections))) }
                    @if let (Some(free), Some(all)) = (status.disk_free_bytes, status.disk_bytes) {
                        (ui::fact("Disk free", html! { (size(free)) " of " (size(all)) }))
                    }
                }
            }))
            @if let Some(lag) = lag {
                (ui::card("Lag of the host", html! {
                    (ui::table("Lag of the host", &["", "Last", "Most", "99 %"], html! {
                        (lag_row("Runtime", &lag.runtime))
                        (lag_row("Main loop", &lag.main_loop))
                    }))
                    p.muted { "How late the runtime wakes a task, and how long events wait for the main loop: the last time, at most within a minute, and in 99 of 100 cases." }
                }))
            }
        }
    }
}

fn lag_row(name: &str, lag: &LagView) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            @if lag.count == 0 {
                td colspan="3" { "not measured yet" }
            } @else {
                td.number { (milliseconds(lag.last_us)) }
                td.number { (milliseconds(lag.minute_max_us)) }
                td.number { (milliseconds(lag.p99_us)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out_and_what_was_not_measured_is_said() {
        let shown = drawn(&BotStatus::default(), Some(&LagReply::default())).into_string();
        assert!(shown.contains("not measured yet") && !shown.contains("Threads"));
        let mut status = BotStatus::default();
        status.threads = Some(12);
        let shown = drawn(&status, None).into_string();
        assert!(shown.contains("Threads") && !shown.contains("Lag of the host"));
    }
}
