//! Processor time of the bot with and without open pages, at a thousand events a second.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use sandbox::{Options, Sandbox};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    Outcome,
    browser::{Browser, Done},
    process::{end, prepare, start, until_ready},
};

/// Messages a second.
const A_SECOND: u64 = 1_000;

/// How long each look is.
const WINDOW: Duration = Duration::from_secs(10);

/// Looks of each kind, in turns.
const ROUNDS: u32 = 5;

/// What is open.
const PAGES: [&str; 10] = [
    "", "events", "log", "hooks", "plugins", "system", "commands", "shards", "security", "settings",
];

/// Clock ticks a second of `/proc/PID/stat`: 100 on every Linux that there is.
const TICKS: f64 = 100.0;

/// Takes the figures, and prints them.
pub async fn measure(libraries: &[PathBuf]) -> Outcome<()> {
    let sandbox = Arc::new(Sandbox::start(Options::default()).await?);
    let folder = tempfile::tempdir()?;
    let chosen = ["counter", "dashboard"].map(|name| format!("lib{name}.so"));
    let wanted = libraries
        .iter()
        .filter(|it| chosen.iter().any(|name| it.ends_with(name)));
    let wanted: Vec<PathBuf> = wanted.cloned().collect();
    prepare(
        folder.path(),
        &wanted,
        &sandbox,
        "[pages]\nlisten = \"127.0.0.1:0\"\n",
    )?;
    let mut bot = start(folder.path(), &sandbox, 0)?;
    until_ready(folder.path(), 0).await?;
    sandbox.commands_registered("livemonitor", WINDOW).await?;
    let mut browsers = Vec::new();
    for _ in PAGES {
        browsers.push(Browser::owner(&sandbox).await?);
    }
    let (said, stop) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let speaking = tokio::spawn(speak(
        Arc::clone(&sandbox),
        Arc::clone(&said),
        Arc::clone(&stop),
    ));
    let mut figures: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let done = Arc::new(Done::default());
    for _ in 0..ROUNDS {
        for (name, pages) in [
            ("1 nobody looks", 0),
            ("2 one page", 1),
            ("3 ten pages", 10),
        ] {
            let mut open = JoinSet::new();
            for (browser, page) in browsers.iter().zip(PAGES).take(pages) {
                let mut tasks = browser
                    .clone()
                    .stays(&format!("/p/dashboard/{page}"), Arc::clone(&done))
                    .await?;
                open.spawn(async move { while tasks.join_next().await.is_some() {} });
            }
            // What opening it costs is over, and what a page that was closed has asked for has ended.
            sleep(Duration::from_secs(if pages == 0 { 15 } else { 3 })).await;
            figures.entry(name).or_default().push(look(bot.id()).await?);
        }
        unload(&sandbox, "unload dashboard").await?;
        sleep(Duration::from_secs(2)).await;
        figures
            .entry("0 without the plugin")
            .or_default()
            .push(look(bot.id()).await?);
        unload(&sandbox, "load dashboard").await?;
    }
    stop.store(true, Relaxed);
    speaking.await?;
    println!(
        "the bot's processor time, percent of one core, at {A_SECOND} messages a second; {ROUNDS} looks of {WINDOW:?} each, in turns"
    );
    let median_of = |name: &str| figures.get(name).map(|all| median(all)).unwrap_or_default();
    let without = median_of("0 without the plugin");
    for (name, all) in &figures {
        let (low, high) = (min(all), all.iter().copied().fold(0.0, f64::max));
        let median = median(all);
        println!(
            "{:<22} {median:6.2} ({low:.2} to {high:.2}); {:+.2} to without",
            &name[2..],
            median - without
        );
    }
    println!(
        "said: {}; pages heard {} events, fetched {} parts, {} refused",
        said.load(Relaxed),
        done.events.load(Relaxed),
        done.fetches.load(Relaxed),
        done.refused.load(Relaxed)
    );
    end(&mut bot, "TERM").await
}

/// Says so many things a second, by many members at once.
async fn speak(sandbox: Arc<Sandbox>, said: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    let Ok(member) = sandbox.actor("member") else {
        return;
    };
    let mut tick = interval(Duration::from_millis(10));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while !stop.load(Relaxed) {
        tick.tick().await;
        for _ in 0..A_SECOND / 100 {
            if member.says("general", "how the kettle sings").await.is_ok() {
                said.fetch_add(1, Relaxed);
            }
        }
    }
}

async fn unload(sandbox: &Sandbox, what: &str) -> Outcome<()> {
    let owner = sandbox.actor("owner")?;
    let mention = format!("<@{}> cogwright {what}", sandbox.application_id());
    let sent = owner.says("general", &mention).await?;
    let answer = owner.expects_reply_to(&sent).await?;
    if !answer.text().contains("dashboard") {
        return Err(format!("{what}: {}", answer.text()).into());
    }
    Ok(())
}

/// Processor time of a process over a window, in percent of one core.
async fn look(process: u32) -> Outcome<f64> {
    let (before, began) = (ticks(process)?, Instant::now());
    sleep(WINDOW).await;
    let used = (ticks(process)? - before) / TICKS;
    Ok(100.0 * used / began.elapsed().as_secs_f64())
}

fn ticks(process: u32) -> Outcome<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Behind the name, which may have anything in it.
    let (_, fields) = stat.rsplit_once(')').ok_or("an odd stat")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || -> Outcome<f64> { Ok(fields.next().ok_or("a short stat")?.parse()?) };
    Ok(next()? + next()?)
}

fn median(all: &[f64]) -> f64 {
    let mut sorted = all.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn min(all: &[f64]) -> f64 {
    all.iter().copied().fold(f64::INFINITY, f64::min)
}
