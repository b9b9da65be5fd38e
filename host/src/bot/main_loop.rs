//! All that can wake the bot, and the way down.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use twilight_model::gateway::Intents;

use super::{BotError, connect::Core, folder::Files};
use crate::{
    dispatch::Dispatch,
    gateway::{FromShard, GatewayError},
    plugin::LoadError,
    services::schedules::Runner,
    watcher::FileChange,
};

/// What the databases get for their end when the plugins have used up the time.
const STORAGE_GRACE: Duration = Duration::from_secs(2);

/// All that can wake the bot.
enum Event {
    Shard(FromShard),
    File(FileChange),
    PluginsChanged,
    Stop,
}

/// The one loop, and all that it moves.
pub(super) struct MainLoop {
    pub(super) core: Core,
    pub(super) schedules: Runner,
    pub(super) dispatch: Arc<Dispatch>,
    pub(super) shards: mpsc::Receiver<FromShard>,
    pub(super) files: Files,
    pub(super) changes: watch::Receiver<u64>,
    pub(super) stopped: watch::Receiver<bool>,
    pub(super) intents: watch::Sender<(Intents, BTreeMap<u64, Vec<String>>)>,
    pub(super) pulse: watch::Sender<u64>,
    pub(super) shards_stop: watch::Sender<bool>,
    pub(super) registering: JoinHandle<()>,
    pub(super) counting: JoinHandle<()>,
}

impl MainLoop {
    pub(super) async fn run(mut self) -> Result<(), BotError> {
        let result = loop {
            match self.next().await {
                Event::Shard(FromShard::Message {
                    shard,
                    intents,
                    news,
                    message,
                }) => self.dispatch.gateway(shard, intents, news, &message),
                Event::Shard(FromShard::Refused { shard, reason }) => {
                    self.session_refused(shard, &reason);
                }
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
            FileChange::Touched { path, .. } => {
                tokio::spawn(async move { plugins.file_touched(&path, auto_load).await });
            }
            FileChange::Removed { path, .. } => {
                tokio::spawn(async move { plugins.unload_file(&path).await });
            }
            FileChange::Rejected { path, error, .. } => {
                plugins.reject(&path, &LoadError::File(error))
            }
        }
    }

    /// The session that there is goes on, so this is no end: the owner is told, once for all shards.
    fn session_refused(&self, shard: u32, reason: &GatewayError) {
        tracing::error!(shard, "the session stays as it is: {reason}");
        let text = format!("The gateway session stays as it is: {reason}");
        self.core.services.alerts.raise("gateway session", &text);
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
        self.core.services.later.stop();
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
