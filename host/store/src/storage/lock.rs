//! Lock of the data folder: one bot at a time.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use super::error::StorageError;

/// Held while a bot uses the folder; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(#[allow(dead_code, reason = "held, and not looked at")] File);

/// Whether a bot uses the folder now. Changes nothing.
#[must_use]
pub fn is_in_use(data: &Path) -> bool {
    let file = File::options().write(true).open(data.join("lock"));
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

impl Lock {
    pub(super) fn take(data: &Path) -> Result<Self, StorageError> {
        let path = data.join("lock");
        let of = |error| StorageError::of_io(&path, &error);
        fs::create_dir_all(data).map_err(of)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(of)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StorageError::InUse {
                folder: data.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(of(error)),
        }
    }
}
