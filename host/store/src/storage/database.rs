//! An open database: its connections, and what is known of it.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64},
    },
    time::Duration,
};

use host_loader::Caller;
use host_ops::config::{Live, Storage as Settings};
use r2d2::{ManageConnection, Pool, PooledConnection};
use scheduled_thread_pool::ScheduledThreadPool;

use super::{
    clock::Clock,
    connection::Opener,
    error::{At, StorageError, Time, look},
    link::Link,
    meter, migrate,
    statement::{Searches, StatementRunner},
    table_access::Who,
    table_access::{Declared, TableAccess},
};
use crate::database_id::DatabaseId;
use crate::disk::Disk;

/// Connections to the bot's database: one writes, the others read beside it. A server's has one, since each costs three
/// descriptors.
pub(super) const BOT_CONNECTIONS: u32 = 3;

/// Most calls that are aside at once in one database: each has a connection.
pub(super) const ASIDE_AT_ONCE: u32 = 2;

/// Results of migrations, by caller.
pub(super) type Migrated = Arc<Mutex<HashMap<Caller, Result<(), StorageError>>>>;

/// An open database.
#[derive(Debug)]
pub(super) struct Database {
    pool: Pool<Opener>,
    opener: Opener,
    pub(super) migrated: Migrated,
    /// Counts up with what plugins change of its shape.
    shape: AtomicU64,
    pub(super) disk: Arc<Disk>,
    /// Whether it has pages to give back to the system.
    pub(super) untidy: AtomicBool,
}

pub(super) type Connected = PooledConnection<Opener>;

impl Database {
    /// Opens it, and makes it where it is missing.
    pub(super) fn open(
        database_id: DatabaseId,
        data: &Path,
        config: &Live,
        threads: &Arc<ScheduledThreadPool>,
        clock: &Arc<Clock>,
        migrated: Migrated,
        disk: &Arc<Disk>,
    ) -> Result<Self, StorageError> {
        let opener = || {
            Opener::new(
                database_id,
                database_id.file(data),
                config.clone(),
                Arc::clone(clock),
            )
        };
        let first = opener();
        let link = first.open()?;
        if !disk.knows(database_id) {
            let kept = meter::read(&link.connection);
            let kept = kept.map_err(|error| StorageError::of(&first.at(), &error))?;
            disk.set_tables(database_id, kept);
        }
        *first.first.lock().unwrap_or_else(PoisonError::into_inner) = Some(link);
        let connections = match database_id {
            DatabaseId::Bot => BOT_CONNECTIONS,
            DatabaseId::Guild(_) => 1,
        };
        // Beside them those of calls that have stepped aside: they are opened when they are needed.
        let connections = connections + ASIDE_AT_ONCE;
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connection_timeout(Duration::from_millis(config.now().storage.busy_timeout_ms))
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .thread_pool(Arc::clone(threads))
            .build_unchecked(first);
        Ok(Self {
            pool,
            opener: opener(),
            migrated,
            shape: AtomicU64::default(),
            disk: Arc::clone(disk),
            untidy: AtomicBool::default(),
        })
    }

    /// A connection, to be used by one at a time.
    pub(super) fn connect(&self) -> Result<Connected, StorageError> {
        self.pool.get().map_err(|error| {
            // r2d2 keeps the words alone.
            self.opener.connect().err().unwrap_or(StorageError::Io {
                file: self.opener.file.clone(),
                reason: error.to_string(),
            })
        })
    }

    pub(super) fn at(&self) -> At<'_> {
        self.opener.at()
    }

    /// As they are now.
    pub(super) fn settings(&self) -> Settings {
        self.opener.settings()
    }

    /// Counts anew what each plugin has in it.
    pub(super) fn recount(&self, link: &Link) -> Result<(), StorageError> {
        link.begin(Who::Host);
        let connection = &link.connection;
        let counted = connection
            .unchecked_transaction()
            .and_then(|transaction| {
                transaction.execute_batch(meter::RECOUNT)?;
                transaction.commit()
            })
            .and_then(|()| meter::read(connection));
        let kept = counted.map_err(|error| StorageError::of(&self.at(), &error))?;
        self.disk.set_tables(self.opener.database_id, kept);
        Ok(())
    }

    /// Where a plugin's statements are run.
    pub(super) fn runner<'a>(
        &'a self,
        link: &'a Link,
        declared: &'a Arc<Declared>,
        table_access: &TableAccess,
        searches: Searches,
    ) -> StatementRunner<'a> {
        StatementRunner {
            link,
            at: self.at().on_behalf_of(&declared.caller.plugin),
            settings: self.opener.settings(),
            who: Who::Plugin(Arc::clone(declared), table_access.snapshot()),
            searches,
            shape: &self.shape,
            disk: &self.disk,
        }
    }

    /// Whether a generation's migrations have run here.
    pub(super) fn is_migrated(&self, declared: &Declared) -> bool {
        matches!(self.migrated().get(&declared.caller), Some(Ok(())))
    }

    /// Runs what is missing of a generation's migrations; of one that failed nothing is tried again but on demand.
    pub(super) fn migrate(
        &self,
        connected: &Connected,
        declared: &Arc<Declared>,
        table_access: &TableAccess,
        again: bool,
    ) -> Result<usize, StorageError> {
        match self.migrated().get(&declared.caller) {
            Some(Ok(())) => return Ok(0),
            Some(Err(error)) if !again => return Err(error.clone()),
            _ => {}
        }
        let mut runner = self.runner(connected, declared, table_access, Searches::Refused);
        runner.at.time = Time::of_migration(runner.settings.migration_timeout_ms);
        let result = migrate::run(&runner, declared);
        if let Err(error) = &result {
            tracing::error!(plugin = &*declared.caller.plugin, "{error}");
        }
        let mut migrated = self.migrated();
        migrated.retain(|caller, _| table_access.of(caller).is_some());
        migrated.insert(
            declared.caller.clone(),
            result.as_ref().map(drop).map_err(Clone::clone),
        );
        result
    }

    fn migrated(&self) -> std::sync::MutexGuard<'_, HashMap<Caller, Result<(), StorageError>>> {
        self.migrated.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that was found to be damaged: while it is as it was then, nothing touches it.
#[derive(Debug, Clone)]
pub(super) struct Damage {
    pub(super) error: StorageError,
}

impl Damage {
    pub(super) fn of(error: &StorageError) -> Option<Self> {
        matches!(error, StorageError::Damaged { .. }).then(|| Self {
            error: error.clone(),
        })
    }

    /// Whether the file is still the damaged one.
    pub(super) fn is_there(&self) -> bool {
        match &self.error {
            StorageError::Damaged { file, seen, .. } => look(file) == *seen,
            _ => false,
        }
    }
}
