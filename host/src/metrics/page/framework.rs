//! Metrics of the gateway, Discord's REST API, and the host's services.

use std::{fmt, sync::atomic::Ordering::Relaxed, time::Duration};

use host_discord::figures::Figures;
use host_loader::Plugins;

use super::rows::{NamedLabels, Rows, number, timing};
use crate::services::{Services, hooks::Circuit};

pub(super) fn write(rows: &mut Rows<'_>, services: &Services, plugins: &Plugins) -> fmt::Result {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    rows.gauge(
        "cogwright_build_info",
        "Which host this is",
        vec![(vec![("version", version)], 1.0)],
    )?;
    let status = plugins.status();
    let serving = status
        .iter()
        .filter(|status| status.serving.is_some())
        .count();
    let failed = status
        .iter()
        .filter(|status| status.error.is_some())
        .count();
    let away = plugins.abandoned().len();
    rows.level(
        "cogwright_plugins_loaded",
        "Plugins that serve",
        number(serving as u64),
    )?;
    rows.level(
        "cogwright_plugins_failed",
        "Plugins whose newest file was refused",
        number(failed as u64),
    )?;
    rows.level(
        "cogwright_plugins_written_off",
        "Generations that stay mapped until the host restarts",
        number(away as u64),
    )?;
    lag(rows, &services.figures)?;
    gateway(rows, &services.figures)?;
    rest(rows, &services.figures)?;
    hooks(rows, services)?;
    disk(rows, services)?;
    storage(rows, services)?;
    files(rows, services)
}

fn lag(rows: &mut Rows<'_>, figures: &Figures) -> fmt::Result {
    let all = [
        ("runtime", &figures.runtime_lag),
        ("main_loop", &figures.loop_lag),
    ];
    let of = |name: &'static str| -> NamedLabels { vec![("of", name.to_owned())] };
    rows.histogram(
        "cogwright_lag_seconds",
        "How late the runtime wakes a task, and how long events wait for the main loop",
        all.iter()
            .filter_map(|(name, lag)| timing(of(name), &lag.timing))
            .collect(),
    )?;
    let lately = all.iter().map(|(name, lag)| {
        let us = lag.summary().minute_max_us;
        (of(name), Duration::from_micros(us).as_secs_f64())
    });
    rows.gauge(
        "cogwright_lag_minute_max_seconds",
        "The same, the longest within the last minute",
        lately.collect(),
    )
}

fn gateway(rows: &mut Rows<'_>, figures: &Figures) -> fmt::Result {
    let shards = figures.shards();
    let label = |shard: &u32| -> NamedLabels { vec![("shard", shard.to_string())] };
    let up = shards
        .iter()
        .map(|(shard, of)| (label(shard), f64::from(u8::from(of.is_up()))));
    rows.gauge(
        "cogwright_gateway_up",
        "Whether the shard has a session",
        up.collect(),
    )?;
    let latency = shards
        .iter()
        .filter_map(|(shard, of)| Some((label(shard), of.latency()?.as_secs_f64())));
    rows.gauge(
        "cogwright_gateway_latency_seconds",
        "How long the shard's last heartbeat took",
        latency.collect(),
    )?;
    let again = shards
        .iter()
        .map(|(shard, of)| (label(shard), number(of.reconnects())));
    rows.counter(
        "cogwright_gateway_reconnects",
        "How often the shard got a session again",
        again.collect(),
    )?;
    let events = figures.events().into_iter();
    let events = events.map(|(event, count)| (vec![("event", event.to_owned())], number(count)));
    rows.counter(
        "cogwright_gateway_events",
        "Events from Discord",
        events.collect(),
    )?;
    let unreadable = figures.unreadable_events().into_iter();
    let unreadable = unreadable.map(|(event, count)| (vec![("event", event)], number(count)));
    rows.counter(
        "cogwright_gateway_unreadable_events",
        "Events from Discord of which something could not be read",
        unreadable.collect(),
    )
}

fn rest(rows: &mut Rows<'_>, figures: &Figures) -> fmt::Result {
    let requests = figures.rest.all().into_iter();
    let requests = requests
        .map(|(route, status, count)| (vec![("route", route), ("status", status)], number(count)));
    rows.counter(
        "cogwright_rest_requests",
        "Requests to Discord by route class and HTTP status",
        requests.collect(),
    )?;
    rows.histogram(
        "cogwright_rest_request_duration_seconds",
        "How long requests to Discord took, waiting for the rate limit included",
        timing(Vec::new(), &figures.rest.took).into_iter().collect(),
    )?;
    rows.count(
        "cogwright_interactions_deferred",
        "Interactions that the host deferred, because no plugin had answered in time",
        figures.deferred.load(Relaxed),
    )
}

fn hooks(rows: &mut Rows<'_>, services: &Services) -> fmt::Result {
    let hooks = services.hooks.list();
    let mut each = |name: &str, help: &str, of: fn(&crate::services::hooks::HookView) -> f64| {
        let values = hooks
            .iter()
            .map(|hook| (vec![("hook", hook.id.clone())], of(hook)));
        rows.counter(name, help, values.collect())
    };
    each(
        "cogwright_hook_runs",
        "Events that the hook's handler was given",
        |hook| number(hook.figures.runs),
    )?;
    each(
        "cogwright_hook_failures",
        "Of those, the ones that failed",
        |hook| number(hook.figures.failures),
    )?;
    each(
        "cogwright_hook_dropped",
        "Events that found the hook's queue full for too long",
        |hook| number(hook.figures.dropped),
    )?;
    each(
        "cogwright_hook_skipped",
        "Events that came while the hook was off or rested",
        |hook| number(hook.figures.skipped),
    )?;
    each(
        "cogwright_hook_handling_seconds",
        "Time in the hook's handler",
        |hook| Duration::from_micros(hook.figures.handled_us).as_secs_f64(),
    )?;
    each(
        "cogwright_hook_waiting_seconds",
        "Time that events waited for the hook",
        |hook| Duration::from_micros(hook.figures.waited_us).as_secs_f64(),
    )?;
    let label = |id: &String| vec![("hook", id.clone())];
    let waiting = hooks
        .iter()
        .map(|hook| (label(&hook.id), number(hook.waiting as u64)));
    rows.gauge(
        "cogwright_hook_queue_depth",
        "Events that wait for the hook",
        waiting.collect(),
    )?;
    let resting = hooks.iter().map(|hook| {
        let value = match hook.circuit {
            Circuit::Closed => 0.0,
            Circuit::HalfOpen => 0.5,
            Circuit::Open => 1.0,
        };
        (label(&hook.id), value)
    });
    rows.gauge(
        "cogwright_hook_breaker_open",
        "Whether the hook rests after failures: 0 no, 0.5 being tried, 1 yes",
        resting.collect(),
    )
}

fn disk(rows: &mut Rows<'_>, services: &Services) -> fmt::Result {
    let disk = services.storage.disk();
    let all = [("files", &disk.file_writes), ("databases", &disk.commits)];
    let of = |name: &'static str| -> NamedLabels { vec![("of", name.to_owned())] };
    rows.histogram(
        "cogwright_disk_write_seconds",
        "How long the disk takes for a change of a plugin's file, and for the end of a transaction in a database",
        all.iter()
            .filter_map(|(name, latency)| timing(of(name), &latency.done.timing))
            .collect(),
    )?;
    let lately = all.iter().map(|(name, latency)| {
        let slowest = Duration::from_micros(latency.slowest_us());
        (of(name), slowest.as_secs_f64())
    });
    rows.gauge(
        "cogwright_disk_write_minute_max_seconds",
        "The same, the longest within the last minute, or the one that is not done yet",
        lately.collect(),
    )
}

fn storage(rows: &mut Rows<'_>, services: &Services) -> fmt::Result {
    let Some(numbers) = services.storage.numbers() else {
        return Ok(());
    };
    rows.level(
        "cogwright_storage_open_databases",
        "Databases of servers that are open",
        number(numbers.open as u64),
    )?;
    rows.level(
        "cogwright_storage_threads",
        "Threads that work on databases",
        number(numbers.threads as u64),
    )?;
    let disk = services.storage.disk();
    let kept = disk.all().into_iter().flat_map(|(plugin, kept)| {
        [("tables", kept.tables), ("files", kept.files)].map(|(kind, bytes)| {
            let label = vec![("plugin", plugin.clone()), ("kind", kind.to_owned())];
            (label, number(bytes))
        })
    });
    rows.gauge(
        "cogwright_plugin_disk_bytes",
        "What the plugin keeps on the disk",
        kept.collect(),
    )?;
    rows.count(
        "cogwright_storage_opened",
        "How often a server's database was opened",
        numbers.opened,
    )
}

fn files(rows: &mut Rows<'_>, services: &Services) -> fmt::Result {
    let files = services.files.figures();
    rows.count(
        "cogwright_files_reads",
        "Files of plugins that were read",
        files.reads,
    )?;
    rows.count(
        "cogwright_files_cache_hits",
        "Of those, the ones that were in memory",
        files.cache_hits,
    )?;
    rows.count(
        "cogwright_files_writes",
        "Files of plugins that were written or removed",
        files.writes,
    )?;
    let failure = |what: &str, count: u64| (vec![("operation", what.to_owned())], number(count));
    rows.counter(
        "cogwright_files_failures",
        "Reads and writes that failed",
        vec![
            failure("read", files.read_failures),
            failure("write", files.write_failures),
        ],
    )?;
    rows.level(
        "cogwright_files_locks",
        "Files of plugins that are being changed",
        number(files.locks as u64),
    )?;
    rows.level(
        "cogwright_files_cached_bytes",
        "Bytes of plugins' files that are kept in memory",
        number(files.cached_bytes as u64),
    )
}
