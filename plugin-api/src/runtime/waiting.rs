//! Handlers that wait for a member's answer. They don't count as running: a question takes nobody's place, and holds no
//! reload up.

use std::{cell::RefCell, collections::HashMap};

use tokio::sync::oneshot;

use crate::{abi::ComponentHead, raw::FrameGuard};

/// A member's answer.
pub(crate) struct Click {
    pub(crate) head: ComponentHead,
    pub(crate) frame_guard: FrameGuard,
    /// Dropped when the answer has been dealt with: the host then knows that nothing more comes.
    pub(crate) done: oneshot::Sender<()>,
}

/// Questions without an answer yet.
#[derive(Default)]
pub(super) struct Questions {
    open: RefCell<HashMap<String, OpenQuestion>>,
    /// How many questions and events each handler waits for: one handler may wait for several at once.
    waiting: RefCell<HashMap<u64, usize>>,
    last: RefCell<Last>,
}

struct OpenQuestion {
    answer: oneshot::Sender<Box<Click>>,
    /// The handler that waits for it; 0 while nobody does, and for what does not count as running.
    handler: u64,
}

#[derive(Default)]
struct Last {
    key: u128,
    closed: bool,
}

impl Questions {
    /// Handlers that count as running and wait for an answer. Background tasks do not count, nor does a question that was not
    /// asked yet.
    pub(super) fn handlers_that_wait(&self) -> usize {
        self.waiting.borrow().len()
    }

    /// Whether a handler waits for a member right now.
    pub(super) fn waits_now(&self, handler: u64) -> bool {
        self.waiting.borrow().contains_key(&handler)
    }

    /// A key that no question has ever had, in whatever generation, and where its answer comes: a click on an old question
    /// finds nobody.
    pub(super) fn open(&self) -> (String, oneshot::Receiver<Box<Click>>) {
        let (send, answer) = oneshot::channel();
        let mut last = self.last.borrow_mut();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        last.key = now.as_nanos().max(last.key + 1);
        let key = format!("{:x}", last.key);
        if !last.closed {
            let open = OpenQuestion {
                answer: send,
                handler: 0,
            };
            self.open.borrow_mut().insert(key.clone(), open);
        }
        (key, answer)
    }

    /// Gives a click to the handler that waits for it, and the click's end to its bringer; the click back where none waits.
    pub(super) fn answer(
        &self,
        head: ComponentHead,
        frame_guard: FrameGuard,
    ) -> Result<oneshot::Receiver<()>, Box<Click>> {
        let (done, over) = oneshot::channel();
        let click = Box::new(Click {
            head,
            frame_guard,
            done,
        });
        let key = click.head.argument.split(':').next().unwrap_or_default();
        let Some(waiting) = self.end(key) else {
            return Err(click);
        };
        waiting.send(click)?;
        Ok(over)
    }

    pub(super) fn begin_to_wait(&self, key: &str, handler: u64) {
        if handler != 0
            && let Some(open) = self.open.borrow_mut().get_mut(key)
        {
            open.handler = handler;
            self.waits(handler);
        }
    }

    /// A handler waits for one thing more.
    pub(super) fn waits(&self, handler: u64) {
        *self.waiting.borrow_mut().entry(handler).or_default() += 1;
    }

    /// A handler waits for one thing less.
    pub(super) fn goes_on(&self, handler: u64) {
        let mut waiting = self.waiting.borrow_mut();
        if let Some(things) = waiting.get_mut(&handler) {
            *things -= 1;
            if *things == 0 {
                waiting.remove(&handler);
            }
        }
    }

    /// Ends a question: the handler that waited for it runs again.
    pub(super) fn end(&self, key: &str) -> Option<oneshot::Sender<Box<Click>>> {
        let OpenQuestion { answer, handler } = self.open.borrow_mut().remove(key)?;
        self.goes_on(handler);
        Some(answer)
    }

    /// No question is answered any more: handlers that wait go on without an answer.
    pub(super) fn close(&self) {
        self.last.borrow_mut().closed = true;
        self.waiting.borrow_mut().clear();
        self.open.borrow_mut().clear();
    }
}
