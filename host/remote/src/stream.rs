//! Both ends of a request within this process.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::body::Bytes;
use tokio::{
    sync::{Semaphore, mpsc},
    time::timeout,
};

use crate::{
    frame::{Kind, MOST},
    shared::{Piece, Shared, WINDOW},
};

/// Bytes of a body in one frame: another request's frame goes between two of them.
const PIECE: usize = 16 << 10;

/// How long a sender waits for somebody who does not read. Events of a page that stands still come again when it is loaded anew.
const STALLED: Duration = Duration::from_secs(60);

/// Bytes that are read before the sender is granted as many.
const GRANTED: usize = WINDOW / 4;

/// A request under way: one direction that is sent, and one that is received.
#[derive(Debug)]
pub struct Stream {
    /// What is sent; the direction breaks off when this is dropped before its end.
    pub sender: Sender,
    /// What comes; the other side is told to stop when this is dropped.
    pub receiver: Receiver,
}

/// Why no request can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The connection is over.
    Over,
    /// Too many are under way.
    Full,
    /// Its head is longer than a frame.
    TooLong,
}

/// Why a body breaks off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cut {
    /// The connection is over.
    #[error("the connection to the bot's remote dashboard is over")]
    Over,
    /// The other side reads no more.
    #[error("the other side reads no more")]
    Stopped,
    /// The other side reads too slowly.
    #[error("the other side did not read for {} s", STALLED.as_secs())]
    Stalled,
    /// The other side's body broke off.
    #[error("{0}")]
    Told(String),
    /// A head is longer than a frame.
    #[error("the head is longer than {MOST} bytes")]
    TooLong,
}

#[derive(Debug)]
pub(crate) struct Half {
    pub(crate) number: u32,
    pub(crate) shared: Arc<Shared>,
}

/// The direction that is sent.
#[derive(Debug)]
pub struct Sender {
    half: Half,
    credit: Arc<Semaphore>,
    /// Closed when nothing more is to be sent. Without permits: waiting for one takes none from whoever sends.
    stopped: Arc<Semaphore>,
}

/// The direction that comes.
#[derive(Debug)]
pub struct Receiver {
    half: Half,
    pieces: mpsc::UnboundedReceiver<Piece>,
    unread: Arc<AtomicUsize>,
    /// Bytes that were read and not granted anew.
    read: usize,
    is_over: bool,
}

impl Sender {
    pub(crate) fn new(half: Half, credit: Arc<Semaphore>, stopped: Arc<Semaphore>) -> Self {
        Self {
            half,
            credit,
            stopped,
        }
    }

    /// Completes when the other side reads no more, or the connection is over.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let stopped = Arc::clone(&self.stopped);
        async move {
            let _ = stopped.acquire().await;
        }
    }

    /// Sends the head of an answer.
    ///
    /// # Errors
    ///
    /// It is too long, or nobody waits for it.
    pub fn head(&self, head: Vec<u8>) -> Result<(), Cut> {
        if head.len() > MOST {
            return Err(Cut::TooLong);
        }
        if self.credit.is_closed() {
            return Err(Cut::Stopped);
        }
        self.half.shared.send(Kind::Head, self.half.number, head);
        Ok(())
    }

    /// Sends a piece of the body, as fast as the other side reads.
    ///
    /// # Errors
    ///
    /// The other side does not read any more.
    pub async fn data(&self, mut data: Bytes) -> Result<(), Cut> {
        while !data.is_empty() {
            let piece = data.split_to(data.len().min(PIECE));
            let bytes = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            let granted = timeout(STALLED, self.credit.acquire_many(bytes)).await;
            let granted = granted.map_err(|_| Cut::Stalled)?;
            granted.map_err(|_| Cut::Stopped)?.forget();
            self.half.shared.send(Kind::Data, self.half.number, piece);
        }
        Ok(())
    }

    /// Says that the body is whole.
    pub fn end(self) {
        self.half.shared.finish(self.half.number, Kind::End, "");
    }

    /// Says that the body breaks off, and why.
    pub fn cut(self, why: &str) {
        self.half.shared.finish(self.half.number, Kind::Reset, why);
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let why = "it was given up";
        self.half.shared.finish(self.half.number, Kind::Reset, why);
    }
}

impl Receiver {
    pub(crate) fn new(
        half: Half,
        pieces: mpsc::UnboundedReceiver<Piece>,
        unread: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            half,
            pieces,
            unread,
            read: 0,
            is_over: false,
        }
    }

    /// The head, which comes first.
    ///
    /// # Errors
    ///
    /// The answer breaks off before it.
    pub async fn head(&mut self) -> Result<Bytes, Cut> {
        match self.pieces.recv().await {
            Some(Piece::Head(head)) => Ok(head),
            Some(Piece::Broken(why)) => {
                self.is_over = true;
                Err(Cut::Told(why))
            }
            Some(Piece::Data(_) | Piece::End) => Err(Cut::Told("it has no head".to_owned())),
            None => Err(Cut::Over),
        }
    }

    /// The next piece of the body; `None` when it is whole.
    ///
    /// # Errors
    ///
    /// It breaks off.
    pub async fn data(&mut self) -> Option<Result<Bytes, Cut>> {
        if self.is_over {
            return None;
        }
        let cut = match self.pieces.recv().await {
            Some(Piece::Data(data)) => {
                self.unread.fetch_sub(data.len(), Relaxed);
                self.read += data.len();
                if self.read >= GRANTED {
                    let read = u32::try_from(std::mem::take(&mut self.read)).unwrap_or(u32::MAX);
                    let granted = read.to_be_bytes().to_vec();
                    self.half
                        .shared
                        .send(Kind::Credit, self.half.number, granted);
                }
                return Some(Ok(data));
            }
            Some(Piece::End) => None,
            Some(Piece::Broken(why)) => Some(Cut::Told(why)),
            Some(Piece::Head(_)) => Some(Cut::Told("a head comes within the body".to_owned())),
            None => Some(Cut::Over),
        };
        self.is_over = true;
        cut.map(Err)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.half.shared.stop(self.half.number);
    }
}
