//! Processor time of the bot with and without open pages, at a thousand events a second.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Child,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use sandbox::{Options, Sandbox};
use tokio::{
    task::{JoinHandle, JoinSet},
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    Outcome,
    browser::{Browser, Done},
    process::{end, log, prepare, processor_time, start, until_ready},
};

/// Messages a second.
pub const A_SECOND: u64 = 1_000;

/// How long each look is.
const WINDOW: Duration = Duration::from_secs(10);

/// Looks of each kind, in turns.
const ROUNDS: u32 = 5;

/// What is open.
const PAGES: [&str; 10] = [
    "", "events", "log", "hooks", "plugins", "system", "commands", "shards", "security", "settings",
];

/// A bot that is looked at.
pub struct Watched {
    process: u32,
    /// Its figures' address.
    figures: String,
}

/// Processor time within a window, in percent of one core.
#[derive(Debug, Clone, Copy)]
struct Used {
    /// The whole bot's.
    bot: f64,
    /// That of the dashboard's own threads, as the bot counts it; 0 where the plugin is not loaded.
    plugin: f64,
}

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
    let watched = Watched::of(&bot, folder.path())?;
    let mut browsers = Vec::new();
    for _ in PAGES {
        browsers.push(Browser::owner(&sandbox).await?);
    }
    let crowd = Crowd::of(Arc::clone(&sandbox));
    let mut figures: BTreeMap<&str, Vec<Used>> = BTreeMap::new();
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
            figures.entry(name).or_default().push(watched.look().await?);
        }
        unload(&sandbox, "unload dashboard").await?;
        sleep(Duration::from_secs(2)).await;
        figures
            .entry("0 without the plugin")
            .or_default()
            .push(watched.look().await?);
        unload(&sandbox, "load dashboard").await?;
    }
    let said = crowd.stop().await?;
    println!(
        "the bot's processor time, percent of one core, at {A_SECOND} messages a second; {ROUNDS} looks of {WINDOW:?} each, in turns"
    );
    let of_bot = |all: &Vec<Used>| sorted(all.iter().map(|it| it.bot));
    let without = figures.get("0 without the plugin").map(of_bot);
    let without = without.map(|all| all[all.len() / 2]).unwrap_or_default();
    for (name, all) in &figures {
        let (bot, plugin) = (of_bot(all), sorted(all.iter().map(|it| it.plugin)));
        let [low, median, high] = [0, bot.len() / 2, bot.len() - 1].map(|at| bot[at]);
        println!(
            "{:<22} {median:6.2} ({low:.2} to {high:.2}); {:+.2} to without; the plugin's own threads {:.3} ({:.3} to {:.3})",
            &name[2..],
            median - without,
            plugin[plugin.len() / 2],
            plugin[0],
            plugin[plugin.len() - 1],
        );
    }
    println!(
        "said: {said}; pages heard {} events, fetched {} parts, {} refused",
        done.events.load(Relaxed),
        done.fetches.load(Relaxed),
        done.refused.load(Relaxed)
    );
    end(&mut bot, "TERM").await
}

/// Somebody who says so many things a second, until told to stop.
pub struct Crowd {
    stop: Arc<AtomicBool>,
    speaking: JoinHandle<u64>,
}

impl Crowd {
    pub fn of(sandbox: Arc<Sandbox>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let speaking = tokio::spawn(speak(sandbox, Arc::clone(&stop)));
        Self { stop, speaking }
    }

    /// How many things were said.
    pub async fn stop(self) -> Outcome<u64> {
        self.stop.store(true, Relaxed);
        Ok(self.speaking.await?)
    }
}

async fn speak(sandbox: Arc<Sandbox>, stop: Arc<AtomicBool>) -> u64 {
    let mut said = 0;
    let Ok(member) = sandbox.actor("member") else {
        return said;
    };
    let mut tick = interval(Duration::from_millis(10));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while !stop.load(Relaxed) {
        tick.tick().await;
        for _ in 0..A_SECOND / 100 {
            if member.says("general", "how the kettle sings").await.is_ok() {
                said += 1;
            }
        }
    }
    said
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

impl Watched {
    pub fn of(bot: &Child, folder: &Path) -> Outcome<Self> {
        let said = fs::read_to_string(log(folder, 0))?;
        let (_, rest) = said
            .split_once("metrics at ")
            .ok_or("the bot has not said where its figures are")?;
        let end = rest.find("/metrics").ok_or("the figures have no address")?;
        Ok(Self {
            process: bot.id(),
            figures: format!("{}/metrics", &rest[..end]),
        })
    }

    async fn look(&self) -> Outcome<Used> {
        let (plugin, bot, began) = (
            self.plugin().await?,
            processor_time(self.process)?,
            Instant::now(),
        );
        sleep(WINDOW).await;
        let bot = processor_time(self.process)? - bot;
        let percent = |seconds: f64| 100.0 * seconds / began.elapsed().as_secs_f64();
        let bot = percent(bot);
        // Asking for the figures is no part of the window.
        let plugin = percent((self.plugin().await? - plugin).max(0.0));
        Ok(Used { bot, plugin })
    }

    /// Seconds of the processor that the dashboard has used, of all its generations.
    async fn plugin(&self) -> Outcome<f64> {
        self.of_dashboard("cogwright_plugin_cpu_seconds_total")
            .await
    }

    /// The sum of all rows of one figure that are of the dashboard.
    pub async fn of_dashboard(&self, figure: &str) -> Outcome<f64> {
        let page = reqwest::get(&self.figures).await?.error_for_status()?;
        let page = page.text().await?;
        let mut sum = 0.0;
        for line in page.lines() {
            if let Some(labels) = line.strip_prefix(figure).filter(|it| it.starts_with('{'))
                && labels.contains("plugin=\"dashboard\"")
                && let Some((_, value)) = labels.rsplit_once(' ')
            {
                sum += value.parse::<f64>()?;
            }
        }
        Ok(sum)
    }
}

fn sorted(all: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut all: Vec<f64> = all.collect();
    all.sort_by(f64::total_cmp);
    all
}
