//! `cogwright dashboard`: a relay on another machine, to which bots connect, and which leads people to their pages.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use host_ops::{config::Log, log};
use host_remote::{KEY_FILE, Keys, Options, Relay, login_link};

use super::{CliResult, runtime, signalled};

/// Where the relay listens unless it is told otherwise.
const LISTEN: &str = "127.0.0.1:9330";

/// Its data folder unless it is told otherwise.
const DATA: &str = "dashboard-data";

/// How a relay is run.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<DashboardCommand>,
    /// The address to listen at.
    #[arg(long, value_name = "ADDRESS", default_value = LISTEN)]
    listen: SocketAddr,
    /// Where browsers reach it, as https://dash.example.org; each bot is at a name below. Default: http://localhost and the port.
    #[arg(long)]
    url: Option<String>,
    /// The folder of its key and of bots.toml, which names the bots that may come.
    #[arg(long, value_name = "FOLDER", default_value = DATA)]
    data: PathBuf,
}

/// What is asked of a relay's data.
#[derive(Debug, Subcommand)]
enum DashboardCommand {
    /// Prints the relay's public key, for `[remote] key` in the bots' config.toml.
    Key {
        /// The relay's data folder.
        #[arg(long, value_name = "FOLDER", default_value = DATA)]
        data: PathBuf,
    },
    /// Prints a link that logs in to the list of bots, once, within ten minutes.
    Link {
        /// The relay's data folder.
        #[arg(long, value_name = "FOLDER", default_value = DATA)]
        data: PathBuf,
    },
}

/// Runs the relay, or answers what is asked of its data.
pub(super) fn run(arguments: Arguments) -> CliResult {
    match arguments.command {
        Some(DashboardCommand::Key { data }) => {
            println!("{}", Keys::open(&data.join(KEY_FILE))?.public());
            Ok(())
        }
        Some(DashboardCommand::Link { data }) => {
            println!("{}", link(&data)?);
            Ok(())
        }
        None => relay(arguments),
    }
}

fn link(data: &Path) -> Result<String, String> {
    login_link(data).map_err(|error| {
        format!(
            "no link for the relay whose data is in {}: {error}; is that its `--data`, and was it started once?",
            data.display()
        )
    })
}

fn relay(arguments: Arguments) -> CliResult {
    // Its terminal, or the journal of whatever runs it, has the log; the bot's files are the bot's.
    let quiet = Log {
        files: false,
        ..Log::default()
    };
    log::init(
        &quiet,
        &format!("cogwright {} dashboard", env!("CARGO_PKG_VERSION")),
    )?;
    let shutdown = signalled(None)?;
    let data = arguments.data;
    let options = Options {
        listen: arguments.listen,
        url: arguments.url,
        data: data.clone(),
    };
    runtime()?.block_on(async {
        let relay = Relay::start(options).await?;
        tracing::info!(
            "the dashboard listens at {}, and is at {}; its public key: {}",
            relay.address(),
            relay.url(),
            relay.key()
        );
        // On the terminal alone: whoever reads the log is not logged in by it.
        println!(
            "The list of bots (once, within ten minutes; `cogwright dashboard link` prints another one): {}",
            link(&data)?
        );
        println!(
            "A bot comes by this in its config.toml, once {} has a line with its public key, which its log says:\n\n[remote]\nurl = \"{}/remote\"\nkey = \"{}\"\n",
            data.join("bots.toml").display(),
            relay.url().replacen("http", "ws", 1),
            relay.key()
        );
        shutdown.await;
        relay.shut_down().await;
        Ok(())
    })
}
