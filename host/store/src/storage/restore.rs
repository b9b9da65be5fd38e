//! Restoring a backup, while no bot runs: checked first, and what is there is kept beside it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    backup::{self, inspect, stamp, sync},
    error::StorageError,
    lock::Lock,
    place::Place,
};

/// What was restored.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Restored {
    /// Which database.
    pub place: Place,
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
        let (connection, place) = inspect(&file)?;
        drop(connection);
        checked.push((file, place));
    }
    let stamp = stamp();
    checked
        .into_iter()
        .map(|(file, place)| one(data, &file, place, &stamp))
        .collect()
}

fn files(backup: &Path) -> Result<Vec<PathBuf>, StorageError> {
    if !backup.is_dir() {
        return Ok(vec![backup.to_owned()]);
    }
    let places = Place::all(backup).map_err(|error| StorageError::of_io(backup, &error))?;
    if places.is_empty() {
        return Err(StorageError::Foreign {
            file: backup.to_owned(),
            reason: "holds no databases".into(),
        });
    }
    Ok(places.into_iter().map(|place| place.file(backup)).collect())
}

fn one(data: &Path, from: &Path, place: Place, stamp: &str) -> Result<Restored, StorageError> {
    let file = place.file(data);
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
        place,
        file,
        kept: moved,
    })
}

/// A database, and what is wrong with it.
pub type Checked = (Place, Result<(), StorageError>);

/// Checks every database of a data folder; what was found. A running bot may go on meanwhile.
///
/// # Errors
///
/// The folder can't be read.
pub fn check_all(data: &Path) -> Result<Vec<Checked>, StorageError> {
    if !data.exists() {
        return Ok(Vec::new());
    }
    let places = Place::all(data).map_err(|error| StorageError::of_io(data, &error))?;
    let check = |place: Place| {
        let found = inspect(&place.file(data)).and_then(|(_, found)| {
            if found == place {
                return Ok(());
            }
            Err(StorageError::Foreign {
                file: place.file(data),
                reason: format!("is the database of {found}"),
            })
        });
        (place, found)
    };
    Ok(places.into_iter().map(check).collect())
}

/// The complete backups, oldest first.
#[must_use]
pub fn backups(data: &Path) -> Vec<PathBuf> {
    backup::all(data)
}
