//! Wait of a handler for events.

use std::rc::Rc;

use tokio::sync::mpsc;

use super::{Core, awaited::Wanted};
use crate::{abi::EventHeader, raw::FrameGuard};

/// A handler's wait for events.
pub(crate) struct Wait {
    core: Rc<Core>,
    number: u64,
    events: mpsc::Receiver<Rc<FrameGuard>>,
}

impl Core {
    /// Begins to keep events for a handler.
    pub(crate) fn wait_for(self: &Rc<Self>, wanted: Wanted) -> Wait {
        let (number, events) = self.awaited.open(wanted);
        Wait {
            core: Rc::clone(self),
            number,
            events,
        }
    }

    /// Gives an event to the handlers that wait for its like: they run again.
    pub(super) fn tell_waiting(&self, header: &EventHeader, event: &Rc<FrameGuard>) {
        for handler in self.awaited.offer(header, event) {
            self.questions.goes_on(handler);
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
        if handler != 0 && self.core.awaited.begin_to_wait(self.number, handler) {
            self.core.questions.waits(handler);
        }
        // There is room for another handler now.
        self.core.tell_of_room();
        self.events.recv().await
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(handler) = self.core.awaited.end(self.number) {
            self.core.questions.goes_on(handler);
        }
    }
}
