//! Watches the extensions folder and tells when a plugin file has come, changed or gone.
//!
//! A change is new content, told by its hash: touching a file, or writing the same bytes again, is none. A file is reported when
//! it is written to its end (`debounce.rs` says when that is), and when it never is, it is reported as it is. Events of the
//! system are hints only: they tell where to look, and when some were lost, the whole folder is looked at.
//!
//! Not watched: subfolders, and the target of a symbolic link (only a [`scan`](Watcher::scan) finds that one changed).

mod debounce;
mod folder;
mod inbox;
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

use tokio::sync::mpsc;

pub use folder::plugin_files;

use crate::plugin::file::FileError;
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
#[non_exhaustive]
pub enum FileChange {
    /// The file is new, or has new content, and is a good plugin as far as [`check`](crate::plugin::file::check) can see.
    Changed {
        /// The file.
        path: PathBuf,
        /// The plugin's name, from the file's name.
        name: String,
        /// SHA-256 of the content.
        sha256: [u8; 32],
    },
    /// The file is gone.
    Removed {
        /// Where it was.
        path: PathBuf,
        /// The plugin's name, from the file's name.
        name: String,
    },
    /// The file is new, or has new content, and is no plugin.
    Rejected {
        /// The file.
        path: PathBuf,
        /// The plugin's name, from the file's name.
        name: String,
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
    /// The system does not tell us of changes.
    #[error("cannot watch the extensions folder {}: raise fs.inotify.max_user_instances and max_user_watches, or set `auto_reload = false`", path.display())]
    Notify {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: notify::Error,
    },
    /// The watcher's thread cannot be started.
    #[error("cannot start the thread that watches the extensions folder")]
    Thread {
        /// Why.
        source: io::Error,
    },
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
    /// Watches `folder`, which is created when missing. Files must lie still for `debounce`.
    ///
    /// `known` is the content that the host has already, by plugin name: it is not reported again. Other
    /// files that lie in the folder are reported when something happens to them (the first time without a comparison, so
    /// that a touch is enough), when they go, or by the first [`scan`](Self::scan).
    ///
    /// # Errors
    ///
    /// When the folder cannot be created, listed or watched.
    pub fn start(
        folder: &Path,
        debounce: Duration,
        known: BTreeMap<String, [u8; 32]>,
    ) -> Result<(Self, mpsc::Receiver<FileChange>), WatchError> {
        let at_folder = |source| WatchError::Folder {
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(at_folder)?;
        let contents = Folder::new(folder.to_owned(), known).map_err(at_folder)?;
        let inbox = Arc::new(Inbox::default());
        let (sender, changes) = mpsc::channel(CHANGES);
        let worker = Worker::new(contents, debounce, inbox.clone(), sender).map_err(|source| {
            WatchError::Notify {
                path: folder.to_owned(),
                source,
            }
        })?;
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
