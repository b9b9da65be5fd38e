//! Restoring a backup, while no bot runs: checked first, and what is there is kept beside it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    backup::{self, inspect, stamp, sync},
    error::StorageError,
    lock::Lock,
};
use crate::database_id::DatabaseId;

/// Summary of a restore.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Restored {
    /// Which database.
    pub database_id: DatabaseId,
    /// Its file.
    pub file: PathBuf,
    /// Where that which was there is now.
    pub kept: Option<PathBuf>,
}

/// Puts a backup, one file or a whole folder of them, in the place of what is in the data folder.
///
/// # Errors
///
/// A bot runs on the folder, or one of the files is damaged or none of ours: then nothing is changed. Or a file can't be
/// written.
pub fn restore(data: &Path, backup: &Path) -> Result<Vec<Restored>, StorageError> {
    let _lock = Lock::take(data)?;
    let files = files(backup)?;
    let mut checked = Vec::new();
    for file in files {
        let (connection, database_id) = inspect(&file)?;
        drop(connection);
        checked.push((file, database_id));
    }
    let stamp = stamp();
    checked
        .into_iter()
        .map(|(file, database_id)| one(data, &file, database_id, &stamp))
        .collect()
}

fn files(backup: &Path) -> Result<Vec<PathBuf>, StorageError> {
    if !backup.is_dir() {
        return Ok(vec![backup.to_owned()]);
    }
    let databases = DatabaseId::all(backup).map_err(|error| StorageError::of_io(backup, &error))?;
    if databases.is_empty() {
        return Err(StorageError::Foreign {
            file: backup.to_owned(),
            reason: "holds no databases".into(),
        });
    }
    Ok(databases
        .into_iter()
        .map(|database_id| database_id.file(backup))
        .collect())
}

fn one(
    data: &Path,
    from: &Path,
    database_id: DatabaseId,
    stamp: &str,
) -> Result<Restored, StorageError> {
    let file = database_id.file(data);
    let folder = file.parent().unwrap_or(data);
    let of = |error: io::Error| StorageError::of_io(&file, &error);
    fs::create_dir_all(folder).map_err(of)?;
    // First the new one, whole, beside it.
    let part = file.with_extension("db.part");
    fs::copy(from, &part).map_err(of)?;
    fs::File::options()
        .write(true)
        .open(&part)
        .and_then(|part| part.sync_all())
        .map_err(of)?;
    let kept = file.with_extension(format!("db.before-{stamp}"));
    let mut moved = None;
    // The log first: a file without its log is older and whole; a log beside another file would be played into it.
    for ending in ["-wal", "-shm", ""] {
        let with = |path: &Path| PathBuf::from(format!("{}{ending}", path.display()));
        if with(&file).exists() {
            fs::rename(with(&file), with(&kept)).map_err(of)?;
            moved = Some(kept.clone());
        }
    }
    fs::rename(&part, &file).map_err(of)?;
    sync(folder).map_err(of)?;
    Ok(Restored {
        database_id,
        file,
        kept: moved,
    })
}

/// A database, and what is wrong with it.
pub type Checked = (DatabaseId, Result<(), StorageError>);

/// Checks every database of a data folder; what was found. A running bot may go on meanwhile.
///
/// # Errors
///
/// The folder can't be read.
pub fn check_all(data: &Path) -> Result<Vec<Checked>, StorageError> {
    if !data.exists() {
        return Ok(Vec::new());
    }
    let databases = DatabaseId::all(data).map_err(|error| StorageError::of_io(data, &error))?;
    let check = |database_id: DatabaseId| {
        let found = inspect(&database_id.file(data)).and_then(|(_, found)| {
            if found == database_id {
                return Ok(());
            }
            Err(StorageError::Foreign {
                file: database_id.file(data),
                reason: format!("is the database of {found}"),
            })
        });
        (database_id, found)
    };
    Ok(databases.into_iter().map(check).collect())
}

/// The complete backups, oldest first.
#[must_use]
pub fn backups(data: &Path) -> Vec<PathBuf> {
    backup::all(data)
}
