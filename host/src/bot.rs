//! The bot: everything wired together, and the one loop that moves it.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use thiserror::Error;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use twilight_http::Client;
use twilight_model::{channel::message::AllowedMentions, gateway::Intents};

use crate::{
    config::{Config, Live},
    dispatch::{Dispatch, Guilds, Listed},
    env::Environment,
    gateway::{self, Follow, FromShard, GatewayError},
    metrics::Server,
    owner::Owner,
    plugin::{LoadError, Plugins, file, interpose},
    redact,
    registration::Registration,
    router::Routes,
    services::{
        Failure, Services, Storage,
        commands::WRITTEN_EVERY,
        schedules::{Clock, Runner},
        settings::Watch,
        storage::StorageError,
    },
    status::{self, Numbers},
    watcher::{self, FileChange, WatchError, Watcher},
};

/// Why the bot does not run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BotError {
    /// Discord does not know the token.
    #[error(
        "Discord does not know the token in DISCORD_TOKEN: copy it anew from the Developer Portal > your application > Bot > Reset Token"
    )]
    Token,
    /// Discord did not tell who the bot is.
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
    /// The main loop ended by a panic; the log has it.
    #[error("the bot's main loop panicked")]
    Panicked,
}

/// A bot that runs.
#[derive(Debug)]
pub struct Bot {
    plugins: Arc<Plugins>,
    services: Arc<Services>,
    stop: watch::Sender<bool>,
    _settings: Option<Watch>,
    main_loop: JoinHandle<Result<(), BotError>>,
    metrics: Server,
}

/// What the databases get for their end when the plugins have used up the time.
const STORAGE_GRACE: Duration = Duration::from_secs(2);

/// All that can wake the bot.
enum Event {
    Shard(FromShard),
    File(FileChange),
    PluginsChanged,
    Stop,
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
    pub async fn start_with_clock(
        config: Config,
        environment: Environment,
        probe_with: PathBuf,
        clock: Clock,
    ) -> Result<Self, BotError> {
        // Before any plugin is loaded: its keys and threads are known from the first on.
        if !interpose::install() {
            tracing::warn!(
                "thread-specific keys of plugins can't be given back on this system: about 1,000 reloads are possible"
            );
        }
        let _ = rustls::crypto::ring::default_provider().install_default();
        crate::log::redact_with(redact::text);
        redact::keep_out(environment.token.expose());
        let live = Live::new(config);
        let config = live.now();
        let client = Arc::new(client(&config, &environment));
        let routes = Arc::new(Routes::default());
        let services = Services::new(
            Arc::clone(&client),
            &live,
            Arc::clone(&routes),
            Storage::open(live.clone())?,
            &environment.secrets,
        );
        let services = Arc::new(services.with_clock(&live, clock));
        services.secrets.keep_out();
        identify(&services, &client).await?;
        let plugins = Arc::new(Plugins::new(
            live.clone(),
            probe_with,
            Arc::clone(&services),
            Arc::clone(&routes),
        )?);
        let metrics = Server::start(&live, &services, &plugins).await;
        let files = watch_folder(&config)?;
        if config.extensions.auto_load {
            plugins
                .load_all(tidy_files(&config.extensions.folder))
                .await;
        }
        services.figures.started.store(true, Relaxed);
        let followed = Arc::clone(&plugins);
        tokio::spawn(async move { followed.follow_log_levels().await });
        let (stop, stopped) = watch::channel(false);
        let core = Core {
            config: live,
            services: Arc::clone(&services),
            routes,
            plugins: Arc::clone(&plugins),
        };
        let main_loop = core.connect(&client, &environment, files, stopped).await?;
        Ok(Self {
            plugins,
            _settings: services.settings.watch(),
            services,
            stop,
            main_loop,
            metrics,
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

    /// Where the figures are served, if they are.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.address()
    }

    /// Until the bot ends by itself.
    ///
    /// # Errors
    ///
    /// Why it ended.
    pub async fn ended(&mut self) -> Result<(), BotError> {
        (&mut self.main_loop)
            .await
            .unwrap_or(Err(BotError::Panicked))
    }

    /// Stops: no new events, handlers end, plugins save and go.
    ///
    /// # Errors
    ///
    /// Why the bot had ended before.
    pub async fn shut_down(mut self) -> Result<(), BotError> {
        let _ = self.stop.send(true);
        self.ended().await
    }
}

struct Core {
    config: Live,
    services: Arc<Services>,
    routes: Arc<Routes>,
    plugins: Arc<Plugins>,
}

type Files = Option<(Watcher, mpsc::Receiver<FileChange>)>;

impl Core {
    async fn connect(
        self,
        client: &Client,
        environment: &Environment,
        files: Files,
        stopped: watch::Receiver<bool>,
    ) -> Result<JoinHandle<Result<(), BotError>>, BotError> {
        let config = self.config.now();
        let owner = Arc::new(Owner::new(
            Arc::clone(&self.plugins),
            Arc::clone(&self.services),
        ));
        let memory = config.data.folder.join("registered_commands");
        let registration = Arc::new(
            Registration::new(
                Arc::clone(&self.services),
                Arc::clone(&self.routes),
                self.config.clone(),
                memory,
            )
            .await,
        );
        owner.set_registration(Arc::clone(&registration));
        self.services.commands.set_owner(environment.bot_owner_id);
        let counting = tokio::spawn(write_counts(Arc::clone(&self.services)));
        let pulse = watch::Sender::new(0);
        let dispatch = Arc::new(Dispatch {
            config: self.config.clone(),
            services: Arc::clone(&self.services),
            routes: Arc::clone(&self.routes),
            owner,
            guilds: Guilds::default(),
            listed: Listed::default(),
            pulse: pulse.clone(),
        });
        let (intents, intents_followed) = watch::channel(self.routes.intents());
        let first = status::presence(
            &config.status,
            0,
            Numbers::count(&self.services.cache, &self.routes),
        );
        let (presence, presence_followed) = watch::channel(first);
        let (shards_stop, shards_stopped) = watch::channel(false);
        let settings = gateway::Settings {
            token: environment.token.expose().to_owned(),
            gateway_url: config.discord.gateway_url.clone(),
            shard_count: environment.shard_count,
            shard_ids: environment.shard_ids.clone(),
        };
        let follow = Follow {
            intents: intents_followed,
            presence: presence_followed,
            stop: shards_stopped,
            figures: Arc::clone(&self.services.figures),
        };
        let shards = gateway::start(settings, client, follow).await?;
        let changes = self.plugins.changes();
        tokio::spawn(status::rotate(
            self.config.follow(),
            Arc::clone(&self.services.cache),
            Arc::clone(&self.routes),
            presence,
            pulse.subscribe(),
        ));
        let followed = changes.clone();
        let registering = tokio::spawn(async move { registration.follow(followed).await });
        let schedules = Runner::start(
            Arc::clone(&self.services),
            Arc::clone(&self.routes),
            changes.clone(),
        );
        let main = MainLoop {
            core: self,
            schedules,
            dispatch,
            shards,
            files,
            changes,
            stopped,
            intents,
            pulse,
            shards_stop,
            registering,
            counting,
        };
        Ok(tokio::spawn(main.run()))
    }
}

/// Writes down how often commands are used, as long as the bot runs.
async fn write_counts(services: Arc<Services>) {
    loop {
        tokio::time::sleep(WRITTEN_EVERY).await;
        services.commands.counts.write().await;
    }
}

struct MainLoop {
    core: Core,
    schedules: Runner,
    dispatch: Arc<Dispatch>,
    shards: mpsc::Receiver<FromShard>,
    files: Files,
    changes: watch::Receiver<u64>,
    stopped: watch::Receiver<bool>,
    intents: watch::Sender<(Intents, BTreeMap<u64, Vec<String>>)>,
    pulse: watch::Sender<u64>,
    shards_stop: watch::Sender<bool>,
    registering: JoinHandle<()>,
    counting: JoinHandle<()>,
}

impl MainLoop {
    async fn run(mut self) -> Result<(), BotError> {
        let result = loop {
            match self.next().await {
                Event::Shard(FromShard::Message {
                    shard,
                    intents,
                    message,
                }) => self.dispatch.gateway(shard, intents, &message),
                Event::Shard(FromShard::Closed { shard, reason }) => {
                    tracing::error!(shard, "{reason}");
                    break Err(BotError::Gateway(reason));
                }
                Event::File(change) => self.file(change),
                Event::PluginsChanged => self.plugins_changed(),
                Event::Stop => break Ok(()),
            }
        };
        self.shut_down().await;
        result
    }

    async fn next(&mut self) -> Event {
        let files = &mut self.files;
        let file = async {
            match files {
                Some((_, changes)) => changes.recv().await,
                None => None,
            }
        };
        tokio::select! {
            biased;
            _ = self.stopped.wait_for(|stop| *stop) => Event::Stop,
            Some(from) = self.shards.recv() => Event::Shard(from),
            Some(change) = file => Event::File(change),
            Ok(()) = self.changes.changed() => Event::PluginsChanged,
            else => Event::Stop,
        }
    }

    fn file(&self, change: FileChange) {
        let plugins = Arc::clone(&self.core.plugins);
        let auto_load = self.core.config.now().extensions.auto_load;
        match change {
            FileChange::Changed { path, sha256, .. } => {
                tokio::spawn(async move { plugins.file_changed(&path, sha256, auto_load).await });
            }
            FileChange::Removed { path, .. } => {
                tokio::spawn(async move { plugins.unload_file(&path).await });
            }
            FileChange::Rejected { path, error, .. } => {
                plugins.reject(&path, &LoadError::File(error))
            }
        }
    }

    fn plugins_changed(&self) {
        let wanted = self.core.routes.intents();
        self.intents.send_if_modified(|current| {
            let changed = current.0 != wanted.0;
            *current = wanted;
            changed
        });
        self.pulse.send_modify(|pulse| *pulse += 1);
    }

    /// First the events stop, then the plugins, then what is left.
    async fn shut_down(mut self) {
        let deadline = Duration::from_millis(self.core.config.now().shutdown.timeout_ms);
        let began = Instant::now();
        tracing::info!("shutting down");
        drop(self.files);
        // Plugins that go because the bot goes keep their commands.
        self.registering.abort();
        self.schedules.stop();
        let _ = self.shards_stop.send(true);
        let mut shards = self.shards;
        let orderly = async {
            while shards.recv().await.is_some() {}
            self.core.plugins.shut_down().await;
            self.schedules.ended().await;
        };
        if tokio::time::timeout(deadline, orderly).await.is_err() {
            let late: Vec<String> = self
                .core
                .plugins
                .status()
                .into_iter()
                .filter(|status| status.serving.is_some())
                .map(|status| status.plugin)
                .collect();
            tracing::error!(
                "the shutdown took longer than {deadline:?} (`shutdown.timeout_ms`) and was cut short; late: {}",
                if late.is_empty() {
                    "the gateway".to_owned()
                } else {
                    late.join(", ")
                }
            );
        }
        // Last: plugins write until they are gone. Whoever was late does not take the databases with it.
        let left = deadline.saturating_sub(began.elapsed()).max(STORAGE_GRACE);
        self.counting.abort();
        if tokio::time::timeout(left, self.core.services.commands.counts.write())
            .await
            .is_err()
        {
            tracing::error!(
                "how often commands were used lately could not be written down in time"
            );
        }
        self.core.services.storage.shut_down(left).await;
        tracing::info!("stopped");
    }
}

fn client(config: &Config, environment: &Environment) -> Client {
    let mut builder = Client::builder()
        .token(environment.token.expose().to_owned())
        .default_allowed_mentions(AllowedMentions::default())
        // Plugins make requests of their own: one bad answer must not end all others.
        .remember_invalid_token(false);
    if let Some(proxy) = &config.discord.http_proxy {
        builder = builder.proxy(proxy.clone(), true);
    }
    builder.build()
}

async fn identify(services: &Services, client: &Client) -> Result<(), BotError> {
    let refused = |failure: Failure| match failure {
        Failure::Discord { status: 401, .. } => BotError::Token,
        other => BotError::Identity(other),
    };
    let unreadable = |error: twilight_http::response::DeserializeBodyError| {
        BotError::Identity(Failure::Transport(error.to_string()))
    };
    let user = client
        .current_user()
        .await
        .map_err(|error| refused(error.into()))?;
    let user = user.model().await.map_err(unreadable)?;
    let application = client
        .current_user_application()
        .await
        .map_err(|error| refused(error.into()))?;
    let application = application.model().await.map_err(unreadable)?;
    services.set_identity(user.id.get(), application.id.get());
    tracing::info!(user = &*user.name, id = user.id.get(), "logged in");
    Ok(())
}

/// The plugin files of a folder, blanks in their names replaced by underscores.
fn tidy_files(folder: &Path) -> Vec<PathBuf> {
    watcher::plugin_files(folder)
        .into_iter()
        .map(|path| {
            file::rename_blanks(&path).unwrap_or_else(|error| {
                tracing::warn!(path = %path.display(), "can't replace the blanks in its name: {error}");
                path
            })
        })
        .collect()
}

fn watch_folder(config: &Config) -> Result<Files, BotError> {
    let extensions = &config.extensions;
    if !extensions.auto_reload {
        return Ok(None);
    }
    // What is known is compared when a change comes (`Plugins::file_changed`).
    let debounce = Duration::from_millis(extensions.debounce_ms);
    Ok(Some(Watcher::start(
        &extensions.folder,
        debounce,
        BTreeMap::new(),
    )?))
}

/// Runs the bot until it ends by itself or `shutdown` completes.
///
/// # Errors
///
/// Why the bot did not start, or ended.
pub async fn run(
    config: Config,
    environment: Environment,
    probe_with: PathBuf,
    shutdown: impl Future<Output = ()>,
) -> Result<(), BotError> {
    tokio::pin!(shutdown);
    let mut bot = tokio::select! {
        bot = Bot::start(config, environment, probe_with) => bot?,
        () = &mut shutdown => return Ok(()),
    };
    let ended = tokio::select! {
        ended = bot.ended() => Some(ended),
        () = &mut shutdown => None,
    };
    match ended {
        Some(ended) => ended,
        None => bot.shut_down().await,
    }
}
