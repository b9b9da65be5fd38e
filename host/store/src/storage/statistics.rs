//! Statistics of the databases: what there is on the disk, what is open, what waits.

use std::{
    fs,
    io::Read,
    path::Path,
    sync::{Arc, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use plugin_api::abi::{DatabaseCall, DatabaseFile, DatabaseStats};

use super::{Storage, backup, error::StorageError};
use crate::database_id::DatabaseId;

/// How long what was seen on the disk is told without another look: a page that is drawn each second asks for it.
const FRESH: Duration = Duration::from_secs(5);

/// Databases on a page.
const PAGE: usize = 100;

/// What a look at the disk has found.
#[derive(Debug)]
pub(super) struct Seen {
    at: Instant,
    /// In the order of [`DatabaseId::all`].
    files: Vec<OnDisk>,
    last_backup_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct OnDisk {
    database_id: DatabaseId,
    bytes: u64,
    log_bytes: u64,
    modified_ms: u64,
}

impl Storage {
    /// What there is, and a page of the databases.
    ///
    /// # Errors
    ///
    /// The data folder can't be read.
    pub async fn statistics(&self, call: &DatabaseCall) -> Result<DatabaseStats, StorageError> {
        let seen = self.seen().await?;
        let queues = self.queues()?;
        let (numbers, at_work) = (queues.numbers(), queues.at_work());
        let mut stats = DatabaseStats::default();
        stats.open = numbers.open as u64;
        stats.most_open = numbers.most_open as u64;
        stats.opened = numbers.opened;
        stats.threads = numbers.threads as u64;
        stats.queued = at_work.values().map(|(_, queued)| *queued as u64).sum();
        stats.slow_statements = queues.clock.slow();
        stats.last_backup_ms = seen.last_backup_ms;
        for file in &seen.files {
            let bytes = file.bytes + file.log_bytes;
            stats.databases += 1;
            stats.bytes += bytes;
            if self.is_left(file.database_id) {
                stats.left += 1;
                stats.left_bytes += bytes;
            }
        }
        let after = call.after.as_ref().and_then(|after| after.parse().ok());
        let wanted = |file: &&OnDisk| {
            after.is_none_or(|after| file.database_id > after)
                && call
                    .guild_id
                    .is_none_or(|guild| file.database_id == DatabaseId::of(guild))
        };
        let limit = call.limit.map_or(PAGE, |limit| limit as usize).min(PAGE);
        let mut page: Vec<OnDisk> = seen
            .files
            .iter()
            .filter(wanted)
            .copied()
            .take(limit + 1)
            .collect();
        if page.len() > limit {
            page.truncate(limit);
            stats.next = page.last().map(|last| last.database_id.to_string());
        }
        let data = queues.data.clone();
        let read = tokio::task::spawn_blocking(move || {
            let view = |file: OnDisk| view(&data, file);
            page.into_iter()
                .map(|file| (file.database_id, view(file)))
                .collect::<Vec<_>>()
        });
        for (database_id, mut view) in read.await.map_err(|_| StorageError::Closed)? {
            let (open, queued) = at_work.get(&database_id).copied().unwrap_or_default();
            (view.open, view.queued) = (open, queued as u64);
            view.left = self.is_left(database_id);
            stats.files.push(view);
        }
        Ok(stats)
    }

    /// Whether it is of a server that the bot is not in, as far as is known.
    pub(super) fn is_left(&self, database_id: DatabaseId) -> bool {
        match database_id {
            DatabaseId::Bot => false,
            DatabaseId::Guild(guild) => self.members.get().is_some_and(|is_in| !is_in.0(guild)),
        }
    }

    /// What is on the disk, as it was seen a moment ago.
    async fn seen(&self) -> Result<Arc<Seen>, StorageError> {
        let before = self.last_seen().clone();
        if let Some(seen) = before.filter(|seen| seen.at.elapsed() < FRESH) {
            return Ok(seen);
        }
        let data = self.data()?.to_owned();
        let looked = tokio::task::spawn_blocking(move || look(&data));
        let seen = looked.await.unwrap_or(Err(StorageError::Closed))?;
        let seen = Arc::new(seen);
        *self.last_seen() = Some(Arc::clone(&seen));
        Ok(seen)
    }

    /// What was seen is not so any more.
    pub(super) fn unseen(&self) {
        self.last_seen().take();
    }

    fn last_seen(&self) -> std::sync::MutexGuard<'_, Option<Arc<Seen>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn look(data: &Path) -> Result<Seen, StorageError> {
    let at = Instant::now();
    let databases = super::admin::databases(data)?;
    let files = databases.into_iter().map(|database_id| {
        let file = database_id.file(data);
        let seen = fs::metadata(&file);
        let log = fs::metadata(file.with_extension("db-wal"));
        let of = |seen: std::io::Result<fs::Metadata>| {
            seen.map_or((0, 0), |it| (it.len(), modified(&it)))
        };
        let ((bytes, changed), (log_bytes, logged)) = (of(seen), of(log));
        OnDisk {
            database_id,
            bytes,
            log_bytes,
            modified_ms: changed.max(logged),
        }
    });
    Ok(Seen {
        at,
        files: files.collect(),
        last_backup_ms: backup::all(data).last().and_then(|last| made_ms(last)),
    })
}

/// When a file or folder was last changed, in milliseconds since 1970.
pub(super) fn modified(seen: &fs::Metadata) -> u64 {
    seen.modified().map_or(0, ms)
}

/// When a backup was made, by its name: `2026-11-22T15-48-51`, `2026-11-22T15-48-51-2`, also behind a server's id and a `-`.
pub(super) fn made_ms(backup: &Path) -> Option<u64> {
    let name = backup.file_name()?.to_str()?;
    let begin = name.find('T')?.checked_sub("2026-11-22".len())?;
    let stamp = name.get(begin..begin + "2026-11-22T15-48-51".len())?;
    let time = jiff::civil::DateTime::strptime("%Y-%m-%dT%H-%M-%S", stamp).ok()?;
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    u64::try_from(time.timestamp().as_millisecond()).ok()
}

fn ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

fn view(data: &Path, file: OnDisk) -> DatabaseFile {
    let mut view = DatabaseFile::default();
    view.name = file.database_id.to_string();
    view.guild_id = match file.database_id {
        DatabaseId::Bot => None,
        DatabaseId::Guild(id) => Some(id),
    };
    (view.bytes, view.log_bytes) = (file.bytes, file.log_bytes);
    view.modified_ms = file.modified_ms;
    // SQLite's header (https://sqlite.org/fileformat.html#the_database_header).
    let mut header = [0; 40];
    let read = fs::File::open(file.database_id.file(data))
        .and_then(|mut open| open.read_exact(&mut header));
    if read.is_ok() {
        view.page_bytes = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
            1 => 65_536,
            bytes => bytes,
        };
        view.pages = file.bytes.checked_div(view.page_bytes).unwrap_or_default();
        let free = [header[36], header[37], header[38], header[39]];
        view.free_pages = u32::from_be_bytes(free).into();
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backups_name_tells_when_it_was_made() {
        for name in [
            "2026-11-22T15-48-51",
            "2026-11-22T15-48-51-2",
            "613425648685547541-2026-11-22T15-48-51",
        ] {
            assert_eq!(made_ms(Path::new(name)), Some(1_795_362_531_000), "{name}");
        }
        for name in ["", "T", "tea", "2026-11-22T", "2026-13-22T15-48-51"] {
            assert_eq!(made_ms(Path::new(name)), None, "{name}");
        }
    }
}
