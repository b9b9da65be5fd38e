//! Receiver of frames from the host: the mailbox, and frames as values that give themselves back.

use crate::abi::{EXCHANGE_BATCH, EventHeader, Frame, MailboxHandle, Record};
use std::{cell::RefCell, fmt, rc::Rc};

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
            .map(|frame| FrameGuard {
                // SAFETY: the place of a whole frame, whose size the host has written.
                frame: unsafe { Frame::read(std::ptr::from_ref(frame).cast()) }
                    .unwrap_or(Frame::EMPTY),
                released: Rc::clone(&self.released),
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

/// A frame that the plugin holds. Dropping it gives it back at the next exchange.
///
/// Invariant: not `Send`, so that tokens are given back by the generation's thread alone.
pub(crate) struct FrameGuard {
    frame: Frame,
    released: Rc<RefCell<Vec<u64>>>,
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
        // SAFETY: the host keeps it until our token is given back, which is when `self` drops.
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

impl Drop for FrameGuard {
    fn drop(&mut self) {
        if self.frame.token != 0 {
            self.released.borrow_mut().push(self.frame.token);
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
