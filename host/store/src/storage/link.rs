//! Connection to one database, and what watches over it: the authorizer, the clock, the bound of its file.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, InterruptHandle, hooks::Authorization};

use super::{
    authorizer::Current,
    clock::{Clock, Running},
    error::{At, StorageError, shorten},
    table_access::Who,
    virtual_table_modules,
};

/// How many of SQLite's steps pass between two looks at the clock: some 10 µs.
const STEPS_PER_LOOK: i32 = 1_000;

/// How much later than by its own looks at the clock SQLite is told from outside: what has merely waited for a processor is not
/// stopped for it.
pub(super) const LATER: Duration = Duration::from_millis(250);

/// One connection.
pub(super) struct Link {
    pub(super) connection: Connection,
    current: Arc<Mutex<Current>>,
    deadline: Arc<AtomicU64>,
    clock: Option<Arc<Clock>>,
    handle: Arc<InterruptHandle>,
    /// The last page that the file may get; `u64::MAX`: not bounded, 0: as somebody else has it.
    last_page: AtomicU64,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(
        mut connection: Connection,
        clock: Option<Arc<Clock>>,
    ) -> rusqlite::Result<Self> {
        virtual_table_modules::learn(&connection)?;
        let current: Arc<Mutex<Current>> = Arc::default();
        let seen = Arc::clone(&current);
        connection.authorizer(Some(move |context: rusqlite::hooks::AuthContext<'_>| {
            let mut current = lock(&seen);
            if current.hides(&context) {
                Authorization::Ignore
            } else if current.allows(&context) {
                Authorization::Allow
            } else {
                Authorization::Deny
            }
        }))?;
        let deadline = Arc::new(AtomicU64::new(u64::MAX));
        let seen = Arc::clone(&deadline);
        connection.progress_handler(STEPS_PER_LOOK, Some(move || now_ms() > seen.load(Relaxed)))?;
        Ok(Self {
            handle: Arc::new(connection.get_interrupt_handle()),
            connection,
            current,
            deadline,
            clock,
            last_page: AtomicU64::new(u64::MAX),
        })
    }

    /// Bounds the file.
    pub(super) fn bound_pages(&self, last: u64) -> rusqlite::Result<()> {
        if !self.bounds_pages() || self.last_page.swap(last, Relaxed) == last {
            return Ok(());
        }
        self.begin(Who::Host);
        let sql = format!("PRAGMA max_page_count = {last}");
        self.connection.query_row(&sql, [], |_| Ok(()))
    }

    /// Whether the bound is ours.
    pub(super) fn bounds_pages(&self) -> bool {
        self.last_page.load(Relaxed) != 0
    }

    /// A bound of a test's own, as if the disk ended there.
    #[cfg(test)]
    pub(super) fn end_disk_at(&self, last: u64) {
        let sql = format!("PRAGMA max_page_count = {last}");
        self.connection.query_row(&sql, [], |_| Ok(())).unwrap();
        self.last_page.store(0, Relaxed);
    }

    /// What the host itself does is not bounded.
    pub(super) fn unbound_pages(&self) -> rusqlite::Result<()> {
        if self.last_page.load(Relaxed) == u64::MAX {
            return Ok(());
        }
        self.bound_pages(0xFFFF_FFFE)
    }

    /// A statement on it took long.
    pub(super) fn count_slow(&self) {
        if let Some(clock) = &self.clock {
            clock.count_slow();
        }
    }

    /// Works on somebody's behalf from now on.
    pub(super) fn begin(&self, who: Who) {
        self.current().begin(who);
    }

    /// What is being done.
    pub(super) fn current(&self) -> MutexGuard<'_, Current> {
        lock(&self.current)
    }

    /// What is wrong with a statement: why it was refused, or what SQLite says.
    pub(super) fn error(&self, at: &At<'_>, sql: &str, error: &rusqlite::Error) -> StorageError {
        match self.current().refusal.take() {
            Some(reason) => StorageError::Denied {
                database_id: at.database_id,
                sql: shorten(sql),
                reason,
            },
            None => StorageError::of_sql(at, sql, error),
        }
    }

    /// Stops what runs longer than this, until the returned guard goes. A limit inside of another never reaches beyond it.
    pub(super) fn until(&self, limit: Duration) -> Deadline<'_> {
        let limit = limit.as_millis().try_into().unwrap_or(u64::MAX);
        let before = self.deadline.load(Relaxed);
        let end = now_ms().saturating_add(limit).min(before);
        self.deadline.store(end, Relaxed);
        let clock = self.clock.as_ref().filter(|_| end < before);
        let until = began() + Duration::from_millis(end) + LATER;
        Deadline {
            link: self,
            before,
            _running: clock.map(|clock| clock.stop_at(until, &self.handle)),
        }
    }
}

/// A running limit.
pub(super) struct Deadline<'a> {
    link: &'a Link,
    before: u64,
    _running: Option<Running>,
}

impl Drop for Deadline<'_> {
    fn drop(&mut self) {
        self.link.deadline.store(self.before, Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now_ms() -> u64 {
    let since = began().elapsed();
    since.as_millis().try_into().unwrap_or(u64::MAX)
}

fn began() -> Instant {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    *BEGAN.get_or_init(Instant::now)
}
