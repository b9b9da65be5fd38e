//! With a real folder and real events. Where nothing shall happen, a later change shows that nothing did.

mod changes;
mod folder;
#[cfg(unix)]
mod links;
mod looking;
mod written;

use std::{
    env,
    fs::{File, FileTimes},
    io::Write,
    time::{Instant, SystemTime},
};

use host_base::PluginName;
use tempfile::TempDir;

use super::*;
use crate::file::{Format, fixture::Fixture, plugin_name, sha256};

const QUIET: Duration = Duration::from_millis(40);
/// For what the system tells: nothing is found by looking.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

struct Bench {
    folder: TempDir,
    watched: PathBuf,
    watcher: Watcher,
    changes: mpsc::Receiver<FileChange>,
}

impl Bench {
    fn new() -> Self {
        Self::with(QUIET, tempfile::tempdir().unwrap(), &[])
    }

    fn with(quiet: Duration, folder: TempDir, known: &[(&str, &[u8])]) -> Self {
        let known = known
            .iter()
            .map(|(name, bytes)| (PluginName::new(name), sha256(bytes)))
            .collect();
        let pace = Pace {
            debounce: quiet,
            poll: NEVER,
        };
        Self::paced(pace, folder, known)
    }

    fn paced(pace: Pace, folder: TempDir, known: BTreeMap<PluginName, [u8; 32]>) -> Self {
        let path = folder.path().to_owned();
        Self::at(pace, folder, path, known)
    }

    /// One that watches `path`, below or beside `folder`.
    fn at(
        pace: Pace,
        folder: TempDir,
        path: PathBuf,
        known: BTreeMap<PluginName, [u8; 32]>,
    ) -> Self {
        let (watcher, changes) = Watcher::start(&path, pace, known).unwrap();
        Self {
            folder,
            watched: path,
            watcher,
            changes,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.watched.join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    async fn next(&mut self) -> FileChange {
        let wait = tokio::time::timeout(Duration::from_secs(30), self.changes.recv());
        wait.await
            .expect("nothing was reported")
            .expect("the watcher ended")
    }

    fn changed(&self, name: &str, bytes: &[u8]) -> FileChange {
        let path = self.path(name);
        FileChange::Changed {
            name: plugin_name(&path).unwrap(),
            path,
            sha256: sha256(bytes),
        }
    }

    fn removed(&self, name: &str) -> FileChange {
        let path = self.path(name);
        FileChange::Removed {
            name: plugin_name(&path).unwrap(),
            path,
        }
    }

    fn touched(&self, name: &str) -> FileChange {
        let path = self.path(name);
        FileChange::Touched {
            name: plugin_name(&path).unwrap(),
            path,
        }
    }

    /// The next report is a rejection of the file `name`.
    async fn rejected(&mut self, name: &str) -> FileError {
        match self.next().await {
            FileChange::Rejected { path, error, .. } if path == self.path(name) => error,
            other => panic!("{other:?}"),
        }
    }

    /// Nothing is reported of what happened before: a file that comes and goes afterwards is the next to be heard of.
    async fn nothing_else(&mut self) {
        let bytes = Fixture::build("marker", "");
        self.write("marker.so", &bytes);
        // A file that was read before its last event came is told as touched, which changes nothing.
        let mut next = self.next().await;
        while matches!(next, FileChange::Touched { .. }) {
            next = self.next().await;
        }
        assert_eq!(next, self.changed("marker.so", &bytes));
        fs::remove_file(self.path("marker.so")).unwrap();
        assert_eq!(self.next().await, self.removed("marker.so"));
    }
}

fn ping(code: &str) -> Vec<u8> {
    Fixture::build("ping", code)
}
