//! Benchmark of Cogwright beside a raw twilight bot and a discord.py bot: the same work, the same Discord, turn by turn.
//!
//! Everything here runs on one thread, so that the bot has the rest of the machine.

// Servers have many fields, and `json!` recurses for each.
#![recursion_limit = "1024"]

mod bot;
mod figures;
mod gateway;
mod plot;
mod report;
mod rest;
mod rounds;
mod stage;
mod world;

use std::{error::Error, fs, path::PathBuf, process::ExitCode, thread::available_parallelism};

use clap::Parser;
use tokio::task::LocalSet;

use crate::{
    bot::{Kind, Programs},
    figures::Figures,
    gateway::Compression,
    report::Circumstances,
    rounds::Effort,
    stage::Stage,
    world::Size,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Measures Cogwright beside its peers. A bot whose program is not given is left out.
#[derive(Debug, Parser)]
struct Arguments {
    /// The `cogwright` under test.
    #[arg(long)]
    cogwright: PathBuf,
    /// Folder with the libraries of its plugins.
    #[arg(long)]
    plugins: PathBuf,
    /// Library of the plugin `heard`.
    #[arg(long)]
    listener: PathBuf,
    /// The raw twilight bot.
    #[arg(long)]
    twilight: Option<PathBuf>,
    /// A Python that has discord.py.
    #[arg(long)]
    python: Option<PathBuf>,
    /// The discord.py bot.
    #[arg(long, default_value = "host/bench/discordpy.py")]
    script: PathBuf,
    /// Where README.md with the table, figures.json and the plots are written.
    #[arg(long, default_value = "docs/bench")]
    out: PathBuf,
    /// Rounds of each bot.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Compression of the gateway, for all bots.
    #[arg(long, value_enum, default_value = "zstd")]
    compression: Compression,
    /// Text channels of each server.
    #[arg(long, default_value_t = 20)]
    channels: u64,
    /// Members that come with each server.
    #[arg(long, default_value_t = 100)]
    members: u64,
    /// A little of everything, to see that it works.
    #[arg(long)]
    quick: bool,
    /// Only these parts, parted by commas; instructions need valgrind.
    #[arg(long, value_delimiter = ',', value_parser = rounds::PARTS)]
    only: Vec<String>,
    /// A sentence for the table's foot, such as what else the machine was doing.
    #[arg(long, default_value = "")]
    note: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match LocalSet::new().run_until(measure(Arguments::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: Arguments) -> Outcome<()> {
    let whole = |path: &PathBuf| -> Outcome<PathBuf> {
        let whole = std::path::absolute(path)?;
        match whole.exists() {
            true => Ok(whole),
            false => Err(format!("{} is not there", path.display()).into()),
        }
    };
    let programs = Programs {
        cogwright: whole(&arguments.cogwright)?,
        plugins: whole(&arguments.plugins)?,
        listener: whole(&arguments.listener)?,
        twilight: arguments.twilight.as_ref().map(whole).transpose()?,
        python: arguments.python.as_ref().map(whole).transpose()?,
        script: whole(&arguments.script)?,
    };
    let mut kinds = vec![Kind::Cogwright];
    if programs.twilight.is_some() {
        kinds.insert(0, Kind::Twilight);
    }
    if programs.python.is_some() {
        kinds.push(Kind::DiscordPy);
    }
    let effort = match arguments.quick {
        true => Effort::quick(),
        false => Effort::full(),
    };
    let size = Size {
        guilds: 1,
        channels: arguments.channels.clamp(1, 500),
        members: arguments.members.min(1_000),
    };
    let parts = arguments.only.iter().cloned().collect();
    let mut stage = Stage::open(arguments.compression, size).await?;
    let (mut figures, mut failed) = (Figures::default(), Vec::new());
    let rounds = arguments.rounds.max(1);
    for number in 0..rounds {
        let mut order = kinds.clone();
        order.rotate_left(number as usize % kinds.len());
        for kind in order {
            eprintln!("round {} of {rounds}, {}", number + 1, kind.name());
            failed.extend(
                rounds::round(&mut stage, kind, &programs, &effort, &parts, &mut figures).await,
            );
        }
        // A run that is ended early leaves what it has.
        let mut words = words(&arguments, size);
        if !failed.is_empty() {
            words = format!("{words} **Failed: {}.**", failed.join(", "));
        }
        let rounds = number + 1;
        let circumstances = Circumstances { rounds, words };
        report::write(&arguments.out, &figures, &kinds, &circumstances)?;
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("failed: {}", failed.join(", ")).into()),
    }
}

/// The foot of the table.
fn words(arguments: &Arguments, size: Size) -> String {
    let cores = available_parallelism().map_or(0, usize::from);
    let model = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find(|it| it.starts_with("model name"));
    let model = model
        .and_then(|it| it.split_once(": "))
        .map_or("unknown", |it| it.1);
    let compression = match arguments.compression {
        Compression::Zstd => "The gateway is compressed (zstd-stream, level 1) for all of them",
        Compression::None => "The gateway is not compressed for any of them",
    };
    let amount = match arguments.quick {
        true => {
            " A short run (`--quick`), with fewer uses than the rows say: it shows that the harness works, and no more."
        }
        false => "",
    };
    let note = match arguments.note.as_str() {
        "" => String::new(),
        note => format!(" {note}"),
    };
    format!(
        "{cores} cores ({model}). {compression}, a server has {} channels and {} members, and rate limiting of the client's own is off, \
         but in the row that says so (discord.py's can't be switched off, and has nothing to do: no response names a limit).{amount}{note}",
        size.channels, size.members
    )
}
