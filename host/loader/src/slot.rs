//! Slot: a plugin's place, the same through all its generations.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::oneshot;

use super::{answer::Answer, generation::Generation, mailbox::Refused, packet::Packet};

/// A plugin's place. Work is queued under the read lock, generations are swapped under the write lock: nothing can be
/// queued for a generation that has been swapped out.
#[derive(Debug)]
pub struct Slot {
    current: RwLock<Arc<Generation>>,
}

impl Slot {
    /// A place with its first generation.
    #[must_use]
    pub fn new(generation: Arc<Generation>) -> Self {
        Self {
            current: RwLock::new(generation),
        }
    }

    /// The generation that serves.
    #[must_use]
    pub fn current(&self) -> Arc<Generation> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Queues an event.
    ///
    /// # Errors
    ///
    /// The queue is full or closed.
    pub fn send(&self, packet: Packet) -> Result<(), Refused> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .send(packet)
    }

    /// Queues a command or component; the receiver gets its answer, or an error when the generation ends without one.
    ///
    /// # Errors
    ///
    /// The queue is full or closed.
    pub fn invoke(&self, packet: Packet) -> Result<oneshot::Receiver<Answer>, Refused> {
        let (waiter, answer) = oneshot::channel();
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .invoke(packet, waiter)?;
        Ok(answer)
    }

    /// Puts `next` into the place, with all that waits; the generation that was there comes back.
    #[must_use]
    pub fn switch(&self, next: Arc<Generation>) -> Arc<Generation> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *current, next);
        old.hand_over_to(&current);
        old
    }
}
