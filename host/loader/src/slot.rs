//! Slot: a plugin's place, the same through all its generations.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::oneshot;

use super::{
    answer::Answer, canary::Canary, generation::Generation, mailbox::Refused, packet::Packet,
};

/// A plugin's place. Work is queued under the read lock, generations are swapped under the write lock: nothing can be
/// queued for a generation that has been swapped out.
#[derive(Debug)]
pub struct Slot {
    occupied: RwLock<Occupied>,
}

#[derive(Debug)]
struct Occupied {
    generation: Arc<Generation>,
    /// What serves some servers in its stead.
    canary: Option<Arc<Canary>>,
}

impl Occupied {
    fn canary_of(&self, guild_id: u64) -> Option<&Arc<Canary>> {
        self.canary.as_ref().filter(|it| it.serves(guild_id))
    }

    fn of_guild(&self, guild_id: u64) -> &Arc<Generation> {
        self.canary_of(guild_id)
            .map_or(&self.generation, |it| &it.generation)
    }

    /// Takes the canary out; what waits for it is for the generation that serves.
    fn take_canary(&mut self) -> Option<Arc<Canary>> {
        let canary = self.canary.take()?;
        canary.generation.hand_over_to(&self.generation);
        Some(canary)
    }
}

impl Slot {
    /// A place with its first generation.
    #[must_use]
    pub fn new(generation: Arc<Generation>) -> Self {
        Self {
            occupied: RwLock::new(Occupied {
                generation,
                canary: None,
            }),
        }
    }

    /// The generation that serves.
    #[must_use]
    pub fn current(&self) -> Arc<Generation> {
        Arc::clone(&self.read().generation)
    }

    /// The generation that serves a server (0: direct messages): the canary, where there is one for it.
    #[must_use]
    pub fn current_in(&self, guild_id: u64) -> Arc<Generation> {
        Arc::clone(self.read().of_guild(guild_id))
    }

    /// All that serve: one, or two while there is a canary, which comes last.
    #[must_use]
    pub fn generations(&self) -> Vec<Arc<Generation>> {
        let occupied = self.read();
        let canary = occupied.canary.as_ref().map(|it| &it.generation);
        [&occupied.generation]
            .into_iter()
            .chain(canary)
            .map(Arc::clone)
            .collect()
    }

    /// Queues an event, for the canary where it comes from one of its servers.
    ///
    /// # Errors
    ///
    /// The queue is full or closed.
    pub fn send(&self, packet: Packet) -> Result<(), Refused> {
        let occupied = self.read();
        match occupied.canary_of(guild_of(&packet)) {
            Some(canary) => {
                canary.generation.vitals().outcomes().given_event();
                canary.generation.send(packet)
            }
            None => occupied.generation.send(packet),
        }
    }

    /// Queues a command or component, for the canary where it comes from one of its servers; the receiver gets its answer, or an error
    /// when the generation ends without one.
    ///
    /// # Errors
    ///
    /// The queue is full or closed.
    pub fn invoke(&self, packet: Packet) -> Result<oneshot::Receiver<Answer>, Refused> {
        let guild_id = guild_of(&packet);
        self.invoke_in(guild_id, packet)
    }

    /// The same for work of a server that no event of the packet tells (0: of none).
    ///
    /// # Errors
    ///
    /// As for [`invoke`](Self::invoke).
    pub fn invoke_in(
        &self,
        guild_id: u64,
        packet: Packet,
    ) -> Result<oneshot::Receiver<Answer>, Refused> {
        let (waiter, answer) = oneshot::channel();
        self.read().of_guild(guild_id).invoke(packet, waiter)?;
        Ok(answer)
    }

    /// The same for the canary, if there is one.
    #[must_use]
    pub fn invoke_canary(
        &self,
        packet: Packet,
    ) -> Option<Result<oneshot::Receiver<Answer>, Refused>> {
        let occupied = self.read();
        let canary = occupied.canary.as_ref()?;
        let (waiter, answer) = oneshot::channel();
        let queued = canary.generation.invoke(packet, waiter);
        Some(queued.map(|()| answer))
    }

    /// Puts `next` into the place, with all that waits. A canary comes back: it serves no longer, and what waited for it is for `next`.
    #[must_use]
    pub fn switch(&self, next: Arc<Generation>) -> Option<Arc<Canary>> {
        let mut occupied = self.write();
        let old = std::mem::replace(&mut occupied.generation, next);
        old.hand_over_to(&occupied.generation);
        occupied.take_canary()
    }

    /// The canary, if there is one.
    #[must_use]
    pub fn canary(&self) -> Option<Arc<Canary>> {
        self.read().canary.clone()
    }

    /// Has a canary serve its servers; one that did before comes back, and what waited for it is for the generation that serves.
    #[must_use]
    pub(crate) fn set_canary(&self, canary: Arc<Canary>) -> Option<Arc<Canary>> {
        let mut occupied = self.write();
        let before = occupied.take_canary();
        occupied.canary = Some(canary);
        before
    }

    /// Has the canary serve no longer; what waits for it is for the generation that serves.
    #[must_use]
    pub(crate) fn take_canary(&self) -> Option<Arc<Canary>> {
        self.write().take_canary()
    }

    fn read(&self) -> RwLockReadGuard<'_, Occupied> {
        self.occupied.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Occupied> {
        self.occupied
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server that a packet's event came from; 0: none.
fn guild_of(packet: &Packet) -> u64 {
    let event = packet.event.as_ref();
    event.map_or(0, |it| it.header.guild_id)
}
