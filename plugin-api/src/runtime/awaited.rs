//! Awaited events: the next messages and reactions of a channel, for the handlers that wait for them. Like a question, a wait
//! takes nobody's place and ends with the generation.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use tokio::sync::mpsc;

use super::Core;
use crate::{
    abi::{EventHeader, event_flag},
    raw::FrameGuard,
};

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
    events: mpsc::UnboundedSender<Rc<FrameGuard>>,
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

/// A handler's wait for events.
pub(crate) struct Wait {
    core: Rc<Core>,
    number: u64,
    events: mpsc::UnboundedReceiver<Rc<FrameGuard>>,
}

impl Core {
    /// Begins to keep events for a handler.
    pub(crate) fn wait_for(self: &Rc<Self>, wanted: Wanted) -> Wait {
        let (send, events) = mpsc::unbounded_channel();
        let mut last = self.awaited.last.borrow_mut();
        last.number += 1;
        if !last.closed {
            let waiter = Waiter {
                wanted,
                events: send,
                handler: 0,
            };
            self.awaited.open.borrow_mut().insert(last.number, waiter);
        }
        Wait {
            core: Rc::clone(self),
            number: last.number,
            events,
        }
    }

    /// Gives an event to the handlers that wait for its like: they run again.
    pub(super) fn tell_waiting(&self, header: &EventHeader, event: &Rc<FrameGuard>) {
        for waiter in self.awaited.open.borrow_mut().values_mut() {
            if waiter.wanted.is(header) {
                let _ = waiter.events.send(Rc::clone(event));
                self.questions.goes_on(std::mem::take(&mut waiter.handler));
            }
        }
    }

    /// No event is waited for any more.
    pub(super) fn end_waits(&self) {
        self.awaited.last.borrow_mut().closed = true;
        for (_, waiter) in self.awaited.open.borrow_mut().drain() {
            self.questions.goes_on(waiter.handler);
        }
    }
}

impl Wait {
    /// The next event; `None` when the plugin is being reloaded or unloaded.
    pub(crate) async fn next(&mut self) -> Option<Rc<FrameGuard>> {
        if let Ok(event) = self.events.try_recv() {
            return Some(event);
        }
        let handler = self.core.polled();
        if handler != 0
            && let Some(waiter) = self.core.awaited.open.borrow_mut().get_mut(&self.number)
        {
            waiter.handler = handler;
            self.core.questions.waits(handler);
        }
        // There is room for another handler now.
        self.core.tell_of_room();
        self.events.recv().await
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let waiter = self.core.awaited.open.borrow_mut().remove(&self.number);
        if let Some(waiter) = waiter {
            self.core.questions.goes_on(waiter.handler);
        }
    }
}
