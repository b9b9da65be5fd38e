//! Handle of a cell: its process, as the rest of the host sees it.

use std::{
    process::ExitStatus,
    sync::{
        Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use host_base::PluginName;

use crate::{
    CellCrash,
    crumbs::CellCrumbs,
    isolation::Limits,
    platform::cells::{self, Process},
    unload::UnloadReport,
};

/// The process that a generation lives in.
#[derive(Debug)]
pub struct Cell {
    process: Process,
    limits: Limits,
    /// Why its share of the processor is not limited, where it should be.
    unlimited: Option<String>,
    /// What it is at, where that can be known.
    crumbs: Option<Arc<CellCrumbs>>,
    /// What is told of its crash, once it has crashed and until that is told.
    crashed: Mutex<Option<CellCrash>>,
    /// What it had when it was last looked, or what it said of itself at its end.
    memory: AtomicU64,
    /// What its sandbox lacks, once it has one.
    lacks: OnceLock<Vec<String>>,
    /// Why it was killed, if it was.
    killed: Mutex<Option<String>>,
}

impl Cell {
    /// A process that was started just now.
    pub(super) fn new(
        process: Process,
        limits: Limits,
        crumbs: Option<Arc<CellCrumbs>>,
        unlimited: Option<String>,
    ) -> Self {
        static ONCE: Once = Once::new();
        if let Some(why) = &unlimited {
            ONCE.call_once(|| {
                tracing::warn!(
                    "`[isolation] processor_percent` limits no plugin's process, and `niceness` alone holds: {why}"
                );
            });
        }
        Self {
            process,
            limits,
            unlimited,
            crumbs,
            crashed: Mutex::default(),
            memory: AtomicU64::new(0),
            lacks: OnceLock::new(),
            killed: Mutex::default(),
        }
    }

    /// The process's number.
    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Bytes of memory that are its own.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        let bytes = cells::memory_of(self.pid())?;
        self.memory.store(bytes, Relaxed);
        Some(bytes)
    }

    /// Processor time that its threads have used.
    #[must_use]
    pub fn cpu(&self) -> Option<Duration> {
        cells::cpu_time_of(self.pid())
    }

    /// What it may take.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Why its share of the processor is not limited, where it should be.
    #[must_use]
    pub fn unlimited(&self) -> Option<&str> {
        self.unlimited.as_deref()
    }

    /// What its sandbox lacks; `None` while it has none.
    #[must_use]
    pub fn sandbox(&self) -> Option<&[String]> {
        self.lacks.get().map(Vec::as_slice)
    }

    /// What its thread polls: the frame, and for how long; `None` while it polls nothing, or that can't be known.
    pub(crate) fn polled(&self) -> Option<(u64, Duration)> {
        self.crumbs.as_ref()?.polled()
    }

    /// Its crumbs, where it has any.
    pub(super) fn crumbs(&self) -> Option<&CellCrumbs> {
        self.crumbs.as_deref()
    }

    /// Notes what is told of its crash.
    pub(super) fn has_crashed(&self, crash: CellCrash) {
        *self.crashed.lock().unwrap_or_else(PoisonError::into_inner) = Some(crash);
    }

    /// What is told of its crash, once it has crashed and once alone.
    pub(crate) fn take_crash(&self) -> Option<CellCrash> {
        self.crashed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Notes what its sandbox lacks.
    pub(super) fn is_closed_in(&self, lacks: Vec<String>) {
        let _ = self.lacks.set(lacks);
    }

    /// Notes what it says of its memory at its end.
    pub(super) fn gives_back(&self, bytes: u64) {
        self.memory.store(bytes, Relaxed);
    }

    /// How the process has ended. After `grace` it is killed.
    pub(super) fn wait(&self, grace: Duration) -> Option<ExitStatus> {
        self.process.wait(grace)
    }

    /// Why it was killed, if it was.
    pub(super) fn why_killed(&self) -> Option<String> {
        self.killed().clone()
    }

    fn killed(&self) -> MutexGuard<'_, Option<String>> {
        self.killed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it at once. The first reason stays.
    pub fn kill(&self, why: &str) {
        self.killed().get_or_insert_with(|| why.to_owned());
        let _ = self.memory();
        self.process.kill();
    }

    /// The report on a cell that is gone: nothing can have stayed.
    #[must_use]
    pub fn report(&self, plugin: &PluginName, generation: u64, took: Duration) -> UnloadReport {
        if let Some(why) = self.why_killed() {
            let pid = self.pid();
            tracing::warn!(
                plugin = plugin.as_str(),
                generation,
                pid,
                "its cell was killed: {why}"
            );
        }
        UnloadReport {
            plugin: plugin.clone(),
            generation,
            took,
            returned_bytes: self.memory.load(Relaxed),
            unmapped: true,
            stayed: Vec::new(),
        }
    }
}
