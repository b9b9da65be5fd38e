//! Capability `bot`: how the process and what it serves are, slash commands, metrics; and stopping the bot, for whoever may.
//!
//! | file | what it does |
//! | --- | --- |
//! | `status.rs` | what is served, and what was counted |
//! | `process.rs` | the process and the machine |
//! | `slash.rs` | slash commands: the budget, and registering them again |

mod process;
mod slash;
mod status;

use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Instant,
};

use host_base::PluginName;
use host_capability::{CallRule, Capability, Failure, HostCall, Leaves, Who, places};
use host_loader::{Caller, Completion, Places, Unserved};
use plugin_api::{
    Power,
    abi::{MetricFamily, MetricsCall, MetricsReply, StopCall},
    manifest::Manifest,
};
use tokio_util::sync::CancellationToken;

use self::process::Processor;
use super::Services;

/// Bytes of a reason that the log takes.
const REASON: usize = 500;

/// Reads metrics whose names begin so.
pub type MetricsReader = Box<dyn Fn(&str) -> Vec<MetricFamily> + Send + Sync>;

/// The host calls about the bot.
pub struct BotCalls {
    began: Instant,
    processor: Processor,
    shutdown: OnceLock<CancellationToken>,
    metrics: OnceLock<MetricsReader>,
    restarts: AtomicBool,
}

impl fmt::Debug for BotCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BotCalls")
            .field("began", &self.began)
            .finish_non_exhaustive()
    }
}

impl Default for BotCalls {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            processor: Processor::default(),
            shutdown: OnceLock::new(),
            metrics: OnceLock::new(),
            restarts: AtomicBool::new(false),
        }
    }
}

impl BotCalls {
    /// From here on the bot is stopped by this.
    pub(super) fn are_stopped_by(&self, shutdown: CancellationToken) {
        let _ = self.shutdown.set(shutdown);
    }

    /// From here on metrics are read by this.
    pub(super) fn are_measured_by(&self, reader: MetricsReader) {
        let _ = self.metrics.set(reader);
    }

    /// Whether it is to be started anew when it has stopped.
    pub(super) fn restarts(&self) -> bool {
        self.restarts.load(SeqCst)
    }

    fn stop(&self, caller: &Caller, call: &HostCall) -> Result<Completion, Failure> {
        let StopCall { reason } = serde_json::from_value(call.params.clone())?;
        let restart = call.name == "bot.restart";
        let shutdown = self.shutdown.get();
        let shutdown =
            shutdown.ok_or_else(|| Failure::Refused("the bot is still starting".into()))?;
        let reason: String = reason.chars().take(REASON).collect();
        tracing::info!(
            plugin = &*caller.plugin,
            reason,
            "the bot is {} by a plugin",
            if restart { "restarted" } else { "stopped" }
        );
        call.effect
            .changed("runs", if restart { "restarts" } else { "stops" });
        self.restarts.store(restart, SeqCst);
        // What is answered meanwhile is answered: the shutdown waits for handlers.
        shutdown.cancel();
        Ok(Completion::default())
    }
}

impl Capability<Services> for BotCalls {
    const CALLS: &'static [CallRule] = &[
        CallRule::reads("bot.status", Power::BotRead, Who::Anybody),
        CallRule::changes("bot.stop", Power::BotControl, Who::Owner),
        CallRule::changes("bot.restart", Power::BotControl, Who::Owner),
        CallRule::reads("metrics.read", Power::BotRead, Who::Anybody),
        CallRule::reads("slash.budget", Power::BotRead, Who::Anybody),
        CallRule::changes("slash.sync", Power::BotControl, Who::Owner),
    ];
    const PLACES: Places = places("bot", 4);
    const LEAVES: Leaves = Leaves::Nothing;

    fn problems(_: &PluginName, _: &Manifest, _: &mut Vec<String>) {}

    async fn generation_starts(&self, _: &Caller, _: &Manifest) -> Result<(), Unserved> {
        Ok(())
    }

    async fn serve(
        &self,
        services: &Services,
        caller: &Caller,
        call: HostCall,
    ) -> Result<Completion, Failure> {
        match &*call.name {
            "bot.status" => Ok(Completion::json(&self.status(services).await)),
            "slash.budget" => Ok(Completion::json(&slash::budget(services).await)),
            "slash.sync" => slash::sync(services, &call.effect).await,
            "metrics.read" => {
                let MetricsCall { prefix } = serde_json::from_value(call.params)?;
                let read = self.metrics.get();
                let mut reply = MetricsReply::default();
                reply.families = read.map(|read| read(&prefix)).unwrap_or_default();
                Ok(Completion::json(&reply))
            }
            _ => self.stop(caller, &call),
        }
    }

    fn generation_ended(&self, _: &Caller) {}

    fn registries(&self) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}
