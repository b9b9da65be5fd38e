//! Running batches: what a thread executes at the moment, and how the queue goes on without a call that takes long.
//!
//! A call that only reads and takes its time steps aside: it goes on with its connection, and the queue is free for the others.
//! One that does not stop when its time is over is left behind: SQLite stops between two rows, and within one a full-text
//! search can work for hours. It is answered, its thread ends whenever it does, and what it was in the midst of is undone.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, getpriority_process, setpriority_process};

use super::{
    clock::Running,
    database::{ASIDE_AT_ONCE, Database},
    error::{StorageError, shorten},
    fair_queue::Whose,
    job::Job,
    link::LATER,
    queues::WorkQueues,
    state::{Queue, State, Work},
};
use crate::database_id::DatabaseId;

/// How long a call may read before it steps aside.
pub(super) const ASIDE: Duration = Duration::from_millis(20);

/// The priority of a thread whose call has stepped aside, as `nice` counts it.
const ASIDE_NICE: i32 = 10;

/// A thread's work on a queue.
pub(super) struct Round {
    database_id: DatabaseId,
    queue: Queue,
    /// All calls that it has taken.
    jobs: Vec<Arc<Job>>,
    /// The thread, as the system counts them.
    thread: Option<i32>,
    inner: Mutex<Inner>,
    queues: Arc<WorkQueues>,
}

struct Inner {
    /// Who pays for the thread: whose turn it was when it came, or who has made it step aside.
    whose: Whose,
    count: u64,
    current: Option<Arc<Job>>,
    /// Whether it has a transaction in which it writes.
    writes: bool,
    aside: bool,
    culprit: Option<Arc<Job>>,
}

/// End of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Its result is sent, and the next call comes.
    InTurn,
    /// Its result is sent, and others have gone on with the rest.
    Aside,
    /// Others have gone on without it, and nothing of it may be sent or kept.
    LeftBehind,
}

impl Round {
    pub(super) fn new(
        queues: &Arc<WorkQueues>,
        database_id: DatabaseId,
        queue: Queue,
        whose: Whose,
        jobs: &[Arc<Job>],
    ) -> Arc<Self> {
        Arc::new(Self {
            database_id,
            queue,
            jobs: jobs.to_vec(),
            thread: this_thread(),
            inner: Mutex::new(Inner {
                whose,
                count: 0,
                current: None,
                writes: false,
                aside: false,
                culprit: None,
            }),
            queues: Arc::clone(queues),
        })
    }

    /// Begins a call.
    pub(super) fn begin(self: &Arc<Self>, job: &Arc<Job>) -> Doing<'_> {
        let mut inner = self.inner();
        inner.count += 1;
        inner.current = Some(Arc::clone(job));
        let (number, reads) = (inner.count, !inner.writes);
        drop(inner);
        let limit = Duration::from_millis(self.queues.settings().statement_timeout_ms);
        let (clock, now) = (&self.queues.clock, Instant::now());
        let round = Arc::clone(self);
        let aside =
            reads.then(|| clock.call_at(now + ASIDE, move || round.queues.aside(&round, number)));
        let round = Arc::clone(self);
        let leave = clock.call_at(now + limit + LATER + self.queues.grace(), move || {
            round.queues.leave_behind(&round, number);
        });
        Doing {
            round: self,
            _running: (aside, leave),
        }
    }

    /// Says whether it writes from now on, which nobody else can meanwhile.
    pub(super) fn writes(&self, writes: bool) {
        self.inner().writes = writes;
    }

    pub(super) fn is_aside(&self) -> bool {
        self.inner().aside
    }

    /// Whether it has the queue still.
    pub(super) fn has_queue(&self) -> bool {
        let inner = self.inner();
        !inner.aside && inner.culprit.is_none()
    }

    pub(super) fn whose(&self) -> Whose {
        self.inner().whose.clone()
    }

    /// The call with which it was left behind.
    pub(super) fn culprit(&self) -> Option<Arc<Job>> {
        self.inner().culprit.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that is being carried out.
pub(super) struct Doing<'a> {
    round: &'a Arc<Round>,
    _running: (Option<Running>, Running),
}

impl Doing<'_> {
    pub(super) fn end(self) -> Ended {
        let mut inner = self.round.inner();
        inner.current = None;
        match (&inner.culprit, inner.aside) {
            (Some(_), _) => Ended::LeftBehind,
            (None, true) => Ended::Aside,
            (None, false) => Ended::InTurn,
        }
    }
}

impl Drop for Doing<'_> {
    fn drop(&mut self) {
        self.round.inner().current = None;
    }
}

impl WorkQueues {
    /// Gives the queue of a call that takes its time to the others, if there are a thread and a connection for them.
    fn aside(self: &Arc<Self>, round: &Round, number: u64) {
        let mut state = self.state();
        let mut inner = round.inner();
        let closed = state.closed;
        let Some(entry) = state.databases.get_mut(&round.database_id) else {
            return;
        };
        let Some(job) = inner.current.clone() else {
            return;
        };
        if inner.count != number || entry.aside >= ASIDE_AT_ONCE || closed {
            return;
        }
        entry.aside += 1;
        inner.aside = true;
        // Who makes it wait pays for it from now on.
        let paid = mem::replace(&mut inner.whose, job.whose());
        state.pays_for_one_more(&inner.whose);
        state.pays_for_one_less(&paid);
        state.threads -= 1;
        drop(inner);
        round.give_up_queue(&mut state, &job);
        state.unclaim(round.database_id);
        self.schedule(&mut state, round.database_id);
        // Short calls of others need the processor first. The thread is there: to end, it would need the lock.
        round.set_nice(ASIDE_NICE);
    }

    /// A call that had stepped aside is done.
    pub(super) fn back_from_aside(state: &mut State, database_id: DatabaseId) {
        if let Some(entry) = state.databases.get_mut(&database_id) {
            entry.aside -= 1;
        }
    }

    /// Goes on without a thread that does not stop: its call is answered, its other calls are in the line again, and the
    /// database is opened anew.
    fn leave_behind(self: &Arc<Self>, round: &Round, number: u64) {
        let mut state = self.state();
        let mut inner = round.inner();
        if inner.count != number {
            return;
        }
        let Some(culprit) = inner.current.take() else {
            return;
        };
        inner.culprit = Some(Arc::clone(&culprit));
        let (whose, was_aside, writes) = (inner.whose.clone(), inner.aside, inner.writes);
        drop(inner);
        state.done(&whose);
        *state.left_behind.entry(culprit.whose()).or_default() += 1;
        let database_id = round.database_id;
        if was_aside {
            if let Some(entry) = state.databases.get_mut(&database_id) {
                entry.aside -= 1;
            }
        } else {
            state.threads -= 1;
            round.give_up_queue(&mut state, &culprit);
        }
        let stale = state.leave_database(database_id);
        if let Some(entry) = state.databases.get_mut(&database_id).filter(|_| writes) {
            entry.held_by = culprit.whose();
        }
        self.schedule(&mut state, database_id);
        drop(state);
        drop(stale);
        // It works for nobody any more: only with what the others leave of the processor.
        round.set_nice(19);
        let caller = culprit.declared.caller();
        let error = StorageError::Unstoppable {
            database_id,
            plugin: caller.plugin.to_string(),
            sql: shorten(culprit.sql()),
            limit_ms: self.settings().statement_timeout_ms,
        };
        tracing::error!(plugin = &*caller.plugin, database = %database_id, "{error}");
        culprit.end(Err(error));
    }

    /// A thread that was left behind is done after all.
    pub(super) fn ended_at_last(&self, round: &Round, culprit: &Job) {
        let mut state = self.state();
        let whose = culprit.whose();
        if let Some(count) = state.left_behind.get_mut(&whose) {
            *count -= 1;
            if *count == 0 {
                state.left_behind.remove(&whose);
            }
        }
        let writes = round.inner().writes;
        if let Some(entry) = state
            .databases
            .get_mut(&round.database_id)
            .filter(|_| writes)
        {
            entry.held_by = None;
        }
        state.forget_if_unused(round.database_id);
        drop(state);
        let caller = culprit.declared.caller();
        tracing::info!(
            plugin = &*caller.plugin,
            database = %round.database_id,
            "the call that did not stop has ended"
        );
    }
}

impl Round {
    /// Lowers its thread's priority, which can't be raised again.
    fn set_nice(&self, nice: i32) {
        let thread = self.thread.and_then(Pid::from_raw);
        if thread.is_some() && getpriority_process(thread).is_ok_and(|now| now < nice) {
            let _ = setpriority_process(thread, nice);
        }
    }

    /// Puts what it has not begun back into the lines, and leaves the queue.
    fn give_up_queue(&self, state: &mut State, current: &Arc<Job>) {
        let Some(entry) = state.databases.get_mut(&self.database_id) else {
            return;
        };
        match self.queue {
            Queue::Write => entry.writing = false,
            Queue::Read => entry.reading -= 1,
        }
        for job in self.jobs.iter().rev() {
            if job.is_answered() || Arc::ptr_eq(job, current) {
                continue;
            }
            match self.queue {
                Queue::Write => {
                    let work = Work::Call(Arc::clone(job));
                    entry.writes.put_back(job.whose(), work);
                }
                Queue::Read => entry.reads.put_back(job.whose(), Arc::clone(job)),
            }
        }
    }
}

impl State {
    /// Takes the open database out, whoever works with it: it is opened anew, for others.
    fn leave_database(&mut self, database_id: DatabaseId) -> Option<Arc<Database>> {
        let entry = self.databases.get_mut(&database_id)?;
        let stale = entry.open.take()?;
        entry.migrated = Arc::clone(&stale.migrated);
        self.idle.remove(&entry.used);
        if matches!(database_id, DatabaseId::Guild(_)) {
            self.open_guilds = self.open_guilds.saturating_sub(1);
        }
        Some(stale)
    }
}

/// As the system counts threads: Linux can set one's priority.
fn this_thread() -> Option<i32> {
    thread_local! {
        static NUMBER: Option<i32> = {
            let link = std::fs::read_link("/proc/thread-self").ok();
            link.and_then(|link| link.file_name()?.to_str()?.parse().ok())
        };
    }
    NUMBER.with(|number| *number)
}
