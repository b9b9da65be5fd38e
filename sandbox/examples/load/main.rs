//! Load benchmark: how much a sandbox carries, beside what a discord.py bot takes: `just bench-sandbox`.
//!
//! The sandbox and its users are this process; each bot is one of its own, on one thread. One bot is written
//! without a library ([`bot`]), the other one is discord.py (`sandbox/bench/discordpy.py`), if the path of a Python
//! that has it is given. Both get the same: the same sandbox, the same users, the same flood with as many messages
//! under way, the same questions, of as many users at once. Rounds alternate between them, so that what else
//! the machine does hits both, and each figure is shown with its median and extremes.
//!
//! `load [PYTHON] [--only size|gateway|rest|trips] [--guilds N] [--rounds N]`

mod bot;
mod bots;
mod client;
mod figures;
mod size;
mod stage;

use tokio::runtime::{Builder, Runtime};

use crate::{bots::Kind, figures::Figures, stage::Stage};

/// Times that each figure is taken, if not told.
const ROUNDS: usize = 5;

/// A bot that counts tells how far it is each time that it has heard so many.
const TOLD_EACH: u64 = 1000;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What is to be measured.
struct Plan {
    python: Option<Kind>,
    only: Option<String>,
    guilds: Vec<u32>,
    rounds: usize,
}

fn main() -> Outcome<()> {
    let mut args = std::env::args();
    if args.nth(1).as_deref() == Some("bot") {
        return bot::run(args);
    }
    let plan = Plan::read(std::env::args().skip(1))?;
    if plan.wants("size") {
        runtime(2)?.block_on(size::measure())?;
    }
    for guilds in &plan.guilds {
        println!("\n== {guilds} guild(s) of 100 members");
        let mut figures = Figures::default();
        // Two cores: a bot that only listens leaves room for two threads of the sandbox's, one that answers does not.
        runtime(2)?.block_on(plan.flood(*guilds, &mut figures))?;
        runtime(1)?.block_on(plan.trips(*guilds, &mut figures))?;
        figures.print();
        for what in ["hears", "answers"] {
            let [mine, other] =
                ["our bot", "discord.py"].map(|who| format!("{who} {what}, messages/s"));
            figures.compare(&mine, &other);
        }
        println!("resident {:.0} MB", figures::resident_mb());
    }
    Ok(())
}

/// What the sandbox and its users run on.
fn runtime(threads: usize) -> Outcome<Runtime> {
    let mut builder = Builder::new_multi_thread();
    Ok(builder.worker_threads(threads).enable_all().build()?)
}

impl Plan {
    fn read(mut args: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut plan = Self {
            python: None,
            only: None,
            guilds: vec![1, 1000],
            rounds: ROUNDS,
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--only" => plan.only = Some(value()?),
                "--guilds" => plan.guilds = vec![value()?.parse()?],
                "--rounds" => plan.rounds = value()?.parse()?,
                python => plan.python = Some(Kind::Python(python.to_owned())),
            }
        }
        Ok(plan)
    }

    fn wants(&self, what: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == what)
    }

    /// What goes one way: what bots hear, and requests.
    async fn flood(&self, guilds: u32, figures: &mut Figures) -> Outcome<()> {
        let stage = Stage::set(guilds).await?;
        for _ in 0..self.rounds {
            if self.wants("gateway") {
                figures.note("our bot hears, messages/s", stage.hears(&Kind::Own).await?);
                if let Some(python) = &self.python {
                    figures.note("discord.py hears, messages/s", stage.hears(python).await?);
                }
            }
            if self.wants("rest") {
                figures.note("REST, messages/s", stage.rest("POST").await?);
                figures.note("REST, GET users/@me/s", stage.rest("GET").await?);
            }
        }
        Ok(())
    }

    /// Questions and their answers.
    async fn trips(&self, guilds: u32, figures: &mut Figures) -> Outcome<()> {
        let stage = Stage::set(guilds).await?;
        for _ in 0..self.rounds {
            if self.wants("trips") {
                let (rate, wait) = stage.answers(&Kind::Own).await?;
                figures.note("our bot answers, messages/s", rate);
                figures.note("our bot answers, median wait ms", wait);
                if let Some(python) = &self.python {
                    let (rate, wait) = stage.answers(python).await?;
                    figures.note("discord.py answers, messages/s", rate);
                    figures.note("discord.py answers, median wait ms", wait);
                }
            }
        }
        Ok(())
    }
}
