//! One connection to one database: how it is opened, and what watches over it.

use std::{
    fmt, fs,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use host_ops::config::{Live, Storage as Settings};
use rusqlite::{Connection, InterruptHandle, OpenFlags, config::DbConfig, hooks::Authorization};

use super::{
    authorizer::{Current, Who},
    clock::{Clock, Running},
    database_id::DatabaseId,
    error::{At, StorageError, shorten},
    limits, tables, virtual_tables,
};

/// How many of SQLite's steps pass between two looks at the clock: some 10 µs.
const STEPS_PER_LOOK: i32 = 1_000;

/// How much later than by its own looks at the clock SQLite is told from outside: what has merely waited for a processor is not
/// stopped for it.
pub(super) const LATER: Duration = Duration::from_millis(250);

/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 32;

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
        virtual_tables::learn(&connection)?;
        let current: Arc<Mutex<Current>> = Arc::default();
        let seen = Arc::clone(&current);
        connection.authorizer(Some(move |context: rusqlite::hooks::AuthContext<'_>| {
            if lock(&seen).allows(&context) {
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

/// Opens the connections of one database, for r2d2.
#[derive(Debug)]
pub(super) struct Opener {
    pub(super) database_id: DatabaseId,
    pub(super) file: PathBuf,
    pub(super) config: Live,
    clock: Arc<Clock>,
    /// The first connection, opened by whoever wanted the database: so that a failure is told at once and as it is, and not
    /// after r2d2's attempts.
    pub(super) first: Mutex<Option<Link>>,
}

impl Opener {
    pub(super) fn new(
        database_id: DatabaseId,
        file: PathBuf,
        config: Live,
        clock: Arc<Clock>,
    ) -> Self {
        Self {
            database_id,
            file,
            config,
            clock,
            first: Mutex::default(),
        }
    }

    /// As they are now.
    pub(super) fn settings(&self) -> Settings {
        self.config.now().storage
    }

    pub(super) fn at(&self) -> At<'_> {
        At::new(self.database_id, &self.file, &self.settings())
    }

    /// Opens a connection, and makes the file and the host's tables where they are missing.
    pub(super) fn open(&self) -> Result<Link, StorageError> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).map_err(|error| StorageError::of_io(folder, &error))?;
        }
        let of = |error: rusqlite::Error| StorageError::of(&self.at(), &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags).map_err(of)?;
        self.set_up(&connection).map_err(of)?;
        let link = Link::new(connection, Some(Arc::clone(&self.clock))).map_err(of)?;
        let connection = &link.connection;
        // First of all a look: a file that is none of ours is left as it is.
        if tables::version(connection, &self.at())? == 0 {
            // While it is empty: then free pages can be given back to the system later.
            connection
                .pragma_update(None, "auto_vacuum", "incremental")
                .map_err(of)?;
        }
        let journal: String = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
            .map_err(of)?;
        if journal != "wal" {
            return Err(StorageError::Foreign {
                file: self.file.clone(),
                reason: "lies on a file system without shared memory (a network share?), where it is not safe".into(),
            });
        }
        tables::prepare(connection, self)?;
        Ok(link)
    }

    /// Opens a copy in a backup, to erase in it: nobody else uses it, and its tables stay as they are.
    pub(super) fn open_copy(&self) -> Result<Link, StorageError> {
        let of = |error: rusqlite::Error| StorageError::of(&self.at(), &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags).map_err(of)?;
        self.set_up(&connection).map_err(of)?;
        Link::new(connection, Some(Arc::clone(&self.clock))).map_err(of)
    }

    fn set_up(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection.busy_timeout(Duration::from_millis(self.settings().busy_timeout_ms))?;
        // No statement can write to the schema's own table, or to a virtual table's parts.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // What stands in views and triggers uses no function that reaches out of the database.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // "x" is a name and never a text: a misspelt column is an error.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // What a call was told is done outlives a power cut, not only a crash.
        connection.pragma_update(None, "synchronous", "full")?;
        // What is sorted or set aside is on the disk, beyond a little.
        connection.pragma_update(None, "temp_store", "file")?;
        limits::set(connection, &self.settings())?;
        let (cache_kib, journal_bytes) = match self.database_id {
            DatabaseId::Bot => (8_192, 16 << 20),
            // Hundreds of these are open at once.
            DatabaseId::Guild(_) => (512, 1 << 20),
        };
        connection.pragma_update(None, "cache_size", -cache_kib)?;
        connection.pragma_update(None, "journal_size_limit", journal_bytes)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(())
    }
}

impl r2d2::ManageConnection for Opener {
    type Connection = Link;
    type Error = StorageError;

    fn connect(&self) -> Result<Link, StorageError> {
        let first = lock(&self.first).take();
        first.map_or_else(|| self.open(), Ok)
    }

    fn is_valid(&self, _: &mut Link) -> Result<(), StorageError> {
        Ok(())
    }

    fn has_broken(&self, link: &mut Link) -> bool {
        // Never: but a connection that was left inside of a transaction is closed, which rolls it back.
        !link.connection.is_autocommit()
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
