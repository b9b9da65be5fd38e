//! Alerts of the overview: what needs a look, judged from what the host says of itself.

use plugin_api::{
    abi::{BotStatus, ConfigFault, PluginState, PluginView, SlashBudget},
    text::{clip, counted, number, size},
};

use crate::ui::Tone;

/// From this share on, in percent, memory, descriptors and the disk need a look, and from the second one they are in danger.
const FULL: (u64, u64) = (85, 95);

/// From this many milliseconds on Discord's answer to a heartbeat is slow, and very slow.
const SLOW_MS: (f64, f64) = (500.0, 2_000.0);

/// How long an error is news.
const NEWS_MS: u64 = 10 * 60_000;

/// Characters of somebody's words in an alert.
const WORDS: usize = 300;

/// What was seen; what whoever looks may not see is empty.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) status: &'a BotStatus,
    pub(crate) plugins: Vec<PluginView>,
    pub(crate) budget: Option<SlashBudget>,
    /// What is wrong in the configuration.
    pub(crate) faults: Vec<ConfigFault>,
    pub(crate) latest_error_ms: Option<u64>,
    pub(crate) now_ms: u64,
}

/// Something that needs a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alert {
    pub(crate) tone: Tone,
    pub(crate) title: String,
    pub(crate) words: String,
}

/// All that needs a look, the worst first.
pub(crate) fn of(seen: &Seen<'_>) -> Vec<Alert> {
    let mut found = Vec::new();
    found.extend(gateway(seen.status));
    found.extend(seen.plugins.iter().filter_map(plugin));
    found.extend(resources(seen.status));
    found.extend(seen.faults.iter().map(fault));
    found.extend(seen.budget.as_ref().and_then(slash));
    found.extend(error(seen));
    found.sort_by_key(|alert| match alert.tone {
        Tone::Bad => 0,
        Tone::Warn => 1,
        _ => 2,
    });
    found
}

fn alert(tone: Tone, title: impl Into<String>, words: impl Into<String>) -> Alert {
    Alert {
        tone,
        title: title.into(),
        words: words.into(),
    }
}

fn gateway(status: &BotStatus) -> Option<Alert> {
    let away = status.shards.saturating_sub(status.shards_connected);
    if status.shards_connected == 0 {
        return Some(alert(
            Tone::Bad,
            "Not connected to Discord",
            "No shard has a connection. The bot tries again by itself; the log says why it has none.",
        ));
    }
    if away > 0 {
        return Some(alert(
            Tone::Warn,
            format!(
                "{} of {} not connected",
                away,
                counted(u64::from(status.shards), "shard")
            ),
            "Servers of these shards hear nothing of the bot until they are back.",
        ));
    }
    let ms = status.latency_ms?;
    let tone = graded(ms, SLOW_MS)?;
    Some(alert(
        tone,
        "Discord answers slowly",
        format!("{} ms from a heartbeat to its answer.", number(ms as u64)),
    ))
}

/// A tone for a value that has reached the first or the second of two limits.
fn graded(value: f64, (warn, bad): (f64, f64)) -> Option<Tone> {
    if value >= bad {
        Some(Tone::Bad)
    } else if value >= warn {
        Some(Tone::Warn)
    } else {
        None
    }
}

fn plugin(plugin: &PluginView) -> Option<Alert> {
    let name = &plugin.name;
    if plugin.quarantined {
        let words = plugin.crashed.as_deref().unwrap_or_default();
        return Some(alert(
            Tone::Bad,
            format!("{name} is in quarantine"),
            format!("It has crashed the bot too often. {}", clip(words, WORDS)),
        ));
    }
    // Unloaded on purpose: there is nothing wrong.
    let why = plugin.error.as_ref().filter(|_| !plugin.unloaded)?;
    let (tone, title) = match plugin.state {
        PluginState::Serving => (
            Tone::Warn,
            format!("{name} serves, but its newest file was refused"),
        ),
        _ => (Tone::Bad, format!("{name} does not serve")),
    };
    Some(alert(tone, title, clip(why, WORDS)))
}

fn resources(status: &BotStatus) -> Vec<Alert> {
    let mut found = Vec::new();
    let mut full = |title: &str, used: u64, of: u64, words: String| {
        let percent = used.saturating_mul(100).checked_div(of).unwrap_or_default();
        let (warn, bad) = FULL;
        if let Some(tone) = graded(percent as f64, (warn as f64, bad as f64)) {
            found.push(alert(tone, format!("{title}: {percent} %"), words));
        }
    };
    let machine = status.machine_memory_bytes;
    let available = status.machine_available_bytes;
    full(
        "The machine's memory fills up",
        machine.saturating_sub(available),
        machine,
        format!(
            "{} are free; the bot takes {}.",
            size(available),
            size(status.memory_bytes)
        ),
    );
    if let (Some(free), Some(disk)) = (status.disk_free_bytes, status.disk_bytes) {
        full(
            "The disk fills up",
            disk.saturating_sub(free),
            disk,
            format!("{} are free where the data folder is.", size(free)),
        );
    }
    if let (Some(open), Some(limit)) = (status.descriptors, status.descriptors_limit) {
        full(
            "Descriptors run out",
            open,
            limit,
            format!("{} of {} are open.", number(open), number(limit)),
        );
    }
    found
}

fn fault(fault: &ConfigFault) -> Alert {
    let title = match fault.place.as_str() {
        "" => "The configuration has a mistake".to_owned(),
        place => format!("The configuration has a mistake at {place}"),
    };
    alert(Tone::Bad, title, clip(&fault.words, WORDS))
}

fn slash(budget: &SlashBudget) -> Option<Alert> {
    let tone = match budget.used {
        used if budget.limit > 0 && used >= budget.limit => Tone::Bad,
        used if budget.warn_at > 0 && used >= budget.warn_at => Tone::Warn,
        _ => return None,
    };
    Some(alert(
        tone,
        format!("{} of {} slash commands", budget.used, budget.limit),
        "Further ones are grouped below their plugin's name, or left to the prefix.",
    ))
}

fn error(seen: &Seen<'_>) -> Option<Alert> {
    let at = seen.latest_error_ms?;
    (seen.now_ms.saturating_sub(at) < NEWS_MS).then(|| {
        alert(
            Tone::Info,
            "Something failed within the last ten minutes",
            "The latest errors are listed below.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy() -> BotStatus {
        let mut status = BotStatus::default();
        (status.shards, status.shards_connected) = (2, 2);
        status.latency_ms = Some(40.0);
        (status.machine_memory_bytes, status.machine_available_bytes) = (100, 60);
        (status.disk_bytes, status.disk_free_bytes) = (Some(100), Some(60));
        (status.descriptors, status.descriptors_limit) = (Some(30), Some(1_024));
        status
    }

    fn seen(status: &BotStatus) -> Seen<'_> {
        Seen {
            status,
            plugins: Vec::new(),
            budget: None,
            faults: Vec::new(),
            latest_error_ms: None,
            now_ms: NEWS_MS * 10,
        }
    }

    fn titles(seen: &Seen<'_>) -> Vec<(Tone, String)> {
        let all = of(seen).into_iter();
        all.map(|alert| (alert.tone, alert.title)).collect()
    }

    #[test]
    fn a_healthy_bot_needs_no_look() {
        assert_eq!(titles(&seen(&healthy())), []);
    }

    #[test]
    fn what_runs_out_is_told_with_how_bad_it_is() {
        let mut status = healthy();
        status.disk_free_bytes = Some(4);
        status.machine_available_bytes = 14;
        let told = titles(&seen(&status));
        assert_eq!(
            told,
            [
                (Tone::Bad, "The disk fills up: 96 %".to_owned()),
                (Tone::Warn, "The machine's memory fills up: 86 %".to_owned()),
            ]
        );
    }

    #[test]
    fn a_bot_without_connection_is_told_before_how_slow_it_was() {
        let mut status = healthy();
        (status.shards_connected, status.latency_ms) = (0, Some(9_000.0));
        assert_eq!(titles(&seen(&status))[0].1, "Not connected to Discord");
        status.shards_connected = 1;
        assert_eq!(titles(&seen(&status))[0].1, "1 of 2 shards not connected");
        status.shards_connected = 2;
        assert_eq!(titles(&seen(&status))[0].1, "Discord answers slowly");
    }

    #[test]
    fn a_plugin_that_was_unloaded_on_purpose_is_no_alert_and_a_refused_one_is() {
        let status = healthy();
        let mut seen = seen(&status);
        let mut plugin = PluginView::default();
        plugin.name = "tea".to_owned();
        plugin.error = Some("unloaded by Ann".to_owned());
        plugin.unloaded = true;
        seen.plugins = vec![plugin.clone()];
        assert_eq!(titles(&seen), []);
        plugin.unloaded = false;
        seen.plugins = vec![plugin.clone()];
        assert_eq!(
            titles(&seen)[0],
            (Tone::Bad, "tea does not serve".to_owned())
        );
        plugin.state = PluginState::Serving;
        seen.plugins = vec![plugin];
        assert_eq!(titles(&seen)[0].0, Tone::Warn);
    }

    #[test]
    fn an_error_is_news_for_ten_minutes() {
        let status = healthy();
        let mut seen = seen(&status);
        seen.latest_error_ms = Some(seen.now_ms - NEWS_MS + 1);
        assert_eq!(titles(&seen)[0].0, Tone::Info);
        seen.latest_error_ms = Some(seen.now_ms - NEWS_MS);
        assert_eq!(titles(&seen), []);
    }
}
