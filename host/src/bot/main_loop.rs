//! Main loop of the bot: all events that can wake it, and the shutdown sequence.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use host_base::PluginName;
use host_discord::gateway::{FromShard, GatewayError, Sessions};
use host_loader::{LoadError, Plugins, watcher::FileChange};
use host_ops::config::Config;
use plugin_api::hook::ShardDisconnected;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use twilight_model::gateway::Intents;

use super::{BotError, core::Core, folder::Files, heart::Question};
use crate::{
    dispatch::Dispatch,
    services::{Services, schedules::Runner},
};
use host_commands::UsageLog;

/// What the databases get for their end when the plugins have used up the time.
const STORAGE_GRACE: Duration = Duration::from_secs(2);

/// How long the shards get for passing on what they have read: memory to memory.
const LAST_EVENTS: Duration = Duration::from_secs(1);

/// How long Discord gets for taking note that interactions wait for the next process.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Messages after which their place is written down at the latest. When nothing waits it is at once.
const WRITTEN_AFTER: u32 = 32;

/// All that can wake the bot.
enum Event {
    Shard(FromShard),
    File(FileChange),
    PluginsChanged,
    Asked(Question),
    Stop,
}

/// The one loop, and all that it moves.
pub(super) struct MainLoop {
    pub(super) core: Core,
    pub(super) schedules: Runner,
    pub(super) dispatch: Arc<Dispatch>,
    pub(super) shards: mpsc::Receiver<FromShard>,
    /// How many there are.
    pub(super) shard_count: usize,
    /// Where their sessions stand, for the next process.
    pub(super) sessions: Arc<Sessions>,
    /// Messages since that was written.
    pub(super) unwritten: u32,
    pub(super) files: Files,
    pub(super) changes: watch::Receiver<u64>,
    pub(super) shutdown: CancellationToken,
    pub(super) intents: watch::Sender<(Intents, BTreeMap<u64, Vec<PluginName>>)>,
    pub(super) pulse: watch::Sender<u64>,
    pub(super) gateway_shutdown: CancellationToken,
    pub(super) registering: JoinHandle<()>,
    pub(super) counting: JoinHandle<()>,
}

impl MainLoop {
    pub(super) async fn run(mut self) -> Result<(), BotError> {
        let result = loop {
            match self.next().await {
                Event::Shard(FromShard::Closed { shard, reason }) => {
                    tracing::error!(shard, "{reason}");
                    break Err(BotError::Gateway(reason));
                }
                Event::Shard(from) => self.shard(from),
                Event::File(change) => self.file(change),
                Event::PluginsChanged => self.plugins_changed(),
                Event::Asked(question) => drop(question.send(())),
                Event::Stop => break Ok(()),
            }
        };
        // Nobody answers on the way down, which has a limit of its own: the heart is at rest.
        self.core.questions.close();
        while self.core.questions.try_recv().is_ok() {}
        self.shut_down().await;
        result
    }

    /// What a shard says that goes on.
    fn shard(&mut self, from: FromShard) {
        match from {
            FromShard::Message {
                shard,
                intents,
                news,
                place,
                message,
                at,
            } => {
                self.core.services.figures.loop_lag.observe(at.elapsed());
                self.dispatch.gateway(shard, intents, news, &message);
                if let Some(place) = place {
                    self.sessions.reached(shard, &place);
                }
                self.unwritten += 1;
                if self.unwritten >= WRITTEN_AFTER || self.shards.is_empty() {
                    self.sessions.write();
                    self.unwritten = 0;
                }
            }
            FromShard::Lost {
                shard,
                code,
                reason,
            } => {
                let lost = ShardDisconnected {
                    shard,
                    code,
                    reason,
                };
                self.core.services.hooks.emit(&lost);
            }
            FromShard::Refused { shard, reason } => self.session_refused(shard, &reason),
            FromShard::Closed { .. } | FromShard::Left { .. } => {}
        }
    }

    /// Dispatches what the shards had read when they were told to stop, and saves where their sessions stand: what comes after it
    /// is for the next process.
    async fn last_events(&mut self) {
        let mut left = 0;
        let reading = async {
            while left < self.shard_count
                && let Some(from) = self.shards.recv().await
            {
                left += usize::from(matches!(from, FromShard::Left { .. }));
                self.shard(from);
            }
        };
        if tokio::time::timeout(LAST_EVENTS, reading).await.is_err() {
            tracing::warn!(
                "not all that the shards have read is dispatched; the next start has it replayed"
            );
        }
        self.sessions.write();
    }

    async fn next(&mut self) -> Event {
        let (files, questions) = (&mut self.files, &mut self.core.questions);
        let file = async {
            match files {
                Some((_, changes)) => changes.recv().await,
                None => None,
            }
        };
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => Event::Stop,
            // Before the events: a loop that is busy goes on, too.
            Some(question) = questions.recv() => Event::Asked(question),
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
            FileChange::Touched { path, .. } => {
                tokio::spawn(async move { plugins.file_touched(&path, auto_load).await });
            }
            FileChange::Removed { path, .. } => {
                tokio::spawn(async move { plugins.unload_file(&path).await });
            }
            FileChange::Rejected {
                path,
                sha256,
                error,
                ..
            } => plugins.reject(&path, sha256, &LoadError::File(error)),
        }
    }

    /// The session that there is goes on, so this is no end: the owner is alerted, once for all shards.
    fn session_refused(&self, shard: u32, reason: &GatewayError) {
        tracing::error!(shard, "the session stays as it is: {reason}");
        let text = format!("The gateway session stays as it is: {reason}");
        self.core.services.alerts.raise("gateway", "session", &text);
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

    /// The events stop, and with them the plugins; then what is left.
    async fn shut_down(mut self) {
        let deadline = Duration::from_millis(self.core.config.now().shutdown.timeout_ms);
        let began = Instant::now();
        tracing::info!("shutting down");
        drop(self.files.take());
        // Plugins that go because the bot goes keep their commands.
        self.registering.abort();
        self.core.services.later.stop();
        self.schedules.stop();
        self.gateway_shutdown.cancel();
        self.last_events().await;
        self.dispatch.stopping.cancel();
        let snapshot = save_knowledge(&self.core.services, &self.sessions);
        let (mut shards, plugins) = (self.shards, &self.core.plugins);
        let gateway = async { while shards.recv().await.is_some() {} };
        let orderly = async {
            // Side by side: a gateway that does not answer costs no state.
            let (.., saved) = tokio::join!(gateway, plugins.shut_down(deadline), snapshot);
            if !matches!(saved, Ok(Ok(()))) {
                tracing::warn!(
                    "what the bot knows can't be saved, and the next start asks Discord anew: {saved:?}"
                );
            }
            self.schedules.ended().await;
        };
        tokio::pin!(orderly);
        // Asked before `orderly` is dropped, which is what knows who is on the way out.
        tokio::select! {
            () = &mut orderly => {}
            () = tokio::time::sleep(deadline) => {
                let late = plugins.late();
                tracing::error!(
                    "the shutdown took longer than {deadline:?} (`shutdown.timeout_ms`) and was cut short; late: {}",
                    if late.is_empty() { "the gateway" } else { &late }
                );
            }
        }
        // What is not served now is the next process's.
        if tokio::time::timeout(LAST_ANSWERS, self.dispatch.keep_waiting())
            .await
            .is_err()
        {
            tracing::warn!("not all interactions that wait could be deferred in time");
        }
        self.dispatch.flight.tidy();
        self.counting.abort();
        end_storage(
            &self.core.services,
            &self.core.commands.usage,
            deadline.saturating_sub(began.elapsed()),
        )
        .await;
        tracing::info!("stopped");
    }
}

/// Writes what is known, as of where the sessions stand.
fn save_knowledge(services: &Services, sessions: &Sessions) -> JoinHandle<std::io::Result<()>> {
    let (cache, file, marks) = (
        Arc::clone(&services.cache),
        sessions.snapshot(),
        sessions.marks(),
    );
    tokio::task::spawn_blocking(move || cache.save(&file, &marks))
}

/// Takes plugins and databases down where no loop is there to do it.
pub(super) async fn take_down(
    config: &Config,
    services: &Services,
    uses: &UsageLog,
    plugins: &Plugins,
) {
    let deadline = Duration::from_millis(config.shutdown.timeout_ms);
    let began = Instant::now();
    if tokio::time::timeout(deadline, plugins.shut_down(deadline))
        .await
        .is_err()
    {
        tracing::error!("the plugins took longer than {deadline:?} (`shutdown.timeout_ms`)");
    }
    end_storage(services, uses, deadline.saturating_sub(began.elapsed())).await;
}

/// Last: plugins write until they are gone. Whoever was late does not take the databases with it.
async fn end_storage(services: &Services, uses: &UsageLog, left: Duration) {
    let left = left.max(STORAGE_GRACE);
    if tokio::time::timeout(left, uses.write()).await.is_err() {
        tracing::error!("how often commands were used lately could not be written down in time");
    }
    services.storage.shut_down(left).await;
}
