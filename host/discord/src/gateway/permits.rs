//! Identify permits: the queue that all shards of the bot identify by, and the moment at which a session may.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Release},
};

use tokio::sync::oneshot;
use twilight_gateway::queue::{InMemoryQueue, Queue};

use super::Shards;

/// One session's way to the queue. Discord lets so many shards identify every five seconds.
#[derive(Debug, Clone)]
pub(super) struct Permits {
    pub(super) queue: InMemoryQueue,
    /// Whether the session was ever given a permit.
    pub(super) given: Arc<AtomicBool>,
    /// Where it is counted.
    pub(super) shards: Arc<Shards>,
}

impl Queue for Permits {
    fn enqueue(&self, shard: u32) -> oneshot::Receiver<()> {
        let permit = self.queue.enqueue(shard);
        let given = Arc::clone(&self.given);
        let shards = Arc::clone(&self.shards);
        let (mut sender, receiver) = oneshot::channel();
        tokio::spawn(async move {
            // A session that is not wanted any more uses up none.
            tokio::select! {
                permit = permit => if permit.is_ok() {
                    given.store(true, Release);
                    shards.session_starts();
                    let _ = sender.send(());
                },
                () = sender.closed() => {}
            }
        });
        receiver
    }
}
