//! Command line: its subcommands and exit codes.

mod audit;
mod check;
mod dashboard;
mod import;
mod inspect;
mod own_config;
mod restore;
mod run;
mod sandbox;
mod supervise;
mod upgrade;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::{
    Parser, Subcommand,
    error::{ContextKind, ContextValue},
};
use host_base::shown;
use host_loader::{cell, memory, probe};
use host_ops::{config::Config, env::Environment, folders::not_there, log};
use host_supervisor::Supervised;

use crate::{bot::BotError, owner};

/// Exit code at the second signal.
const INTERRUPTED: u8 = 130;

/// Where variables are read that the environment has not.
const DOTENV: &str = ".env";

/// A Discord bot host: plugins are loaded, reloaded and unloaded while the bot runs.
#[derive(Debug, Parser)]
#[command(name = "cogwright", version)]
struct Cli {
    /// The configuration; without it config.toml, and the defaults if there is none.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the bot on Discord. Needs DISCORD_TOKEN and BOT_OWNER_ID, from the environment or `.env`.
    Run {
        /// Runs the bot alone: nobody starts it again when it crashes. For debuggers.
        #[arg(long)]
        no_supervisor: bool,
        /// Loads no plugins but those that `[extensions] safe` names.
        #[arg(long)]
        safe: bool,
    },
    /// Puts a newer program in the place of this one, and restarts the bot by it, if it runs. Not ready in time, it is taken back.
    Upgrade {
        /// The newer `cogwright`.
        file: PathBuf,
        /// How long it may take until it is ready.
        #[arg(long, value_name = "SECONDS", default_value_t = upgrade::WITHIN_S)]
        ready_within_s: u64,
    },
    /// Runs the same bot on a simulated Discord on this machine: no account, no network.
    Sandbox(sandbox::Arguments),
    /// Shows what a plugin file is, without letting it near a bot.
    Inspect {
        /// The plugin file.
        file: PathBuf,
    },
    /// Tries what a start would: configuration, environment, folders, port, databases, extensions.
    Check {
        /// Also asks Discord whether it knows the token, the owners and the ids in the configuration.
        #[arg(long)]
        online: bool,
    },
    /// Checks or shows the audit journal: who changed what through the bot.
    Audit {
        #[command(subcommand)]
        command: audit::AuditCommand,
    },
    /// Takes over what a bot of the Python framework Zoryx has kept: settings, prefixes, rules, automations, schedules, snapshots. The bot is
    /// stopped, nothing there is changed, and what is set here stays.
    Import {
        /// The folder in which that bot was run.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Only tells what would come over.
        #[arg(long)]
        dry_run: bool,
    },
    /// Runs a dashboard for bots elsewhere, which connect to it (`[remote]` in their config.toml).
    Dashboard(dashboard::Arguments),
    /// Puts a backup in the place of what is in the data folder, while the bot is stopped. What is there is kept beside it.
    Restore {
        /// A backup's name, its folder or one database in it; without it the backups are listed.
        #[arg(value_name = "NAME")]
        backup: Option<PathBuf>,
    },
    /// What `inspect` and the loader start to try a file.
    #[command(name = probe::SUBCOMMAND, hide = true)]
    Probe {
        #[arg(long)]
        deadline_ms: u64,
        file: PathBuf,
    },
    /// What the bot starts for a plugin that lives in a process of its own.
    #[command(name = cell::SUBCOMMAND, hide = true)]
    Cell {
        /// The plugin and its generation, for whoever lists processes.
        #[arg(value_name = "NAME")]
        _name: String,
    },
}

/// Parses the command line and runs the command. Exit code 0: done; 1: it failed; 2: the command line is wrong; 3 to 6: Discord
/// refuses the bot, and no restart helps ([`BotError::exit_code`]); 130: a second signal ended it.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misused(&error),
    };
    memory::return_large_buffers();
    no_core_dumps();
    if let Command::Probe { deadline_ms, file } = cli.command {
        return inspect::probe_child(file, Duration::from_millis(deadline_ms));
    }
    if let Command::Cell { .. } = cli.command {
        return cell::run();
    }
    let (alone, is_run) = match cli.command {
        Command::Run { no_supervisor, .. } => (no_supervisor, true),
        _ => (true, false),
    };
    let supervised = match Supervised::from_environment() {
        Ok(supervised) => supervised.filter(|_| is_run),
        Err(error) => {
            eprintln!("cogwright: {error}");
            return ExitCode::FAILURE;
        }
    };
    if !alone && supervised.is_none() {
        match given(cli.config.clone()).and_then(|config| supervise::supervise(&config)) {
            Ok(Some(code)) => return ExitCode::from(code),
            Ok(None) => {}
            Err(error) => {
                eprintln!("cogwright: {}", shown::text(&chain(&*error)));
                return ExitCode::FAILURE;
            }
        }
    }
    let result = given(cli.config).and_then(|config| match cli.command {
        Command::Run { safe, .. } => run::run(&config, supervised.clone(), safe),
        Command::Upgrade {
            file,
            ready_within_s,
        } => upgrade::run(&config, &file, Duration::from_secs(ready_within_s)),
        Command::Sandbox(arguments) => sandbox::run(&config, arguments),
        Command::Inspect { file } => inspect::run(&file),
        Command::Check { online } => check::run(&config, online),
        Command::Audit { command } => audit::run(&config, command),
        Command::Dashboard(arguments) => dashboard::run(arguments),
        Command::Import { folder, dry_run } => import::run(&config, &folder, dry_run),
        Command::Restore { backup } => restore::run(&config, backup.as_deref()),
        Command::Probe { .. } | Command::Cell { .. } => Ok(()),
    });
    if let Err(error) = &result {
        let text = chain(&**error);
        // Without a log, or when it takes nothing, standard error is the only one to be told.
        if tracing::enabled!(tracing::Level::ERROR) {
            tracing::error!("{text}");
        } else {
            eprintln!("cogwright: {}", shown::text(&text));
        }
    }
    log::flush();
    let code = match result {
        Ok(()) => 0,
        Err(error) => error
            .downcast_ref::<BotError>()
            .map_or(1, BotError::exit_code),
    };
    // Last of all: whatever ends the process before this is no orderly end.
    if let Some(supervised) = supervised {
        supervised.ended(code);
    }
    ExitCode::from(code)
}

/// Says what is wrong with the command line, and where an owner command belongs that was typed in a shell.
fn misused(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let word = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) => owner::grouped(word),
        _ => None,
    };
    if let Some(word) = word {
        eprintln!(
            "`{word}` is a command of the bot's owner, who types it in Discord: `!cogwright {word}`, or `/cogwright {word}`"
        );
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

type CliResult<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Reads the configuration, lets `adapt` change it, and starts the log.
fn configure(path: &Path, adapt: impl FnOnce(&mut Config)) -> CliResult<Config> {
    let mut config = Config::load(path)?;
    adapt(&mut config);
    log::init(&config.log, &first_line(path))?;
    let remark = own_config::own(path.parent().unwrap_or(path)).1;
    for remark in remark
        .into_iter()
        .chain(Environment::remarks(Path::new(DOTENV)))
    {
        tracing::warn!("{remark}");
    }
    Ok(config)
}

/// Which program this is, and what it goes by.
fn first_line(config: &Path) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match fs::canonicalize(config) {
        Ok(path) => format!("cogwright {version}, configured by {}", path.display()),
        Err(_) => {
            let path = std::path::absolute(config).unwrap_or_else(|_| config.to_owned());
            let path = path.display();
            format!("cogwright {version}, with the default configuration: {path} is not there")
        }
    }
}

/// The configuration that is meant: a name that was given and is not there is a slip.
fn given(config: Option<PathBuf>) -> CliResult<PathBuf> {
    let Some(path) = config else {
        return Ok(own_config::own(Path::new("")).0);
    };
    if path.exists() {
        return Ok(path);
    }
    Err(format!("--config: {}", not_there(&path, "file")).into())
}

/// A dump of the memory would hold the token. 1 byte and not 0: dumps that are piped to a program go by no limit but this one
/// (`man 5 core`). Who wants one sets it anew: `prlimit --core=unlimited --pid …`.
fn no_core_dumps() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    let current = Some(maximum.map_or(1, |most| most.min(1)));
    let _ = setrlimit(Resource::Core, Rlimit { current, maximum });
}

/// The runtime of the whole bot.
fn runtime() -> CliResult<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

/// Completes at Ctrl-C or SIGTERM. A second one ends the process at once, but for the states that can be saved within a moment.
/// That is an orderly end, too.
fn signalled(supervised: Option<Supervised>) -> CliResult<impl Future<Output = ()>> {
    let (send, receive) = tokio::sync::oneshot::channel::<()>();
    let mut send = Some(send);
    let mut one_is_owed = supervised.is_some();
    ctrlc::set_handler(move || match send.take() {
        Some(send) => {
            let _ = send.send(());
        }
        // Of the same death.
        None if one_is_owed && supervised.as_ref().is_some_and(Supervised::is_orphaned) => {
            one_is_owed = false;
        }
        None => {
            crate::bot::last_call::save();
            crate::crashes::end_in_order();
            if let Some(supervised) = &supervised {
                supervised.ended(INTERRUPTED);
            }
            std::process::exit(INTERRUPTED.into());
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
