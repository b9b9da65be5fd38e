//! State that the ends of all requests share: the requests under way, with their windows, and the queue of frames to be sent.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use axum::body::Bytes;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::{
    channel::Broken,
    frame::{Frame, Kind},
};

/// Bytes of one direction of a request that may be on their way. A page of 200 kB takes two turns.
pub(crate) const WINDOW: usize = 128 << 10;

/// Bytes that may wait to be sent: all windows and heads together. More is another side that asks and does not read.
const WAITING: usize = 64 << 20;

/// What the ends of all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) out: mpsc::UnboundedSender<Frame>,
    pub(crate) queue: Mutex<Option<mpsc::UnboundedReceiver<Frame>>>,
    /// Bytes in it.
    pub(crate) waiting: AtomicUsize,
    pub(crate) streams: Mutex<Streams>,
    /// Why this side ends it.
    pub(crate) over: watch::Sender<Option<Broken>>,
}

#[derive(Debug, Default)]
pub(crate) struct Streams {
    pub(crate) open: HashMap<u32, Entry>,
    pub(crate) last: u32,
    pub(crate) is_over: bool,
}

/// A request that is under way.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) pieces: mpsc::UnboundedSender<Piece>,
    /// Bytes that have come and were not read. No more than the window.
    pub(crate) unread: Arc<AtomicUsize>,
    /// Bytes that may be sent.
    pub(crate) credit: Arc<Semaphore>,
    pub(crate) stopped: Arc<Semaphore>,
    /// Whether this side has ended its direction, and the other its own.
    pub(crate) sent_all: bool,
    pub(crate) got_all: bool,
    pub(crate) got_head: bool,
}

/// What comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Head(Bytes),
    Data(Bytes),
    End,
    Broken(String),
}

impl Shared {
    /// Nothing is under way yet.
    pub(crate) fn new() -> Self {
        let (out, queue) = mpsc::unbounded_channel();
        Self {
            out,
            queue: Mutex::new(Some(queue)),
            waiting: AtomicUsize::new(0),
            streams: Mutex::default(),
            over: watch::Sender::new(None),
        }
    }

    pub(crate) fn streams(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a frame. What waits is bounded by the windows, and by [`WAITING`] where the other side does not keep to them.
    pub(crate) fn send(&self, kind: Kind, stream: u32, body: impl Into<Bytes>) {
        let frame = Frame::new(kind, stream, body);
        let bytes = frame.body.len() + size_of::<Frame>();
        if self.waiting.fetch_add(bytes, Relaxed) + bytes > WAITING {
            let broken = Broken::Protocol("it asks, and does not read the answers");
            self.over.send_if_modified(|over| {
                let is_first = over.is_none();
                over.get_or_insert(broken);
                is_first
            });
            return;
        }
        let _ = self.out.send(frame);
    }

    /// Ends everything.
    pub(crate) fn end(&self, why: Broken) {
        let mut streams = self.streams();
        streams.is_over = true;
        for (_, entry) in streams.open.drain() {
            entry.credit.close();
            entry.stopped.close();
        }
        drop(streams);
        self.over.send_if_modified(|over| {
            let is_first = over.is_none();
            over.get_or_insert(why);
            is_first
        });
    }

    /// Ends this side's direction of a request, unless it has ended.
    pub(crate) fn finish(&self, number: u32, kind: Kind, words: &str) {
        let mut streams = self.streams();
        let Some(entry) = streams.open.get_mut(&number).filter(|it| !it.sent_all) else {
            return;
        };
        entry.sent_all = true;
        let is_over = entry.got_all;
        if is_over {
            streams.open.remove(&number);
        }
        self.send(kind, number, words.to_owned());
    }

    /// Says that nobody reads the other side's direction any more, unless it has ended.
    pub(crate) fn stop(&self, number: u32) {
        let mut streams = self.streams();
        let goes_on = streams.open.get_mut(&number).is_some_and(|it| !it.got_all);
        if goes_on {
            self.send(Kind::Stop, number, Bytes::new());
        }
    }
}
