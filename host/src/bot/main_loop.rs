//! Main loop of the bot: all events that can wake it, and the shutdown sequence.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use host_base::PluginName;
use host_discord::gateway::{FromShard, GatewayError};
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
                Event::Shard(FromShard::Message {
                    shard,
                    intents,
                    news,
                    message,
                    at,
                }) => {
                    self.core.services.figures.loop_lag.observe(at.elapsed());
                    self.dispatch.gateway(shard, intents, news, &message);
                }
                Event::Shard(FromShard::Lost {
                    shard,
                    code,
                    reason,
                }) => {
                    let lost = ShardDisconnected {
                        shard,
                        code,
                        reason,
                    };
                    self.core.services.hooks.emit(&lost);
                }
                Event::Shard(FromShard::Refused { shard, reason }) => {
                    self.session_refused(shard, &reason);
                }
                Event::Shard(FromShard::Closed { shard, reason }) => {
                    tracing::error!(shard, "{reason}");
                    break Err(BotError::Gateway(reason));
                }
                Event::File(change) => self.file(change),
                Event::PluginsChanged => self.plugins_changed(),
                Event::Asked(question) => drop(question.send(())),
                Event::Stop => break Ok(()),
            }
        };
        self.shut_down().await;
        result
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
        drop(self.files);
        // Plugins that go because the bot goes keep their commands.
        self.registering.abort();
        self.core.services.later.stop();
        self.schedules.stop();
        self.gateway_shutdown.cancel();
        let (mut shards, plugins) = (self.shards, &self.core.plugins);
        let gateway = async { while shards.recv().await.is_some() {} };
        let orderly = async {
            // Side by side: a gateway that does not answer costs no state.
            tokio::join!(gateway, plugins.shut_down(deadline));
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
