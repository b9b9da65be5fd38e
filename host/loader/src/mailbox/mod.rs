//! Mailbox of a generation: the queues of packets for a plugin, and the `exchange` by which the plugin takes them.
//!
//! There are two queues. *Control* (completions, life cycle) is never bounded and always flows. *Work* (events, commands, components)
//! is bounded per kind, can be frozen while state is handed over, and can be carried to the next generation as it is.
//!
//! | file | what it is |
//! | --- | --- |
//! | `exchange.rs` | the boundary's function, by raw pointers |
//! | `fair_queue.rs` | the work queue: servers take turns |
//! | `held.rs` | what the plugin has taken and not given back |
//! | `drops.rs` | what found no room, and whose it was |

mod drops;
mod exchange;
mod fair_queue;
mod held;

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use plugin_api::abi::{
    Frame, MailboxHandle, MailboxVtable, MailboxVtable_Ref, abi_stable::prefix_type::WithMetadata,
    frame_kind, token_mark,
};

pub use self::{
    drops::Dropped,
    exchange::{FrameSource, exchange},
    fair_queue::Lane,
};
use self::{
    drops::Drops,
    fair_queue::{FairQueue, Places},
    held::HeldPackets,
};
use crate::{
    Handled, PluginFigures,
    crumbs::{Doing, Frames},
    packet::{Begun, Packet},
    platform::wake::WakeSignal,
};

/// Most events that wait for one plugin: some seconds of a busy shard. What comes on top is dropped and counted, since a
/// plugin that is this far behind serves nobody by working through old events first.
///
/// Miri, which runs the tests of this, is some thousand times slower.
pub const EVENT_LIMIT: usize = if cfg!(miri) { 64 } else { 4096 };

/// Most commands and components that wait for one plugin. What comes on top fails at once, so that a member gets an answer.
pub const CALL_LIMIT: usize = if cfg!(miri) { 16 } else { 1024 };

/// Why a packet was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The queue is full.
    Full,
    /// The generation takes no more work.
    Closed,
}

/// A generation's mailbox.
#[derive(Debug)]
pub struct Mailbox {
    queues: Mutex<Queues>,
    /// Packets that the plugin holds. `exchange` locks it, on the plugin's thread, and for a moment who looks why that does not go on.
    held: Mutex<HeldPackets>,
    signal: WakeSignal,
    dropped_events: AtomicU64,
    drops: Mutex<Drops>,
    figures: Arc<PluginFigures>,
    /// Where the frames are noted that the plugin takes, where there are crumbs.
    noted: OnceLock<Frames>,
}

#[derive(Debug, Default)]
struct Queues {
    control: VecDeque<Packet>,
    work: FairQueue,
    frozen: bool,
    /// No work comes out any more: what waits is for the next generation.
    sealed: bool,
    closed: bool,
    idle: bool,
    /// Since when it has not asked for more, while it is not idle.
    busy_since: Option<Instant>,
    /// How many handlers it lets run at once: the most work that it has ever asked for.
    places: usize,
}

impl Queues {
    /// Whether the plugin is given work.
    const fn flows(&self) -> bool {
        !self.frozen && !self.sealed
    }
}

impl Mailbox {
    /// An empty mailbox, which counts how its work waits and how long it takes.
    ///
    /// # Errors
    ///
    /// The signal can't be made: the process has no descriptor left, or the platform has none.
    pub fn new(figures: Arc<PluginFigures>) -> io::Result<Self> {
        Ok(Self {
            queues: Mutex::default(),
            held: Mutex::default(),
            signal: WakeSignal::new()?,
            dropped_events: AtomicU64::new(0),
            drops: Mutex::default(),
            figures,
            noted: OnceLock::new(),
        })
    }

    /// From here on the frames that the plugin takes are noted there.
    pub fn note_in(&self, frames: Frames) {
        let _ = self.noted.set(frames);
    }

    /// Queues a packet, and wakes the plugin if it is idle. What makes room for it is lost: see [`offer`](Self::offer).
    ///
    /// # Errors
    ///
    /// Work is refused when its queue is full or closed; control never is.
    pub fn push(&self, packet: Packet) -> Result<(), Refused> {
        self.offer(packet).map(drop)
    }

    /// The same; gives back what has made room for it in a full queue, which is always of the same kind and of a server with more that
    /// waits.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    pub fn offer(&self, mut packet: Packet) -> Result<Option<Packet>, Refused> {
        if !packet.is_work() {
            let mut queues = self.lock();
            queues.control.push_back(packet);
            self.wake(queues);
            return Ok(None);
        }
        packet.queued = Some(Instant::now());
        let (lane, is_event) = (Lane::of(&packet), packet.kind == frame_kind::EVENT);
        let limit = if is_event { EVENT_LIMIT } else { CALL_LIMIT };
        let mut queues = self.lock();
        if queues.closed {
            return Err(Refused::Closed);
        }
        let displaced = match queues.work.push_within(packet, limit) {
            Ok(displaced) => displaced,
            Err(fair_queue::Full) => {
                drop(queues);
                self.dropped(lane, is_event);
                return Err(Refused::Full);
            }
        };
        if queues.flows() {
            self.wake(queues);
        } else {
            drop(queues);
        }
        if let Some(displaced) = &displaced {
            self.dropped(Lane::of(displaced), is_event);
        }
        Ok(displaced)
    }

    /// Counts work that found no room.
    fn dropped(&self, lane: Lane, is_event: bool) {
        if is_event {
            self.dropped_events.fetch_add(1, Relaxed);
            self.figures.dropped.fetch_add(1, Relaxed);
        }
        self.drops().note(lane, is_event);
    }

    /// What found no room since this was last asked.
    pub fn take_drops(&self) -> Option<Dropped> {
        self.drops().take()
    }

    fn drops(&self) -> MutexGuard<'_, Drops> {
        self.drops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds work back and queues `packet` (a SAVE): what the plugin sees after it is control alone.
    pub fn freeze(&self, packet: Packet) {
        let mut queues = self.lock();
        queues.frozen = true;
        queues.control.push_back(packet);
        self.wake(queues);
    }

    /// Lets work flow again.
    pub fn thaw(&self) {
        let mut queues = self.lock();
        queues.frozen = false;
        self.wake(queues);
    }

    /// Closes the work queue and takes what waits in it, in order.
    pub fn close(&self) -> VecDeque<Packet> {
        let mut queues = self.lock();
        queues.closed = true;
        queues.work.take_all()
    }

    /// No work comes out any more, whatever the plugin asks for: what waits, and what still comes, is for the next generation.
    pub fn seal(&self) {
        self.lock().sealed = true;
    }

    /// The ids of the work that the plugin has taken and not given back.
    pub fn held_work(&self) -> Vec<u64> {
        self.held().work()
    }

    /// What serves the frame `id`, in words; `None` when the plugin does not hold it.
    pub fn handler_of(&self, id: u64) -> Option<String> {
        self.held().handler_of(id)
    }

    /// What the frame `id` is about, and for whom; `None` when the plugin does not hold it.
    pub(crate) fn doing(&self, id: u64) -> Option<Doing> {
        self.held().doing(id)
    }

    fn held(&self) -> MutexGuard<'_, HeldPackets> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the work queue; what waits in it is still served.
    pub fn close_behind(&self) {
        self.lock().closed = true;
    }

    /// Queues what another generation left, in order and without a bound (it was bounded there), before all that comes.
    pub fn adopt(&self, packets: VecDeque<Packet>) {
        let mut queues = self.lock();
        for packet in packets {
            queues.work.push(packet);
        }
        self.wake(queues);
    }

    /// How many packets wait.
    #[must_use]
    pub fn depth(&self) -> usize {
        let queues = self.lock();
        queues.control.len() + queues.work.len()
    }

    /// How many events were dropped because the plugin was too far behind.
    #[must_use]
    pub fn dropped_events(&self) -> u64 {
        self.dropped_events.load(Relaxed)
    }

    /// The handle that `run` is given. It is valid for as long as the `Arc` is kept.
    #[must_use]
    pub fn handle(self: &Arc<Self>) -> MailboxHandle {
        const VTABLE: &WithMetadata<MailboxVtable> =
            &WithMetadata::new(MailboxVtable::new(exchange::<Mailbox, Frame>));
        MailboxHandle {
            ctx: Arc::as_ptr(self).cast(),
            vtable: MailboxVtable_Ref(VTABLE.static_as_prefix()),
            signal: self.signal.handle(),
        }
    }

    /// What an idle plugin is woken by.
    pub(crate) const fn signal(&self) -> &WakeSignal {
        &self.signal
    }

    /// What the plugin has taken and not given back, in words, the longest first; a few of it, and each handler once.
    #[must_use]
    pub(crate) fn in_hand(&self) -> Vec<String> {
        const FEW: usize = 3;
        let held = self.held();
        let mut work: Vec<_> = held
            .packets
            .iter()
            .filter(|it| it.1.packet.0.is_work())
            .collect();
        work.sort_by_key(|(token, _)| **token);
        let mut words: Vec<String> = Vec::new();
        for (_, held) in work {
            let handler = held.packet.0.in_words();
            if !words.contains(&handler) {
                words.push(handler);
            }
            if words.len() == FEW {
                break;
            }
        }
        words
    }

    /// Takes a token back, or what its mark says of it.
    fn released(&self, token: u64, held: &mut HeldPackets, work: &mut FairQueue, now: Instant) {
        const MARKS: u64 = token_mark::RESTS | token_mark::RUNS;
        // A token that is forged, or given back twice, is in no map.
        if token & MARKS != 0 {
            if let Some(held) = held.packets.get_mut(&(token & !MARKS)) {
                held.runs(token & token_mark::RUNS != 0, work);
            }
            return;
        }
        let Some(mut held) = held.packets.remove(&token) else {
            return;
        };
        held.runs(false, work);
        let (packet, header) = &*held.packet;
        let what = Handled {
            frame: packet.kind,
            event: header.kind,
            name: &packet.name,
        };
        self.figures.handled(what, now - held.at);
    }

    fn note(&self, packet: &Packet) {
        if let Some(noted) = self.noted.get() {
            noted.note(packet);
        }
    }

    /// For how long the plugin's thread has not asked for more, though something waits or was handed out.
    pub fn busy_for(&self) -> Option<Duration> {
        self.lock().busy_since.map(|since| since.elapsed())
    }

    /// Signals an idle plugin. Takes the guard, so that the write happens after the lock is gone.
    fn wake(&self, mut queues: MutexGuard<'_, Queues>) {
        let idle = std::mem::take(&mut queues.idle);
        if idle {
            queues.busy_since = Some(Instant::now());
        }
        drop(queues);
        if idle {
            self.signal.raise();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FrameSource for Mailbox {
    fn exchange(
        &self,
        released: &[u64],
        work: usize,
        mut out: impl FnMut(usize, Frame),
        cap: usize,
    ) -> usize {
        let now = Instant::now();
        let mut held = self.held();
        let mut queues = self.lock();
        for token in released {
            self.released(*token, &mut held, &mut queues.work, now);
        }
        if cap == 0 {
            return 0;
        }
        let mut taken = 0;
        while taken < cap
            && let Some(packet) = queues.control.pop_front()
        {
            self.note(&packet);
            out(taken, held.hold(packet, now));
            taken += 1;
        }
        queues.places = queues.places.max(work);
        let mut places = Places {
            all: queues.places,
            free: work,
        };
        let mut begun = Vec::new();
        while taken < cap
            && queues.flows()
            && let Some(mut packet) = queues.work.pop(places)
        {
            begun.extend(packet.begun.take());
            if let Some(queued) = packet.queued {
                self.figures
                    .waited
                    .observe(now.saturating_duration_since(queued));
            }
            self.note(&packet);
            out(taken, held.hold(packet, now));
            taken += 1;
            places.free -= 1;
        }
        // Declared under the lock that `push` takes: no wake-up is lost between "nothing there" and "idle".
        queues.idle = taken == 0;
        queues.busy_since = (taken > 0).then_some(now);
        drop(queues);
        begun.into_iter().for_each(Begun::tell);
        taken
    }

    /// Without any it goes idle, and is woken at once when something waits.
    fn exchange_failed(&self, taken: usize) {
        tracing::error!("an exchange of frames panicked; what it was about to hand out is lost");
        let mut queues = self.lock();
        queues.idle = taken == 0;
        let work_waits = queues.flows() && !queues.work.is_empty();
        if work_waits || !queues.control.is_empty() {
            self.wake(queues);
        }
    }
}

#[cfg(test)]
mod tests;
