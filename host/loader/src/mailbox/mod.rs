//! Mailbox of a generation: the queues of packets for a plugin, and the `exchange` by which the plugin takes them.
//!
//! There are two queues. *Control* (completions, life cycle) is never bounded and always flows. *Work* (events, commands, components)
//! is bounded per kind, can be frozen while state is handed over, and can be carried to the next generation as it is.

use std::{
    cell::Cell,
    collections::{HashMap, VecDeque},
    ffi::c_void,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use plugin_api::abi::{
    Bytes, EventHeader, Frame, MailboxHandle, MailboxVtable, MailboxVtable_Ref, Record,
    abi_stable::prefix_type::WithMetadata, frame_kind,
};

use crate::{
    Handled, PluginFigures,
    crumbs::Frames,
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
    /// Packets that the plugin holds, by token. Only `exchange` locks it, and so only the plugin's thread.
    held: Mutex<HeldPackets>,
    signal: WakeSignal,
    dropped_events: AtomicU64,
    figures: Arc<PluginFigures>,
    /// Where the frames are noted that the plugin takes, where there are crumbs.
    noted: OnceLock<Frames>,
}

#[derive(Debug, Default)]
struct Queues {
    control: VecDeque<Packet>,
    work: VecDeque<Packet>,
    events: usize,
    calls: usize,
    frozen: bool,
    closed: bool,
    idle: bool,
    /// Since when it has not asked for more, while it is not idle.
    busy_since: Option<Instant>,
}

#[derive(Debug, Default)]
struct HeldPackets {
    last_token: u64,
    // In an `Arc`, since frames point into it: a `Box` promises to be the only way there whenever it is moved.
    packets: HashMap<u64, HeldPacket>,
}

/// A packet that the plugin has taken.
#[derive(Debug)]
struct HeldPacket {
    packet: Arc<(Packet, EventHeader)>,
    at: Instant,
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
            figures,
            noted: OnceLock::new(),
        })
    }

    /// From here on the frames that the plugin takes are noted there.
    pub fn note_in(&self, frames: Frames) {
        let _ = self.noted.set(frames);
    }

    /// Queues a packet, and wakes the plugin if it is idle.
    ///
    /// # Errors
    ///
    /// Work is refused when its queue is full or closed; control never is.
    pub fn push(&self, mut packet: Packet) -> Result<(), Refused> {
        if packet.is_work() {
            packet.queued = Some(Instant::now());
        }
        let mut queues = self.lock();
        if packet.is_work() {
            if queues.closed {
                return Err(Refused::Closed);
            }
            if packet.kind == frame_kind::EVENT {
                if queues.events >= EVENT_LIMIT {
                    self.dropped_events.fetch_add(1, Relaxed);
                    self.figures.dropped.fetch_add(1, Relaxed);
                    return Err(Refused::Full);
                }
                queues.events += 1;
            } else {
                if queues.calls >= CALL_LIMIT {
                    return Err(Refused::Full);
                }
                queues.calls += 1;
            }
            queues.work.push_back(packet);
            if queues.frozen {
                return Ok(());
            }
        } else {
            queues.control.push_back(packet);
        }
        self.wake(queues);
        Ok(())
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
        queues.events = 0;
        queues.calls = 0;
        std::mem::take(&mut queues.work)
    }

    /// Closes the work queue; what waits in it is still served.
    pub fn close_behind(&self) {
        self.lock().closed = true;
    }

    /// Queues what another generation left, in order and without a bound (it was bounded there), before all that comes.
    pub fn adopt(&self, packets: VecDeque<Packet>) {
        let mut queues = self.lock();
        for packet in packets {
            if packet.kind == frame_kind::EVENT {
                queues.events += 1;
            } else {
                queues.calls += 1;
            }
            queues.work.push_back(packet);
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
            &WithMetadata::new(MailboxVtable::new(exchange::<Frame>));
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

    /// What the plugin has taken and not given back, in words, the longest first; a few of it.
    #[must_use]
    pub(crate) fn in_hand(&self) -> Vec<String> {
        const FEW: usize = 3;
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut work: Vec<_> = held
            .packets
            .iter()
            .filter(|it| it.1.packet.0.is_work())
            .collect();
        work.sort_by_key(|(token, _)| **token);
        let words = work
            .iter()
            .take(FEW)
            .map(|(_, held)| held.packet.0.in_words());
        words.collect()
    }

    /// Gives tokens back, and hands out up to `cap` packets, of which at most `work` are work. Only the plugin's thread calls this, or
    /// the one that stands for it.
    pub(crate) fn exchange(
        &self,
        released: &[u64],
        work: usize,
        mut out: impl FnMut(usize, Frame),
        cap: usize,
    ) -> usize {
        let now = Instant::now();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        for token in released {
            // A token that is forged, or given back twice, is in no map.
            if let Some(HeldPacket { packet, at }) = held.packets.remove(token) {
                let (packet, header) = &*packet;
                let what = Handled {
                    frame: packet.kind,
                    event: header.kind,
                    name: &packet.name,
                };
                self.figures.handled(what, now - at);
            }
        }
        if cap == 0 {
            return 0;
        }
        let mut taken = 0;
        let mut queues = self.lock();
        while taken < cap
            && let Some(packet) = queues.control.pop_front()
        {
            self.note(&packet);
            out(taken, held.hold(packet, now));
            taken += 1;
        }
        let mut work_left = work;
        let mut begun = Vec::new();
        while taken < cap
            && work_left > 0
            && !queues.frozen
            && let Some(mut packet) = queues.work.pop_front()
        {
            begun.extend(packet.begun.take());
            if packet.kind == frame_kind::EVENT {
                queues.events -= 1;
            } else {
                queues.calls -= 1;
            }
            if let Some(queued) = packet.queued {
                self.figures
                    .waited
                    .observe(now.saturating_duration_since(queued));
            }
            self.note(&packet);
            out(taken, held.hold(packet, now));
            taken += 1;
            work_left -= 1;
        }
        // Declared under the lock that `push` takes: no wake-up is lost between "nothing there" and "idle".
        queues.idle = taken == 0;
        queues.busy_since = (taken > 0).then_some(now);
        drop(queues);
        begun.into_iter().for_each(Begun::tell);
        taken
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

    /// After an exchange that panicked behind this many frames: those are the plugin's. Without any it goes idle, and is woken at once
    /// when something waits.
    fn exchange_failed(&self, taken: usize) {
        tracing::error!("an exchange of frames panicked; what it was about to hand out is lost");
        let mut queues = self.lock();
        queues.idle = taken == 0;
        let work_waits = !queues.frozen && !queues.work.is_empty();
        if work_waits || !queues.control.is_empty() {
            self.wake(queues);
        }
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

impl HeldPackets {
    fn hold(&mut self, packet: Packet, now: Instant) -> Frame {
        self.last_token += 1;
        let token = self.last_token;
        let header = packet.header();
        let held = self.packets.entry(token).or_insert_with(|| HeldPacket {
            packet: Arc::new((packet, header)),
            at: now,
        });
        let (packet, header) = &*held.packet;
        Frame {
            token,
            id: packet.id,
            kind: packet.kind,
            status: packet.status,
            header_bytes: size_of::<EventHeader>() as u16,
            header: (&raw const *header).cast(),
            head: Bytes::of(&packet.head),
            body: Bytes::of(packet.body()),
            ..Frame::EMPTY
        }
    }
}

/// [`MailboxVtable::exchange`]. `R` is the frame of this host's version; the tests have a later one.
unsafe extern "C" fn exchange<R: Record + From<Frame>>(
    ctx: *const c_void,
    released: *const u64,
    released_len: usize,
    out: *mut c_void,
    stride: usize,
    cap: usize,
    work: usize,
) -> usize {
    // SAFETY: `ctx` is `Arc::as_ptr` of a mailbox that the generation keeps alive until `run` has returned.
    let mailbox = unsafe { &*ctx.cast::<Mailbox>() };
    let released = if released.is_null() || released_len == 0 {
        &[]
    } else {
        // SAFETY: the plugin's tokens live until we return, says the contract.
        unsafe { std::slice::from_raw_parts(released, released_len) }
    };
    // Frames that would not fit stay in their queue.
    let cap = if stride < R::FIRST_SIZE { 0 } else { cap };
    let taken = Cell::new(0);
    let put = |index: usize, frame: Frame| {
        // SAFETY: `index` is below `cap`, and the plugin's buffer has room for `cap` frames that lie `stride` bytes apart.
        // They fit, was looked at above.
        let _ = unsafe { R::from(frame).write(out.byte_add(index * stride), stride) };
        taken.set(index + 1);
    };
    // Never unwinds into the plugin.
    catch_unwind(AssertUnwindSafe(|| {
        mailbox.exchange(released, work, put, cap)
    }))
    .unwrap_or_else(|_| {
        mailbox.exchange_failed(taken.get());
        taken.get()
    })
}

#[cfg(test)]
mod tests;
