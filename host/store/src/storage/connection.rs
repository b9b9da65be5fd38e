//! Opening of connections: the file, its settings, and the host's tables in it.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use host_ops::config::{Live, Storage as Settings};
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    clock::Clock,
    error::{At, StorageError},
    limits,
    link::Link,
    table_access::Who,
    tables,
};
use crate::database_id::DatabaseId;

/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 32;

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
        tables::prepare(connection, &self.at())?;
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

    /// Opens a connection that only reads, whosever tables are there. What it may do beside reading is nothing, three times over: it is
    /// opened so, told so, and asks for leave for each table and function.
    pub(super) fn open_reader(&self) -> Result<Link, StorageError> {
        let of = |error: rusqlite::Error| StorageError::of(&self.at(), &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags).map_err(of)?;
        self.set_up(&connection).map_err(of)?;
        connection
            .pragma_update(None, "query_only", true)
            .map_err(of)?;
        let link = Link::new(connection, Some(Arc::clone(&self.clock))).map_err(of)?;
        link.begin(Who::Reader);
        Ok(link)
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
        let first = self
            .first
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
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
