//! Threads that serve all databases: few, whatever there is to do.
//!
//! A thread takes a queue that has work, carries out a batch of it, and puts the queue back behind the others: a busy
//! database delays nobody by more than a batch.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, MutexGuard, PoisonError, atomic::Ordering::Relaxed},
};

use super::{
    batch::{self, CALLS, CALLS_OF_ONE},
    database::{Connected, Database},
    error::StorageError,
    fair_queue::Whose,
    job::Job,
    meter,
    queues::WorkQueues,
    rounds::Round,
    state::{Queue, State, Work},
};
use crate::database_id::DatabaseId;

impl WorkQueues {
    /// A thread's life.
    pub(super) fn serve(self: Arc<Self>) {
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
                if read.writes.is_empty() || read.worst.is_some() || !round.has_queue() {
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
        if round.has_queue()
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
        if round.has_queue()
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
