//! Stand-ins for the mailbox and the host, in a cell: what a library is given there by the boundary's own handles.

use std::{
    collections::{HashMap, VecDeque},
    ffi::c_void,
    io::{self, Write},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use plugin_api::abi::{
    Bytes, EventHeader, Frame, HostHandle, HostVtable, HostVtable_Ref, MailboxHandle,
    MailboxVtable, MailboxVtable_Ref, Message, Record as _, abi_stable::prefix_type::WithMetadata,
    frame_kind, message_kind, send_status,
};

use super::{
    incoming::{Broken, Incoming, Received},
    wire::{self, Record, Tag},
};
use crate::{
    calls::{MOST_BODY, MOST_HEAD, MOST_OPEN},
    crumbs::Place,
    mailbox::{self, FrameSource},
    packet::Packet,
    platform::cells::{self, Link},
};

/// A buffer of more than this is given back after it was written.
const KEPT: usize = 1 << 20;

/// What the library of a cell is given. The plugin watches the socket itself, and reads it whenever it exchanges: no other thread has to
/// be woken in between.
#[derive(Debug)]
pub(super) struct StandIn {
    link: Arc<Link>,
    /// What is written next. Any thread may send.
    out: Mutex<Vec<u8>>,
    /// The plugin's thread alone exchanges.
    inbox: Mutex<Inbox>,
    /// Host calls whose answers the plugin has not given back.
    calls: AtomicUsize,
    /// Where the plugin notes what it polls, where there are crumbs.
    place: OnceLock<Place>,
}

#[derive(Debug, Default)]
struct Inbox {
    incoming: Incoming,
    /// Frames that the plugin has not taken.
    waiting: VecDeque<HeldFrame>,
    /// Those that it has, by token.
    held: HashMap<u64, Box<HeldFrame>>,
    /// How many batches have come whole.
    batches: u64,
    /// What was asked for last, with how many batches had come then: it still stands while no more have.
    asked: Option<(u64, u32, u32)>,
    /// How often the bot has said that there was nothing.
    empty: u64,
    /// Whether the plugin was told to stop: it takes what waits until there is nothing, and ends.
    stopping: bool,
}

/// A frame's memory, which does not move while the plugin holds it.
#[derive(Debug)]
struct HeldFrame {
    record: Record,
    header: EventHeader,
    /// The event's part, to which the header points.
    _event: Box<[u8]>,
    head: Box<[u8]>,
    body: Box<[u8]>,
}

impl HeldFrame {
    fn of(received: &Received<'_>) -> Self {
        let event: Box<[u8]> = received.event.into();
        Self {
            record: received.record,
            header: wire::event_header(&event).unwrap_or(EventHeader::EMPTY),
            _event: event,
            head: received.head.into(),
            body: received.body.into(),
        }
    }

    fn is_work(&self) -> bool {
        Packet::bare(self.record.kind, 0).is_work()
    }

    /// Whether work that came before must have been taken before this is.
    fn is_barrier(&self) -> bool {
        matches!(self.record.kind, frame_kind::SAVE | frame_kind::STOP)
    }

    fn frame(&self) -> Frame {
        Frame {
            kind: self.record.kind,
            status: self.record.status,
            id: self.record.id,
            token: self.record.token,
            header: (&raw const self.header).cast(),
            header_bytes: size_of::<EventHeader>() as u16,
            head: Bytes::of(&self.head),
            body: Bytes::of(&self.body),
            ..Frame::EMPTY
        }
    }
}

impl StandIn {
    /// Writes to this socket, and reads from it.
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self {
            link,
            out: Mutex::default(),
            inbox: Mutex::default(),
            calls: AtomicUsize::new(0),
            place: OnceLock::new(),
        }
    }

    /// Gives the plugin its place in the crumbs, on its thread and before the library is opened.
    pub(super) fn takes_place(&self, place: Place) {
        let _ = self.place.set(place);
    }

    /// Notes that the plugin's thread is at nothing.
    pub(super) fn is_at_nothing(&self) {
        if let Some(place) = self.place.get() {
            place.idle();
        }
    }

    /// The host, for the library. Valid as long as the `Arc` is kept.
    pub(super) fn host(self: &Arc<Self>) -> HostHandle {
        const VTABLE: &WithMetadata<HostVtable> = &WithMetadata::new(HostVtable::new(send, crumb));
        HostHandle {
            ctx: Arc::as_ptr(self).cast(),
            vtable: HostVtable_Ref(VTABLE.static_as_prefix()),
        }
    }

    /// The mailbox, for the library. Valid as long as the `Arc` is kept.
    pub(super) fn mailbox(self: &Arc<Self>) -> MailboxHandle {
        const VTABLE: &WithMetadata<MailboxVtable> =
            &WithMetadata::new(MailboxVtable::new(mailbox::exchange::<StandIn, Frame>));
        MailboxHandle {
            ctx: Arc::as_ptr(self).cast(),
            vtable: MailboxVtable_Ref(VTABLE.static_as_prefix()),
            signal: self.link.handle(),
        }
    }

    /// Sends a record; `false` when the bot is gone.
    pub(super) fn tell(&self, record: Record, head: &[u8], body: &[u8]) -> bool {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        record.put(&mut out, head, body);
        let written = (&*self.link).write_all(&out);
        out.clear();
        if out.capacity() > KEPT {
            *out = Vec::new();
        }
        written.is_ok()
    }

    /// Takes what has come, as long as something may. What is left in the socket would wake nobody: the plugin watches its edges.
    fn receive(&self, inbox: &mut Inbox) {
        while inbox.expects() && self.fill(inbox, &mut self.link.now()) {}
    }

    /// Takes what the socket gives; `false` when that is nothing yet. The process ends with the bot.
    fn fill(&self, inbox: &mut Inbox, from: &mut impl io::Read) -> bool {
        use io::ErrorKind::{Interrupted, WouldBlock};
        match inbox.incoming.fill(from) {
            Ok(0) => cells::leave(0),
            Ok(_) if inbox.sort_in().is_err() => cells::leave(1),
            Ok(_) => true,
            Err(error) if error.kind() == Interrupted => true,
            Err(error) if error.kind() == WouldBlock => false,
            Err(_) => cells::leave(1),
        }
    }

    /// For a plugin that ends when there is nothing left: no frames means here that there are none, and not that none have come yet.
    fn exchange_to_the_end(
        &self,
        inbox: &mut Inbox,
        released: &[u64],
        out: impl FnMut(usize, Frame),
        (cap, work): (usize, usize),
    ) -> usize {
        let (batches, empty) = (inbox.batches, inbox.empty);
        let asks = (batches, narrow(cap), narrow(work));
        inbox.asked = Some(asks);
        let asks = Record::exchange_now(batches, (asks.1, asks.2));
        if !self.tell(asks, b"", &bytes_of(released)) {
            return 0;
        }
        while (inbox.batches, inbox.empty) == (batches, empty) {
            self.fill(inbox, &mut &*self.link);
        }
        inbox.take(cap, work, out)
    }

    fn send(&self, message: &Message, head: &[u8], body: &[u8]) -> u32 {
        if message.kind == message_kind::CALL && message.id != 0 {
            // As the bot counts them: refusals are answers, too.
            if self.calls.load(Relaxed) >= 2 * MOST_OPEN {
                return send_status::REFUSED;
            }
            self.calls.fetch_add(1, Relaxed);
        }
        let record = Record {
            kind: message.kind,
            status: message.status,
            id: message.id,
            ..Record::bare(Tag::Message)
        };
        // What is too long is as long as it takes for the bot to say so.
        let (head, body) = (
            &head[..head.len().min(MOST_HEAD + 1)],
            &body[..body.len().min(MOST_BODY + 1)],
        );
        if self.tell(record, head, body) {
            send_status::TAKEN
        } else {
            send_status::CLOSED
        }
    }
}

impl FrameSource for StandIn {
    fn exchange(
        &self,
        released: &[u64],
        work: usize,
        mut out: impl FnMut(usize, Frame),
        cap: usize,
    ) -> usize {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        for token in released {
            let given_back = inbox.held.remove(token);
            if given_back.is_some_and(|it| it.record.kind == frame_kind::REPLY) {
                self.calls.fetch_sub(1, Relaxed);
            }
        }
        self.receive(&mut inbox);
        let taken = inbox.take(cap, work, &mut out);
        if taken == 0 && cap > 0 && inbox.stopping {
            return self.exchange_to_the_end(&mut inbox, released, out, (cap, work));
        }
        let batches = inbox.batches;
        let wanted = (taken == 0 && cap > 0).then_some((narrow(cap), narrow(work)));
        if let Some((cap, work)) = wanted {
            let asks = Some((batches, cap, work));
            if released.is_empty() && inbox.asked == asks {
                return 0;
            }
            inbox.asked = asks;
        }
        if wanted.is_some() || !released.is_empty() {
            self.tell(Record::exchange(batches, wanted), b"", &bytes_of(released));
        }
        taken
    }

    /// What it lost nobody knows: the cell ends, and is started again.
    fn exchange_failed(&self, _: usize) {
        std::process::abort()
    }
}

impl Inbox {
    /// Whether what was asked for may still come. The bot sends nothing else.
    fn expects(&self) -> bool {
        self.asked.is_some_and(|asked| asked.0 == self.batches)
    }

    /// Puts the records that are whole where they belong.
    fn sort_in(&mut self) -> Result<(), Broken> {
        while let Some(received) = self.incoming.next()? {
            match received.record.tag {
                Tag::Frame => {
                    self.waiting.push_back(HeldFrame::of(&received));
                    self.batches += u64::from(received.record.flag);
                }
                Tag::Empty => self.empty += 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// Hands out what may be taken, in order. The bot has sent no more work than was asked for; should the plugin want less by now,
    /// the rest waits, and what must come behind it waits with it.
    fn take(&mut self, cap: usize, mut work: usize, mut out: impl FnMut(usize, Frame)) -> usize {
        let (mut taken, mut left) = (0, VecDeque::new());
        while taken < cap
            && let Some(frame) = self.waiting.pop_front()
        {
            if (frame.is_work() && work == 0) || (frame.is_barrier() && !left.is_empty()) {
                left.push_back(frame);
                continue;
            }
            work -= usize::from(frame.is_work());
            self.stopping |= frame.record.kind == frame_kind::STOP;
            let held = Box::new(frame);
            out(taken, held.frame());
            self.held.insert(held.record.token, held);
            taken += 1;
        }
        left.append(&mut self.waiting);
        self.waiting = left;
        taken
    }
}

fn bytes_of(tokens: &[u64]) -> Vec<u8> {
    tokens
        .iter()
        .flat_map(|token| token.to_le_bytes())
        .collect()
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// [`HostVtable::crumb`].
unsafe extern "C" fn crumb(ctx: *const c_void) -> *const c_void {
    // SAFETY: `ctx` is `Arc::as_ptr` of a stand-in that is kept until the process ends.
    let stand_in = unsafe { &*ctx.cast::<StandIn>() };
    let crumb = stand_in.place.get().map(Place::crumb);
    crumb.map_or(std::ptr::null(), |crumb| std::ptr::from_ref(crumb).cast())
}

/// [`HostVtable::send`].
unsafe extern "C" fn send(ctx: *const c_void, message: *const c_void) -> u32 {
    // SAFETY: `ctx` is `Arc::as_ptr` of a stand-in that is kept until the process ends.
    let stand_in = unsafe { &*ctx.cast::<StandIn>() };
    // SAFETY: the plugin's message lives until we return and tells its size, says the contract.
    let Some(message) = (unsafe { Message::read(message) }) else {
        return send_status::REFUSED;
    };
    // SAFETY: so do the slices.
    let (head, body) = unsafe { (message.head.get(), message.body.get()) };
    stand_in.send(&message, head, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(kinds: &[u16]) -> Inbox {
        let frame = |(index, kind): (usize, &u16)| HeldFrame {
            record: Record {
                kind: *kind,
                token: index as u64,
                ..Record::bare(Tag::Frame)
            },
            header: EventHeader::EMPTY,
            _event: Box::default(),
            head: Box::default(),
            body: Box::default(),
        };
        Inbox {
            waiting: kinds.iter().enumerate().map(frame).collect(),
            ..Inbox::default()
        }
    }

    fn taken(inbox: &mut Inbox, cap: usize, work: usize) -> Vec<u64> {
        let mut tokens = Vec::new();
        let count = inbox.take(cap, work, |_, frame| tokens.push(frame.token));
        assert_eq!(count, tokens.len());
        tokens
    }

    #[test]
    fn a_save_waits_for_the_work_before_it_and_other_control_does_not() {
        use frame_kind::{COMMAND, EVENT, REPLY, SAVE, STOP};
        let mut inbox = waiting(&[COMMAND, EVENT, REPLY, SAVE, COMMAND, STOP]);
        assert_eq!(taken(&mut inbox, 64, 1), [0, 2], "one may be worked on");
        assert_eq!(taken(&mut inbox, 64, 0), [0; 0]);
        assert_eq!(taken(&mut inbox, 1, 9), [1]);
        assert!(!inbox.stopping);
        assert_eq!(taken(&mut inbox, 64, 9), [3, 4, 5]);
        assert!(inbox.stopping && inbox.waiting.is_empty());
        assert_eq!(inbox.held.len(), 6);
    }
}
