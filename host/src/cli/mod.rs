//! The command line.

mod build;
mod check;
mod inspect;
mod rebuild;
mod reports;
mod restore;
mod run;
mod sandbox;

use std::{fmt::Write as _, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};

use crate::{
    config::Config,
    log,
    plugin::{memory, probe},
};

/// A Discord bot host: plugins are loaded, reloaded and unloaded while the bot runs.
#[derive(Debug, Parser)]
#[command(name = "cogwright", version)]
struct Cli {
    /// The configuration; a file that is not there means the defaults.
    #[arg(
        long,
        global = true,
        default_value = "config.toml",
        value_name = "FILE"
    )]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the bot on Discord. Needs DISCORD_TOKEN and BOT_OWNER_ID, from the environment or `.env`.
    Run,
    /// Runs the same bot on a simulated Discord on this machine: no account, no network.
    Sandbox(sandbox::Arguments),
    /// Shows what a plugin file is, without letting it near a bot.
    Inspect {
        /// The plugin file.
        file: PathBuf,
    },
    /// Tells what would happen at a start: configuration, environment, extensions.
    Check,
    /// Puts a backup in the place of what is in the data folder, while the bot is stopped. What is there is kept beside it.
    Restore {
        /// A database of a backup, or the backup's whole folder; without it the backups are listed.
        backup: Option<PathBuf>,
    },
    /// What `inspect` and the loader start to try a file.
    #[command(name = probe::SUBCOMMAND, hide = true)]
    Probe {
        #[arg(long)]
        deadline_ms: u64,
        file: PathBuf,
    },
}

/// Parses the command line and runs the command. Exit code 0: done; 1: it failed; 2: the command line is wrong.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    memory::return_large_buffers();
    let result = match cli.command {
        Command::Run => run::run(&cli.config),
        Command::Sandbox(arguments) => sandbox::run(&cli.config, arguments),
        Command::Inspect { file } => inspect::run(&file),
        Command::Check => check::run(&cli.config),
        Command::Restore { backup } => restore::run(&cli.config, backup.as_deref()),
        Command::Probe { deadline_ms, file } => {
            return inspect::probe_child(file, Duration::from_millis(deadline_ms));
        }
    };
    if let Err(error) = &result {
        let text = chain(&**error);
        // Without a log, or when it takes nothing, standard error is the only one to be told.
        if tracing::enabled!(tracing::Level::ERROR) {
            tracing::error!("{text}");
        } else {
            eprintln!("cogwright: {text}");
        }
    }
    log::flush();
    if result.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

type CliResult<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Reads the configuration, lets `adapt` change it, and starts the log.
fn configure(path: &std::path::Path, adapt: impl FnOnce(&mut Config)) -> CliResult<Config> {
    let mut config = Config::load(path)?;
    adapt(&mut config);
    log::init(&config.log)?;
    Ok(config)
}

/// The runtime of the whole bot.
fn runtime() -> CliResult<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

/// Completes at Ctrl-C or SIGTERM. A second one ends the process at once, but for the states that can be saved within a moment.
fn signalled() -> CliResult<impl Future<Output = ()>> {
    let (send, receive) = tokio::sync::oneshot::channel::<()>();
    let mut send = Some(send);
    ctrlc::set_handler(move || match send.take() {
        Some(send) => {
            let _ = send.send(());
        }
        None => {
            crate::bot::last_call::save();
            std::process::exit(130);
        }
    })?;
    Ok(async move {
        let _ = receive.await;
    })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            let _ = write!(text, ": {cause_text}");
        }
        source = cause.source();
    }
    text
}
