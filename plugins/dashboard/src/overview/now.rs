//! Present state of the bot: health, figures, the lines of the last hour, and what needs a look.

use maud::{Markup, html};
use plugin_api::{
    abi::BotStatus,
    text::{counted, number, size, span},
};

use super::alerts::Alert;
use crate::{
    header::Health,
    pulse::{Pulse, Sample},
    ui,
};

/// Points of a line: half a minute each.
const POINTS: usize = 120;

/// Bytes of a megabyte, as sizes are told.
const MEGABYTE: f64 = 1e6;

pub(super) fn drawn(status: &BotStatus, pulse: &Pulse, alerts: &[Alert], now_ms: u64) -> Markup {
    html! {
        (reach(status))
        @if !alerts.is_empty() {
            section.alerts aria-label="What needs a look" {
                @for alert in alerts {
                    div.alert.(alert.tone.class()) {
                        strong { bdi { (alert.title) } }
                        @if !alert.words.is_empty() { p { bdi { (alert.words) } } }
                    }
                }
            }
        }
        div.grid.even {
            (line(pulse, now_ms, "Latency", latency(status), 100.0, |it| it.latency_ms))
            (line(pulse, now_ms, "CPU", format!("{:.1} %", status.cpu_percent), 25.0, |it| Some(it.cpu_percent)))
            (line(pulse, now_ms, "Memory", size(status.memory_bytes), 0.0, |it| Some(it.memory_bytes as f64 / MEGABYTE)))
        }
        (resources(status))
    }
}

fn latency(status: &BotStatus) -> String {
    match status.latency_ms {
        Some(ms) => format!("{} ms", number(ms.round() as u64)),
        None => "not known yet".to_owned(),
    }
}

fn reach(status: &BotStatus) -> Markup {
    let health = Health::of(status);
    let failed = match (status.commands_failed, status.commands_used) {
        (0, _) => "none failed".to_owned(),
        (failed, used) => format!(
            "{} failed, {:.1} %",
            number(failed),
            failed as f64 * 100.0 / used.max(1) as f64
        ),
    };
    html! {
        div.stats {
            (ui::stat("Health", health.pill(), html! {
                (status.shards_connected) " of " (counted(u64::from(status.shards), "shard")) " connected"
            }))
            (ui::stat("Up for", span(status.up_ms), html! { "version " (status.host_version) }))
            (ui::stat("Servers", number(status.guilds), html! { (counted(status.channels, "channel")) }))
            // Who is in several servers counts in each: Discord tells no more.
            (ui::stat("Members", html! { "≈ " (number(status.members)) }, "together, as Discord counts"))
            (ui::stat("Commands used", number(status.commands_used), failed))
            (ui::stat("Plugins", number(u64::from(status.plugins)), html! {
                (counted(u64::from(status.commands), "command"))
                @if status.plugins_refused > 0 { ", " (status.plugins_refused) " refused" }
            }))
        }
    }
}

fn line(
    pulse: &Pulse,
    now_ms: u64,
    name: &str,
    last: String,
    most: f64,
    of: impl Fn(&Sample) -> Option<f64>,
) -> Markup {
    let values = pulse.line(POINTS, now_ms, of);
    let label = format!("{name} over the last hour, now {last}");
    html! {
        section.card.tight {
            header.card-head { h2 { (name) } span.stat-value { (last) } }
            (ui::sparkline(&values, most, &label))
            small.muted { "the last hour" }
        }
    }
}

fn resources(status: &BotStatus) -> Markup {
    let machine = status.machine_memory_bytes;
    let used = machine.saturating_sub(status.machine_available_bytes);
    html! {
        section.card {
            div.grid {
                (ui::meter("Machine memory", used as f64, machine as f64, &format!("{} of {}", size(used), size(machine))))
                @if let (Some(free), Some(disk)) = (status.disk_free_bytes, status.disk_bytes) {
                    @let used = disk.saturating_sub(free);
                    (ui::meter("Disk", used as f64, disk as f64, &format!("{} of {}, {} free", size(used), size(disk), size(free))))
                }
                @if let (Some(open), Some(limit)) = (status.descriptors, status.descriptors_limit) {
                    (ui::meter("Descriptors", open as f64, limit as f64, &format!("{} of {}", number(open), number(limit))))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Tone;

    #[test]
    fn what_the_host_does_not_know_is_left_out() {
        let status = BotStatus::default();
        let shown = drawn(&status, &Pulse::default(), &[], 0).into_string();
        assert!(shown.contains("not known yet") && !shown.contains("Descriptors"));
        assert!(!shown.contains("NaN") && !shown.contains("inf"), "{shown}");
    }

    #[test]
    fn words_of_alerts_are_escaped() {
        let alert = Alert {
            tone: Tone::Bad,
            title: "<b>tea</b>".to_owned(),
            words: "<script>".to_owned(),
        };
        let shown = drawn(&BotStatus::default(), &Pulse::default(), &[alert], 0).into_string();
        assert!(shown.contains("&lt;b&gt;") && !shown.contains("<script>"));
    }
}
