//! Receiver of frames from the host: the mailbox, and frames as values that give themselves back.

use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
};

use crate::abi::{EXCHANGE_BATCH, EventHeader, Frame, MailboxHandle, Record, token_mark};

/// The plugin's end of its mailbox.
pub(crate) struct Inbox {
    handle: MailboxHandle,
    frames: [Frame; EXCHANGE_BATCH],
    released: Rc<RefCell<Vec<u64>>>,
}

impl Inbox {
    /// # Safety
    ///
    /// `handle` stays valid for as long as the inbox lives, and no other thread exchanges.
    pub(crate) unsafe fn new(handle: MailboxHandle) -> Self {
        Self {
            handle,
            frames: [Frame::EMPTY; EXCHANGE_BATCH],
            released: Rc::default(),
        }
    }

    /// The host's signal, which is valid for as long as the inbox lives.
    #[cfg(unix)]
    pub(super) fn signal(&self) -> i32 {
        self.handle.signal
    }

    /// Gives back what was dropped since, and takes new frames, of which at most `work` are work. An empty answer is the
    /// plugin's word that it goes idle.
    pub(crate) fn exchange(&mut self, work: usize) -> impl Iterator<Item = FrameGuard> {
        let released = self.released.take();
        // SAFETY: `frames` has room for EXCHANGE_BATCH frames that lie as far apart as it says, the tokens live until the call returns, and this is the
        // generation's thread (`new`).
        let taken = unsafe {
            self.handle.vtable.exchange()(
                self.handle.ctx,
                released.as_ptr(),
                released.len(),
                self.frames.as_mut_ptr().cast(),
                size_of::<Frame>(),
                EXCHANGE_BATCH,
                work,
            )
        };
        self.frames[..taken.min(EXCHANGE_BATCH)]
            .iter()
            .map(|frame| {
                // SAFETY: the place of a whole frame, whose size the host has written.
                let frame = unsafe { Frame::read(std::ptr::from_ref(frame).cast()) }
                    .unwrap_or(Frame::EMPTY);
                FrameGuard {
                    claim: Rc::new(Claim {
                        token: frame.token,
                        released: Rc::clone(&self.released),
                        handlers: Cell::new(0),
                        rests: Cell::new(false),
                    }),
                    frame,
                }
            })
    }
}

impl Drop for Inbox {
    /// Gives the last tokens back.
    fn drop(&mut self) {
        let released = self.released.take();
        // SAFETY: as in `exchange`; with a capacity of 0 nothing is written.
        unsafe {
            self.handle.vtable.exchange()(
                self.handle.ctx,
                released.as_ptr(),
                released.len(),
                self.frames.as_mut_ptr().cast(),
                size_of::<Frame>(),
                0,
                0,
            );
        }
    }
}

/// A frame that the plugin holds. It is given back at the next exchange after this, and the [`Place`]s of its handlers, are dropped.
///
/// Invariant: not `Send`, so that tokens are given back by the generation's thread alone.
pub(crate) struct FrameGuard {
    frame: Frame,
    claim: Rc<Claim>,
}

/// The right to a frame's memory.
struct Claim {
    token: u64,
    released: Rc<RefCell<Vec<u64>>>,
    /// How many handlers run for it.
    handlers: Cell<usize>,
    /// Whether the host was told that none does.
    rests: Cell<bool>,
}

impl Claim {
    fn begins(&self) {
        self.handlers.set(self.handlers.get() + 1);
        if self.rests.replace(false) {
            self.mark(token_mark::RUNS);
        }
    }

    /// A handler does not run any more; the host is told when none does.
    fn ends(&self, is_told: bool) {
        self.handlers.set(self.handlers.get() - 1);
        if self.handlers.get() == 0 && is_told && !self.rests.replace(true) {
            self.mark(token_mark::RESTS);
        }
    }

    fn mark(&self, mark: u64) {
        if self.token != 0 {
            self.released.borrow_mut().push(self.token | mark);
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.mark(0);
    }
}

/// The place of a handler that serves a frame. It runs until this is dropped, but for the times in which it waits for a member: the host counts
/// by this how many places a server has.
pub(crate) struct Place {
    claim: Rc<Claim>,
    waits: bool,
}

impl Place {
    /// A handler of that frame begins.
    pub(crate) fn of(frame_guard: &FrameGuard) -> Self {
        let claim = Rc::clone(&frame_guard.claim);
        claim.begins();
        Self {
            claim,
            waits: false,
        }
    }

    /// It waits for a member, or does not.
    pub(crate) fn waits(&mut self, waits: bool) {
        match (std::mem::replace(&mut self.waits, waits), waits) {
            (false, true) => self.claim.ends(true),
            (true, false) => self.claim.begins(),
            _ => {}
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.waits {
            // The last to have it gives it back, which says as much.
            let is_kept = Rc::strong_count(&self.claim) > 1;
            self.claim.ends(is_kept);
        }
    }
}

impl FrameGuard {
    pub(crate) fn kind(&self) -> u16 {
        self.frame.kind
    }

    pub(crate) fn status(&self) -> u16 {
        self.frame.status
    }

    pub(crate) fn id(&self) -> u64 {
        self.frame.id
    }

    pub(crate) fn head(&self) -> &[u8] {
        // SAFETY: the host keeps it until our token is given back, which is when `self` has dropped.
        unsafe { self.frame.head.get() }
    }

    pub(crate) fn body(&self) -> &[u8] {
        // SAFETY: as in `head`.
        unsafe { self.frame.body.get() }
    }

    pub(crate) fn header(&self) -> Header<'_> {
        // SAFETY: as in `head`; the host tells how many bytes of a header there are.
        let header =
            unsafe { EventHeader::read(self.frame.header, self.frame.header_bytes.into()) };
        Header {
            // SAFETY: what the header points at lives as long as the header.
            content: text(unsafe { header.content.get() }),
            // SAFETY: as above.
            user_name: text(unsafe { header.user_name.get() }),
            header,
        }
    }
}

impl fmt::Debug for FrameGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameGuard")
            .field("kind", &self.frame.kind)
            .field("id", &self.frame.id)
            .finish_non_exhaustive()
    }
}

/// An event's header with its texts.
pub(crate) struct Header<'a> {
    pub(crate) header: EventHeader,
    pub(crate) content: &'a str,
    pub(crate) user_name: &'a str,
}

/// The host promises UTF-8; a host that breaks it costs a text and not the process.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(token: u64) -> (FrameGuard, Rc<RefCell<Vec<u64>>>) {
        let released = Rc::<RefCell<Vec<u64>>>::default();
        let claim = Claim {
            token,
            released: Rc::clone(&released),
            handlers: Cell::new(0),
            rests: Cell::new(false),
        };
        let frame_guard = FrameGuard {
            frame: Frame::EMPTY,
            claim: Rc::new(claim),
        };
        (frame_guard, released)
    }

    const RESTS: u64 = 7 | token_mark::RESTS;
    const RUNS: u64 = 7 | token_mark::RUNS;

    #[test]
    fn a_frame_is_given_back_when_its_guard_and_its_handlers_are_gone() {
        let (frame_guard, released) = frame(7);
        let place = Place::of(&frame_guard);
        drop(frame_guard);
        assert_eq!(released.take(), [0; 0]);
        drop(place);
        assert_eq!(released.take(), [7]);
        let (frame_guard, released) = frame(7);
        drop(frame_guard);
        assert_eq!(released.take(), [7]);
        // What has no token is nobody's.
        let (frame_guard, released) = frame(0);
        Place::of(&frame_guard).waits(true);
        drop(frame_guard);
        assert_eq!(released.take(), [0; 0]);
    }

    #[test]
    fn the_host_hears_that_no_handler_runs_and_that_one_does_again() {
        let (frame_guard, released) = frame(7);
        let mut first = Place::of(&frame_guard);
        let mut second = Place::of(&frame_guard);
        first.waits(true);
        first.waits(true);
        assert_eq!(released.take(), [0; 0], "the other one runs");
        second.waits(true);
        assert_eq!(released.take(), [RESTS]);
        first.waits(false);
        assert_eq!(released.take(), [RUNS]);
        drop(second);
        drop(first);
        // Somebody keeps the event.
        assert_eq!(released.take(), [RESTS]);
        drop(frame_guard);
        assert_eq!(released.take(), [7]);
    }
}
