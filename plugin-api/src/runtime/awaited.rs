//! Awaited events: the next messages and reactions of a channel, for the handlers that wait for them. Like a question, a wait
//! takes nobody's place and ends with the generation.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use tokio::sync::mpsc;

use crate::{
    abi::{EventHeader, event_flag},
    raw::FrameGuard,
};

/// Events that are kept for a handler that does not look at them yet.
const KEPT: usize = 4096;

/// Handlers that wait for events, by number.
#[derive(Default)]
pub(super) struct Awaited {
    open: RefCell<HashMap<u64, Waiter>>,
    last: RefCell<Last>,
}

#[derive(Default)]
struct Last {
    number: u64,
    closed: bool,
}

struct Waiter {
    wanted: Wanted,
    events: mpsc::Sender<Rc<FrameGuard>>,
    /// The handler, while it has nothing left to look at; 0 else, and for what does not count as running.
    handler: u64,
}

/// Kind and place of the events that a handler waits for. Those of bots are left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// One of [`EventKind`](crate::EventKind)'s numbers.
    pub(crate) kind: u16,
    pub(crate) channel: u64,
    /// Messages up to this one are none that are waited for.
    pub(crate) after: u64,
}

impl Wanted {
    fn is(&self, header: &EventHeader) -> bool {
        header.kind == self.kind
            && header.channel_id == self.channel
            && header.message_id > self.after
            && header.flags & event_flag::BOT == 0
    }
}

impl Awaited {
    /// Keeps events from now on; which number, and where they come.
    pub(super) fn open(&self, wanted: Wanted) -> (u64, mpsc::Receiver<Rc<FrameGuard>>) {
        let (send, events) = mpsc::channel(KEPT);
        let mut last = self.last.borrow_mut();
        last.number += 1;
        if !last.closed {
            let waiter = Waiter {
                wanted,
                events: send,
                handler: 0,
            };
            self.open.borrow_mut().insert(last.number, waiter);
        }
        (last.number, events)
    }

    /// A handler has nothing left to look at; whether there is still something to wait for.
    pub(super) fn begin_to_wait(&self, number: u64, handler: u64) -> bool {
        let mut open = self.open.borrow_mut();
        let waiter = open.get_mut(&number);
        let is_open = waiter.is_some();
        if let Some(waiter) = waiter {
            waiter.handler = handler;
        }
        is_open
    }

    /// Gives an event to those who wait for its like; the handlers that go on.
    pub(super) fn offer(&self, header: &EventHeader, event: &Rc<FrameGuard>) -> Vec<u64> {
        let mut open = self.open.borrow_mut();
        let wanting = open.values_mut().filter(|it| it.wanted.is(header));
        let told = wanting.map(|waiter| {
            // One that is not looked at for so long misses what comes on top.
            let _ = waiter.events.try_send(Rc::clone(event));
            std::mem::take(&mut waiter.handler)
        });
        told.collect()
    }

    /// Ends a wait; the handler that waited.
    pub(super) fn end(&self, number: u64) -> Option<u64> {
        let waiter = self.open.borrow_mut().remove(&number)?;
        Some(waiter.handler)
    }

    /// No event is waited for any more.
    pub(super) fn close(&self) {
        self.last.borrow_mut().closed = true;
        self.open.borrow_mut().clear();
    }
}
