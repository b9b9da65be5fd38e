//! Page counts per plugin: what each call adds to a database and gives back, counted in the transaction, kept in a
//! table of the host's, and refused where it would be more than the plugin may keep.
//!
//! A call is counted for whoever made it: pages are in use that were not before. Within a statement SQLite itself stops at a
//! page number, so that one statement does not fill the disk before it is counted.

use rusqlite::{Connection, OpenFlags, params};

use super::{
    error::{At, StorageError, shorten},
    link::Link,
    table_access::Who,
};
use crate::database_id::DatabaseId;
use crate::disk::Disk;

/// Pages that a database may have free; more are given back to the system.
const FREE: u64 = 256;

/// How many are given back at once.
const GIVEN_BACK: u64 = 256;

/// As many pages as SQLite can have.
const ENDLESS: u64 = 0xFFFF_FFFE;

/// Up to so many the bound of a statement is not exact: setting it anew for each call would take longer than many calls do.
const ROUGHLY: u64 = 1 << 16;

/// Counts anew, from the pages themselves: all of them are read. Names stay written as their plugins write them.
pub(super) const RECOUNT: &str = "
UPDATE cogwright__disk SET pages = 0;
INSERT INTO cogwright__disk (plugin, pages)
SELECT coalesce((SELECT m.plugin FROM cogwright__migrations AS m WHERE lower(m.plugin) = owner LIMIT 1), owner), sum(pages)
FROM (
    SELECT lower(substr(s.tbl_name, 1, instr(s.tbl_name, '__') - 1)) AS owner, d.pageno AS pages
    FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name WHERE d.aggregate = TRUE
    UNION ALL
    SELECT lower(plugin), sum(length(CAST(key AS BLOB)) + length(CAST(value AS BLOB)) + 64) / 4000 + 1
    FROM cogwright__shelf GROUP BY 1
) WHERE owner NOT IN ('', 'cogwright') GROUP BY owner
ON CONFLICT DO UPDATE SET pages = excluded.pages;
";

/// Counts in one transaction.
pub(super) struct Meter<'a> {
    link: &'a Link,
    at: At<'a>,
    disk: &'a Disk,
    page_bytes: u64,
    pages: u64,
    free: u64,
    changed: Vec<(String, i64)>,
}

impl<'a> Meter<'a> {
    /// Begins to count, in a transaction.
    pub(super) fn begin(link: &'a Link, at: At<'a>, disk: &'a Disk) -> Result<Self, StorageError> {
        let mut meter = Self {
            link,
            at,
            disk,
            page_bytes: 0,
            pages: 0,
            free: 0,
            changed: Vec::new(),
        };
        meter.page_bytes = meter.ask("PRAGMA page_size")?;
        meter.look()?;
        Ok(meter)
    }

    /// Bounds what the next statements may add for a plugin.
    pub(super) fn bound(&self, plugin: &str) -> Result<(), StorageError> {
        let room = self.room(plugin) / self.page_bytes.max(1);
        let most = if room > ROUGHLY {
            self.pages.next_multiple_of(ROUGHLY) + room / ROUGHLY * ROUGHLY
        } else {
            self.pages + room
        };
        let set = self.link.bound_pages(most.min(ENDLESS));
        set.map_err(|error| StorageError::of(&self.at, &error))
    }

    /// Counts what a plugin's call has added or given back, and whether it may.
    pub(super) fn charge(&mut self, plugin: &str, sql: &str) -> Result<(), StorageError> {
        let before = self.pages - self.free;
        self.look()?;
        let now = self.pages - self.free;
        let more = now.cast_signed() - before.cast_signed();
        if more > 0 && more.unsigned_abs() * self.page_bytes > self.room(plugin) {
            return Err(self.no_room(plugin, sql));
        }
        if more == 0 {
            return Ok(());
        }
        match self.changed.iter_mut().find(|(name, _)| name == plugin) {
            Some((_, pages)) => *pages += more,
            None => self.changed.push((plugin.to_owned(), more)),
        }
        Ok(())
    }

    /// After a call was undone.
    pub(super) fn look(&mut self) -> Result<(), StorageError> {
        self.pages = self.ask("PRAGMA page_count")?;
        self.free = self.ask("PRAGMA freelist_count")?;
        Ok(())
    }

    /// Writes down what has changed, before the transaction ends; whether there are pages to give back.
    pub(super) fn note(&mut self) -> Result<bool, StorageError> {
        self.link.begin(Who::Host);
        let sql = "INSERT INTO cogwright__disk (plugin, pages) VALUES (?1, max(?2, 0))
                   ON CONFLICT DO UPDATE SET pages = max(pages + ?2, 0)";
        for (plugin, pages) in &self.changed {
            let written = self
                .link
                .connection
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute(params![plugin, pages]));
            written.map_err(|error| StorageError::of_sql(&self.at, sql, &error))?;
        }
        Ok(self.free > FREE)
    }

    /// After the transaction has ended well.
    pub(super) fn done(self, database_id: DatabaseId) {
        for (plugin, pages) in self.changed {
            let bytes = pages.saturating_mul(self.page_bytes.cast_signed());
            self.disk.add_tables(database_id, &plugin, bytes);
        }
    }

    /// SQLite says that the disk is full where it has come to the bound, too.
    pub(super) fn told(&self, error: StorageError, plugin: &str, sql: &str) -> StorageError {
        match error {
            StorageError::Full { file } if self.link.bounds_pages() && has_space(&file) => {
                self.no_room(plugin, sql)
            }
            error => error,
        }
    }

    fn no_room(&self, plugin: &str, sql: &str) -> StorageError {
        StorageError::DiskShare {
            database_id: self.at.database_id,
            sql: shorten(sql),
            room: Box::new(self.disk.no_room(plugin)),
        }
    }

    fn room(&self, plugin: &str) -> u64 {
        let pages = self.changed.iter().find(|(name, _)| name == plugin);
        let pending = pages.map_or(0, |(_, pages)| *pages) * self.page_bytes.cast_signed();
        self.disk.room(plugin).saturating_add_signed(-pending)
    }

    fn ask(&self, sql: &str) -> Result<u64, StorageError> {
        self.link.begin(Who::Host);
        let asked = self
            .link
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)));
        asked
            .map(i64::cast_unsigned)
            .map_err(|error| StorageError::of_sql(&self.at, sql, &error))
    }
}

/// Gives some free pages back; whether there are more.
pub(super) fn give_back(link: &Link, at: &At<'_>) -> Result<bool, StorageError> {
    link.begin(Who::Host);
    let of = |error: rusqlite::Error| StorageError::of(at, &error);
    let connection = &link.connection;
    let free = || {
        connection
            .query_row("PRAGMA freelist_count", [], |row| row.get::<_, i64>(0))
            .map(i64::cast_unsigned)
            .map_err(of)
    };
    let before = free()?;
    if before <= FREE {
        return Ok(false);
    }
    connection
        .execute_batch(&format!("PRAGMA incremental_vacuum({GIVEN_BACK})"))
        .map_err(of)?;
    let after = free()?;
    // A file of an older host gives nothing back.
    Ok(after < before && after > FREE)
}

/// The plugins that have pages in a database, as they write their names.
pub(super) fn plugins(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached("SELECT plugin FROM cogwright__disk WHERE pages > 0")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// What a database holds of each plugin, in bytes.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Vec<(String, u64)>> {
    let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    connection
        .prepare("SELECT plugin, pages FROM cogwright__disk WHERE pages > 0")?
        .query_map([], |row| {
            let pages: i64 = row.get(1)?;
            Ok((row.get(0)?, pages.saturating_mul(page).cast_unsigned()))
        })?
        .collect()
}

/// Looks into all databases that nobody has opened yet. They are read as they lie there: what a crash left in a log beside one
/// counts when it is opened.
pub(super) fn look_around(disk: &Disk, data: &std::path::Path) {
    for database_id in DatabaseId::all(data).unwrap_or_default() {
        if disk.knows(database_id) {
            continue;
        }
        let file = database_id.file(data).display().to_string();
        let file = file
            .replace('%', "%25")
            .replace('?', "%3f")
            .replace('#', "%23");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(format!("file:{file}?immutable=1"), flags);
        if let Ok(kept) = opened.and_then(|connection| read(&connection)) {
            disk.set_unknown_tables(database_id, kept);
        }
    }
}

fn has_space(file: &std::path::Path) -> bool {
    const SOME: u64 = 16 << 20;
    rustix::fs::statvfs(file).is_ok_and(|on| on.f_bavail.saturating_mul(on.f_frsize) > SOME)
}
