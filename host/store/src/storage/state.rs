//! State of the work queues: which databases have work, which are open, and which was used longest ago.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use super::{
    database::{Connected, Damage, Database, Migrated},
    error::StorageError,
    fair_queue::{FairQueue, Whose},
    job::Job,
};
use crate::database_id::DatabaseId;

/// Work of the host's own: gets the database to itself.
pub(super) type HostJob =
    Box<dyn FnOnce(Result<(&Arc<Database>, &Connected), StorageError>) + Send>;

pub(super) enum Work {
    Call(Arc<Job>),
    HostJob(HostJob),
}

#[derive(Default)]
pub(super) struct State {
    pub(super) databases: HashMap<DatabaseId, Entry>,
    pub(super) ready: VecDeque<(DatabaseId, Queue)>,
    /// Open databases of servers in which nobody works, least recently used first.
    pub(super) idle: BTreeMap<u64, DatabaseId>,
    pub(super) clock: u64,
    pub(super) open_guilds: usize,
    pub(super) threads: usize,
    pub(super) sleeping: usize,
    pub(super) running: usize,
    /// How many threads work where it was a plugin's turn.
    pub(super) busy: HashMap<Whose, usize>,
    /// Calls of each plugin that were left behind, and have not ended.
    pub(super) left_behind: HashMap<Whose, usize>,
    pub(super) closed: bool,
    /// The most that were ever open, and how many were opened in all.
    pub(super) most_open: usize,
    pub(super) opened: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queue {
    Write,
    Read,
}

#[derive(Default)]
pub(super) struct Entry {
    pub(super) writes: FairQueue<Work>,
    pub(super) reads: FairQueue<Arc<Job>>,
    /// Whether a thread works in the writing queue.
    pub(super) writing: bool,
    /// Whether the writing queue is in `ready`.
    pub(super) queued: bool,
    /// How often the reading queue is in `ready` or has a thread.
    pub(super) reading: u32,
    pub(super) open: Option<Arc<Database>>,
    pub(super) used: u64,
    /// Whether it is closed as soon as nobody works in it.
    pub(super) to_close: bool,
    pub(super) damage: Option<Damage>,
    /// How many calls are carried out in it that have stepped aside.
    pub(super) aside: u32,
    /// Whose call was left behind while it wrote: nobody else can write until it has ended.
    pub(super) held_by: Whose,
    /// For when it is opened again.
    pub(super) migrated: Migrated,
    /// Whether it is to stay closed for now.
    pub(super) sealed: bool,
}

impl Entry {
    /// Whether nobody works in it.
    pub(super) fn is_at_rest(&self) -> bool {
        !self.writing && self.reading == 0 && self.aside == 0 && self.held_by.is_none()
    }
}

/// Numbers of open databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Numbers {
    /// Databases of servers that are open.
    pub open: usize,
    /// The most that were open at once.
    pub most_open: usize,
    /// How often one was opened.
    pub opened: u64,
    /// Threads that work on databases.
    pub threads: usize,
}

impl State {
    /// The first queue that has work and may have a thread: a plugin whose turn it is in many databases gets half of the
    /// threads at most, so that there are some for the others.
    pub(super) fn take_ready(&mut self, threads: usize) -> Option<(DatabaseId, Queue, Whose)> {
        let over = self.over_share(threads);
        let may = |whose: &Whose| !over.contains(whose);
        let found = self
            .ready
            .iter()
            .enumerate()
            .find_map(|(at, (database_id, queue))| {
                let entry = self.databases.get_mut(database_id)?;
                if entry.sealed {
                    return None;
                }
                let whose = match queue {
                    Queue::Write if entry.writes.pass(may) => entry.writes.next_whose(),
                    Queue::Read if entry.reads.pass(may) => entry.reads.next_whose(),
                    _ => return None,
                };
                Some((at, whose.cloned().flatten()))
            });
        let (at, whose) = found?;
        let (database_id, queue) = self.ready.remove(at)?;
        self.running += 1;
        self.pays_for_one_more(&whose);
        Some((database_id, queue, whose))
    }

    /// The plugins that have as many threads as they may.
    pub(super) fn over_share(&self, threads: usize) -> Vec<Whose> {
        let share = (threads / 2).max(1);
        let over = self.busy.iter().filter(|(_, busy)| **busy >= share);
        over.map(|(whose, _)| whose.clone())
            .filter(Option::is_some)
            .collect()
    }

    /// A thread is done where it was this one's turn.
    pub(super) fn done(&mut self, whose: &Whose) {
        self.running -= 1;
        self.pays_for_one_less(whose);
    }

    pub(super) fn pays_for_one_more(&mut self, whose: &Whose) {
        *self.busy.entry(whose.clone()).or_default() += 1;
    }

    pub(super) fn pays_for_one_less(&mut self, whose: &Whose) {
        if let Some(busy) = self.busy.get_mut(whose) {
            *busy -= 1;
            if *busy == 0 {
                self.busy.remove(whose);
            }
        }
    }

    /// Somebody works in it: it is not closed meanwhile.
    pub(super) fn claim(&mut self, database_id: DatabaseId) {
        if let Some(entry) = self.databases.get(&database_id) {
            self.idle.remove(&entry.used);
        }
    }

    /// Nobody works in it any more.
    pub(super) fn unclaim(&mut self, database_id: DatabaseId) {
        self.clock += 1;
        let now = self.clock;
        if let Some(entry) = self.databases.get_mut(&database_id) {
            entry.used = now;
            if entry.open.is_some() && matches!(database_id, DatabaseId::Guild(_)) {
                self.idle.insert(now, database_id);
            }
        }
    }

    /// Takes the open database out; whoever drops it closes it.
    pub(super) fn release(&mut self, database_id: DatabaseId) -> Option<Arc<Database>> {
        let entry = self.databases.get_mut(&database_id)?;
        if entry.writing {
            return None;
        }
        entry.to_close = false;
        let open = entry.open.take()?;
        self.idle.remove(&entry.used);
        if matches!(database_id, DatabaseId::Guild(_)) {
            self.open_guilds = self.open_guilds.saturating_sub(1);
        }
        self.forget_if_unused(database_id);
        Some(open)
    }

    pub(super) fn forget_if_unused(&mut self, database_id: DatabaseId) {
        let unused = self.databases.get(&database_id).is_some_and(|entry| {
            entry.is_at_rest()
                && !entry.sealed
                && !entry.queued
                && entry.writes.is_empty()
                && entry.reads.is_empty()
                && entry.open.is_none()
                && entry.damage.is_none()
        });
        if unused {
            self.databases.remove(&database_id);
        }
    }
}
