//! Link: many requests over one channel, none of which another one keeps waiting.
//!
//! Each direction of each request has a window: a sender sends as many bytes as the receiver has granted, and the receiver grants anew
//! what has been read. So whoever reads slowly stops their own request and no other, and what waits in memory has a bound.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};

use axum::body::Bytes;
use tokio::{
    sync::{Semaphore, mpsc},
    time::{sleep, timeout},
};

use crate::{
    channel::{Broken, Channel, Receiving, Sending},
    frame::{Frame, Kind, MOST},
    shared::{Entry, Piece, Shared, Streams, WINDOW},
    stream::{Half, Receiver, Refused, Sender, Stream},
};

/// Requests that are under way at once. A page takes a handful, and one for its events; the next ones are told to come later.
pub(crate) const STREAMS: usize = 256;

/// How often each side says that it is there.
pub(crate) const PING: Duration = Duration::from_secs(15);

/// What the last frame may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// Requests over one channel. Clones are the same; requests end with its [run](Self::run).
#[derive(Debug, Clone)]
pub struct Link(pub(crate) Arc<Shared>);

impl Link {
    /// A link that is [run](Self::run) once.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Shared::new()))
    }

    /// Begins a request.
    ///
    /// # Errors
    ///
    /// The connection is over, or has as many requests as it takes.
    pub fn open(&self, head: Vec<u8>) -> Result<Stream, Refused> {
        if head.len() > MOST {
            return Err(Refused::TooLong);
        }
        let mut streams = self.0.streams();
        if streams.is_over {
            return Err(Refused::Over);
        }
        if streams.open.len() >= STREAMS {
            return Err(Refused::Full);
        }
        loop {
            streams.last = streams.last.wrapping_add(1).max(1);
            if !streams.open.contains_key(&streams.last) {
                break;
            }
        }
        let number = streams.last;
        let stream = self.0.entered(&mut streams, number);
        // Under the lock: the other side gets them in the order of their numbers, and none before its place is free.
        self.0.send(Kind::Open, number, head);
        Ok(stream)
    }

    /// Ends the connection, and all requests at once; the other side is told why.
    pub fn close(&self, why: &str) {
        self.0.end(Broken::Ended(why.to_owned()));
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.streams().is_over
    }

    /// Carries requests until the connection is over, and says why it is. `accept` is given each request of the other side with its head,
    /// and must not wait; without it there may be none.
    pub async fn run(
        &self,
        channel: Channel,
        accept: Option<&mut (dyn FnMut(Stream, Bytes) + Send)>,
    ) -> Broken {
        let queue = self
            .0
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(queue) = queue else {
            return Broken::Closed;
        };
        let Channel { outwards, inwards } = channel;
        let mut over = self.0.over.subscribe();
        let ended = async {
            let _ = over.wait_for(Option::is_some).await;
            // The sender's farewell, unless nobody takes it.
            sleep(FAREWELL).await;
            Broken::Closed
        };
        // Both at once: each side goes on to read while it can't send.
        let broken = tokio::select! {
            broken = self.0.receive(inwards, accept) => broken,
            broken = self.0.deliver(outwards, queue) => broken,
            broken = ended => broken,
        };
        let own = self.0.over.borrow().clone();
        self.0.end(broken.clone());
        own.unwrap_or(broken)
    }
}

impl Default for Link {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    fn entered(self: &Arc<Self>, streams: &mut Streams, number: u32) -> Stream {
        let (send, pieces) = mpsc::unbounded_channel();
        let entry = Entry {
            pieces: send,
            unread: Arc::default(),
            credit: Arc::new(Semaphore::new(WINDOW)),
            stopped: Arc::new(Semaphore::new(0)),
            sent_all: false,
            got_all: false,
            got_head: false,
        };
        let half = || Half {
            number,
            shared: Arc::clone(self),
        };
        let stream = Stream {
            sender: Sender::new(
                half(),
                Arc::clone(&entry.credit),
                Arc::clone(&entry.stopped),
            ),
            receiver: Receiver::new(half(), pieces, Arc::clone(&entry.unread)),
        };
        streams.open.insert(number, entry);
        stream
    }

    async fn deliver(
        &self,
        mut outwards: Sending,
        mut queue: mpsc::UnboundedReceiver<Frame>,
    ) -> Broken {
        let mut over = self.over.subscribe();
        loop {
            let frame = tokio::select! {
                biased;
                _ = over.wait_for(Option::is_some) => break,
                frame = queue.recv() => frame,
                () = sleep(PING) => Some(Frame::new(Kind::Ping, 0, Bytes::new())),
            };
            let Some(frame) = frame else { break };
            if frame.kind != Kind::Ping {
                let bytes = frame.body.len() + size_of::<Frame>();
                self.waiting.fetch_sub(bytes, Relaxed);
            }
            if let Err(broken) = outwards.send(&frame).await {
                return broken;
            }
        }
        let why = over.borrow().clone();
        let why = why.unwrap_or(Broken::Closed);
        let farewell = async {
            let words = why.to_string();
            let _ = outwards.send(&Frame::new(Kind::Goodbye, 0, words)).await;
            outwards.close().await;
        };
        let _ = timeout(FAREWELL, farewell).await;
        if over.borrow().is_some() {
            // What comes is read until the other side closes: unread, it would reset the connection, and the farewell with it.
            std::future::pending::<()>().await;
        }
        why
    }

    async fn receive(
        self: &Arc<Self>,
        mut inwards: Receiving,
        mut accept: Option<&mut (dyn FnMut(Stream, Bytes) + Send)>,
    ) -> Broken {
        loop {
            let frame = match inwards.next().await {
                Ok(frame) => frame,
                Err(broken) => return broken,
            };
            let taken = match frame.kind {
                Kind::Ping => Ok(()),
                Kind::Goodbye => return Broken::Told(frame.words()),
                Kind::Hello => Err("a second greeting"),
                Kind::Open => match &mut accept {
                    None => Err("a bot makes no requests"),
                    Some(accept) => self
                        .begun(frame.stream)
                        .map(|stream| accept(stream, frame.body)),
                },
                _ => self.take(frame),
            };
            if let Err(why) = taken {
                return Broken::Protocol(why);
            }
        }
    }

    fn begun(self: &Arc<Self>, number: u32) -> Result<Stream, &'static str> {
        let mut streams = self.streams();
        if streams.open.len() >= STREAMS {
            return Err("more requests at once than there may be");
        }
        if number == 0 || streams.open.contains_key(&number) {
            return Err("a request has the number of another one");
        }
        Ok(self.entered(&mut streams, number))
    }

    /// Hands a frame to the request that it belongs to. What comes for one that is over was on its way when that ended.
    fn take(&self, frame: Frame) -> Result<(), &'static str> {
        let number = frame.stream;
        let mut streams = self.streams();
        let Some(entry) = streams.open.get_mut(&number) else {
            return Ok(());
        };
        let ended = "something comes behind the end of a body";
        match frame.kind {
            Kind::Credit => {
                let granted = frame.body[..]
                    .try_into()
                    .map_err(|_| "a credit is no number")?;
                let granted = u32::from_be_bytes(granted) as usize;
                if granted > WINDOW.saturating_sub(entry.credit.available_permits()) {
                    return Err("more credit than there was spent");
                }
                entry.credit.add_permits(granted);
                return Ok(());
            }
            Kind::Stop => {
                entry.credit.close();
                entry.stopped.close();
                if !entry.sent_all {
                    entry.sent_all = true;
                    self.send(Kind::Reset, number, "stopped");
                }
            }
            _ if entry.got_all => return Err(ended),
            Kind::Head => {
                if std::mem::replace(&mut entry.got_head, true) {
                    return Err("an answer has two heads");
                }
                let _ = entry.pieces.send(Piece::Head(frame.body));
            }
            Kind::Data => {
                let bytes = frame.body.len();
                if entry.unread.fetch_add(bytes, Relaxed) + bytes > WINDOW {
                    return Err("more than there was granted");
                }
                let _ = entry.pieces.send(Piece::Data(frame.body));
            }
            Kind::End | Kind::Reset => {
                entry.got_all = true;
                let piece = match frame.kind {
                    Kind::End => Piece::End,
                    _ => Piece::Broken(frame.words()),
                };
                let _ = entry.pieces.send(piece);
            }
            Kind::Hello | Kind::Goodbye | Kind::Ping | Kind::Open => {
                return Err("a frame of the connection has a request's number");
            }
        }
        if entry.sent_all && entry.got_all {
            streams.open.remove(&number);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
