//! Benchmark stage: a sandbox with somebody to speak in each guild, and what is measured on it.

use std::{
    io,
    time::{Duration, Instant},
};

use sandbox::{Actor, Options, RateLimits, Sandbox, World};

use crate::{
    Outcome, TOLD_EACH,
    bots::{Bot, Kind},
    client::Rest,
    figures::rate,
};

/// Messages of a flood.
const FLOOD: u64 = 200_000;
/// Messages that may be under way, so that the flood is as fast as the bot.
const WINDOW: u64 = 4 * TOLD_EACH;
/// REST requests of a round, and connections that send them.
const REQUESTS: u64 = 100_000;
const CONNECTIONS: u64 = 8;
/// Users who wait for an answer at the same time, and questions of each.
const ASKERS: usize = 256;
const QUESTIONS: usize = 200;

/// The sandbox, and a member of each guild with the id of its channel `general`.
pub struct Stage {
    sandbox: Sandbox,
    speakers: Vec<(Actor, String)>,
}

impl Stage {
    /// Starts a sandbox with so many guilds.
    pub async fn set(guilds: u32) -> Outcome<Self> {
        let world = World::sized(guilds, 100);
        let speakers = (0..guilds).map(|guild| {
            let channel = world.channel_in(&format!("Guild {guild}"), "general");
            let name = format!("user{}", guild * 100);
            (name, channel.unwrap_or(0).to_string())
        });
        let speakers: Vec<_> = speakers.collect();
        let sandbox = start(world).await?;
        let speakers = speakers
            .into_iter()
            .map(|(name, channel)| Ok((sandbox.actor(&name)?, channel)));
        let speakers = speakers.collect::<Result<_, sandbox::Error>>()?;
        Ok(Self { sandbox, speakers })
    }

    /// Users speak, a bot hears all of it; gives messages a second.
    pub async fn hears(&self, kind: &Kind) -> Outcome<f64> {
        let mut bot = self.bot(kind, "count").await?;
        let started = Instant::now();
        let mut heard = 0;
        for said in 0..FLOOD {
            while said >= heard + WINDOW {
                heard = bot.heard().await?;
            }
            let (actor, channel) = &self.speakers[said as usize % self.speakers.len()];
            let text = "hello there, is anybody listening?";
            actor.says(channel, text).await?;
            if said % 64 == 0 {
                tokio::task::yield_now().await;
            }
        }
        while heard < FLOOD {
            heard = bot.heard().await?;
        }
        Ok(rate(FLOOD, started))
    }

    /// A bot does the same thing over and over by REST, with nobody at the gateway; gives requests a second.
    pub async fn rest(&self, method: &'static str) -> Outcome<f64> {
        self.part();
        let started = Instant::now();
        let mut senders = Vec::new();
        for number in 0..CONNECTIONS {
            let mut rest = Rest::connect(self.sandbox.addr(), &self.sandbox.token()).await?;
            let speakers = self.speakers.len() as u64;
            let channels = self.speakers.iter().map(|(_, channel)| channel.clone());
            let channels: Vec<_> = channels.collect();
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

    /// Users ask and wait for the bot's reply; gives questions answered a second and the median wait in ms.
    pub async fn answers(&self, kind: &Kind) -> Outcome<(f64, f64)> {
        let _bot = self.bot(kind, "answer").await?;
        let started = Instant::now();
        let mut askers = Vec::new();
        for number in 0..ASKERS {
            let (actor, channel) = self.speakers[number % self.speakers.len()].clone();
            askers.push(tokio::spawn(async move {
                let mut waits = Vec::new();
                for _ in 0..QUESTIONS {
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
        waits.sort();
        Ok((rate, waits[waits.len() / 2].as_secs_f64() * 1000.0))
    }

    async fn bot(&self, kind: &Kind, mode: &str) -> Outcome<Bot> {
        self.part();
        Bot::start(kind, mode, &self.sandbox, self.speakers.len()).await
    }

    /// Ends the sessions of bots that are gone: the sandbox would keep all that happens for them to resume.
    fn part(&self) {
        self.sandbox.invalidate_sessions();
    }
}

/// A sandbox that limits no requests.
pub async fn start(world: World) -> Result<Sandbox, sandbox::Error> {
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
