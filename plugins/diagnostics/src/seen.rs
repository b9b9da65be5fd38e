//! Observation: what the host tells of itself at one moment.

use plugin_api::{
    abi::{BotStatus, FileStats, LagReply, ShardView},
    prelude::*,
};

use crate::given;

/// What the host tells of itself at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) bot: BotStatus,
    pub(crate) lag: LagReply,
    pub(crate) shards: Vec<ShardView>,
    pub(crate) files: FileStats,
}

impl Seen {
    /// Looks; `None` when the power `bot.read` was taken away, without which there is nothing to see.
    pub(crate) async fn now(host: &Host) -> Option<Self> {
        let bot = given("bot.status", host.bot().status().await)?;
        let lag = given("bot.lag", host.lag().await);
        let shards = given("shards.list", host.shards().await);
        let files = given("files.stats", host.file_stats().await);
        Some(Self {
            bot,
            lag: lag.unwrap_or_default(),
            shards: shards.map(|reply| reply.shards).unwrap_or_default(),
            files: files.unwrap_or_default(),
        })
    }

    /// Microseconds by which the host was late at most within the last minute: its runtime, or its main loop.
    pub(crate) fn lag_us(&self) -> u64 {
        let (runtime, main_loop) = (&self.lag.runtime, &self.lag.main_loop);
        runtime.minute_max_us.max(main_loop.minute_max_us)
    }
}
