//! `cogwright sandbox`: the bot on a simulated Discord, for developers. Nothing that an operator runs is in this folder.
//!
//! | file | what it does |
//! | --- | --- |
//! | `build.rs`, `rebuild.rs` | builds the checkout's plugins: all of them at the start, then what is saved |
//! | `reports.rs` | tells the sandbox's page of builds and loads |
//! | `config.rs` | the sandbox's own copy of config.toml |
//! | `time.rs` | schedules that go by the sandbox's clock |

mod build;
mod config;
mod rebuild;
mod reports;
mod time;

use std::{
    io::BufRead,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use host_base::shown;
use host_ops::{
    config::{Config, Metrics, Pages},
    env::{Environment, Secret},
    folders::{self, not_there},
};
use sandbox::{GatewayLimits, Options, RateLimits, Sandbox, World, script};
use tokio::sync::mpsc;

use self::{
    build::Checkout,
    config::{Copy, FOLDER},
};
use super::{CliResult, configure, runtime, signalled};
use crate::{
    bot::Bot,
    crashes::{self, Past},
    services::schedules::Clock,
};

/// How long the bot may take until it is ready.
const READY: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Plays the lines of a file instead of reading them from the terminal. Exit code 1 at the first line that fails.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Loads the plugins of this folder instead of building those of the source checkout.
    #[arg(long, value_name = "FOLDER")]
    extensions: Option<PathBuf>,
    /// Takes guilds, users and channels from a TOML file; sandbox/worlds/ has an example.
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Lets the bot's schedules go by the machine's clock, whatever becomes of the sandbox's.
    #[arg(long)]
    wall_clock: bool,
    /// Starts the simulated Discord alone, for another bot.
    #[arg(long)]
    no_bot: bool,
    /// The bot's token, a made-up one for scripts that want to know it beforehand. Default: drawn at each start.
    #[arg(long, value_parser = made_up)]
    token: Option<String>,
    /// How REST requests are limited: generous, strict (5 in 5 s) or as Discord does.
    #[arg(
        long,
        value_name = "generous|strict|discord",
        default_value = "generous"
    )]
    rate_limits: RateLimits,
}

/// A token that a header can hold.
fn made_up(token: &str) -> Result<String, &'static str> {
    if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(token.to_owned())
    } else {
        Err("a token is letters, digits and signs, without blanks")
    }
}

/// Runs the bot on the simulated Discord.
pub(super) fn run(config: &Path, arguments: Arguments) -> CliResult {
    // Before the first folder is made.
    let wanted = Config::load(config)?;
    let own_extensions =
        arguments.no_bot || arguments.extensions.is_some() || Checkout::find().is_some();
    let unused = own_extensions.then_some(&*wanted.extensions.folder);
    folders::refuse_slips(&wanted, unused)?;
    // What is tried out here must not mix with the real bot's settings, data and log.
    let copy = Copy::of(config)?;
    let mut config = configure(copy.path(), |config| {
        config.data.folder = config.data.folder.join(FOLDER);
        config.log.folder = config.log.folder.join(FOLDER);
        // The usual port is the real bot's.
        if config.metrics == Metrics::default() {
            config.metrics.listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        }
        if config.pages == Pages::default() {
            config.pages.listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        }
    })?;
    // What is wrong with it is told before anything is built.
    let world = arguments
        .world
        .as_ref()
        .map(World::from_file)
        .transpose()?
        .unwrap_or_default();
    if let Some(folder) = arguments.extensions.as_ref().filter(|it| !it.is_dir()) {
        return Err(format!("--extensions: {}", not_there(folder, "folder")).into());
    }
    if let Some(script) = arguments.script.as_ref().filter(|it| !it.is_file()) {
        return Err(format!("--script: {}", not_there(script, "file")).into());
    }
    let mut rebuilds = None;
    if !arguments.no_bot {
        match (&arguments.extensions, Checkout::find()) {
            (Some(folder), _) => config.extensions.folder.clone_from(folder),
            (None, Some(checkout)) => {
                config.extensions.folder = checkout.build(&checkout.packages())?;
                if arguments.script.is_none() {
                    rebuilds = Some(checkout);
                }
            }
            (None, None) => {}
        }
    }
    // Kept for as long as the bot runs.
    let _following = copy.follow()?;
    let past = match arguments.no_bot {
        true => Past::default(),
        false => crashes::begin(&config.data.folder),
    };
    let shutdown = signalled(None)?;
    let runtime = runtime()?;
    let result = runtime.block_on(play(config, arguments, world, rebuilds, past, shutdown));
    runtime.shutdown_background();
    crashes::end_in_order();
    result
}

async fn play(
    mut config: Config,
    arguments: Arguments,
    world: World,
    rebuilds: Option<Checkout>,
    past: Past,
    shutdown: impl Future<Output = ()>,
) -> CliResult {
    tokio::pin!(shutdown);
    let options = Options {
        port: arguments.port,
        world,
        token: arguments.token.clone(),
        // What is tried out here is to behave on Discord.
        gateway_limits: GatewayLimits::DISCORD,
        rate_limits: arguments.rate_limits,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await?;
    if arguments.no_bot {
        println!("REST base  http://{}/api/v10", sandbox.http_proxy());
        println!("gateway    {}", sandbox.gateway_url());
        println!("token      {}", sandbox.token());
        println!("page       {}", sandbox.page_url());
        let client = sandbox.oauth_client();
        println!("client     {}", client.id);
        println!("secret     {}", client.secret);
        shutdown.await;
        return Ok(());
    }
    // Kept for as long as the sandbox runs.
    let rebuilding = rebuilds
        .map(|checkout| rebuild::on_save(checkout, reports::builds(sandbox.clone())))
        .transpose()?;
    config.discord.http_proxy = None;
    config.discord.api_url = Some(format!("http://{}", sandbox.http_proxy()));
    config.discord.gateway_url = Some(sandbox.gateway_url());
    let folder = config.extensions.folder.clone();
    let environment = Environment {
        token: Secret::new(sandbox.token()),
        bot_owner_id: sandbox.owner_id(),
        shard_count: None,
        shard_ids: None,
        client_secret: Some(Secret::new(sandbox.oauth_client().secret)),
        // The token is a made-up one, but what the plugins ask for is real.
        secrets: Environment::secrets(Path::new(".env")),
    };
    let (clock, _moving) = match arguments.wall_clock {
        true => (Clock::default(), None),
        false => {
            let (clock, moving) = time::clock_of(sandbox.clock());
            (clock, Some(moving))
        }
    };
    let executable = host_loader::this_program()?;
    let starting = Bot::start_unless(
        config,
        environment,
        executable,
        clock,
        past,
        shutdown.as_mut(),
    );
    let Some(mut bot) = starting.await? else {
        sandbox.shutdown().await;
        return Ok(());
    };
    bot.allow_replays();
    let feeding = tokio::spawn(reports::feed(sandbox.clone(), Arc::clone(bot.plugins())));
    let pages = bot.services().pages.clone();
    let going_on = async {
        sandbox.bot_ready(READY).await?;
        let mut out = |line: &str| println!("{}", shown::text(line));
        match &arguments.script {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("can't read {}: {error}", path.display()))?;
                script::run_script(&sandbox, &text, &mut out).await?;
            }
            None => {
                introduce(&sandbox, rebuilding.is_some(), &folder);
                if let Some(link) = pages.link(sandbox.owner_id(), "owner") {
                    println!(
                        "The bot's dashboard, as its owner (once, within ten minutes): {}\n",
                        link.address
                    );
                }
                terminal(&sandbox, &mut out).await;
            }
        }
        Ok(())
    };
    let result = tokio::select! {
        result = going_on => result,
        () = &mut shutdown => Ok(()),
        ended = bot.ended() => return Ok(ended?),
    };
    feeding.abort();
    drop(rebuilding);
    bot.shut_down().await?;
    sandbox.shutdown().await;
    result
}

/// Says where the page is, and what can be done.
fn introduce(sandbox: &Sandbox, is_rebuilt: bool, folder: &Path) {
    println!("\nThe sandbox is open: {}", sandbox.page_url());
    if is_rebuilt {
        println!("Save a file in examples/ or plugins/, and the plugin is built and swapped.");
    } else {
        let folder = folder.display();
        println!("Plugins are swapped as their files change in {folder}.");
    }
    println!(
        "Type as a user, for example:  owner@general: !hello   or   member@general: /echo text:hi\n"
    );
}

/// Reads lines from the terminal. At its end (no terminal at all, say) the page goes on.
async fn terminal(sandbox: &Sandbox, out: &mut (dyn FnMut(&str) + Send)) {
    let (send, lines) = mpsc::channel(16);
    // A thread of its own: reading a terminal can't be interrupted, and ends with the process.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if send.blocking_send(line).is_err() {
                return;
            }
        }
        // Keeps the channel open: the page is still there.
        loop {
            std::thread::park();
        }
    });
    script::run_terminal(sandbox, lines, out).await;
}
