//! Statement timeouts: a thread that interrupts what runs for too long.
//!
//! SQLite counts steps between two looks at the clock, and a step may be a function over a megabyte: so it is told from outside,
//! too, and looks at that whenever a statement goes on to its next row.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::InterruptHandle;

/// How long until one that did not stop is interrupted again: it may have been between two statements.
const AGAIN: Duration = Duration::from_millis(20);

/// The clock of a host's databases.
#[derive(Debug, Default)]
pub(super) struct Clock {
    state: Mutex<ClockState>,
    changed: Condvar,
    /// Statements that took long.
    slow: AtomicU64,
}

#[derive(Default)]
struct ClockState {
    count: u64,
    /// By the time at which it is stopped.
    running: BTreeMap<(Instant, u64), Act>,
    has_thread: bool,
    closed: bool,
}

/// Action at the deadline.
enum Act {
    /// A connection is interrupted, again and again.
    Interrupt(Arc<InterruptHandle>),
    /// A callback is called, once.
    Tell(Box<dyn FnOnce() + Send>),
}

impl Clock {
    /// A statement took longer than `storage.slow_query_ms`.
    pub(super) fn count_slow(&self) {
        self.slow.fetch_add(1, Relaxed);
    }

    /// How many took so long.
    pub(super) fn slow(&self) -> u64 {
        self.slow.load(Relaxed)
    }

    /// Interrupts a connection at `end`, and until the returned guard goes.
    pub(super) fn stop_at(
        self: &Arc<Self>,
        end: Instant,
        handle: &Arc<InterruptHandle>,
    ) -> Running {
        self.add(end, Act::Interrupt(Arc::clone(handle)))
    }

    /// Tells somebody at `end`, on the clock's thread, unless the returned guard has gone before. It may go at the same moment.
    pub(super) fn call_at(
        self: &Arc<Self>,
        end: Instant,
        tell: impl FnOnce() + Send + 'static,
    ) -> Running {
        self.add(end, Act::Tell(Box::new(tell)))
    }

    fn add(self: &Arc<Self>, end: Instant, act: Act) -> Running {
        let mut state = self.state();
        state.count += 1;
        let number = state.count;
        let is_next = state
            .running
            .first_key_value()
            .is_none_or(|((next, _), _)| end < *next);
        state.running.insert((end, number), act);
        if !state.has_thread && !state.closed {
            let clock = Arc::downgrade(self);
            let started = thread::Builder::new()
                .name("storage-clock".into())
                .spawn(move || work(&clock));
            match started {
                Ok(_) => state.has_thread = true,
                // SQLite's own looks at the clock are left.
                Err(error) => tracing::error!("can't start the clock of the databases: {error}"),
            }
        }
        drop(state);
        if is_next {
            self.changed.notify_all();
        }
        Running {
            clock: Arc::clone(self),
            number,
        }
    }

    /// Stops all that runs now: the bot has no more time.
    pub(super) fn stop_all(&self) {
        for act in self.state().running.values() {
            if let Act::Interrupt(handle) = act {
                handle.interrupt();
            }
        }
    }

    /// Ends the thread.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, ClockState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that is limited in time, and has not ended yet.
#[derive(Debug)]
pub(super) struct Running {
    clock: Arc<Clock>,
    number: u64,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Under the lock: whoever comes next on the connection is not the one that is interrupted.
        let mut state = self.clock.state();
        state
            .running
            .retain(|(_, number), _| *number != self.number);
    }
}

fn work(clock: &Weak<Clock>) {
    /// So that it ends where nobody has said so.
    const LONGEST: Duration = Duration::from_secs(1);
    while let Some(clock) = clock.upgrade() {
        let mut state = clock.state();
        if state.closed {
            return;
        }
        let now = Instant::now();
        let mut told = Vec::new();
        while let Some(((end, number), act)) = state.running.pop_first() {
            if end > now {
                state.running.insert((end, number), act);
                break;
            }
            match act {
                Act::Interrupt(handle) => {
                    handle.interrupt();
                    state
                        .running
                        .insert((now + AGAIN, number), Act::Interrupt(handle));
                }
                Act::Tell(tell) => told.push(tell),
            }
        }
        if !told.is_empty() {
            // Without the lock: whoever is told may look at the clock.
            drop(state);
            told.into_iter().for_each(|tell| tell());
            continue;
        }
        let next = state.running.first_key_value().map(|((end, _), _)| *end);
        let wait = next.map_or(LONGEST, |next| {
            next.saturating_duration_since(now).min(LONGEST)
        });
        drop(clock.changed.wait_timeout(state, wait));
    }
}

impl std::fmt::Debug for ClockState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("running", &self.running.len())
            .finish_non_exhaustive()
    }
}
