//! Queues of a generation's host calls: how many of them are served at once, how many wait, and what they may take.
//!
//! Each kind of calls has so many [`Places`], as the program says; the others are queued here, in the order in which
//! they came, and not in the queues that plugins share: a plugin that makes a thousand calls waits for itself. What a call
//! brings and what its answer takes is counted until the plugin has given the answer back. While it takes no answers, no
//! further calls are begun.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Instant,
};

use plugin_api::abi::CallHead;
use tokio::sync::Notify;

use super::invocation::Behalf;

/// Most calls of a generation that are open: until the plugin has given the answer back.
pub const MOST_OPEN: usize = 10_000;

/// Bytes of a call's head, which is read as JSON: a value for a database (`storage.max_value_bytes`) fits, also in escapes.
pub(super) const MOST_HEAD: usize = 8 << 20;

/// Bytes of a call's body: a file, or a message with files.
pub(super) const MOST_BODY: usize = 64 << 20;

/// Most bytes that open calls of a generation bring: four of the largest files.
pub const MOST_BYTES: usize = 256 << 20;

/// Bytes of answers that the plugin has not given back, from which on no further call is begun.
const ANSWERS_BYTES: usize = 64 << 20;

/// Calls that take places from each other, and how many of one generation are served at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Places {
    /// What they are called; those of one name share their places.
    pub name: &'static str,
    /// How many are served at once: 1 or more.
    pub at_once: usize,
}

impl Places {
    /// Calls that the program does not know.
    pub const UNKNOWN: Self = Self {
        name: "unknown",
        at_once: 4,
    };
}

/// A call that waits to be served.
#[derive(Debug)]
pub struct Call {
    /// Id of its completion; 0 when nobody waits for one.
    pub id: u64,
    /// For whom it is made.
    pub behalf: Behalf,
    /// The call.
    pub head: CallHead,
    /// Its body.
    pub body: Vec<u8>,
    /// Which places it takes one of.
    pub places: Places,
    /// When it came.
    pub began: Instant,
    /// What it takes.
    pub permit: Permit,
}

/// What became of a call that came.
#[derive(Debug)]
pub enum Admission {
    /// It may be served in turn.
    Admitted(Permit),
    /// It is to be refused, in these words.
    Refused(Permit, String),
    /// The plugin does not even take refusals.
    Full,
}

/// The calls of one generation.
#[derive(Debug, Default)]
pub struct CallQueues {
    state: Mutex<State>,
    /// Answers were given back, or all is over.
    freed: Notify,
    is_logged: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    open: usize,
    asked_bytes: usize,
    answer_bytes: usize,
    closed: bool,
    /// By the name of their places.
    queues: HashMap<&'static str, CallQueue>,
}

#[derive(Debug, Default)]
struct CallQueue {
    served: usize,
    waiting: VecDeque<Call>,
}

/// What one call takes, until this is dropped.
#[derive(Debug)]
pub struct Permit {
    calls: Arc<CallQueues>,
    asked: usize,
    answer: usize,
}

impl CallQueues {
    /// Takes a call in whose head and body have so many bytes.
    pub fn admit(self: &Arc<Self>, head: usize, body: usize) -> Admission {
        let mut state = self.lock();
        if state.open >= 2 * MOST_OPEN {
            return Admission::Full;
        }
        let why = state.refuses(head, body);
        let asked = if why.is_some() { 0 } else { head + body };
        state.open += 1;
        state.asked_bytes += asked;
        drop(state);
        let permit = Permit {
            calls: Arc::clone(self),
            asked,
            answer: 0,
        };
        match why {
            None => Admission::Admitted(permit),
            Some(why) => Admission::Refused(permit, why),
        }
    }

    /// Gives the call back when there is a place for it; else it waits, and [`next`](Self::next) has it in its turn.
    pub fn enter(&self, call: Call) -> Option<Call> {
        let mut state = self.lock();
        let queue = state.queues.entry(call.places.name).or_default();
        if queue.served < call.places.at_once {
            queue.served += 1;
            return Some(call);
        }
        queue.waiting.push_back(call);
        None
    }

    /// What is to be served in the place of one that is done: the next of its queue. With `None` its place is given up.
    pub fn next(&self, served: Places) -> Option<Call> {
        let mut state = self.lock();
        let queue = state.queues.get_mut(served.name)?;
        let next = queue.waiting.pop_front();
        if next.is_none() {
            queue.served -= 1;
        }
        next
    }

    /// Until the plugin has given enough answers back.
    pub async fn capacity(&self) {
        loop {
            let freed = self.freed.notified();
            {
                let state = self.lock();
                if state.closed || state.answer_bytes < ANSWERS_BYTES {
                    return;
                }
            }
            freed.await;
        }
    }

    /// Ends it: what waits is given up.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let queues = state.queues.values_mut();
        let given_up: Vec<_> = queues
            .map(|queue| std::mem::take(&mut queue.waiting))
            .collect();
        drop(state);
        // Without the lock: each gives its permit back.
        drop(given_up);
        self.freed.notify_waiters();
    }

    /// Whether it is the first time that there were too many: for the log.
    pub fn is_first_refusal(&self) -> bool {
        !self.is_logged.swap(true, Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Why a call of that size is refused, in words.
    fn refuses(&self, head: usize, body: usize) -> Option<String> {
        let too_large = |what, bytes, most| {
            Some(format!(
                "the call's {what} {bytes} bytes, and {most} are the most"
            ))
        };
        if head > MOST_HEAD {
            return too_large("parameters have", head, MOST_HEAD);
        }
        if body > MOST_BODY {
            return too_large("body has", body, MOST_BODY);
        }
        let why = if self.open >= MOST_OPEN {
            format!("{MOST_OPEN} host calls of the plugin are open")
        } else if self.asked_bytes + head + body > MOST_BYTES {
            let open = self.asked_bytes >> 20;
            format!("the plugin's open host calls bring {open} MiB")
        } else {
            return None;
        };
        Some(format!(
            "{why} already: await some of them before you make more"
        ))
    }
}

impl Permit {
    /// It is answered with so many bytes.
    pub fn answered(&mut self, bytes: usize) {
        let mut state = self.calls.lock();
        state.asked_bytes -= std::mem::take(&mut self.asked);
        state.answer_bytes += bytes;
        self.answer += bytes;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.calls.lock();
        state.open -= 1;
        state.asked_bytes -= self.asked;
        let were_too_many = state.answer_bytes >= ANSWERS_BYTES;
        state.answer_bytes -= self.answer;
        let freed = were_too_many && state.answer_bytes < ANSWERS_BYTES;
        drop(state);
        if freed {
            self.calls.freed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;

    fn admitted(calls: &Arc<CallQueues>, bytes: usize) -> Permit {
        match calls.admit(0, bytes) {
            Admission::Admitted(permit) => permit,
            other => panic!("{other:?}"),
        }
    }

    const STORAGE: Places = Places {
        name: "storage",
        at_once: 1_024,
    };

    const FILES: Places = Places {
        name: "files",
        at_once: 4,
    };

    fn call(calls: &Arc<CallQueues>, id: u64, places: Places) -> Call {
        Call {
            id,
            behalf: Behalf::Plugin,
            head: CallHead::new(places.name, serde_json::Value::Null),
            body: Vec::new(),
            places,
            began: Instant::now(),
            permit: admitted(calls, 10),
        }
    }

    #[test]
    fn each_kind_has_its_places_and_a_line_in_order() {
        let calls = Arc::<CallQueues>::default();
        let places = FILES.at_once as u64;
        for id in 0..places {
            assert!(calls.enter(call(&calls, id, FILES)).is_some());
        }
        for id in [100, 101] {
            assert!(calls.enter(call(&calls, id, FILES)).is_none());
        }
        // Another kind does not wait for it.
        assert!(calls.enter(call(&calls, 0, STORAGE)).is_some());
        assert!(calls.enter(call(&calls, 0, Places::UNKNOWN)).is_some());
        let next = || calls.next(FILES).map(|call| call.id);
        assert_eq!((next(), next()), (Some(100), Some(101)));
        for _ in 0..places {
            assert_eq!(next(), None);
        }
        assert!(calls.enter(call(&calls, 0, FILES)).is_some());
    }

    #[test]
    fn calls_and_bytes_are_bounded_until_answers_are_given_back() {
        let calls = Arc::<CallQueues>::default();
        let mut open: Vec<_> = (0..4).map(|_| admitted(&calls, MOST_BYTES / 4)).collect();
        let why = |admission| match admission {
            Admission::Refused(_, why) => why,
            other => panic!("{other:?}"),
        };
        let said = why(calls.admit(1, 0));
        assert_eq!(
            said,
            "the plugin's open host calls bring 256 MiB already: await some of them before you make more"
        );
        let said = why(calls.admit(MOST_HEAD + 1, 0));
        assert_eq!(
            said,
            "the call's parameters have 8388609 bytes, and 8388608 are the most"
        );
        let said = why(calls.admit(0, MOST_BODY + 1));
        assert!(said.starts_with("the call's body has "), "{said}");
        // Answered: what it brought is gone, and its answer counts.
        open[0].answered(7);
        drop(admitted(&calls, 1));
        open.clear();
        let mut open: Vec<_> = (0..MOST_OPEN).map(|_| admitted(&calls, 0)).collect();
        let said = why(calls.admit(0, 0));
        assert!(
            said.contains("10000 host calls of the plugin are open"),
            "{said}"
        );
        let refusals: Vec<_> = (0..MOST_OPEN).map(|_| calls.admit(0, 0)).collect();
        assert!(matches!(calls.admit(0, 0), Admission::Full));
        drop(refusals);
        open.pop();
        open.push(admitted(&calls, 0));
        drop(open);
        let state = calls.lock();
        assert_eq!(
            (state.open, state.asked_bytes, state.answer_bytes),
            (0, 0, 0)
        );
    }

    #[test]
    fn nothing_begins_while_the_plugin_takes_no_answers() {
        let calls = Arc::<CallQueues>::default();
        let mut first = admitted(&calls, 0);
        first.answered(ANSWERS_BYTES - 1);
        assert!(calls.capacity().now_or_never().is_some());
        let mut second = admitted(&calls, 0);
        second.answered(1);
        let mut capacity = pin!(calls.capacity());
        assert!(capacity.as_mut().now_or_never().is_none());
        drop(second);
        assert!(capacity.now_or_never().is_some());
        // The end of the generation ends the waiting.
        let mut third = admitted(&calls, 0);
        third.answered(1);
        let mut capacity = pin!(calls.capacity());
        assert!(capacity.as_mut().now_or_never().is_none());
        calls.close();
        assert!(capacity.now_or_never().is_some());
    }
}
