//! Work queues of the databases, and the few threads that serve them all.
//!
//! A database has a writing queue, in which one thread at a time works, in the order of the calls; the bot's has a reading queue
//! beside it. A thread takes a queue that has work, carries out a batch of it, and puts the queue back behind the others: a busy
//! database delays nobody by more than a batch.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use host_ops::config::{Live, Storage as Settings};
use scheduled_thread_pool::ScheduledThreadPool;

use super::{
    batch::{self, CALLS, CALLS_OF_ONE, Job},
    clock::Clock,
    database::{BOT_CONNECTIONS, Connected, Database},
    error::StorageError,
    fair_queue::Whose,
    meter,
    rounds::{GRACE, Round},
    state::{HostJob, Numbers, Queue, State, Work},
    table_access::TableAccess,
};
use crate::database_id::DatabaseId;
use crate::disk::Disk;

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
    work: Condvar,
    quiet: Condvar,
}

impl WorkQueues {
    pub(super) fn new(data: PathBuf, config: Live, disk: Arc<Disk>) -> Self {
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
                .spawn(move || queues.work());
            if let Err(error) = started {
                state.threads -= 1;
                tracing::error!("can't start a thread for the databases: {error}");
            }
        }
    }

    /// A thread's life.
    fn work(self: Arc<Self>) {
        let mut state = self.state();
        loop {
            let threads = self.settings().threads as usize;
            let Some((database_id, queue, whose)) = state.take_ready(threads) else {
                if state.closed && state.ready.is_empty() {
                    state.threads -= 1;
                    return;
                }
                state.sleeping += 1;
                state = self
                    .work
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                state.sleeping -= 1;
                continue;
            };
            let worked = match queue {
                Queue::Write => self.work_on_writes(state, database_id, &whose),
                Queue::Read => self.work_on_reads(state, database_id, &whose),
            };
            let (back, round) = match worked {
                Worked::Nothing(back) => (back, None),
                Worked::Done(back, round) => (back, Some(round)),
                // Another thread is in the place of one that was left behind.
                Worked::LeftBehind => return,
            };
            state = back;
            let stepped_aside = match round {
                Some(round) => {
                    state.done(&round.whose());
                    round.is_aside()
                }
                None => {
                    state.done(&whose);
                    false
                }
            };
            if stepped_aside {
                Self::back_from_aside(&mut state, database_id);
            }
            state.forget_if_unused(database_id);
            self.schedule(&mut state, database_id);
            if state.closed && state.ready.is_empty() && state.running == 0 {
                self.quiet.notify_all();
            }
            // Its priority can't be raised again. Others are in its place, or come when they are needed.
            if stepped_aside {
                return;
            }
        }
    }

    /// Whose calls a thread takes: those of plugins that have not their share of threads without this one.
    fn may(&self, state: &State, whose: &Whose) -> impl Fn(&Whose) -> bool + use<> {
        let over = state.over_share(self.settings().threads as usize);
        let whose = whose.clone();
        move |other| *other == whose || !over.contains(other)
    }

    fn work_on_writes<'a>(
        self: &'a Arc<Self>,
        mut state: MutexGuard<'a, State>,
        database_id: DatabaseId,
        whose: &Whose,
    ) -> Worked<'a> {
        let may = self.may(&state, whose);
        let Some(entry) = state.databases.get_mut(&database_id) else {
            return Worked::Nothing(state);
        };
        (entry.writing, entry.queued) = (true, false);
        let mut jobs: Vec<Arc<Job>> = Vec::new();
        let mut host_job = None;
        let mut taken: HashMap<Whose, usize> = HashMap::new();
        while jobs.len() < CALLS
            && entry.writes.pass(|whose| {
                may(whose) && taken.get(whose).is_none_or(|count| *count < CALLS_OF_ONE)
            })
        {
            match entry.writes.next() {
                Some(Work::HostJob(_)) if !jobs.is_empty() => break,
                None => break,
                Some(_) => {}
            }
            match entry.writes.pop() {
                Some(Work::Call(job)) => {
                    *taken.entry(job.whose()).or_default() += 1;
                    jobs.push(job);
                }
                Some(Work::HostJob(first)) => {
                    host_job = Some(first);
                    break;
                }
                None => break,
            }
        }
        let held_by = entry.held_by.clone();
        let round = Round::new(self, database_id, Queue::Write, whose.clone(), &jobs);
        let (state, database) = self.database(state, database_id);
        drop(state);
        if let Some(plugin) = held_by {
            jobs.retain(|job| {
                let waits = job.request.reads();
                if !waits {
                    let plugin = plugin.to_string();
                    job.end(Err(StorageError::Held {
                        database_id,
                        plugin,
                    }));
                }
                waits
            });
        }
        let opened = database.as_ref().ok().map(Arc::clone);
        let (rest, worst) = guarded(|| match (database, host_job) {
            (Ok(database), Some(host_job)) => {
                match database.connect() {
                    Ok(connected) => host_job(Ok((&database, &connected))),
                    Err(error) => host_job(Err(error)),
                }
                (Vec::new(), None)
            }
            (Err(error), Some(host_job)) => {
                host_job(Err(error.clone()));
                (Vec::new(), Some(error))
            }
            (Ok(database), None) if jobs.iter().all(|job| job.request.reads()) => {
                let mut read = batch::read(&database, &self.table_access, &round, jobs);
                if read.writes.is_empty() || read.worst.is_some() || !round.has_lane() {
                    read.writes.append(&mut read.rest);
                    return (read.writes, read.worst);
                }
                let (mut rest, worst) =
                    batch::write(&database, &self.table_access, &round, read.writes);
                rest.append(&mut read.rest);
                (rest, worst)
            }
            (Ok(database), None) => batch::write(&database, &self.table_access, &round, jobs),
            (Err(error), None) => (batch::fail(jobs, &error), Some(error)),
        });
        if let Some(culprit) = round.culprit() {
            self.ended_at_last(&round, &culprit);
            return Worked::LeftBehind;
        }
        let mut state = self.state();
        if opened.is_some_and(|database| database.untidy.swap(false, Relaxed)) && !state.closed {
            let entry = state.databases.entry(database_id).or_default();
            entry.writes.push(None, Work::HostJob(Box::new(tidy)));
        }
        // The others have its calls, and the queue.
        if round.has_lane()
            && let Some(entry) = state.databases.get_mut(&database_id)
        {
            entry.writing = false;
            for job in rest.into_iter().rev() {
                entry.writes.put_back(job.whose(), Work::Call(job));
            }
        }
        Worked::Done(self.settle(state, database_id, worst), round)
    }

    fn work_on_reads<'a>(
        self: &'a Arc<Self>,
        mut state: MutexGuard<'a, State>,
        database_id: DatabaseId,
        whose: &Whose,
    ) -> Worked<'a> {
        let may = self.may(&state, whose);
        let Some(entry) = state.databases.get_mut(&database_id) else {
            return Worked::Nothing(state);
        };
        // A few, so that the other readers get some, too.
        let count = entry.reads.len().min(CALLS / 8);
        let jobs: Vec<Arc<Job>> = (0..count)
            .map_while(|_| {
                let any = entry.reads.pass(&may);
                any.then(|| entry.reads.pop()).flatten()
            })
            .collect();
        let round = Round::new(self, database_id, Queue::Read, whose.clone(), &jobs);
        let (state, database) = self.database(state, database_id);
        drop(state);
        let batch::Read {
            writes,
            rest,
            worst,
        } = guarded(|| match database {
            Ok(database) => batch::read(&database, &self.table_access, &round, jobs),
            Err(error) => batch::Read {
                rest: batch::fail(jobs, &error),
                worst: Some(error),
                ..batch::Read::default()
            },
        });
        if let Some(culprit) = round.culprit() {
            self.ended_at_last(&round, &culprit);
            return Worked::LeftBehind;
        }
        let mut state = self.state();
        // The others have its calls, and the queue.
        if round.has_lane()
            && let Some(entry) = state.databases.get_mut(&database_id)
        {
            entry.reading -= 1;
            for job in rest.into_iter().rev() {
                entry.reads.put_back(job.whose(), job);
            }
            for job in writes {
                entry.writes.push(job.whose(), Work::Call(job));
            }
        }
        Worked::Done(self.settle(state, database_id, worst), round)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives free pages back to the system, some at a time.
fn tidy(open: Result<(&Arc<Database>, &Connected), StorageError>) {
    let Ok((database, connected)) = open else {
        return;
    };
    match meter::give_back(connected, &database.at()) {
        Ok(more) => database.untidy.store(more, Relaxed),
        Err(error) => tracing::warn!("free pages are kept: {error}"),
    }
}

/// Outcome of a thread's work.
enum Worked<'a> {
    Nothing(MutexGuard<'a, State>),
    Done(MutexGuard<'a, State>, Arc<Round>),
    LeftBehind,
}

/// A panic in a batch ends its calls, and neither the thread nor the database.
fn guarded<T: Default>(batch: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(batch)).unwrap_or_else(|_| {
        tracing::error!("a batch of calls to a database panicked; they have failed");
        T::default()
    })
}

impl std::fmt::Debug for WorkQueues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lanes")
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}
