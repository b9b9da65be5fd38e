//! Bot: everything wired together, and the one loop that moves it.
//!
//! | file | what it does |
//! | --- | --- |
//! | `login.rs` | who the bot is |
//! | `folder.rs` | the extensions folder |
//! | `last_call.rs` | what is still saved when a second signal ends the process |
//! | `dial.rs` | the connection to the gateway, while plugins are loaded |
//! | `connect.rs` | from what is there to what goes on |
//! | `ready.rs` | the line that says that the bot is there |
//! | `heart.rs` | whether the main loop answers |
//! | `main_loop.rs` | all that can wake the bot, and the way down |

mod connect;
mod core;
mod dial;
mod folder;
mod heart;
pub(crate) mod last_call;
mod login;
mod main_loop;
mod ready;

use std::{
    net::SocketAddr,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

use host_base::{private, redact};
use host_capability::Failure;
use host_discord::gateway::GatewayError;
use host_loader::{LoadError, Plugins, interpose, watcher::WatchError};
use host_ops::{
    audit::{self, Journal},
    config::{Config, Live},
    env::Environment,
};
use host_store::{Storage, storage::StorageError};
use host_supervisor::Supervised;
use thiserror::Error;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use self::{core::Core, folder::watch_folder, heart::Question, login::identify};
use crate::{
    crashes::{self, Past, Report},
    dispatch,
    metrics::{self, Server},
    owner, program,
    services::{Services, schedules::Clock, settings::Watch},
    site::{self, Shown},
};
use host_commands::{Pipeline, router::Routes};

/// Error that keeps the bot from running.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BotError {
    /// Discord does not know the token.
    #[error(
        "Discord does not know the token in DISCORD_TOKEN: copy it anew from the Developer Portal > your application > Bot > Reset Token"
    )]
    Token,
    /// Discord did not say who the bot is.
    #[error("can't ask Discord who the bot is: {0}")]
    Identity(Failure),
    /// The gateway.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The extensions folder.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The plugins.
    #[error(transparent)]
    Plugins(#[from] LoadError),
    /// The data folder.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The audit journal.
    #[error("the audit journal in {} can't be opened: {}", .0.display(), .1)]
    Audit(PathBuf, std::io::Error),
    /// The main loop ended by a panic; the log has it.
    #[error("the bot's main loop panicked")]
    Panicked,
}

impl BotError {
    /// Exit code of the process: a service manager can tell by it what no restart helps against.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Token | Self::Gateway(GatewayError::Token) => 3,
            Self::Gateway(GatewayError::Refused { code, .. }) => match code {
                Some(4004) => 3,
                Some(4013 | 4014) => 4,
                Some(4010 | 4011) => 6,
                _ => 1,
            },
            Self::Gateway(GatewayError::SessionLimit { .. }) => 5,
            Self::Gateway(GatewayError::ShardId { .. }) => 6,
            _ => 1,
        }
    }
}

/// A bot that runs.
#[derive(Debug)]
pub struct Bot {
    config: Live,
    plugins: Arc<Plugins>,
    services: Arc<Services>,
    commands: Arc<Pipeline>,
    shutdown: CancellationToken,
    _settings: Option<Watch>,
    main_loop: JoinHandle<Result<(), BotError>>,
    /// Whether all shards have had a session.
    ready: watch::Receiver<bool>,
    /// Questions to the main loop.
    ask: mpsc::Sender<Question>,
    metrics: Server,
    _pages: Shown,
}

impl Bot {
    /// Logs in, loads the plugins and connects. `probe_with` is the executable that tries plugin files first: this one.
    ///
    /// # Errors
    ///
    /// Discord refused the token or the session, or a folder can't be used.
    pub async fn start(
        config: Config,
        environment: Environment,
        probe_with: PathBuf,
    ) -> Result<Self, BotError> {
        Self::start_with_clock(config, environment, probe_with, Clock::default()).await
    }

    /// The same, with schedules that go by another clock than the system's.
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start).
    ///
    /// # Panics
    ///
    /// Never: nothing interrupts it.
    pub async fn start_with_clock(
        config: Config,
        environment: Environment,
        probe_with: PathBuf,
        clock: Clock,
    ) -> Result<Self, BotError> {
        let never = std::pin::pin!(std::future::pending());
        let past = Past::default();
        let started = Self::start_unless(config, environment, probe_with, clock, past, never).await;
        Ok(started?.expect("nothing has interrupted it"))
    }

    /// The same after what the last process has left, unless `interrupted` completes meanwhile; then `None`, when what was loaded is
    /// unloaded again.
    pub(crate) async fn start_unless(
        config: Config,
        environment: Environment,
        probe_with: PathBuf,
        clock: Clock,
        past: Past,
        mut interrupted: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Option<Self>, BotError> {
        let began = Instant::now();
        // Before any plugin is loaded: its keys and threads are known from the first on.
        if !interpose::install() {
            tracing::warn!(
                "thread-specific keys of plugins can't be given back on this system: about 1,000 reloads are possible"
            );
        }
        let _ = rustls::crypto::ring::default_provider().install_default();
        host_ops::log::redact_with(redact::text);
        redact::keep_out(environment.token.expose());
        if let Some(secret) = &environment.client_secret {
            redact::keep_out(secret.expose());
        }
        let live = Live::new(config);
        // What keeps it from being made is told by the databases, which need it first.
        let _ = private::folder_told(&live.now().data.folder);
        let routes = Arc::new(Routes::default());
        let services = Services::new(
            Some(environment.token.expose()),
            &live,
            Arc::clone(&routes),
            Storage::open(live.clone())?,
            &environment.secrets,
        );
        let config = live.now();
        let journal = Journal::open(&config.data.folder, &config.log)
            .map_err(|error| BotError::Audit(config.data.folder.join(audit::FOLDER), error))?;
        let services = services
            .with_clock(&live, clock)
            .with_journal(&live, journal);
        let services = Arc::new(services);
        services.secrets.keep_out();
        let commands = Arc::new(Pipeline::new(
            live.clone(),
            Arc::clone(&routes),
            Arc::clone(&services.cache),
            Arc::clone(&services.discord),
            &services.storage,
            owner::OWN_COMMANDS,
        ));
        services.serve_commands(Arc::clone(&commands));
        tokio::select! {
            known = identify(&services) => known?,
            () = &mut interrupted => return Ok(None),
        }
        // Before the private copies of that process are removed.
        let crashed = past.report(&config);
        let is_after_crash = crashed.as_ref().is_some_and(Report::is_its_own);
        let is_alarming = services.tell_last_end(&config, crashed.as_ref().map(Report::in_short));
        let crashed = crashed.map(|report| (report, is_alarming));
        let plugins = Arc::new(program::plugins(
            live.clone(),
            probe_with,
            Arc::clone(&services),
            Arc::clone(&routes),
        )?);
        services.serve_plugins(&plugins);
        crashes::before_plugins(crashed, past.is_safe, &config, &services, &plugins);
        last_call::answer_with(&plugins);
        let (ready, is_ready) = watch::channel(false);
        // One question waits at most: the loop answers it, or is late with it.
        let (ask, questions) = mpsc::channel(1);
        let core = Core {
            ready,
            questions,
            config: live.clone(),
            services: Arc::clone(&services),
            routes,
            commands: Arc::clone(&commands),
            plugins: Arc::clone(&plugins),
            began,
            is_after_crash,
        };
        let starting = Self::load_and_connect(core, &environment, is_ready, ask);
        let started = tokio::select! {
            started = starting => started.map(Some),
            () = &mut interrupted => Ok(None),
        };
        if !matches!(started, Ok(Some(_))) {
            // What plugins have done since they were loaded is in their states, whatever the start failed of.
            main_loop::take_down(&live.now(), &services, &commands.usage, &plugins).await;
        }
        started
    }

    /// Loads what lies in the extensions folder, and connects to the gateway.
    async fn load_and_connect(
        core: Core,
        environment: &Environment,
        ready: watch::Receiver<bool>,
        ask: mpsc::Sender<Question>,
    ) -> Result<Self, BotError> {
        // Before anybody can ask: pages are served, and plugins begin, long before the bot is connected.
        let policy = &core.commands.policy;
        policy.set_owner(environment.bot_owner_id);
        let (live, config) = (core.config.clone(), core.config.now());
        let (services, plugins) = (Arc::clone(&core.services), Arc::clone(&core.plugins));
        let commands = Arc::clone(&core.commands);
        let metrics = Server::start(&core.config, &services, &plugins).await;
        services.serve_metrics(metrics::reader(&services, &plugins));
        let secret = environment.client_secret.clone();
        let routes = Arc::clone(&core.routes);
        let pages = site::serve(&live, &services, &plugins, &commands, &routes, secret).await;
        let files = watch_folder(&config)?;
        tokio::spawn(Arc::clone(&plugins).supervise());
        services.hooks.remember_switches().await?;
        let dialled = core.load_and_dial(environment).await?;
        services.figures.started.store(true, Relaxed);
        program::follow_log_levels(&plugins);
        tokio::spawn(program::follow_config(
            Arc::clone(&plugins),
            Arc::clone(&services),
            live.clone(),
        ));
        let shutdown = CancellationToken::new();
        services.serve_stops(shutdown.clone());
        let main_loop = core.connect(dialled, files, shutdown.clone()).await;
        Ok(Self {
            config: live,
            plugins,
            _settings: services.settings.watch(),
            services,
            commands,
            shutdown,
            main_loop,
            ready,
            ask,
            metrics,
            _pages: pages,
        })
    }

    /// The plugins.
    #[must_use]
    pub fn plugins(&self) -> &Arc<Plugins> {
        &self.plugins
    }

    /// What plugins may ask of the host.
    #[must_use]
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// Commands, whatever they come by.
    #[must_use]
    pub fn commands(&self) -> &Arc<Pipeline> {
        &self.commands
    }

    /// Where the figures are served, if they are.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.address()
    }

    /// Lets owners have an event heard once more by one plugin. For a bot whose Discord is a simulated one.
    pub fn allow_replays(&self) {
        let services = Arc::downgrade(&self.services);
        self.services
            .serve_replays(Box::new(move |plugin, kind, name, data| {
                let services = services.upgrade()?;
                dispatch::replay(&services, plugin, kind, name, data)
            }));
    }

    /// Tells the supervisor that the bot is ready, and that it lives.
    fn report_to(&self, supervised: Supervised) {
        if supervised.beats()
            && let Err(error) = heart::start(self.ask.clone(), supervised.clone())
        {
            tracing::warn!("should the main loop hang, the supervisor will not notice: {error}");
        }
        let mut ready = self.ready.clone();
        tokio::spawn(async move {
            if ready.wait_for(|is_ready| *is_ready).await.is_ok() {
                supervised.ready();
            }
        });
    }

    /// Until the bot ends by itself.
    ///
    /// # Errors
    ///
    /// Why it ended.
    pub async fn ended(&mut self) -> Result<(), BotError> {
        match (&mut self.main_loop).await {
            Ok(ended) => ended,
            Err(_) => {
                // It was to take the plugins down.
                main_loop::take_down(
                    &self.config.now(),
                    &self.services,
                    &self.commands.usage,
                    &self.plugins,
                )
                .await;
                Err(BotError::Panicked)
            }
        }
    }

    /// Stops: no new events, handlers end, plugins save and go.
    ///
    /// # Errors
    ///
    /// Why the bot had ended before.
    pub async fn shut_down(mut self) -> Result<(), BotError> {
        self.shutdown.cancel();
        self.ended().await
    }
}

/// How a bot ended that nothing was wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is to stay so.
    Stopped,
    /// It is to be started anew.
    Restart,
}

/// Runs the bot until it ends by itself or `shutdown` completes, after what the last process has left; a supervisor, if there is one, is
/// told how it fares.
///
/// # Errors
///
/// Why the bot did not start, or ended.
pub async fn run(
    config: Config,
    environment: Environment,
    probe_with: PathBuf,
    supervised: Option<Supervised>,
    past: Past,
    shutdown: impl Future<Output = ()>,
) -> Result<End, BotError> {
    tokio::pin!(shutdown);
    let clock = Clock::default();
    let started = Bot::start_unless(
        config,
        environment,
        probe_with,
        clock,
        past,
        shutdown.as_mut(),
    );
    let Some(mut bot) = started.await? else {
        return Ok(End::Stopped);
    };
    if let Some(supervised) = supervised {
        bot.report_to(supervised);
    }
    let services = Arc::clone(bot.services());
    let ended = tokio::select! {
        ended = bot.ended() => Some(ended),
        () = &mut shutdown => None,
    };
    match ended {
        Some(ended) => ended?,
        None => bot.shut_down().await?,
    }
    Ok(match services.wants_restart() {
        true => End::Restart,
        false => End::Stopped,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_restart_helps_against_has_codes_of_its_own() {
        let closed = |code| {
            let words = String::new();
            BotError::Gateway(GatewayError::Refused { code, words }).exit_code()
        };
        assert_eq!(BotError::Token.exit_code(), 3);
        assert_eq!(closed(Some(4004)), 3);
        assert_eq!(closed(Some(4014)), 4);
        assert_eq!(closed(Some(4010)), 6);
        assert_eq!(closed(None), 1);
        let limit = GatewayError::SessionLimit { minutes: 7 };
        assert_eq!(BotError::Gateway(limit).exit_code(), 5);
        let trouble = Failure::Transport("no route".into());
        assert_eq!(BotError::Identity(trouble).exit_code(), 1);
    }
}
