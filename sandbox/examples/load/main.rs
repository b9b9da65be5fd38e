//! How much a sandbox carries, beside what a discord.py bot takes: `just bench-sandbox`.
//!
//! Everything runs in one process: the sandbox, the users who flood it, and a bot without a library. Each figure is
//! taken several times; the best and the median are shown, because the machine may have other things to do. With
//! the path of a Python that has discord.py, its bot is given the same messages by the same sandbox in between.

mod client;
mod python;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sandbox::{Actor, Options, RateLimits, Sandbox, World};
use tokio::sync::mpsc;

use crate::{
    client::{Gateway, Rest},
    python::Python,
};

/// Times that each figure is taken.
const ROUNDS: usize = 5;
/// Messages of a flood.
const FLOOD: u64 = 40_000;
/// Messages that may be under way, so that the flood is as fast as the bot.
const WINDOW: u64 = 4_000;
/// REST requests of a round, and connections that send them.
const REQUESTS: u64 = 20_000;
const CONNECTIONS: u64 = 8;
/// Users who wait for an answer at the same time, and questions of each.
const ASKERS: usize = 256;
const QUESTIONS: usize = 40;
/// Messages for discord.py.
const FLOOD_FOR_PYTHON: u64 = 10_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Outcome<()> {
    let python = std::env::args().nth(1);
    at_size().await?;
    for guilds in [1, 1_000] {
        println!("\n== {guilds} guild(s) of 100 members");
        let stage = Stage::set(guilds).await?;
        stage.measure(python.as_deref()).await?;
    }
    Ok(())
}

/// A sandbox with somebody to speak in each guild.
struct Stage {
    sandbox: Sandbox,
    /// A member of a guild and its channel `general`.
    speakers: Vec<(Actor, String)>,
}

impl Stage {
    async fn set(guilds: u32) -> Outcome<Self> {
        let world = World::sized(guilds, 100);
        let speakers = (0..guilds).map(|guild| {
            let channels = world.channel_in(&format!("Guild {guild}"), "general");
            (
                format!("user{}", guild * 100),
                channels.unwrap_or(0).to_string(),
            )
        });
        let speakers: Vec<_> = speakers.collect();
        let sandbox = start(world).await?;
        let speakers = speakers
            .into_iter()
            .map(|(name, channel)| Ok((sandbox.actor(&name)?, channel)));
        let speakers = speakers.collect::<Result<_, sandbox::Error>>()?;
        Ok(Self { sandbox, speakers })
    }

    async fn measure(&self, python: Option<&str>) -> Outcome<()> {
        let mut figures = Figures::default();
        for _ in 0..ROUNDS {
            self.part();
            figures.note("gateway, messages/s", self.gateway().await?);
            self.part();
            figures.note("REST, messages/s", self.rest("POST").await?);
            figures.note("REST, GET users/@me/s", self.rest("GET").await?);
            self.part();
            let (rate, waits) = self.round_trips(true).await?;
            figures.note("round trips/s, 256 users at once", rate);
            figures.note("round trip, median ms", waits);
            if let Some(python) = python {
                self.part();
                figures.note(
                    "discord.py hears, messages/s",
                    self.drained_by(python).await?,
                );
                self.part();
                figures.note(
                    "discord.py answers, messages/s",
                    self.answered_by(python).await?,
                );
            }
        }
        figures.print();
        for (mine, other) in [
            ("gateway, messages/s", "discord.py hears, messages/s"),
            (
                "round trips/s, 256 users at once",
                "discord.py answers, messages/s",
            ),
        ] {
            figures.compare(mine, other);
        }
        println!("resident {:.0} MB", resident_mb());
        Ok(())
    }

    /// Ends the sessions of bots that are gone: the sandbox would keep all that happens for them to resume.
    fn part(&self) {
        self.sandbox.invalidate_sessions();
    }

    /// Users speak, one bot hears all of it.
    async fn gateway(&self) -> Outcome<f64> {
        let heard = Arc::new(AtomicU64::new(0));
        let gateway = self.login().await?;
        let counting = tokio::spawn(count(gateway, Arc::clone(&heard), FLOOD));
        let started = Instant::now();
        self.flood(FLOOD, |said| said < heard.load(Ordering::Relaxed) + WINDOW)
            .await?;
        counting.await??;
        Ok(rate(FLOOD, started))
    }

    /// A bot does the same thing over and over by REST, with nobody at the gateway.
    async fn rest(&self, method: &'static str) -> Outcome<f64> {
        let started = Instant::now();
        let mut senders = Vec::new();
        for number in 0..CONNECTIONS {
            let mut rest = Rest::connect(self.sandbox.addr(), &self.sandbox.token()).await?;
            let speakers = self.speakers.len() as u64;
            let channels: Vec<_> = self
                .speakers
                .iter()
                .map(|(_, channel)| channel.clone())
                .collect();
            senders.push(tokio::spawn(async move {
                for request in 0..REQUESTS / CONNECTIONS {
                    let channel = (request * CONNECTIONS + number) % speakers;
                    let status = if method == "POST" {
                        let path = format!("channels/{}/messages", channels[channel as usize]);
                        rest.send("POST", &path, r#"{"content":"hello"}"#).await?
                    } else {
                        rest.send("GET", "users/@me", "").await?
                    };
                    if status != 200 {
                        return Err(io::Error::other(format!("status {status}")));
                    }
                }
                Ok(())
            }));
        }
        for sender in senders {
            sender.await??;
        }
        Ok(rate(REQUESTS, started))
    }

    /// Users ask and wait for the answer; gives questions a second and the median wait in ms. With a bot of our
    /// own, or for one that is there already.
    async fn round_trips(&self, own_bot: bool) -> Outcome<(f64, f64)> {
        let answering = if own_bot {
            let gateway = self.login().await?;
            Some(tokio::spawn(answer(gateway, self.sandbox.clone())))
        } else {
            None
        };
        let questions = if own_bot { QUESTIONS } else { 4 };
        let started = Instant::now();
        let mut askers = Vec::new();
        for number in 0..ASKERS {
            let (actor, channel) = self.speakers[number % self.speakers.len()].clone();
            askers.push(tokio::spawn(async move {
                let mut waits = Vec::new();
                for _ in 0..questions {
                    let asked = Instant::now();
                    let sent = actor.says(&channel, "ping").await?;
                    actor.expects_reply_to(&sent).await?;
                    waits.push(asked.elapsed());
                }
                Ok::<_, sandbox::Error>(waits)
            }));
        }
        let mut waits = Vec::new();
        for asker in askers {
            waits.extend(asker.await??);
        }
        let rate = rate(waits.len() as u64, started);
        if let Some(answering) = answering {
            answering.abort();
        }
        waits.sort();
        Ok((rate, waits[waits.len() / 2].as_secs_f64() * 1000.0))
    }

    async fn drained_by(&self, python: &str) -> Outcome<f64> {
        let mut bot = Python::start(python, "count", &self.sandbox).await?;
        let started = Instant::now();
        self.flood(FLOOD_FOR_PYTHON, |_| true).await?;
        let (actor, channel) = &self.speakers[0];
        actor.says(channel, "!done").await?;
        let heard: u64 = bot.line().await?.parse()?;
        if heard != FLOOD_FOR_PYTHON {
            return Err(format!("it heard {heard}").into());
        }
        Ok(rate(heard, started))
    }

    async fn answered_by(&self, python: &str) -> Outcome<f64> {
        let _bot = Python::start(python, "answer", &self.sandbox).await?;
        Ok(self.round_trips(false).await?.0)
    }

    /// All speak in turns, as long as `may` says so.
    async fn flood(&self, count: u64, may: impl Fn(u64) -> bool) -> Outcome<()> {
        for said in 0..count {
            while !may(said) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let (actor, channel) = &self.speakers[said as usize % self.speakers.len()];
            actor
                .says(channel, "hello there, is anybody listening?")
                .await?;
            if said % 64 == 0 {
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// A bot that has its guilds.
    async fn login(&self) -> Outcome<Gateway> {
        let (addr, token) = (self.sandbox.addr(), self.sandbox.token());
        let mut gateway = Gateway::identify(addr, &token, (0, 1), false).await?;
        let mut guilds = 0;
        while guilds < self.speakers.len() {
            guilds += usize::from(is(gateway.next().await?, "GUILD_CREATE"));
        }
        Ok(gateway)
    }
}

async fn start(world: World) -> Result<Sandbox, sandbox::Error> {
    let rate_limits = RateLimits::Bucket {
        limit: u32::MAX,
        window: Duration::from_secs(1),
    };
    let deadline = Duration::from_secs(120);
    Sandbox::start(Options {
        world,
        rate_limits,
        deadline,
        ..Options::default()
    })
    .await
}

async fn count(mut gateway: Gateway, heard: Arc<AtomicU64>, until: u64) -> io::Result<()> {
    while heard.load(Ordering::Relaxed) < until {
        if is(gateway.next().await?, "MESSAGE_CREATE") {
            heard.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Answers every message over several connections.
async fn answer(mut gateway: Gateway, sandbox: Sandbox) -> Outcome<()> {
    let mut workers = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut rest = Rest::connect(sandbox.addr(), &sandbox.token()).await?;
        // Bounded by the users, who wait for their answers.
        let (send, mut asked) = mpsc::channel::<(String, String)>(ASKERS);
        workers.push(send);
        tokio::spawn(async move {
            while let Some((path, body)) = asked.recv().await {
                rest.send("POST", &path, &body).await?;
            }
            Ok::<_, io::Error>(())
        });
    }
    for number in 0.. {
        let payload = gateway.next().await?;
        if !is(payload, "MESSAGE_CREATE") {
            continue;
        }
        let Said { d: said } = serde_json::from_str(payload)?;
        if said.content == "ping" {
            let path = format!("channels/{}/messages", said.channel_id);
            let reference = format!(r#"{{"message_id":"{}"}}"#, said.id);
            let body = format!(r#"{{"content":"pong","message_reference":{reference}}}"#);
            workers[number % workers.len()].send((path, body)).await?;
        }
    }
    Ok(())
}

/// What a bot reads of MESSAGE_CREATE.
#[derive(serde::Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    d: Message<'a>,
}

#[derive(serde::Deserialize)]
struct Message<'a> {
    id: &'a str,
    channel_id: &'a str,
    content: &'a str,
}

/// A world of 10,000 guilds and 1,000,000 members: its start, and a login.
async fn at_size() -> Outcome<()> {
    println!(
        "\n== 10,000 guilds, 1,000,000 members (resident now {:.0} MB)",
        resident_mb()
    );
    let began = Instant::now();
    let world = World::sized(10_000, 100);
    println!(
        "made in {:?}, resident {:.0} MB",
        began.elapsed(),
        resident_mb()
    );
    let sandbox = start(world).await?;
    for (shards, members) in [(16, false), (16, true)] {
        let began = Instant::now();
        let mut logins = Vec::new();
        for shard in 0..shards {
            let (addr, token) = (sandbox.addr(), sandbox.token());
            logins.push(tokio::spawn(async move {
                let mut gateway = Gateway::identify(addr, &token, (shard, shards), members).await?;
                let ready = gateway.next().await?;
                let guilds = ready.matches(r#""unavailable":true"#).count();
                let mut bytes = 0;
                for _ in 0..guilds {
                    bytes += gateway.next().await?.len();
                }
                Ok::<_, io::Error>((guilds, bytes))
            }));
        }
        let (mut guilds, mut bytes) = (0, 0);
        for login in logins {
            let (more, of_them) = login.await??;
            guilds += more;
            bytes += of_them;
        }
        println!(
            "{shards} shard(s){}: {guilds} guilds, {} MB, in {:?}, resident {:.0} MB",
            if members { " with all members" } else { "" },
            bytes / 1_000_000,
            began.elapsed(),
            resident_mb()
        );
    }
    sandbox.shutdown().await;
    Ok(())
}

fn is(payload: &str, event: &str) -> bool {
    payload
        .strip_prefix(r#"{"t":""#)
        .is_some_and(|rest| rest.starts_with(event))
}

fn rate(count: u64, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}

/// What this process holds in memory, in MB; 0 where there is no /proc.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1000.0
}

/// Figures of several rounds, by name, in the order in which they were first noted.
#[derive(Default)]
struct Figures(Vec<(&'static str, Vec<f64>)>);

impl Figures {
    fn note(&mut self, name: &'static str, figure: f64) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, figures)) => figures.push(figure),
            None => self.0.push((name, vec![figure])),
        }
    }

    fn print(&self) {
        for (name, figures) in &self.0 {
            let mut sorted = figures.clone();
            sorted.sort_by(f64::total_cmp);
            let [least, middle, most] =
                [0, sorted.len() / 2, sorted.len() - 1].map(|at| sorted[at]);
            println!("{name:36} median {middle:9.1}   from {least:9.1} to {most:9.1}");
        }
    }

    /// Ratios of the figures that were taken in the same round.
    fn compare(&self, mine: &str, other: &str) {
        let of = |name: &str| {
            self.0
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, figures)| figures)
        };
        if let (Some(mine_figures), Some(others)) = (of(mine), of(other)) {
            let ratios = mine_figures
                .iter()
                .zip(others)
                .map(|(mine, other)| format!("{:.1}", mine / other));
            println!(
                "{mine} : {other} = {}",
                ratios.collect::<Vec<_>>().join(", ")
            );
        }
    }
}
