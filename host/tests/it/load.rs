//! Measurements (`docs/measurements.md`): what is lost, doubled or apologised for under load, over restarts and reloads.
//!
//! `just restart-load` runs both; `ROUNDS`, `A_SECOND` and `USES` change how much.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use sandbox::{Actor, Error, InteractionView, Sandbox, Way};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{fixtures, process::Process, renewal::ear, support::PATIENCE};

/// After this long without an answer, or a line, nothing more comes.
const SILENCE: Duration = Duration::from_secs(5);

fn number(name: &str, default: usize) -> usize {
    let said = env::var(name).ok();
    said.map_or(default, |it| it.parse().unwrap())
}

/// Counts the sessions that the bot has asked for.
fn identifies(sandbox: &Sandbox) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    sandbox.observe(move |crossing| {
        let is_one = crossing.way == Way::GatewayIn && crossing.what == "IDENTIFY";
        counter.fetch_add(usize::from(is_one), Relaxed);
    });
    count
}

/// How many there are of each number of times.
fn by_times(times: impl Iterator<Item = usize>) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for count in times {
        *counts.entry(count).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, of minutes"]
async fn events_over_restarts() {
    for signal in ["TERM", "KILL"] {
        events_over(signal, number("ROUNDS", 100), number("A_SECOND", 500)).await;
    }
}

/// Three members speak; a plugin writes down what it hears, through all processes.
async fn events_over(signal: &str, rounds: usize, a_second: usize) {
    let config = "[plugins.ear]\nfile = \"heard.txt\"\n[storage]\nbackup_on_shutdown = false\n";
    let mut bot = Process::run(&[("ear", ear())], config).await;
    bot.until_said("ready: ").await;
    let asked = identifies(&bot.sandbox);
    let stop = Arc::new(AtomicBool::new(false));
    let mut speakers = JoinSet::new();
    for name in ["member", "mod", "owner"] {
        let (who, stop) = (bot.sandbox.actor(name).unwrap(), Arc::clone(&stop));
        speakers.spawn(async move {
            let mut said = Vec::new();
            let mut beat = tokio::time::interval(Duration::from_secs(3) / a_second as u32);
            while !stop.load(Relaxed) {
                beat.tick().await;
                said.push(who.says("general", "tea").await.unwrap().id);
            }
            said
        });
    }
    let (began, mut away) = (Instant::now(), Vec::new());
    for round in 0..rounds {
        // At any moment of what goes on, which is not in step with this.
        sleep(Duration::from_millis(400 + round as u64 * 137 % 900)).await;
        let began = Instant::now();
        bot.signal(signal);
        bot.ended().await;
        bot = bot.again().await;
        away.push(began.elapsed());
    }
    let lasted = began.elapsed();
    stop.store(true, Relaxed);
    let said: Vec<u64> = speakers.join_all().await.into_iter().flatten().collect();
    let file = bot.folder.path().join("heard.txt");
    let read = || fs::read_to_string(&file).unwrap_or_default();
    let (mut length, mut since) = (0, Instant::now());
    while since.elapsed() < SILENCE {
        let now = read().len();
        if now != length {
            (length, since) = (now, Instant::now());
        }
        sleep(Duration::from_millis(100)).await;
    }
    let mut heard: BTreeMap<u64, usize> = said.iter().map(|id| (*id, 0)).collect();
    for line in read().lines() {
        let id = line.split(' ').next().and_then(|id| id.parse().ok());
        if let Some(count) = id.and_then(|id: u64| heard.get_mut(&id)) {
            *count += 1;
        }
    }
    let times = by_times(heard.into_values());
    let identifies = asked.load(Relaxed);
    away.sort_unstable();
    println!(
        "{rounds} restarts by SIG{signal} at {} events a second: {} events, heard so many times: {times:?}; {identifies} identifies; away for \
         {:.2?} (median), {:.2?} at most",
        said.len() as u64 / lasted.as_secs().max(1),
        said.len(),
        away[away.len() / 2],
        away[away.len() - 1]
    );
    if signal == "TERM" {
        assert!(times.keys().all(|count| *count == 1), "{times:?}");
        assert_eq!(identifies, 0);
    }
}

/// Answers a command and a click.
const LOADED: &str = r#"//! Answers.
use plugin_api::prelude::*;

export_plugin!(|| Plugin::new()
    .command(Command::new("NAME", "Answers").run(answer))
    .command(Command::new("panel-NAME", "Shows a button").run(panel))
    .component("click", click));

async fn answer(ctx: CommandContext) -> Result {
    ctx.reply("NAME answers").await
}

async fn panel(ctx: CommandContext) -> Result {
    let click = button("Click", ctx.custom_id("click", "")?);
    ctx.reply(NewMessage::from("panel").row([click]).for_everyone().persistent()).await
}

async fn click(ctx: ComponentContext) -> Result {
    ctx.reply("NAME answers").await
}
"#;

const PLUGINS: usize = 20;

/// How many things are being done at any time.
const MEMBERS: usize = 8;

fn loaded() -> Vec<(String, PathBuf)> {
    let build = |number| {
        let name = format!("loaded{number}");
        let library = fixtures::plugin(&name, "load", "0.1.0", "", &LOADED.replace("NAME", &name));
        (name, library)
    };
    (0..PLUGINS).map(build).collect()
}

/// What became of what was done.
#[derive(Debug, Default)]
struct Outcomes {
    answered: usize,
    apologies: Vec<String>,
    failed: Vec<String>,
    wrong: Vec<String>,
}

impl Outcomes {
    fn note(&mut self, plugin: &str, how: &str, answer: Result<String, String>) {
        match answer {
            Ok(text) if text == format!("{plugin} answers") => self.answered += 1,
            Ok(text) if text.contains("restarted") || text.contains("went wrong") => {
                self.apologies.push(format!("{how} {plugin}: {text}"));
            }
            Ok(text) => self.wrong.push(format!("{how} {plugin}: {text}")),
            Err(error) => {
                println!("{how} {plugin}: {error}");
                self.failed.push(format!("{how} {plugin}: {error}"));
            }
        }
    }

    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.apologies.extend(other.apologies);
        self.failed.extend(other.failed);
        self.wrong.extend(other.wrong);
    }
}

/// Answers that Discord has taken: by the message or interaction that they are for.
type Answers = Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>;

fn answers(sandbox: &Sandbox) -> Answers {
    let answers = Answers::default();
    let noted = Arc::clone(&answers);
    sandbox.observe(move |crossing| {
        let was_taken = crossing.way == Way::Rest && crossing.status.is_some_and(|it| it < 300);
        let Some(path) = crossing.what.strip_prefix("POST /").filter(|_| was_taken) else {
            return;
        };
        let parts: Vec<&str> = path.split('/').collect();
        let of = match parts[..] {
            ["channels", _, "messages"] => {
                crossing.body["message_reference"]["message_id"].as_str()
            }
            ["interactions", id, _, "callback"] => Some(id),
            // A follow-up is told by its token.
            ["webhooks", _, token] => Some(token),
            _ => None,
        };
        if let Some(of) = of {
            // For a number that it knows Discord gives the message that there is: one that is sent twice is read once.
            let message = crossing.answer["id"].as_str();
            let message = message.map_or_else(|| crossing.number.to_string(), str::to_owned);
            let mut noted = noted.lock().unwrap();
            noted.entry(of.to_owned()).or_default().insert(message);
        }
    });
    answers
}

/// Waits until an answer no longer says that it is coming.
async fn settled(who: &Actor, view: InteractionView) -> Result<String, String> {
    let began = Instant::now();
    loop {
        let view = who.interaction(view.id).ok_or("it is forgotten")?;
        if let Some(message) = view.message.filter(|it| !it.loading) {
            return Ok(message.text());
        }
        if began.elapsed() > PATIENCE {
            return Err("it is thinking for ever".to_owned());
        }
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, of minutes"]
async fn clicks_and_commands_while_plugins_reload_and_the_host_is_killed() {
    let (uses, kills) = (number("USES", 10_000), 5);
    let libraries = loaded();
    let named: Vec<(&str, PathBuf)> = libraries.iter().map(|it| (&*it.0, it.1.clone())).collect();
    let mut bot = Process::run(&named, "[storage]\nbackup_on_shutdown = false\n").await;
    bot.until_said("ready: ").await;
    let owner = bot.owner();
    let mention = format!("<@{}>", bot.sandbox.application_id());
    let mut panels = Vec::new();
    for (name, _) in &libraries {
        let shown = loop {
            // It is registered when all are loaded.
            match owner.slash("bots", &format!("panel-{name}"), &[]).await {
                Err(Error::UnknownCommand { .. }) => sleep(Duration::from_millis(20)).await,
                shown => break shown,
            }
        };
        let shown = shown.unwrap().message.unwrap();
        panels.push(
            owner
                .expects_where("bots", "a panel", |it| it.id == shown.id)
                .await
                .unwrap(),
        );
    }
    let (taken, identifies) = (answers(&bot.sandbox), identifies(&bot.sandbox));
    let (panels, begun, stop) = (
        Arc::new(panels),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let mut members = JoinSet::new();
    for member in 0..MEMBERS {
        let who = bot
            .sandbox
            .actor(["member", "mod", "owner"][member % 3])
            .unwrap();
        let (panels, begun) = (Arc::clone(&panels), Arc::clone(&begun));
        members.spawn(async move {
            let mut outcomes = Outcomes::default();
            loop {
                let turn = begun.fetch_add(1, Relaxed);
                if turn >= uses {
                    return outcomes;
                }
                let at = turn * 7 % PLUGINS;
                let name = format!("loaded{at}");
                let (how, answer) = match turn % 3 {
                    0 => {
                        let said = who.says("general", &format!("!{name}")).await.unwrap();
                        let reply = who.expects_reply_to(&said).await;
                        ("!", reply.map(|it| it.text()).map_err(|it| it.to_string()))
                    }
                    1 => (
                        "/",
                        match who.slash("general", &name, &[]).await {
                            Ok(view) => settled(&who, view).await,
                            Err(error) => Err(error.to_string()),
                        },
                    ),
                    _ => (
                        "click",
                        match who.clicks_on(&panels[at], "Click").await {
                            Ok(view) => settled(&who, view).await,
                            Err(error) => Err(error.to_string()),
                        },
                    ),
                };
                outcomes.note(&name, how, answer);
            }
        });
    }
    let reloads = Arc::new(AtomicUsize::new(0));
    let reloading = {
        let (owner, stop, reloads) = (owner.clone(), Arc::clone(&stop), Arc::clone(&reloads));
        tokio::spawn(async move {
            for at in (0..PLUGINS).cycle() {
                if stop.load(Relaxed) {
                    return;
                }
                let line = format!("{mention} reload loaded{at}");
                let said = owner.says("bots", &line).await.unwrap();
                // A reload that is under way when the bot is killed is not answered.
                let reply = timeout(Duration::from_secs(3), owner.expects_reply_to(&said)).await;
                reloads.fetch_add(usize::from(matches!(reply, Ok(Ok(_)))), Relaxed);
            }
        })
    };
    let mut away = Vec::new();
    for kill in 1..=kills {
        while begun.load(Relaxed) < uses * kill / (kills + 1) {
            sleep(Duration::from_millis(1)).await;
        }
        let began = Instant::now();
        bot.signal("KILL");
        bot.ended().await;
        bot = bot.again().await;
        away.push(began.elapsed());
    }
    let mut outcomes = Outcomes::default();
    while let Some(ended) = members.join_next().await {
        outcomes.add(ended.unwrap());
    }
    stop.store(true, Relaxed);
    reloading.await.unwrap();
    let doubled: Vec<String> = taken
        .lock()
        .unwrap()
        .iter()
        .filter(|it| it.1.len() > 1)
        .map(|it| format!("{it:?}"))
        .collect();
    println!(
        "{uses} clicks and commands, {} reloads, {kills} kills, {} identifies: {} answered, {} apologies, {} failed, {} wrong, {} answered \
         twice; away for {away:.2?}\n{:#?}\n{:#?}\n{:#?}\n{doubled:#?}",
        reloads.load(Relaxed),
        identifies.load(Relaxed),
        outcomes.answered,
        outcomes.apologies.len(),
        outcomes.failed.len(),
        outcomes.wrong.len(),
        doubled.len(),
        outcomes.apologies,
        outcomes.failed,
        outcomes.wrong,
    );
}
