//! Work queues of the databases.
//!
//! A database has a writing queue, in which one thread at a time works, in the order of the calls; the bot's has a reading queue
//! beside it.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use host_ops::config::{Live, Storage as Settings};
use scheduled_thread_pool::ScheduledThreadPool;

use super::{
    clock::Clock,
    database::BOT_CONNECTIONS,
    error::StorageError,
    job::Job,
    state::{Entry, HostJob, Numbers, Queue, State, Work},
    table_access::TableAccess,
};
use crate::database_id::DatabaseId;
use crate::disk::Disk;

/// How long something that was interrupted may take to notice, before it is left behind.
const GRACE: Duration = Duration::from_secs(10);

/// Most calls of one plugin that wait for one database.
const WAITING: usize = 1_024;

/// The work queues of all databases.
pub(super) struct WorkQueues {
    pub(super) data: PathBuf,
    pub(super) config: Live,
    pub(super) table_access: TableAccess,
    pub(super) connectors: Arc<ScheduledThreadPool>,
    pub(super) clock: Arc<Clock>,
    pub(super) disk: Arc<Disk>,
    grace: Mutex<Duration>,
    state: Mutex<State>,
    /// What its threads do: serve the queues until there is nothing to do any more.
    worker: fn(Arc<Self>),
    pub(super) work: Condvar,
    pub(super) quiet: Condvar,
}

impl WorkQueues {
    pub(super) fn new(data: PathBuf, config: Live, disk: Arc<Disk>, worker: fn(Arc<Self>)) -> Self {
        let connectors = ScheduledThreadPool::builder()
            .num_threads(1)
            .thread_name_pattern("storage-pool")
            .build();
        Self {
            data,
            config,
            table_access: TableAccess::default(),
            connectors: Arc::new(connectors),
            clock: Arc::default(),
            disk,
            grace: Mutex::new(GRACE),
            state: Mutex::default(),
            worker,
            work: Condvar::new(),
            quiet: Condvar::new(),
        }
    }

    /// As they are now.
    pub(super) fn settings(&self) -> Settings {
        self.config.now().storage
    }

    /// How long something that was interrupted may take to notice.
    pub(super) fn grace(&self) -> Duration {
        *self.grace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn set_grace(&self, grace: Duration) {
        *self.grace.lock().unwrap() = grace;
    }

    /// Queues a plugin's call.
    pub(super) fn call(self: &Arc<Self>, database_id: DatabaseId, job: Arc<Job>) {
        let mut state = self.state();
        if state.closed {
            drop(state);
            job.end(Err(StorageError::Closed));
            return;
        }
        if state.left_behind.contains_key(&job.whose()) {
            drop(state);
            let plugin = job.declared.caller().plugin.to_string();
            job.end(Err(StorageError::LeftBehind { plugin }));
            return;
        }
        let entry = state.databases.entry(database_id).or_default();
        let whose = job.whose();
        let waiting = entry.writes.waiting(&whose) + entry.reads.waiting(&whose);
        if waiting >= WAITING {
            drop(state);
            let plugin = job.declared.caller().plugin.to_string();
            job.end(Err(StorageError::Busy {
                database_id,
                plugin,
                waiting,
            }));
            return;
        }
        if database_id == DatabaseId::Bot && job.request.reads() {
            entry.reads.push(whose, job);
        } else {
            entry.writes.push(whose, Work::Call(job));
        }
        self.schedule(&mut state, database_id);
    }

    /// Queues work of the host's own.
    pub(super) fn host_job(self: &Arc<Self>, database_id: DatabaseId, host_job: HostJob) {
        let mut state = self.state();
        if state.closed {
            drop(state);
            host_job(Err(StorageError::Closed));
            return;
        }
        let entry = state.databases.entry(database_id).or_default();
        entry.writes.push(None, Work::HostJob(host_job));
        self.schedule(&mut state, database_id);
    }

    /// Closes a database: now, or as soon as nobody works in it. What is asked of it later opens it again.
    pub(super) fn close(&self, database_id: DatabaseId) {
        let mut state = self.state();
        let closed = state.release(database_id);
        if closed.is_none()
            && let Some(entry) = state.databases.get_mut(&database_id)
        {
            entry.to_close = true;
        }
        drop(state);
        drop(closed);
    }

    pub(super) fn numbers(&self) -> Numbers {
        let state = self.state();
        Numbers {
            open: state.open_guilds,
            most_open: state.most_open,
            opened: state.opened,
            threads: state.threads,
        }
    }

    /// The databases that are open or have something waiting: whether it is open, and how much waits.
    pub(super) fn at_work(&self) -> HashMap<DatabaseId, (bool, usize)> {
        let state = self.state();
        let of = |entry: &Entry| (entry.open.is_some(), entry.writes.len() + entry.reads.len());
        let all = state.databases.iter();
        all.map(|(database_id, entry)| (*database_id, of(entry)))
            .collect()
    }

    /// Takes no calls any more, finishes those that wait, and closes everything. Whether all was done before `deadline`.
    pub(super) fn shut_down(&self, deadline: Instant) -> bool {
        let mut state = self.state();
        state.closed = true;
        let is_quiet = |state: &State| state.ready.is_empty() && state.running == 0;
        while !is_quiet(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.quiet.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let quiet = is_quiet(&state);
        // Whatever still runs has had its time.
        self.clock.stop_all();
        self.clock.close();
        let databases = std::mem::take(&mut state.databases);
        state.ready.clear();
        state.idle.clear();
        state.open_guilds = 0;
        drop(state);
        self.work.notify_all();
        for mut entry in databases.into_values() {
            while let Some(job) = entry.reads.pop() {
                job.end(Err(StorageError::Closed));
            }
            while let Some(work) = entry.writes.pop() {
                match work {
                    Work::Call(job) => job.end(Err(StorageError::Closed)),
                    Work::HostJob(host_job) => host_job(Err(StorageError::Closed)),
                }
            }
        }
        quiet
    }

    /// Puts the queues of a place that have work into the queue, and sees that a thread comes.
    pub(super) fn schedule(self: &Arc<Self>, state: &mut State, database_id: DatabaseId) {
        let Some(entry) = state.databases.get_mut(&database_id) else {
            return;
        };
        if !entry.writing && !entry.queued && !entry.writes.is_empty() {
            entry.queued = true;
            state.ready.push_back((database_id, Queue::Write));
        }
        if entry.reading < BOT_CONNECTIONS - 1 && (entry.reading as usize) < entry.reads.len() {
            entry.reading += 1;
            state.ready.push_back((database_id, Queue::Read));
        }
        if state.sleeping > 0 {
            self.work.notify_one();
        } else if state.threads < self.settings().threads as usize && !state.ready.is_empty() {
            state.threads += 1;
            let queues = Arc::clone(self);
            let name = format!("storage-{}", state.threads);
            let started = std::thread::Builder::new()
                .name(name)
                .spawn(move || (queues.worker)(queues));
            if let Err(error) = started {
                state.threads -= 1;
                tracing::error!("can't start a thread for the databases: {error}");
            }
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for WorkQueues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes")
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}
