//! Prepared file: one that was read, checked and copied for a load that is to come, so that the load need not do it once more.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use super::Plugins;
use crate::{file::FileInfo, stamp::Stamp};

/// A file as it was read.
#[derive(Debug)]
pub(super) struct Prepared {
    /// From before it was read.
    pub(super) stamp: Stamp,
    /// Whether a next change will change that, however soon it has come.
    pub(super) is_settled: bool,
    pub(super) info: FileInfo,
    pub(super) copy: Copied,
    /// Why its trial has failed.
    pub(super) failed_trial: Option<String>,
}

/// A private copy that no generation has yet. Dropped, it is removed.
#[derive(Debug)]
pub(super) struct Copied(Option<PathBuf>);

impl Copied {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self(Some(path))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    /// Gives it to a generation, by its name.
    pub(super) fn give(mut self, name: &Path) -> io::Result<()> {
        fs::rename(self.path(), name)?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        // Nothing of this process has opened it.
        if let Some(path) = &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

/// What a load takes up: a file's bytes, or its copy.
#[derive(Debug)]
pub(super) enum Content {
    Bytes(Vec<u8>),
    Copy(Copied),
}

/// The files that are prepared, by path.
#[derive(Debug, Default)]
pub(super) struct PreparedFiles {
    all: Mutex<HashMap<PathBuf, Prepared>>,
    count: AtomicU64,
}

impl PreparedFiles {
    /// A name for a copy that comes once.
    pub(super) fn next_name(&self) -> String {
        format!("ahead-{}", self.count.fetch_add(1, Relaxed))
    }

    pub(super) fn put(&self, file: &Path, prepared: Prepared) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(file.to_owned(), prepared);
    }

    fn take(&self, file: &Path) -> Option<Prepared> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(file)
    }
}

impl Plugins {
    /// A file as it was prepared, unless it has changed since. It is taken once.
    pub(super) async fn take_prepared(&self, file: &Path) -> Option<Prepared> {
        let prepared = self.prepared.take(file)?;
        let now = stamp(file).await?;
        (now == prepared.stamp).then_some(prepared)
    }

    /// Removes what was prepared of these and not taken.
    pub(super) fn drop_prepared<'f>(&self, files: impl IntoIterator<Item = &'f PathBuf>) {
        for file in files {
            drop(self.prepared.take(file));
        }
    }
}

/// The stamp of a file, asked where it may block.
pub(super) async fn stamp(file: &Path) -> Option<Stamp> {
    let file = file.to_owned();
    let looked = tokio::task::spawn_blocking(move || Stamp::of(&file));
    looked.await.ok()?
}
