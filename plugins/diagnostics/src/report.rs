//! Command `fw_diagnostics`: all figures at once, the state with its reasons, and what the plugins cost.

use std::{cmp::Reverse, collections::BTreeMap};

use plugin_api::{
    EmbedBuilder,
    abi::{BotStatus, LagReply, MetricFamily, ShardView},
    prelude::*,
    text::{clip, counted, milliseconds, number, size, span},
};
use serde::Serialize;

use crate::{
    given,
    judge::{Counts, Judgement, judge, percent},
    limits::Limits,
    memory::{Memory, Sample},
    picture::hour,
    seen::Seen,
    watch::{HISTORY, LATEST, listed},
};

/// Plugins whose costs are shown.
const DEAREST: usize = 5;

/// The report as a file.
const REPORT: &str = "framework_diagnostics.json";

/// The picture's name.
const PICTURE: &str = "last_hour.png";

/// What a reader is told where the power `bot.read` was taken away.
const NOT_GRANTED: &str = "There is nothing to see: the power `bot.read` was taken from this plugin. `[grants.diagnostics]` in config.toml gives it back.";

pub(super) fn diagnostics() -> Command<Memory> {
    Command::new("fw_diagnostics", "Shows how the bot is: state, figures, costs of plugins")
        .help("Also writes them to a file. The state is healthy, degraded or critical; its thresholds are settings of this plugin.")
        .example("fw_diagnostics")
        .run(run)
}

/// The file's content.
#[derive(Debug, Serialize)]
struct Report<'a> {
    state: &'a str,
    reasons: &'a [String],
    commands_last_hour: u64,
    errors_last_hour: u64,
    rate_limited_requests: u64,
    bot: &'a BotStatus,
    lag: &'a LagReply,
    slowest_write_us: u64,
    slowest_commit_us: u64,
    shards: &'a [ShardView],
    plugins: &'a [Cost],
}

/// What a plugin has used.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Cost {
    name: String,
    cpu_s: f64,
    heap_bytes: u64,
}

async fn run(ctx: CommandContext<Memory>) -> Result {
    let (host, memory) = (ctx.host(), ctx.state());
    let Some(seen) = Seen::now(host).await else {
        return ctx
            .reply(embed("Diagnostics").warning().description(NOT_GRANTED))
            .await;
    };
    let samples = memory.samples(&seen);
    let counts = memory.counts(&samples);
    let found = judge(&Limits::of(host)?, &counts, &seen);
    let (plugins, limited) = (costs(host).await, rate_limited(host).await);
    let report = Report {
        state: found.health.word(),
        reasons: &found.reasons,
        commands_last_hour: counts.commands,
        errors_last_hour: counts.errors,
        rate_limited_requests: limited,
        bot: &seen.bot,
        lag: &seen.lag,
        slowest_write_us: seen.files.slowest_write_us,
        slowest_commit_us: seen.files.slowest_commit_us,
        shards: &seen.shards,
        plugins: &plugins,
    };
    let written = host.files().write_json(REPORT, &report).await;
    let card = state(&found);
    let card = process(card, &seen);
    let card = work(card, &seen, &counts, limited)
        .field("Costliest plugins", dearest(&plugins), false)
        .field("Files", files(host, written), false)
        .now();
    let message = match picture(&samples).await {
        Some(png) => {
            NewMessage::from(card.image(format!("attachment://{PICTURE}"))).file(PICTURE, png)
        }
        None => card.into(),
    };
    ctx.reply(message).await
}

/// The last hour as PNG. It is drawn on a thread of its own: that takes some milliseconds, in which nothing else is served here.
async fn picture(samples: &[Sample]) -> Option<Vec<u8>> {
    let svg = hour(samples)?;
    let drawn = tokio::task::spawn_blocking(move || pictures::png(&svg)).await;
    let drawn = drawn.map_err(Error::from).and_then(|drawn| Ok(drawn?));
    drawn
        .inspect_err(|error| tracing::warn!("the last hour could not be drawn: {error}"))
        .ok()
}

fn state(found: &Judgement) -> EmbedBuilder {
    use crate::judge::Health::{Critical, Degraded, Healthy};
    let card = embed("Diagnostics");
    let card = match found.health {
        Healthy => card.success(),
        Degraded => card.warning(),
        Critical => card.error(),
    };
    let head = format!("{} The bot is **{}**.", found.health.mark(), found.health);
    card.description(format!("{head}\n{}", clip(&listed(&found.reasons), 2_000)))
}

fn process(card: EmbedBuilder, seen: &Seen) -> EmbedBuilder {
    let bot = &seen.bot;
    let latency = bot.latency_ms.map_or_else(
        || "not measured yet".into(),
        |latency| format!("{latency:.0} ms"),
    );
    let threads = bot.threads.map_or_else(|| "unknown".into(), number);
    let descriptors = match (bot.descriptors, bot.descriptors_limit) {
        (Some(open), Some(most)) => format!("{} of {}", number(open), number(most)),
        (Some(open), None) => number(open),
        _ => "unknown".into(),
    };
    let processor = match bot.cores {
        1 => format!("{:.1} %", bot.cpu_percent),
        cores => format!("{:.1} % of one, of {cores}", bot.cpu_percent),
    };
    let memory = format!(
        "{} of {}",
        size(bot.memory_bytes),
        size(bot.machine_memory_bytes)
    );
    let card = card
        .field("Uptime", span(bot.up_ms), true)
        .field("Latency", latency, true)
        .field("Lag", lag(&seen.lag), true)
        .field("Memory", memory, true)
        .field("Processor", processor, true)
        .field("Threads", threads, true)
        .field("Descriptors", descriptors, true);
    let card = match bot.connections {
        Some(open) => card.field("Connections", number(open), true),
        None => card,
    };
    card.field("Disk", disk(seen), true)
}

fn disk(seen: &Seen) -> String {
    let slowest = format!(
        "files {}, databases {}\nat most for a write in a minute",
        milliseconds(seen.files.slowest_write_us),
        milliseconds(seen.files.slowest_commit_us)
    );
    match (seen.bot.disk_free_bytes, seen.bot.disk_bytes) {
        (Some(free), Some(all)) => format!("{} of {} free\n{slowest}", size(free), size(all)),
        _ => slowest,
    }
}

fn lag(lag: &LagReply) -> String {
    format!(
        "runtime {}, main loop {}\nat most {} in a minute",
        milliseconds(lag.runtime.last_us),
        milliseconds(lag.main_loop.last_us),
        milliseconds(lag.runtime.minute_max_us.max(lag.main_loop.minute_max_us)),
    )
}

fn work(card: EmbedBuilder, seen: &Seen, counts: &Counts, limited: u64) -> EmbedBuilder {
    let bot = &seen.bot;
    let shards = match bot.shards_connected {
        connected if connected == bot.shards => format!("{connected}, all connected"),
        connected => format!("{connected} of {} connected", bot.shards),
    };
    let plugins = match bot.plugins_refused {
        0 => number(bot.plugins.into()),
        down => format!("{}; {down} not running", bot.plugins),
    };
    let commands = format!(
        "{}, used {}",
        number(bot.commands.into()),
        counted(bot.commands_used, "time")
    );
    let servers = format!("{}, {}", number(bot.guilds), counted(bot.members, "member"));
    let requests = match limited {
        0 => number(bot.requests),
        limited => format!(
            "{}, {} put off by rate limits",
            number(bot.requests),
            number(limited)
        ),
    };
    card.field("Shards", shards, true)
        .field("Plugins", plugins, true)
        .field("Commands", commands, true)
        .field("Servers", servers, true)
        .field("Requests to Discord", requests, true)
        .field("Failed in the last hour", failed(counts), true)
}

fn failed(counts: &Counts) -> String {
    match (counts.errors, counts.commands) {
        (_, 0) => "no command was used".into(),
        (errors, commands) => format!(
            "{} of {} ({:.1} %)",
            number(errors),
            counted(commands, "command"),
            percent(errors, commands)
        ),
    }
}

/// What each plugin has used of processor and memory, the dearest first.
async fn costs(host: &Host) -> Vec<Cost> {
    let read = host.bot().metrics("cogwright_plugin_").await;
    let families = given("metrics.read", read).unwrap_or_default();
    costs_of(&families)
}

fn costs_of(families: &[MetricFamily]) -> Vec<Cost> {
    let mut costs: BTreeMap<&str, Cost> = BTreeMap::new();
    for family in families {
        for sample in &family.samples {
            let Some(name) = sample.labels.get("plugin") else {
                continue;
            };
            let cost = costs.entry(name).or_default();
            name.clone_into(&mut cost.name);
            match &*family.name {
                "cogwright_plugin_cpu_seconds" => cost.cpu_s = sample.value,
                "cogwright_plugin_heap_bytes" => cost.heap_bytes = sample.value as u64,
                _ => {}
            }
        }
    }
    let mut costs: Vec<Cost> = costs.into_values().collect();
    costs.sort_by_key(|cost| Reverse((cost.cpu_s * 1e6) as u64));
    costs
}

fn dearest(costs: &[Cost]) -> String {
    let line = |cost: &Cost| {
        format!(
            "`{}`: {:.2} s of processor, {}",
            cost.name,
            cost.cpu_s,
            size(cost.heap_bytes)
        )
    };
    let lines: Vec<String> = costs.iter().take(DEAREST).map(line).collect();
    match lines.is_empty() {
        true => "not known".into(),
        false => lines.join("\n"),
    }
}

/// Requests that Discord has put off, since the start: that is no error, but slow.
async fn rate_limited(host: &Host) -> u64 {
    let read = host.bot().metrics("cogwright_rest_requests").await;
    let families = given("metrics.read", read).unwrap_or_default();
    let samples = families.iter().flat_map(|family| &family.samples);
    let limited = samples.filter(|it| it.labels.get("status").is_some_and(|it| it == "429"));
    limited.map(|sample| sample.value as u64).sum()
}

/// Where the files are.
fn files(host: &Host, written: Result) -> String {
    let folder = format!(
        "In `plugins/{}/files` of the data folder: ",
        host.plugin_name()
    );
    match written {
        Ok(()) => format!("{folder}`{REPORT}`, `{LATEST}`, `{HISTORY}`"),
        Err(error) => {
            tracing::warn!("{REPORT} could not be written: {error}");
            format!(
                "{folder}`{LATEST}`, `{HISTORY}`. `{REPORT}` could not be written; the log says why."
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use plugin_api::abi::MetricSample;

    use super::*;

    #[test]
    fn the_dearest_plugins_come_first() {
        let family = |name: &str, values: &[(&str, f64)]| {
            let sample = |(plugin, value): &(&str, f64)| {
                let mut sample = MetricSample::default();
                sample.labels.insert("plugin".into(), (*plugin).into());
                sample.value = *value;
                sample
            };
            let mut family = MetricFamily::default();
            family.name = name.into();
            family.samples = values.iter().map(sample).collect();
            family
        };
        let families = [
            family("cogwright_plugin_cpu_seconds", &[("a", 0.5), ("b", 1.25)]),
            family("cogwright_plugin_heap_bytes", &[("a", 2e6), ("b", 1e6)]),
        ];
        assert_eq!(
            dearest(&costs_of(&families)),
            "`b`: 1.25 s of processor, 1.0 MB\n`a`: 0.50 s of processor, 2.0 MB"
        );
        assert_eq!(dearest(&[]), "not known");
    }
}
