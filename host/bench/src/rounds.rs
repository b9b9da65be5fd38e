//! Rounds of the benchmark: each takes every bot through every scenario, in another order than the round before.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::sleep;

use crate::{
    Outcome,
    bot::{Bot, Home, Kind, Place, Programs, can_count},
    figures::{Figure, Figures, at},
    stage::{Stage, Way},
};

/// From the first answer to the look at memory.
const SETTLED: Duration = Duration::from_secs(2);

/// Plugins of the start with twelve. They need no grants, and nobody uses them.
const TWELVE: [&str; 12] = [
    "hello", "echo", "counter", "access", "checks", "help", "info", "options", "poll", "remind",
    "ticker", "wizard",
];

/// How much of everything.
#[derive(Clone, Debug)]
pub struct Effort {
    /// Questions one after the other.
    pub questions: u64,
    /// Questions of sixteen users by prefix.
    pub prefix: u64,
    /// Uses by slash.
    pub slash: u64,
    /// Events of a firehose; a tenth of it for the bot in Python.
    pub events: u64,
    /// Numbers of servers, of which 1 is one.
    pub guilds: Vec<u64>,
}

impl Effort {
    /// What the figures of the documentation come from.
    pub fn full() -> Self {
        Self {
            questions: 4_000,
            prefix: 60_000,
            slash: 20_000,
            events: 300_000,
            guilds: vec![1, 100, 1_000, 2_000, 5_000, 10_000],
        }
    }

    /// Whether everything works.
    pub fn quick() -> Self {
        Self {
            questions: 300,
            prefix: 3_000,
            slash: 3_000,
            events: 20_000,
            guilds: vec![1, 100, 1_000],
        }
    }

    /// The slower the bot, the fewer: its figures are as steady.
    fn of(&self, kind: Kind, number: u64) -> u64 {
        match kind {
            Kind::DiscordPy => (number / 10).max(1_000),
            _ => number,
        }
    }
}

/// Parts of a round, each with bots of its own. `instructions` needs callgrind.
pub const PARTS: [&str; 6] = [
    "hello",
    "heard",
    "limited",
    "guilds",
    "plugins",
    "instructions",
];

/// One round of one bot: all parts, or these. Gives what has failed; the rest is measured all the same.
pub async fn round(
    stage: &mut Stage,
    kind: Kind,
    programs: &Programs,
    effort: &Effort,
    parts: &BTreeSet<String>,
    figures: &mut Figures,
) -> Vec<String> {
    let mut failed = Vec::new();
    for part in PARTS {
        if !parts.is_empty() && !parts.contains(part) {
            continue;
        }
        let done = match (part, kind) {
            ("hello", _) => hello(stage, kind, programs, effort, figures).await,
            ("heard", _) => heard(stage, kind, programs, effort, figures).await,
            // discord.py's can't be switched off: what it has is in all of its figures.
            ("limited", Kind::Twilight | Kind::Cogwright) => {
                limited(stage, kind, programs, effort, figures).await
            }
            ("guilds", _) => guilds(stage, kind, programs, effort, figures).await,
            ("plugins", Kind::Cogwright) => plugins(stage, programs, figures).await,
            // Of an interpreter they say nothing.
            ("instructions", Kind::Twilight | Kind::Cogwright) if can_count() => {
                instructions(stage, kind, programs, figures).await
            }
            _ => Ok(()),
        };
        if let Err(error) = done {
            eprintln!("{}, {part}: {error}", kind.name());
            failed.push(format!("{} in `{part}`", kind.name()));
        }
    }
    failed
}

/// Commands, and firehoses without a listener.
async fn hello(
    stage: &mut Stage,
    kind: Kind,
    programs: &Programs,
    effort: &Effort,
    figures: &mut Figures,
) -> Outcome<()> {
    let place = stage.place(false);
    let home = Home::furnish(kind, programs, &place, &["hello".to_owned()])?;
    let (bot, _) = stage.start(1, &home, programs, &place).await?;
    stage.registered().await?;
    // Connections open, caches fill, clocks speed up.
    stage
        .side_by_side(Way::Prefix, effort.of(kind, effort.prefix) / 10)
        .await?;
    let micros = stage.one_by_one(effort.of(kind, effort.questions)).await?;
    figures.note(Figure::Median, kind, at(&micros, 0.5));
    figures.note(Figure::P99, kind, at(&micros, 0.99));

    let questions = effort.of(kind, effort.prefix);
    let before = bot.processor()?;
    let came = stage.side_by_side(Way::Prefix, questions).await?;
    let cost = (bot.processor()? - before) / questions as f64;
    figures.note(Figure::Prefix, kind, rate(&came, came.len()));
    figures.note(Figure::PrefixCost, kind, cost);

    let came = stage.side_by_side(Way::Slash, effort.slash).await?;
    figures.note(Figure::SlashFew, kind, rate(&came, 1_500));
    figures.note(Figure::SlashMany, kind, rate(&came, came.len()));

    let events = effort.of(kind, effort.events);
    let rate = stage.firehose("MESSAGE_UPDATE", events).await?;
    figures.note(Figure::Quiet, kind, rate);
    let rate = stage.firehose("MESSAGE_CREATE", events).await?;
    figures.note(Figure::Unread, kind, rate);
    bot.end().await
}

/// A firehose with a listener.
async fn heard(
    stage: &mut Stage,
    kind: Kind,
    programs: &Programs,
    effort: &Effort,
    figures: &mut Figures,
) -> Outcome<()> {
    let place = stage.place(false);
    let plugins = ["hello".to_owned(), "heard".to_owned()];
    let home = Home::furnish(kind, programs, &place, &plugins)?;
    let (bot, _) = stage.start(1, &home, programs, &place).await?;
    stage.registered().await?;
    let messages = effort.of(kind, effort.events);
    stage.heard(messages / 10).await?;
    let rate = stage.heard(messages).await?;
    figures.note(Figure::Heard, kind, rate);
    bot.end().await
}

/// Slash commands with the client's own rate limiting.
async fn limited(
    stage: &mut Stage,
    kind: Kind,
    programs: &Programs,
    effort: &Effort,
    figures: &mut Figures,
) -> Outcome<()> {
    let place = stage.place(true);
    let home = Home::furnish(kind, programs, &place, &["hello".to_owned()])?;
    let (bot, _) = stage.start(1, &home, programs, &place).await?;
    stage.side_by_side(Way::Slash, 500).await?;
    let came = stage.side_by_side(Way::Slash, effort.slash).await?;
    figures.note(Figure::SlashLimited, kind, rate(&came, came.len()));
    bot.end().await
}

/// Instructions of replies and events: counts, which are the same on a machine that is busy.
async fn instructions(
    stage: &mut Stage,
    kind: Kind,
    programs: &Programs,
    figures: &mut Figures,
) -> Outcome<()> {
    const REPLIES: u64 = 1_000;
    const EVENTS: u64 = 10_000;
    let place = Place {
        counted: true,
        ..stage.place(false)
    };
    let home = Home::furnish(kind, programs, &place, &["hello".to_owned()])?;
    let (bot, _) = stage.start(1, &home, programs, &place).await?;
    stage.registered().await?;
    for (figure, way) in [
        (Figure::PrefixInstructions, Way::Prefix),
        (Figure::SlashInstructions, Way::Slash),
    ] {
        stage.side_by_side(way, REPLIES / 4).await?;
        let before = bot.instructions()?;
        stage.side_by_side(way, REPLIES).await?;
        let each = (bot.instructions()? - before) / REPLIES as f64;
        figures.note(figure, kind, each);
    }
    for (figure, name) in [
        (Figure::QuietInstructions, "MESSAGE_UPDATE"),
        (Figure::UnreadInstructions, "MESSAGE_CREATE"),
    ] {
        stage.firehose(name, EVENTS / 10).await?;
        let before = bot.instructions()?;
        stage.firehose(name, EVENTS).await?;
        let each = (bot.instructions()? - before) / EVENTS as f64;
        figures.note(figure, kind, each);
    }
    bot.end().await
}

/// Starts, and memory, in more and more servers.
async fn guilds(
    stage: &mut Stage,
    kind: Kind,
    programs: &Programs,
    effort: &Effort,
    figures: &mut Figures,
) -> Outcome<()> {
    for guilds in &effort.guilds {
        let place = stage.place(false);
        let home = Home::furnish(kind, programs, &place, &["hello".to_owned()])?;
        let (bot, took) = stage.start(*guilds, &home, programs, &place).await?;
        figures.note(Figure::Start(*guilds), kind, took);
        figures.note(Figure::Memory(*guilds), kind, settled(&bot).await?);
        bot.end().await?;
    }
    Ok(())
}

/// Starts with one plugin and with twelve: memory of each further one, and what it is worth that files are known.
async fn plugins(stage: &mut Stage, programs: &Programs, figures: &mut Figures) -> Outcome<()> {
    let kind = Kind::Cogwright;
    let place = stage.place(false);
    let home = Home::furnish(kind, programs, &place, &["hello".to_owned()])?;
    let (bot, _) = stage.start(1, &home, programs, &place).await?;
    let alone = settled(&bot).await?;
    bot.end().await?;

    let twelve = TWELVE.map(str::to_owned);
    let home = Home::furnish(kind, programs, &place, &twelve)?;
    let (bot, took) = stage.start(1, &home, programs, &place).await?;
    figures.note(Figure::StartCold, kind, took);
    let together = settled(&bot).await?;
    let each = (together - alone) / (TWELVE.len() - 1) as f64;
    figures.note(Figure::PluginMemory, kind, each);
    bot.end().await?;
    home.forget_session()?;
    let (bot, took) = stage.start(1, &home, programs, &place).await?;
    figures.note(Figure::StartKnown, kind, took);
    bot.end().await
}

async fn settled(bot: &Bot) -> Outcome<f64> {
    sleep(SETTLED).await;
    bot.resident()
}

/// Answers a second, of the first so many.
fn rate(came: &[Duration], number: usize) -> f64 {
    let number = number.min(came.len());
    let last = number.checked_sub(1).and_then(|it| came.get(it));
    last.map_or(0.0, |last| number as f64 / last.as_secs_f64())
}
