//! Benchmark of hooks: what bad handlers of a hook do to the good ones: `hooks FILE [SECONDS] [EVENTS A SECOND]`, with
//! the library of `examples/misbehave`, whose handlers of one event are two good ones, one that can't keep up, one that
//! sleeps until it is cut short, one that panics and one that fails. First the good ones run alone, the others switched
//! off; then all of them, in the same process: the delays stand side by side.
//!
//! Exit code 0 when the good ones got every event, in order, and each handler's counts add up: what was told is what ran,
//! well or not, was dropped, or was skipped.

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use host::{
    program,
    services::{
        Services,
        hooks::{Circuit, HookView},
    },
};
use host_commands::router::Routes;
use host_loader::{Caller, interpose};
use host_ops::config::Config;
use plugin_api::{Hook, abi::CallHead};
use serde::{Deserialize, Serialize};
use tokio::time::{MissedTickBehavior, interval};

/// Shorter than the defaults, so that a run of seconds shows the breaker opening, trying again and opening anew.
const TIMEOUT_MS: u64 = 100;
const REST_S: u64 = 2;

/// How often the breakers are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The handlers that are switched off for the control.
const BAD: [&str; 4] = ["slow", "sleeps", "panics", "fails"];

/// As in `examples/misbehave`.
#[derive(Serialize, Deserialize)]
struct Beat {
    number: u64,
    at_us: u64,
}

impl Hook for Beat {
    const EVENT: &'static str = "misbehave.beat";
}

/// A handler's breaker, whenever it was seen to have changed: seconds since the beginning.
struct Seen(String, Vec<(f64, Circuit)>);

fn main() -> Result<(), Box<dyn Error>> {
    interpose::install();
    let mut arguments = env::args().skip(1);
    let usage = "hooks FILE [SECONDS] [EVENTS A SECOND]";
    let file = PathBuf::from(arguments.next().ok_or(usage)?);
    let seconds = arguments.next().map_or(Ok(20), |text| text.parse())?;
    let rate = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    // The bot's own runtime on a small machine.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(measure(&file, Duration::from_secs(seconds), rate))
}

async fn measure(file: &Path, span: Duration, rate: u64) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut config = Config::default();
    config.data.folder = folder.path().to_owned();
    config.extensions.probe = false;
    config.hooks.timeout_ms = TIMEOUT_MS;
    config.hooks.rest_s = REST_S;
    let routes = Arc::new(Routes::default());
    // Port 9 is `discard`: nothing here asks Discord.
    let services = Services::through("127.0.0.1:9".into(), &config, Arc::clone(&routes));
    let services = Arc::new(services);
    let plugins = program::plugins(
        Arc::new(config),
        PathBuf::new(),
        Arc::clone(&services),
        routes,
    )?;
    plugins.load_file(file).await?;

    switch_bad_ones(&services, false).await?;
    let alone = phase(&services, span, rate, 0).await?;
    switch_bad_ones(&services, true).await?;
    let among = phase(&services, span, rate, alone.told).await?;
    println!(
        "the good ones' delay           median       p99      most   events a second    calls"
    );
    alone.show("with the bad ones switched off");
    among.show("among the bad ones            ");

    let told = alone.told + among.told;
    let hooks = services.hooks.list();
    let sums = hooks.iter().map(|hook| show(hook, told)).min();
    for Seen(id, circuits) in &among.seen {
        println!("{id}: {}", words(circuits));
    }
    match (sums, alone.is_whole() && among.is_whole()) {
        (Some(true), true) => Ok(()),
        (Some(true), false) => Err("the good ones did not get every event, in order".into()),
        _ => Err("the counts don't add up".into()),
    }
}

/// What came of one phase.
struct Phase {
    told: u64,
    took: Duration,
    seen: Vec<Seen>,
    out_of_order: u64,
    /// Microseconds, in order of size.
    delays: Vec<u64>,
}

impl Phase {
    fn show(&self, title: &str) {
        let at = |share: f64| self.delays[((self.delays.len() - 1) as f64 * share) as usize];
        println!(
            "{title} {:>6} µs {:>6} µs {:>6} µs   {:>15.0} {:>8}{}",
            at(0.5),
            at(0.99),
            at(1.0),
            self.told as f64 / self.took.as_secs_f64(),
            self.delays.len(),
            match self.out_of_order {
                0 => String::new(),
                some => format!(", {some} not next to the one before"),
            }
        );
    }

    /// Whether both good ones got every event, in order.
    fn is_whole(&self) -> bool {
        self.delays.len() as u64 == 2 * self.told && self.out_of_order == 0
    }
}

async fn phase(
    services: &Services,
    span: Duration,
    rate: u64,
    before: u64,
) -> Result<Phase, Box<dyn Error>> {
    let (told, took, seen) = tell(services, span, rate, before).await;
    until_idle(services).await;
    let (out_of_order, mut delays) = delays(services).await?;
    if delays.is_empty() {
        return Err("the good ones got nothing".into());
    }
    delays.sort_unstable();
    Ok(Phase {
        told,
        took,
        seen,
        out_of_order,
        delays,
    })
}

async fn switch_bad_ones(services: &Services, on: bool) -> Result<(), Box<dyn Error>> {
    for handler in BAD {
        let id = format!("misbehave:{}:{handler}", Beat::EVENT);
        services.hooks.switch(&id, on).await?;
    }
    Ok(())
}

/// Tells events at this rate, numbered on from `before`, and watches the breakers.
async fn tell(
    services: &Services,
    span: Duration,
    rate: u64,
    before: u64,
) -> (u64, Duration, Vec<Seen>) {
    let mut ticks = interval(Duration::from_millis(1));
    // After a pause it tells at once what is due.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (began, mut looked) = (Instant::now(), None::<Instant>);
    let (mut told, mut seen) = (0, Vec::new());
    while began.elapsed() < span {
        ticks.tick().await;
        let due = (began.elapsed().as_secs_f64() * rate as f64) as u64;
        while told < due {
            told += 1;
            services.hooks.emit(&Beat {
                number: before + told,
                at_us: now_us(),
            });
        }
        if looked.is_none_or(|at| at.elapsed() >= LOOK) {
            looked = Some(Instant::now());
            look(&services.hooks.list(), began, &mut seen);
        }
    }
    (told, began.elapsed(), seen)
}

fn look(hooks: &[HookView], began: Instant, seen: &mut Vec<Seen>) {
    let at = began.elapsed().as_secs_f64();
    for hook in hooks {
        match seen.iter_mut().find(|seen| seen.0 == hook.id) {
            Some(Seen(_, circuits)) => {
                if circuits.last().is_none_or(|last| last.1 != hook.circuit) {
                    circuits.push((at, hook.circuit));
                }
            }
            None => seen.push(Seen(hook.id.clone(), vec![(at, hook.circuit)])),
        }
    }
}

/// Waits until nothing waits for a handler, and none is at work.
async fn until_idle(services: &Services) {
    let is_idle = |hook: &HookView| hook.waiting == 0 && !hook.at_work;
    while !services.hooks.list().iter().all(is_idle) {
        tokio::time::sleep(LOOK).await;
    }
}

/// What the good ones noted: how many came out of order, and each delay in microseconds.
async fn delays(services: &Services) -> Result<(u64, Vec<u64>), Box<dyn Error>> {
    let head: CallHead = serde_json::from_value(serde_json::json!({
        "call": "functions.call",
        "params": {"plugin": "misbehave", "function": "beats", "version": 1},
    }))?;
    let caller = Caller::new("bench", 1);
    let answer = services
        .call(&caller, host_loader::Behalf::Plugin, head, b"null".to_vec())
        .await;
    if answer.status != 0 {
        return Err(String::from_utf8_lossy(&answer.head).into());
    }
    Ok(serde_json::from_slice(&answer.body)?)
}

/// Prints a handler's counts; whether they add up.
fn show(hook: &HookView, told: u64) -> bool {
    let it = &hook.figures;
    let sum = it.runs + it.dropped + it.skipped + hook.waiting as u64;
    println!(
        "{:<30} told {told} = run {} (failed {}) + dropped {} + skipped {} + waiting {}{}",
        hook.id,
        it.runs,
        it.failures,
        it.dropped,
        it.skipped,
        hook.waiting,
        if sum == told { "" } else { " NOT" }
    );
    sum == told
}

fn words(circuits: &[(f64, Circuit)]) -> String {
    let words = circuits.iter().map(|(at, circuit)| match circuit {
        Circuit::Closed => format!("closed {at:.2} s"),
        Circuit::Open => format!("open {at:.2} s"),
        Circuit::HalfOpen => format!("tried {at:.2} s"),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn now_us() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_micros() as u64)
}
