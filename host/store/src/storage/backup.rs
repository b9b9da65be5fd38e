//! Backups: a folder for each, with a whole and checked copy of every database.
//!
//! `backups/<time>/main.db`, `backups/<time>/<guild>/guild.db`. A backup is made under a name with a dot in front and gets its
//! own when it is complete. A database that has not changed since the last backup is the same file there (a hard link).

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use host_base::private;
use rusqlite::{Connection, OpenFlags, backup::Backup};

use super::{
    error::{At, StorageError},
    functions,
    link::Link,
    table_access::Who,
    tables,
};
use crate::database_id::DatabaseId;

/// How long the check of one copy may take.
const CHECK: Duration = Duration::from_secs(600);

/// Summary of a backup.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct BackupReport {
    /// Its folder.
    pub folder: PathBuf,
    /// How many databases were copied.
    pub copied: usize,
    /// How many have not changed since the last backup.
    pub unchanged: usize,
    /// Databases that could not be copied, and why. Their last copies were kept.
    pub failed: Vec<(DatabaseId, String)>,
}

pub(super) fn folder(data: &Path) -> PathBuf {
    data.join("backups")
}

/// Where backups of single servers are: each looks like one of all, so that it is restored in the same way.
pub(super) fn folder_of_guilds(data: &Path) -> PathBuf {
    data.join("server-backups")
}

/// The complete backups of all, oldest first.
pub(super) fn all(data: &Path) -> Vec<PathBuf> {
    complete(&folder(data))
}

/// The complete backups of single servers, oldest first for each.
pub(super) fn all_of_guilds(data: &Path) -> Vec<PathBuf> {
    complete(&folder_of_guilds(data))
}

/// Those of one server.
pub(super) fn all_of(data: &Path, database_id: DatabaseId) -> Vec<PathBuf> {
    let mut all = all_of_guilds(data);
    all.retain(|backup| guild_of(backup) == Some(database_id));
    all
}

/// The server whose backup it is.
pub(super) fn guild_of(backup: &Path) -> Option<DatabaseId> {
    let (id, _) = backup.file_name()?.to_str()?.split_once('-')?;
    let in_guilds = backup.parent()?.ends_with("server-backups");
    id.parse().ok().filter(|_| in_guilds).map(DatabaseId::Guild)
}

fn complete(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut all: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir() && !is_partial(path))
        .collect();
    all.sort();
    all
}

fn is_partial(path: &Path) -> bool {
    path.file_name()
        .is_none_or(|name| name.to_string_lossy().starts_with('.'))
}

/// A backup that is being made.
pub(super) struct Draft {
    part: PathBuf,
    whole: PathBuf,
    /// Those of the same kind before it, oldest first.
    before: Vec<PathBuf>,
}

impl Draft {
    /// Begins a backup, and tidies up what was left of one that was cut short.
    pub(super) fn begin(data: &Path) -> Result<Self, StorageError> {
        Self::begin_in(&folder(data), &stamp(), all(data))
    }

    /// The same for a single server.
    pub(super) fn begin_of(data: &Path, guild: u64) -> Result<Self, StorageError> {
        let before = all_of(data, DatabaseId::Guild(guild));
        Self::begin_in(
            &folder_of_guilds(data),
            &format!("{guild}-{}", stamp()),
            before,
        )
    }

    fn begin_in(folder: &Path, stamp: &str, before: Vec<PathBuf>) -> Result<Self, StorageError> {
        let of = |error: io::Error| StorageError::of_io(folder, &error);
        private::folder(folder).map_err(of)?;
        for entry in fs::read_dir(folder).map_err(of)?.flatten() {
            if is_partial(&entry.path()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let mut name = stamp.to_owned();
        let mut count = 2;
        while folder.join(&name).exists() {
            name = format!("{stamp}-{count}");
            count += 1;
        }
        let part = folder.join(format!(".{name}.part"));
        private::folder(&part).map_err(of)?;
        Ok(Self {
            whole: folder.join(name),
            before,
            part,
        })
    }

    /// Where a place's copy goes.
    pub(super) fn target(&self, database_id: DatabaseId) -> PathBuf {
        database_id.file(&self.part)
    }

    /// Takes the last backup's copy, if the file is as it was then.
    pub(super) fn link_unchanged(&self, database_id: DatabaseId, source: &Path) -> bool {
        let Some(last) = self.before.last().map(|last| database_id.file(last)) else {
            return false;
        };
        let log = source.with_extension("db-wal");
        let has_log = fs::metadata(log).is_ok_and(|log| log.len() > 0);
        !has_log && looks_alike(source, &last) && link(&last, &self.target(database_id))
    }

    /// Takes the last backup's copy of what can't be copied now, so that it is not rotated away.
    pub(super) fn keep_last(&self, database_id: DatabaseId) {
        if let Some(last) = self.before.last() {
            let target = self.target(database_id);
            let _ = fs::remove_file(&target);
            link(&database_id.file(last), &target);
        }
    }

    /// Gives the backup its name, and takes the oldest ones away.
    pub(super) fn complete(self, kept: usize) -> Result<PathBuf, StorageError> {
        let of = |error: io::Error| StorageError::of_io(&self.whole, &error);
        sync(&self.part).map_err(of)?;
        fs::rename(&self.part, &self.whole).map_err(of)?;
        self.whole.parent().map_or(Ok(()), sync).map_err(of)?;
        let too_many = (self.before.len() + 1).saturating_sub(kept);
        for old in self.before.iter().take(too_many) {
            if let Err(error) = fs::remove_dir_all(old) {
                tracing::warn!(folder = %old.display(), "an old backup can't be removed: {error}");
            }
        }
        Ok(self.whole)
    }

    pub(super) fn give_up(self) {
        let _ = fs::remove_dir_all(&self.part);
    }
}

/// A copy that is not checked yet.
pub(super) struct Copy {
    database_id: DatabaseId,
    target: PathBuf,
    /// When the original was last written to.
    modified: Option<SystemTime>,
}

/// Copies an open database to `target`.
pub(super) fn copy(
    connection: &Connection,
    at: &At<'_>,
    target: PathBuf,
) -> Result<Copy, StorageError> {
    let of_io = |error: io::Error| StorageError::of_io(&target, &error);
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(of_io)?;
    }
    let of_source = |error: rusqlite::Error| StorageError::of(at, &error);
    // What the log holds goes into the file, whose time then tells whether it has changed since.
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(of_source)?;
    let modified = fs::metadata(at.file).and_then(|file| file.modified());
    let at_target = At {
        file: &target,
        ..*at
    };
    let of = |error: rusqlite::Error| StorageError::of(&at_target, &error);
    let mut copy = Connection::open(&target).map_err(of)?;
    Backup::new(connection, &mut copy)
        .and_then(|backup| backup.step(-1))
        .map_err(of)?;
    // One plain file, without a log beside it.
    copy.pragma_update(None, "journal_mode", "delete")
        .map_err(of)?;
    copy.close().map_err(|(_, error)| of(error))?;
    Ok(Copy {
        database_id: at.database_id,
        modified: modified.ok(),
        target,
    })
}

impl Copy {
    /// Checks it, and sees that it is on the disk. Others work in the original meanwhile.
    pub(super) fn finish(self, until: Option<Instant>) -> Result<(), StorageError> {
        let target = &*self.target;
        let of_io = |error: io::Error| StorageError::of_io(target, &error);
        let at = At::of_file(self.database_id, target);
        let of = |error: rusqlite::Error| StorageError::of(&at, &error);
        let left = until.map_or(CHECK, |until| {
            CHECK.min(until.saturating_duration_since(Instant::now()))
        });
        let link = Connection::open(target)
            .and_then(|copy| Link::new(copy, None))
            .map_err(of)?;
        match check(&link, &at, left) {
            // What its tables calculate takes too long. It was copied page by page, and is as good as the original.
            Err(StorageError::Slow { .. }) => tracing::warn!(
                database = %self.database_id,
                "the copy was not checked to its end: what its tables calculate by themselves takes too long"
            ),
            checked => checked?,
        }
        link.connection.close().map_err(|(_, error)| of(error))?;
        let file = fs::File::options()
            .write(true)
            .open(target)
            .map_err(of_io)?;
        if let Some(modified) = self.modified {
            file.set_modified(modified).map_err(of_io)?;
        }
        file.sync_all().map_err(of_io)?;
        target.parent().map_or(Ok(()), sync).map_err(of_io)
    }
}

/// SQLite's own [integrity check](https://sqlite.org/pragma.html#pragma_integrity_check), which calculates what indexes and
/// columns are made of. What a plugin's tables demand of rows (`CHECK`) is not asked: that says nothing about the file.
fn check(link: &Link, at: &At<'_>, limit: Duration) -> Result<(), StorageError> {
    let of = |error: rusqlite::Error| StorageError::of_sql(at, "PRAGMA integrity_check", &error);
    let connection = &link.connection;
    functions::register(connection, usize::MAX)
        .and_then(|()| connection.pragma_update(None, "ignore_check_constraints", true))
        .map_err(of)?;
    link.begin(Who::Check);
    let _until = link.until(limit);
    let mut statement = connection
        .prepare("PRAGMA integrity_check(5)")
        .map_err(of)?;
    let found: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect)
        .map_err(of)?;
    link.begin(Who::Host);
    if found == ["ok"] {
        return Ok(());
    }
    let found = found.join("; ");
    Err(StorageError::damaged(at.file.to_owned(), found))
}

/// Opens a file that nobody else uses, and tells which place it is the database of.
pub(super) fn inspect(file: &Path) -> Result<(Connection, DatabaseId), StorageError> {
    inspect_for(file, CHECK)
}

/// As [`inspect`], for as long as this at most.
pub(super) fn inspect_for(
    file: &Path,
    limit: Duration,
) -> Result<(Connection, DatabaseId), StorageError> {
    let at = At::of_file(DatabaseId::Bot, file);
    let of = |error: rusqlite::Error| StorageError::of(&at, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(of)?;
    let link = Link::new(connection, None).map_err(of)?;
    check(&link, &at, limit)?;
    let database_id = tables::place_of(&link.connection).map_err(of)?;
    let connection = link.connection;
    let database_id = database_id.and_then(|database_id| database_id.parse().ok());
    database_id
        .map(|database_id| (connection, database_id))
        .ok_or_else(|| StorageError::Foreign {
            file: file.to_owned(),
            reason: "is no database of Cogwright's".into(),
        })
}

fn looks_alike(one: &Path, other: &Path) -> bool {
    let look = |path: &Path| -> io::Result<(u64, SystemTime)> {
        let metadata = fs::metadata(path)?;
        Ok((metadata.len(), metadata.modified()?))
    };
    match (look(one), look(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

fn link(from: &Path, to: &Path) -> bool {
    let made = to
        .parent()
        .is_none_or(|folder| fs::create_dir_all(folder).is_ok());
    made && fs::hard_link(from, to).is_ok()
}

/// Waits until a folder's entries are on the disk.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// The time as a file's name: `2026-11-22T15-48-51`, UTC.
pub(crate) fn stamp() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H-%M-%S")
        .to_string()
}
