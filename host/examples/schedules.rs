//! Benchmark of schedules: how fast runs are that are due all at once, and what that does to events. `schedules FILE
//! [RUNS]`, with the library of `examples/misbehave`, whose handler of runs ends at once.
//!
//! A handler of a hook hears a thousand events a second, first alone, then while the runs are made up for; its delays stand side
//! by side. Exit code 0 when each run has ended well, once, and no event was lost.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures_util::{StreamExt, stream};
use host::{
    program,
    services::{
        Services,
        schedules::{Clock, Runner, ScheduleView},
    },
};
use host_commands::router::Routes;
use host_loader::{Caller, interpose};
use host_ops::config::{Config, Live};
use host_store::Storage;
use plugin_api::{
    Hook,
    abi::{CallHead, ScheduleCreate},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

const EVENTS_A_SECOND: u64 = 1_000;
/// How long the events are measured without runs.
const ALONE: Duration = Duration::from_secs(3);
/// Runs that are scheduled at once: below what may wait for one database.
const AT_ONCE: usize = 500;
const DUE_MS: i64 = 1_000_000;
const HANDLER: &str = "due";

/// As in `examples/misbehave`.
#[derive(Serialize, Deserialize)]
struct Beat {
    number: u64,
    at_us: u64,
}

impl Hook for Beat {
    const EVENT: &'static str = "misbehave.beat";
}

fn main() -> Result<(), Box<dyn Error>> {
    interpose::install();
    let mut arguments = env::args().skip(1);
    let file = PathBuf::from(arguments.next().ok_or("schedules FILE [RUNS]")?);
    let runs = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(measure(&file, runs))
}

async fn measure(file: &Path, runs: u64) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut config = Config::default();
    config.data.folder = folder.path().to_owned();
    config.extensions.probe = false;
    config.storage.backup_on_shutdown = false;
    let (live, clock) = (Live::new(config), Clock::paused(0));
    let routes = Arc::new(Routes::default());
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Nothing here asks Discord.
    let storage = Storage::open(live.clone())?;
    let secrets = BTreeMap::new();
    let services = Services::new(None, &live, Arc::clone(&routes), storage, &secrets);
    let services = Arc::new(services.with_clock(&live, clock.clone()));
    let plugins = program::plugins(
        live,
        PathBuf::new(),
        Arc::clone(&services),
        Arc::clone(&routes),
    )?;
    let mut runner = Runner::start(Arc::clone(&services), routes, plugins.changes());
    plugins.load_file(file).await?;
    for bad in ["slow", "sleeps", "panics", "fails"] {
        let id = format!("misbehave:{}:{bad}", Beat::EVENT);
        services.hooks.switch(&id, false).await?;
    }
    let me = Caller::new("misbehave", plugins.generations()[0].1.number);

    let began = Instant::now();
    schedule(&services, &me, runs).await?;
    let took = began.elapsed();
    println!(
        "scheduled {runs} in {took:.1?}, {AT_ONCE} at once: {:.0} a second",
        runs as f64 / took.as_secs_f64()
    );

    let alone = tell_until(&services, 0, |told_for| told_for >= ALONE).await?;
    show("events alone", &services, alone).await?;

    let began = Instant::now();
    clock.set(DUE_MS);
    let waiting = tokio::spawn({
        let services = Arc::clone(&services);
        async move { until_all_ran(&services).await }
    });
    let beside = tell_until(&services, alone, |_| waiting.is_finished()).await?;
    let view = waiting.await?.map_err(|error| error.to_string())?;
    let took = began.elapsed();
    show("events beside the runs", &services, beside).await?;
    println!(
        "ran {} in {took:.1?}: {:.0} a second; {} failed, {} missed",
        view.runs,
        runs as f64 / took.as_secs_f64(),
        view.failed,
        view.missed
    );
    runner.stop();
    plugins.shut_down(Duration::from_secs(10)).await;
    runner.ended().await;
    services.storage.shut_down(Duration::from_secs(5)).await;
    if (view.runs, view.failed, view.missed) == (runs, 0, 0) {
        Ok(())
    } else {
        Err("not each run ended well, once".into())
    }
}

/// Schedules so many runs for the same moment, as the plugin would.
async fn schedule(services: &Services, me: &Caller, runs: u64) -> Result<(), Box<dyn Error>> {
    let create = |number: u64| async move {
        let params = ScheduleCreate {
            name: HANDLER.into(),
            at_ms: Some(DUE_MS),
            ..ScheduleCreate::default()
        };
        call(
            services,
            me,
            "schedules.create",
            &params,
            number.to_string().into(),
        )
        .await
        .map(drop)
    };
    let mut created = stream::iter((0..runs).map(create)).buffer_unordered(AT_ONCE);
    while let Some(created) = created.next().await {
        created?;
    }
    Ok(())
}

/// Tells events until it is enough; how many.
async fn tell_until(
    services: &Services,
    before: u64,
    is_enough: impl Fn(Duration) -> bool,
) -> Result<u64, Box<dyn Error>> {
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (began, mut told) = (Instant::now(), 0);
    while !is_enough(began.elapsed()) {
        ticks.tick().await;
        let due = (began.elapsed().as_secs_f64() * EVENTS_A_SECOND as f64) as u64;
        while told < due {
            told += 1;
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
            services.hooks.emit(&Beat {
                number: before + told,
                at_us: now.as_micros() as u64,
            });
        }
    }
    Ok(told)
}

async fn until_all_ran(services: &Services) -> Result<ScheduleView, String> {
    loop {
        let views = services.schedules.views(&services.storage).await;
        let views = views.map_err(|error| error.to_string())?;
        let found = views.into_iter().find(|view| view.name == HANDLER);
        let view = found.ok_or("misbehave has no such schedule")?;
        if view.waiting == 0 && !view.running {
            return Ok(view);
        }
        // Rarely: to look counts all that wait.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Prints what the two good handlers noted; an error when an event was lost.
async fn show(what: &str, services: &Services, told: u64) -> Result<(), Box<dyn Error>> {
    while !services
        .hooks
        .list()
        .iter()
        .all(|hook| hook.waiting == 0 && !hook.at_work)
    {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let params = json!({"plugin": "misbehave", "function": "beats", "version": 1});
    let me = Caller::new("bench", 1);
    let answer = call(services, &me, "functions.call", &params, b"null".to_vec()).await?;
    let (out_of_order, mut delays): (u64, Vec<u64>) = serde_json::from_slice(&answer)?;
    delays.sort_unstable();
    if delays.len() as u64 != 2 * told || out_of_order != 0 || told == 0 {
        return Err(format!("{what}: {told} told, {} heard", delays.len()).into());
    }
    let at = |share: f64| delays[((delays.len() - 1) as f64 * share) as usize];
    println!(
        "{what:<24} {told:>6} told; delay: median {} µs, p99 {} µs, most {} µs",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Ok(())
}

async fn call(
    services: &Services,
    me: &Caller,
    call: &str,
    params: &impl Serialize,
    body: Vec<u8>,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let head: CallHead = serde_json::from_value(json!({"call": call, "params": params}))?;
    let answer = services
        .call(me, host_loader::Behalf::Plugin, head, body)
        .await;
    if answer.status != 0 {
        let why: Value = serde_json::from_slice(&answer.head)?;
        return Err(why.to_string().into());
    }
    Ok(answer.body)
}
