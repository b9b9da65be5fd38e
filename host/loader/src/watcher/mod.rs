//! Watcher of the extensions folder: reports when a plugin file has come, changed or gone.
//!
//! A change is new content, known by its hash: touching a file, or writing the same bytes again, is none. A file is reported when
//! it is written to its end (`debounce.rs` says when that is), and when it never is, it is reported as it is. Events of the
//! system are hints only: they say where to look, and when some were lost, the whole folder is looked at.
//!
//! Links are followed: those in the folder, those on the way to it (`current -> releases/7`), and links to links. Each is
//! watched where it lies, and so is the file at the end, so that a switch and a rebuild in place are both seen. What the system
//! does not report (network file systems, a mount over the folder, writes through a memory map) is looked for every few seconds,
//! by `stat` alone. A folder that is gone is waited for; what was in it is not reported as gone.
//!
//! Not watched: subfolders.

mod debounce;
mod folder;
mod inbox;
mod watched;
mod way;
mod worker;

#[cfg(test)]
#[cfg(target_pointer_width = "64")]
mod tests;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use host_base::PluginName;
use tokio::sync::mpsc;

use crate::file::FileError;
use folder::Folder;
use inbox::Inbox;
use worker::Worker;

/// Changes that wait for the host. A file waits once, so this many plugins may change at the same moment; when it is full
/// the watcher itself waits, and nothing is lost: what happens meanwhile is looked at afterwards.
const CHANGES: usize = 64;

/// What happened to a plugin file.
///
/// Two files may give the same plugin name (`libping.so` and `ping.so`); `path` tells them apart. Content that comes back after
/// other content was reported is reported again: compare `sha256` with what is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileChange {
    /// The file is new, or has new content, and is a good plugin as far as [`check`](crate::file::check) can see.
    Changed {
        /// The file.
        path: PathBuf,
        /// The plugin's name, from the file's name.
        name: PluginName,
        /// SHA-256 of the content.
        sha256: [u8; 32],
    },
    /// Somebody touched the file, or wrote it anew as it was: its content is what was last reported. Whoever could not use it
    /// then may try again.
    Touched {
        /// The file.
        path: PathBuf,
        /// The plugin's name, from the file's name.
        name: PluginName,
    },
    /// The file is gone.
    Removed {
        /// Where it was.
        path: PathBuf,
        /// The plugin's name, from the file's name.
        name: PluginName,
    },
    /// The file is new, or has new content, and is no plugin.
    Rejected {
        /// The file.
        path: PathBuf,
        /// The plugin's name, from the file's name.
        name: PluginName,
        /// SHA-256 of the content, where it could be read.
        sha256: Option<[u8; 32]>,
        /// What is wrong with it.
        error: FileError,
    },
}

/// Why the extensions folder cannot be watched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The folder cannot be created or listed.
    #[error("cannot open the extensions folder {}: check `[extensions] folder`, and that the host may read and write there", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The watcher's thread cannot be started.
    #[error("cannot start the thread that watches the extensions folder")]
    Thread {
        /// Why.
        source: io::Error,
    },
}

/// How fast the watcher is.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long a file must lie still.
    pub debounce: Duration,
    /// How often it is looked whether something has happened that the system did not report.
    pub poll: Duration,
}

impl Pace {
    /// The usual poll: a `stat` for each file, every five seconds.
    #[must_use]
    pub fn new(debounce: Duration) -> Self {
        Self {
            debounce,
            poll: Duration::from_secs(5),
        }
    }
}

/// Watches one folder until it is dropped.
///
/// The work is done by a thread of its own, since reading files blocks. It ends soon after the drop, or when the receiver is
/// dropped, whichever it notices first.
#[derive(Debug)]
pub struct Watcher {
    inbox: Arc<Inbox>,
}

impl Watcher {
    /// Watches `folder`, which is created when missing (but not where a link leads nowhere: that is waited for).
    ///
    /// `known` is the content that the host has already, by plugin name: it is not reported again. Other
    /// files that lie in the folder are reported when something happens to them (the first time without a comparison, so
    /// that a touch is enough), when they go, or by the first [`scan`](Self::scan).
    ///
    /// # Errors
    ///
    /// When the folder cannot be created or listed.
    pub fn start(
        folder: &Path,
        pace: Pace,
        known: BTreeMap<PluginName, [u8; 32]>,
    ) -> Result<(Self, mpsc::Receiver<FileChange>), WatchError> {
        let at_folder = |source| WatchError::Folder {
            path: folder.to_owned(),
            source,
        };
        let is_link = fs::symlink_metadata(folder).is_ok_and(|folder| folder.is_symlink());
        if !is_link {
            fs::create_dir_all(folder).map_err(at_folder)?;
        }
        let contents = Folder::new(folder.to_owned(), known).map_err(at_folder)?;
        let inbox = Arc::new(Inbox::default());
        let (sender, changes) = mpsc::channel(CHANGES);
        let worker = Worker::new(contents, pace, inbox.clone(), sender);
        let thread = thread::Builder::new().name("watcher".to_owned());
        thread
            .spawn(|| worker.run())
            .map_err(|source| WatchError::Thread { source })?;
        Ok((Self { inbox }, changes))
    }

    /// Looks at every file in the folder, and reports what is not as it was last reported.
    ///
    /// Returns at once; the changes come through the receiver.
    pub fn scan(&self) {
        self.inbox.put(|news| news.scan = true);
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.inbox.put(|news| news.stop = true);
    }
}
