//! Metrics of one plugin, through all its generations.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use host_base::{bounded::Bounded, timing::Timing};
use plugin_api::{
    EventKind,
    abi::{frame_kind, status},
};

use super::KINDS;
use crate::platform::{Owner, Tid, cells::cpu_time_of, interpose, process::thread_cpu_time};

/// Commands, components, entries and events of one plugin that are told apart.
const NAMES: usize = 200;

/// Host calls that are told apart: more than there are.
const CALLS: usize = 64;

/// What is counted of one plugin.
#[derive(Debug)]
pub struct PluginFigures {
    generations: Mutex<Generations>,
    /// From being queued to being taken by the plugin's thread.
    pub waited: Timing,
    /// From being taken to being given back: commands, components and entries by `kind name`.
    handled: Bounded<Timing>,
    /// Events, by their number.
    events: Vec<OnceLock<Box<Timing>>>,
    /// Commands, components and entries that ended badly.
    pub failed: AtomicU64,
    /// Of those, the ones that panicked.
    pub panicked: AtomicU64,
    /// Of those, the ones that were cut short.
    pub cancelled: AtomicU64,
    /// Of those, the ones that took longer than they may.
    pub late: AtomicU64,
    /// Panics anywhere in the plugin.
    pub panics: AtomicU64,
    /// Events that were dropped because it was too far behind.
    pub dropped: AtomicU64,
    /// Log lines, from the most severe level to the least.
    pub lines: [AtomicU64; 5],
    calls: Bounded<Calls>,
}

#[derive(Debug, Default)]
struct Generations {
    alive: u64,
    begun: u64,
    /// Processor time of those that have ended, and of all their threads.
    cpu: Duration,
    /// The most that was found: a thread that ends is not counted for a moment.
    most: Duration,
    running: Vec<Running>,
    /// The processes of those that live in one.
    cells: Vec<u32>,
}

/// What runs on behalf of one generation.
#[derive(Debug)]
struct Running {
    owner: Owner,
    /// Its thread; `None` when that has ended, and others may go on.
    thread: Option<Tid>,
}

impl Running {
    /// Processor time, and how many threads there are.
    fn used(&self) -> (Duration, usize) {
        let (by_others, others) = interpose::used_by(self.owner);
        let own = self
            .thread
            .map(|thread| thread_cpu_time(thread).unwrap_or_default());
        (
            by_others + own.unwrap_or_default(),
            others + usize::from(own.is_some()),
        )
    }
}

/// Calls of one name.
#[derive(Debug, Default)]
pub struct Calls {
    /// How long they took.
    pub took: Timing,
    /// How many of them failed.
    pub failed: AtomicU64,
}

/// What a plugin's thread has worked on.
#[derive(Debug, Clone, Copy)]
pub struct Handled<'a> {
    /// One of [`frame_kind`].
    pub frame: u16,
    /// For an event: its number.
    pub event: u16,
    /// For a command, a component or an entry: its name.
    pub name: &'a str,
}

impl Default for PluginFigures {
    fn default() -> Self {
        Self {
            generations: Mutex::default(),
            waited: Timing::default(),
            handled: Bounded::new(NAMES),
            events: (0..KINDS).map(|_| OnceLock::new()).collect(),
            failed: AtomicU64::new(0),
            panicked: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            late: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            lines: Default::default(),
            calls: Bounded::new(CALLS),
        }
    }
}

impl PluginFigures {
    pub(super) fn begin(&self) {
        let mut generations = self.generations();
        generations.alive += 1;
        generations.begun += 1;
    }

    /// Whether it was the last one.
    pub(super) fn end(&self) -> bool {
        let mut generations = self.generations();
        generations.alive = generations.alive.saturating_sub(1);
        generations.alive == 0
    }

    /// Generations that have begun and are not over.
    #[must_use]
    pub fn alive(&self) -> usize {
        usize::try_from(self.generations().alive).unwrap_or(usize::MAX)
    }

    /// Generations that were begun since the plugin was last away.
    #[must_use]
    pub fn begun(&self) -> u64 {
        self.generations().begun
    }

    /// A generation's thread begins; to be called on it, when it runs on the generation's behalf.
    pub fn thread_begins(&self, thread: Tid) {
        let mut generations = self.generations();
        // What has ended with all its threads becomes a sum.
        let generations = &mut *generations;
        generations.running.retain(|running| {
            let (used, threads) = running.used();
            if threads == 0 {
                generations.cpu += used;
            }
            threads > 0
        });
        generations.running.push(Running {
            owner: Owner::current(),
            thread: Some(thread),
        });
    }

    /// A generation's thread is about to end.
    pub fn thread_ends(&self, thread: Tid) {
        let mut generations = self.generations();
        generations.cpu += thread_cpu_time(thread).unwrap_or_default();
        let mut running = generations.running.iter_mut();
        if let Some(running) = running.find(|running| running.thread == Some(thread)) {
            running.thread = None;
        }
    }

    /// A generation's process begins.
    pub fn cell_begins(&self, cell: u32) {
        self.generations().cells.push(cell);
    }

    /// A generation's process is about to end.
    pub fn cell_ends(&self, cell: u32) {
        let mut generations = self.generations();
        generations.cells.retain(|other| *other != cell);
        generations.cpu += cpu_time_of(cell).unwrap_or_default();
    }

    /// Processor time of the threads of all generations, of those that they have started and of those that have ended, too: it only grows.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        let mut generations = self.generations();
        let running = generations.running.iter();
        let cells = generations.cells.iter().copied();
        let in_cells: Duration = cells.filter_map(cpu_time_of).sum();
        let in_threads: Duration = running.map(|running| running.used().0).sum();
        let cpu = generations.cpu + in_cells + in_threads;
        generations.most = generations.most.max(cpu);
        generations.most
    }

    /// How many threads run on the plugin's behalf, its own and those that it has started.
    #[must_use]
    pub fn threads(&self) -> usize {
        let generations = self.generations();
        generations
            .running
            .iter()
            .map(|running| running.used().1)
            .sum()
    }

    /// Work was given back after `took`.
    pub fn handled(&self, what: Handled<'_>, took: Duration) {
        let kind = match what.frame {
            frame_kind::EVENT => {
                let index = usize::from(what.event);
                let events = &self.events[if index < KINDS { index } else { 0 }];
                return events.get_or_init(Box::default).observe(took);
            }
            frame_kind::COMMAND => "command",
            frame_kind::COMPONENT => "component",
            frame_kind::INVOKE => "entry",
            _ => return,
        };
        self.handled.of_pair(kind, what.name).observe(took);
    }

    /// Handler times by kind and name.
    pub fn each_handled(&self, mut each: impl FnMut(&str, &str, &Timing)) {
        for (number, timing) in (0..).zip(&self.events) {
            if let Some(timing) = timing.get() {
                each("event", EventKind::from_number(number).name(), timing);
            }
        }
        for (key, timing) in self.handled.all() {
            let (kind, name) = key.split_once(' ').unwrap_or((&key, &key));
            each(kind, name, &timing);
        }
    }

    /// An answer came, with this status.
    pub fn answered(&self, answer: u16) {
        if answer == status::OK {
            return;
        }
        self.failed.fetch_add(1, Relaxed);
        match answer {
            status::PANICKED => &self.panicked,
            status::CANCELLED => &self.cancelled,
            status::LATE => &self.late,
            _ => return,
        }
        .fetch_add(1, Relaxed);
    }

    /// A host call of this name was answered.
    pub fn called(&self, name: &str, took: Duration, well: bool) {
        let calls = self.calls.of(name);
        calls.took.observe(took);
        if !well {
            calls.failed.fetch_add(1, Relaxed);
        }
    }

    /// Host calls by name.
    #[must_use]
    pub fn all_calls(&self) -> Vec<(String, Arc<Calls>)> {
        self.calls.all()
    }

    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
