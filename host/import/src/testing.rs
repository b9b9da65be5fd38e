//! An installation for the tests: files by their paths, and databases by their SQL.

use std::{fs, path::Path};

use rusqlite::Connection;

use crate::{Found, Outcome, Source, read};

pub(crate) struct Installation(tempfile::TempDir);

impl Installation {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        Self(folder)
    }

    pub(crate) fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.put(path, |full| fs::write(full, bytes).unwrap())
    }

    pub(crate) fn database(self, path: &str, sql: &str) -> Self {
        self.put(path, |full| {
            Connection::open(full).unwrap().execute_batch(sql).unwrap()
        })
    }

    fn put(self, path: &str, write: impl FnOnce(&Path)) -> Self {
        let full = self.0.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        write(&full);
        self
    }

    pub(crate) fn read(&self) -> Found {
        read(&Source::open(self.0.path()).unwrap(), "Europe/Berlin")
    }
}

impl Found {
    /// What does not come over, and why.
    pub(crate) fn left(&self) -> Vec<(String, String)> {
        let left = self
            .report
            .entries()
            .iter()
            .filter_map(|entry| match &entry.outcome {
                Outcome::Left(why) => Some((entry.what.clone(), why.clone())),
                _ => None,
            });
        left.collect()
    }

    /// Whether a file is told of as one that can't be read, for such a reason.
    pub(crate) fn is_unread(&self, path: &str, why: &str) -> bool {
        let mut unread = self.report.unreadable().iter();
        unread.any(|(place, told)| place == path && told.contains(why))
    }
}
