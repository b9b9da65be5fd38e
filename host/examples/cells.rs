//! Cost of a cell beside a plugin in this process: `cells FILE COGWRIGHT`, with the library of `examples/misbehave` and the program that
//! cells are made of.
//!
//! Both homes take turns, round by round, in one run: compare the ratios, and times on one machine only.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use host::{program, services::Services};
use host_commands::router::Routes;
use host_loader::{Packet, Plugins, Refused, interpose, next_id, snapshot};
use host_ops::config::{Config, Where};
use plugin_api::{
    abi::{CommandHead, OptionValue, Origin, frame_kind},
    manifest::CommandKind,
};
use tempfile::TempDir;
use tokio::sync::oneshot;

type Answered = oneshot::Receiver<host_loader::Answer>;

/// How often the homes take turns.
const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    interpose::install();
    let usage = "cells FILE COGWRIGHT";
    let file = PathBuf::from(env::args().nth(1).ok_or(usage)?);
    let executable = PathBuf::from(env::args().nth(2).ok_or(usage)?).canonicalize()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        tokio::spawn(compare(file, executable))
            .await
            .map_err(|error| error.to_string())?
    })?;
    Ok(())
}

/// A set of plugins with one in it, and where it lives.
struct Home {
    plugins: Plugins,
    routes: Arc<Routes>,
    _folder: TempDir,
}

impl Home {
    async fn new(place: Where, file: &Path, executable: &Path) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut config = Config::default();
        config.data.folder = folder.path().to_owned();
        config.extensions.probe = false;
        config.isolation.default = place;
        // Side by side: neither gives way to the other.
        config.isolation.niceness = 0;
        let routes = Arc::new(Routes::default());
        let plugins = program::plugins(
            Arc::new(config),
            executable.to_owned(),
            Arc::new(Services::offline()),
            Arc::clone(&routes),
        )
        .map_err(|error| error.to_string())?;
        let this = Self {
            plugins,
            routes,
            _folder: folder,
        };
        this.load(file).await?;
        Ok(this)
    }

    async fn load(&self, file: &Path) -> Result<(), String> {
        let loaded = self.plugins.load_file(file).await;
        loaded.map(drop).map_err(|error| error.to_string())
    }

    /// A command whose handler ends at once and answers nothing.
    fn invoke(&self) -> Result<Answered, String> {
        let head = CommandHead {
            kind: CommandKind::Chat,
            command: "misbehave".into(),
            origin: Origin::Message {
                channel_id: 2,
                message_id: 4,
                user_id: 3,
            },
            options: BTreeMap::from([("manner".into(), OptionValue::String("silent".into()))]),
            ephemeral: false,
            typed: String::new(),
            checked: false,
        };
        let packet = Packet::new(frame_kind::COMMAND, next_id(), &head);
        self.routes
            .with_command(CommandKind::Chat, "misbehave", |route| {
                route.slot.invoke(packet)
            })
            .ok_or("there is no command `misbehave`")?
            .map_err(|refused| format!("{refused:?}"))
    }

    async fn one_by_one(&self, count: usize) -> Result<Vec<Duration>, String> {
        let mut trips = Vec::new();
        for _ in 0..count {
            let began = Instant::now();
            let _ = self.invoke()?.await;
            trips.push(began.elapsed());
        }
        Ok(trips)
    }

    /// 64 commands at once; what each takes.
    async fn at_once(&self, rounds: u32) -> Result<Duration, String> {
        let began = Instant::now();
        for _ in 0..rounds {
            let answers: Vec<Answered> =
                (0..64).map(|_| self.invoke()).collect::<Result<_, _>>()?;
            for answer in answers {
                let _ = answer.await;
            }
        }
        Ok(began.elapsed() / (rounds * 64))
    }

    /// Events that nobody listens to, as fast as they are taken; what each takes.
    async fn events(&self, count: u32) -> Result<Duration, String> {
        let (_, generation) = self.plugins.generations().pop().ok_or("it is gone")?;
        let began = Instant::now();
        for _ in 0..count {
            while let Err(refused) = generation.send(Packet::bare(frame_kind::EVENT, next_id())) {
                if refused == Refused::Closed {
                    return Err("it is gone".into());
                }
                tokio::task::yield_now().await;
            }
        }
        // Behind all of them.
        let _ = self.invoke()?.await;
        Ok(began.elapsed() / count)
    }

    async fn reload(&self, file: &Path) -> Result<Duration, String> {
        let began = Instant::now();
        self.load(file).await?;
        Ok(began.elapsed())
    }
}

async fn compare(file: PathBuf, executable: PathBuf) -> Result<(), String> {
    let resident = || {
        snapshot::ProcessSnapshot::take()
            .resident_bytes
            .unwrap_or_default()
    };
    let before = resident();
    let here = Home::new(Where::None, &file, &executable).await?;
    here.one_by_one(1_000).await?;
    let grown = resident().saturating_sub(before);
    let cell = Home::new(Where::Process, &file, &executable).await?;
    cell.one_by_one(1_000).await?;

    let [mut trips, mut at_once, mut events, mut reloads] = [const { [Vec::new(), Vec::new()] }; 4];
    for _ in 0..ROUNDS {
        for (place, home) in [&here, &cell].into_iter().enumerate() {
            trips[place].extend(home.one_by_one(3_000).await?);
            at_once[place].push(home.at_once(300).await?);
            events[place].push(home.events(100_000).await?);
        }
    }
    for _ in 0..30 {
        for (place, home) in [&here, &cell].into_iter().enumerate() {
            reloads[place].push(home.reload(&file).await?);
        }
    }
    println!(
        "{:<34} {:>12} {:>12} {:>7}",
        "", "here", "in a cell", "ratio"
    );
    show("command, there and back", &mut trips, 50);
    show("the same, 99th percentile", &mut trips, 99);
    show("command, 64 at once, each", &mut at_once, 50);
    show("event, each", &mut events, 50);
    show("reload, state handed over", &mut reloads, 50);
    let memory = cell.plugins.generations().pop();
    let memory = memory.and_then(|(_, generation)| generation.cell()?.memory());
    println!(
        "memory: the bot has grown by {:.1} MB for the plugin here; the cell has {:.1} MB of its own",
        grown as f64 / 1e6,
        memory.unwrap_or_default() as f64 / 1e6
    );
    Ok(())
}

fn show(what: &str, times: &mut [Vec<Duration>; 2], percentile: usize) {
    let at = |times: &mut Vec<Duration>| {
        times.sort();
        times[(times.len() * percentile / 100).min(times.len() - 1)]
    };
    let [here, cell] = times;
    let (here, cell) = (at(here), at(cell));
    let ratio = cell.as_secs_f64() / here.as_secs_f64();
    println!("{what:<34} {here:>12.2?} {cell:>12.2?} {ratio:>7.1}");
}
