//! Vitals of a generation: whether its thread goes on, and how often it panics.

use std::{
    collections::VecDeque,
    ffi::CStr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicI32,
            Ordering::{Acquire, Release},
        },
    },
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::{
    outcomes::Outcomes,
    platform::{EndedBy, Tid, process},
};

/// Panics are counted over this time.
const WINDOW: Duration = Duration::from_secs(60);

/// Most panics whose times are remembered: no limit is above it.
pub const MOST_PANICS: u64 = 10_000;

/// How often it is looked whether the thread is there: one that was ended by a bare system call reports nothing.
const LOOK: Duration = Duration::from_secs(1);

/// Signs of life of a generation.
#[derive(Debug)]
pub struct Vitals {
    /// Why it is over; `None` while it is not.
    ended: watch::Sender<Option<String>>,
    /// How often it has panicked.
    panicked: watch::Sender<u64>,
    /// How many answers have come, and how much has failed.
    outcomes: Outcomes,
    /// When it has panicked within the window, and how.
    panics: Mutex<Panics>,
    /// Its thread, while `run` has not returned.
    thread: AtomicI32,
    /// By which function it wanted to end itself or the process.
    ended_by: EndedBy,
}

#[derive(Debug, Default)]
struct Panics {
    at: VecDeque<Instant>,
    last: Option<String>,
}

impl Default for Vitals {
    fn default() -> Self {
        Self {
            ended: watch::Sender::new(None),
            panicked: watch::Sender::new(0),
            outcomes: Outcomes::default(),
            panics: Mutex::default(),
            thread: AtomicI32::new(0),
            ended_by: EndedBy::default(),
        }
    }
}

impl Vitals {
    /// Notes on which thread it runs.
    pub fn thread_begins(&self, thread: Tid) {
        self.thread.store(thread, Release);
    }

    /// The thread on which it runs, while it does.
    #[must_use]
    pub fn thread(&self) -> Option<Tid> {
        Some(self.thread.load(Acquire)).filter(|thread| *thread != 0)
    }

    /// What is set when the thread wants to end itself or the process.
    #[must_use]
    pub const fn ended_by(&self) -> *const EndedBy {
        &raw const self.ended_by
    }

    /// Notes that `run` has returned.
    pub fn run_ended(&self) {
        self.thread.store(0, Release);
    }

    /// Notes that the generation is over. The first reason stays.
    pub fn over(&self, why: impl FnOnce() -> String) {
        self.ended.send_if_modified(|ended| {
            let first = ended.is_none();
            if first {
                *ended = Some(why());
            }
            first
        });
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Why it is over; `None` while it is not.
    pub fn why_over(&self) -> Option<String> {
        self.ended.borrow().clone()
    }

    /// Why it is over, once it is.
    pub async fn ended(&self) -> String {
        let mut ended = self.ended.subscribe();
        loop {
            let changed = ended.wait_for(Option::is_some);
            if let Ok(Ok(why)) = tokio::time::timeout(LOOK, changed).await {
                return why.clone().unwrap_or_default();
            }
            if let Some(function) = self.called() {
                self.over(|| format!("its thread called `{function}`"));
            } else if self.has_vanished() {
                self.over(|| {
                    "its thread was ended from within, past all that could be caught".into()
                });
            }
        }
    }

    /// The function by which it wanted to end itself or the process.
    fn called(&self) -> Option<&'static str> {
        let function = self.ended_by.load(Acquire).cast_const();
        if function.is_null() {
            return None;
        }
        // SAFETY: a constant of the host's that ends in zero.
        unsafe { CStr::from_ptr(function) }.to_str().ok()
    }

    fn has_vanished(&self) -> bool {
        let thread = self.thread.load(Acquire);
        thread != 0 && process::has_thread(thread) == Some(false)
    }

    /// How much it has answered, and how much has failed.
    #[must_use]
    pub const fn outcomes(&self) -> &Outcomes {
        &self.outcomes
    }

    /// Counts a panic.
    pub fn panicked(&self, message: &str, location: &str) {
        let mut panics = self.lock();
        panics.at.push_back(Instant::now());
        if panics.at.len() as u64 > MOST_PANICS {
            panics.at.pop_front();
        }
        panics.last = Some(match location {
            "" => message.to_owned(),
            _ => format!("{message}, at {location}"),
        });
        drop(panics);
        self.panicked.send_modify(|count| *count += 1);
    }

    /// How often it has panicked.
    #[must_use]
    pub fn panics(&self) -> u64 {
        *self.panicked.borrow()
    }

    /// Counts of panics, as they change.
    #[must_use]
    pub fn panics_followed(&self) -> watch::Receiver<u64> {
        self.panicked.subscribe()
    }

    /// How often it has panicked within the last minute.
    #[must_use]
    pub fn panics_a_minute(&self) -> u64 {
        let mut panics = self.lock();
        while panics.at.front().is_some_and(|at| at.elapsed() > WINDOW) {
            panics.at.pop_front();
        }
        panics.at.len() as u64
    }

    /// The last panic: its text and its place.
    #[must_use]
    pub fn last_panic(&self) -> Option<String> {
        self.lock().last.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Panics> {
        self.panics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_is_heard_and_panics_are_counted() {
        let vitals = Vitals::default();
        assert!(!vitals.is_over());
        vitals.panicked("no tea", "src/lib.rs:3:5");
        assert_eq!((vitals.panics(), vitals.panics_a_minute()), (1, 1));
        assert_eq!(vitals.last_panic().unwrap(), "no tea, at src/lib.rs:3:5");
        vitals.over(|| "first".into());
        vitals.over(|| "second".into());
        assert_eq!(vitals.ended().await, "first");
    }

    #[tokio::test]
    async fn a_thread_that_vanishes_is_noticed() {
        let vitals = Vitals::default();
        let thread = std::thread::spawn(process::current_thread);
        vitals.thread_begins(thread.join().unwrap());
        assert!(vitals.ended().await.contains("ended from within"));
    }
}
