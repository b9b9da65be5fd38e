//! Measurement of what automations cost other plugins: `automations FOLDER`, with a folder of plugins' libraries and `cogwright` beside this
//! program's folder.
//!
//! The bot runs in a process of its own, on a sandbox in this one. A hundred servers have ten automations each, seven of which look at every
//! message; members say two thousand things a second, one in two hundred with a word that is filtered. Somebody uses `hello` all the while,
//! and how long its answer takes is looked at in turns with the plugin and without it.

#[path = "common/process.rs"]
mod process;

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use process::{end, prepare, processor_time, start, until_ready};
use sandbox::{Actor, Options, Sandbox, World};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval, sleep};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Servers.
const SERVERS: u32 = 100;

/// Members of each.
const MEMBERS: u32 = 20;

/// Messages a second.
const A_SECOND: u64 = 2_000;

/// Every so manieth has a word that is filtered.
const FILTERED: u64 = 200;

/// How long each look is.
const WINDOW: Duration = Duration::from_secs(10);

/// Until what loading and unloading costs is over.
const SETTLED: Duration = Duration::from_secs(4);

/// Looks of each kind, in turns.
const ROUNDS: usize = 10;

/// Between two uses of the command.
const BETWEEN: Duration = Duration::from_millis(40);

#[tokio::main]
async fn main() -> Outcome<()> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("automations FOLDER")?);
    let library = |name: &str| folder.join(format!("lib{name}.{}", env::consts::DLL_EXTENSION));
    let libraries = ["automations", "counter", "hello"].map(library);
    let world = World::sized(SERVERS, MEMBERS);
    let channels: Vec<String> = (0..SERVERS)
        .filter_map(|it| world.channel_in(&format!("Guild {it}"), "general"))
        .map(|it| it.to_string())
        .collect();
    // The same each time it is made.
    let known = World::sized(SERVERS, MEMBERS);
    let options = Options {
        world,
        ..Options::default()
    };
    let sandbox = Arc::new(Sandbox::start(options).await?);
    let home = tempfile::tempdir()?;
    prepare(home.path(), &libraries, &sandbox, "")?;
    let inbox = home.path().join("data/plugins/automations/files/import");
    let made = lay(&inbox, &known)?;
    let mut bot = start(home.path(), &sandbox, 0)?;
    until_ready(home.path(), 0).await?;
    sandbox.commands_registered("automations", WINDOW).await?;
    taken(&inbox, made).await?;

    let (said, stop) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let crowd = (0..SERVERS * MEMBERS).step_by(MEMBERS as usize);
    let crowd: Vec<Actor> = crowd
        .map(|it| sandbox.actor(&format!("user{}", it + 1)))
        .collect::<Result<_, _>>()?;
    let speaking = tokio::spawn(speak(
        crowd,
        channels.clone(),
        Arc::clone(&said),
        Arc::clone(&stop),
    ));
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // The one that comes first in one round comes last in the next.
        let order = if round % 2 == 0 {
            [true, false]
        } else {
            [false, true]
        };
        for is_with in order {
            owner(
                &sandbox,
                if is_with {
                    "load automations"
                } else {
                    "unload automations"
                },
            )
            .await?;
            sleep(SETTLED).await;
            let look = look(&sandbox, bot.id(), &said).await?;
            println!("{} {look}", if is_with { "with   " } else { "without" });
            if is_with { &mut with } else { &mut without }.push(look);
        }
    }
    stop.store(true, Relaxed);
    speaking.await?;
    let left = left(&sandbox, &channels);
    println!(
        "{made} automations in {SERVERS} servers; {ROUNDS} looks of {WINDOW:?} each, in turns; {} said, {left} of the first server's with the filtered word are still there",
        said.load(Relaxed)
    );
    let (with, without) = (All::of(&with), All::of(&without));
    println!("without {without}\nwith    {with}");
    println!(
        "ratio: p50 {:.3}, p90 {:.3}, p99 {:.3}; medians of the rounds {:.3}",
        with.p50 / without.p50,
        with.p90 / without.p90,
        with.p99 / without.p99,
        with.of_rounds / without.of_rounds
    );
    end(&mut bot, "TERM").await
}

/// Lays the automations into the plugin's inbox, as an import does; how many there are.
fn lay(inbox: &Path, world: &World) -> Outcome<usize> {
    fs::create_dir_all(inbox)?;
    let mut laid = 0;
    for server in 0..SERVERS {
        let name = format!("Guild {server}");
        let guild = world.guild_named(&name).ok_or("a server is not there")?;
        let bots = world
            .channel_in(&name, "bots")
            .ok_or("a channel is not there")?;
        for definition in definitions(&bots.to_string()) {
            let file = json!({"guild": guild.to_string(), "maker": null, "on": true, "definition": definition});
            fs::write(inbox.join(format!("{laid}.json")), file.to_string())?;
            laid += 1;
        }
    }
    Ok(laid)
}

/// Ten automations: seven look at each message.
fn definitions(channel: &str) -> Vec<Value> {
    let filter = |number: u32| {
        json!({"name": format!("filter {number}"), "template": "word_filter", "parameters": {
            "words": format!("barnacle{number}\nbilge water\nscurvy dog"), "match": "word", "case": false, "delete": true, "time_out": 0,
        }, "conditions": {"all": [{"time": {"from": "00:00", "to": "23:59"}}]}})
    };
    let mut all: Vec<Value> = (0..6).map(filter).collect();
    all.push(
        json!({"name": "levels", "template": "levels", "parameters": {
            "points": 10, "pause": 60, "message": "{user} has reached level {level}!",
        }}),
    );
    for (template, parameters) in [
        ("welcome", json!({"channel": channel, "message": "{user}"})),
        (
            "goodbye",
            json!({"channel": channel, "message": "{username}"}),
        ),
        (
            "voice_log",
            json!({"channel": channel, "joins": true, "leaves": true}),
        ),
    ] {
        all.push(json!({"name": template, "template": template, "parameters": parameters}));
    }
    all
}

/// Until all are kept, and on.
async fn taken(inbox: &Path, made: usize) -> Outcome<()> {
    let began = Instant::now();
    loop {
        let noted: Vec<PathBuf> = match fs::read_dir(inbox.join("taken")) {
            Ok(all) => all
                .map(|it| it.map(|it| it.path()))
                .collect::<Result<_, _>>()?,
            Err(_) => Vec::new(),
        };
        if noted.len() == made {
            for path in noted {
                let said = fs::read_to_string(path)?;
                if !said.contains(", and on") || said.contains("and off") {
                    return Err(format!("an automation is not on: {said}").into());
                }
            }
            return Ok(());
        }
        if began.elapsed() > Duration::from_secs(120) {
            return Err(format!("{} of {made} automations were taken up", noted.len()).into());
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Says so many things a second, in all servers in turn.
async fn speak(
    crowd: Vec<Actor>,
    channels: Vec<String>,
    said: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) {
    let mut tick = interval(Duration::from_millis(10));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let all = crowd.iter().zip(&channels).cycle();
    for (number, (actor, channel)) in (0_u64..).zip(all) {
        if number % (A_SECOND / 100) == 0 {
            tick.tick().await;
        }
        if stop.load(Relaxed) {
            return;
        }
        let text = match number % FILTERED {
            0 => "get off my deck, barnacle0",
            _ => "how the kettle sings while the rain comes down",
        };
        if actor.says(channel, text).await.is_ok() {
            said.fetch_add(1, Relaxed);
        }
    }
}

/// What is still there of what should have been deleted: what was said while the plugin was not loaded.
fn left(sandbox: &Sandbox, channels: &[String]) -> usize {
    let Ok(reader) = sandbox.actor("user1") else {
        return 0;
    };
    let first = channels.first().map(String::as_str).unwrap_or_default();
    let all = reader.messages(first);
    all.iter()
        .filter(|it| it.content.contains("barnacle"))
        .count()
}

async fn owner(sandbox: &Sandbox, what: &str) -> Outcome<()> {
    let owner = sandbox.actor("owner")?;
    let mention = format!("<@{}> cogwright {what}", sandbox.application_id());
    let sent = owner.says("bots", &mention).await?;
    let answer = owner.expects_reply_to(&sent).await?;
    if !answer.text().contains("automations") {
        return Err(format!("{what}: {}", answer.text()).into());
    }
    Ok(())
}

/// Answers of one look, in microseconds, sorted.
struct Look {
    micros: Vec<f64>,
    /// The bot's processor time, percent of a core.
    processor: f64,
    said: f64,
}

async fn look(sandbox: &Sandbox, process: u32, said: &AtomicU64) -> Outcome<Look> {
    let user = sandbox.actor("owner")?;
    let line = format!("<@{}> hello", sandbox.application_id());
    let (began, before) = (Instant::now(), said.load(Relaxed));
    let taken_before = processor_time(process)?;
    let mut micros = Vec::new();
    while began.elapsed() < WINDOW {
        let asked = Instant::now();
        let sent = user.says("bots", &line).await?;
        user.expects_reply_to(&sent).await?;
        micros.push(asked.elapsed().as_secs_f64() * 1e6);
        sleep(BETWEEN).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    micros.sort_by(f64::total_cmp);
    Ok(Look {
        micros,
        processor: 100.0 * (processor_time(process)? - taken_before) / seconds,
        said: (said.load(Relaxed) - before) as f64 / seconds,
    })
}

impl std::fmt::Display for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "p50 {:.0} µs, p99 {:.0} µs of {} answers; {:.0} messages a second; processor {:.0} %",
            at(&self.micros, 0.5),
            at(&self.micros, 0.99),
            self.micros.len(),
            self.said,
            self.processor
        )
    }
}

/// All looks of a kind.
struct All {
    p50: f64,
    p90: f64,
    p99: f64,
    /// Median of the looks' medians.
    of_rounds: f64,
    low: f64,
    high: f64,
    processor: f64,
}

impl All {
    fn of(looks: &[Look]) -> Self {
        let sorted = |mut all: Vec<f64>| {
            all.sort_by(f64::total_cmp);
            all
        };
        let micros = sorted(
            looks
                .iter()
                .flat_map(|it| it.micros.iter().copied())
                .collect(),
        );
        let rounds = sorted(looks.iter().map(|it| at(&it.micros, 0.5)).collect());
        let processor = sorted(looks.iter().map(|it| it.processor).collect());
        Self {
            p50: at(&micros, 0.5),
            p90: at(&micros, 0.9),
            p99: at(&micros, 0.99),
            of_rounds: at(&rounds, 0.5),
            low: at(&rounds, 0.0),
            high: at(&rounds, 1.0),
            processor: at(&processor, 0.5),
        }
    }
}

impl std::fmt::Display for All {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "p50 {:.0} µs (looks' medians {:.0} to {:.0}), p90 {:.0} µs, p99 {:.0} µs; processor {:.0} %",
            self.p50, self.low, self.high, self.p90, self.p99, self.processor
        )
    }
}

fn at(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get((last as f64 * part).round() as usize)
        .copied()
        .unwrap_or_default()
}
