//! Worker of the watcher: takes news of the folder, reads what is due, reports what is new.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;
use tracing::{info, warn};

use super::{
    FileChange, Pace,
    debounce::{Debounce, Sign, Verdict},
    folder::Folder,
    inbox::{Inbox, News},
    watched::Watched,
};
use crate::file::is_candidate;

/// How often the folder is looked for while it is gone, should nobody report its return.
const FOLDER_RETRY: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    folder: Folder,
    debounce: Debounce,
    inbox: Arc<Inbox>,
    changes: mpsc::Sender<FileChange>,
    watched: Watched,
    poll: Duration,
    poll_due: Instant,
    /// Whether it was said that the folder is gone.
    is_missed: bool,
}

/// The receiver was dropped.
struct Closed;

impl Worker {
    pub fn new(
        folder: Folder,
        pace: Pace,
        inbox: Arc<Inbox>,
        changes: mpsc::Sender<FileChange>,
    ) -> Self {
        let mut watched = Watched::new(Arc::clone(&inbox));
        watched.follow(folder.path(), folder.names());
        let mut worker = Self {
            folder,
            debounce: Debounce::new(pace.debounce),
            inbox,
            changes,
            watched,
            poll: pace.poll,
            poll_due: Instant::now() + pace.poll,
            is_missed: false,
        };
        worker.log_start();
        worker
    }

    /// Says what is watched.
    fn log_start(&mut self) {
        let folder = self.folder.path().display();
        let (links, poll) = (self.watched.links(), self.poll);
        if self.watched.is_there() {
            info!(
                %folder,
                links,
                "watching the extensions folder, the links in it and on the way to it, and what they lead to; what the system \
                 does not report is looked for every {poll:?}"
            );
        } else {
            self.miss();
        }
    }

    /// Works until the watcher or the receiver is dropped.
    pub fn run(mut self) {
        loop {
            let due = self.debounce.next_due().into_iter();
            let deadline = due.chain([self.poll_due]).min();
            let news = self.inbox.take(deadline);
            if news.stop || self.turn(news).is_err() {
                return;
            }
        }
    }

    fn turn(&mut self, news: News) -> Result<(), Closed> {
        // A new file may be a link.
        let mut ways = news.ways || !news.gone.is_empty() || !news.files.is_empty();
        self.watched.gone(&news.gone);
        for (name, (sign, at)) in news.files {
            let path = self.folder.path().join(name);
            if is_candidate(&path) {
                self.debounce.event(path, sign, at);
            }
        }
        let now = Instant::now();
        let polls = self.poll_due <= now;
        ways |= polls || news.scan;
        if ways {
            self.follow();
        }
        if polls {
            self.glance();
            let pause = match self.watched.is_there() {
                true => self.poll,
                false => self.poll.min(FOLDER_RETRY),
            };
            self.poll_due = now + pause;
        }
        if news.scan {
            self.scan();
        }
        self.read_due()
    }

    /// Follows the links as they lead now.
    fn follow(&mut self) {
        let moved = self.watched.follow(self.folder.path(), self.folder.names());
        let now = Instant::now();
        for name in moved.files {
            let path = self.folder.path().join(name);
            if !self.debounce.waits(&path) {
                self.debounce.event(path, Sign::Writing, now);
            }
        }
        if moved.folder {
            let folder = self.folder.path().display();
            info!(%folder, "the extensions folder is another one, or back; watching it anew");
            self.is_missed = false;
            self.scan();
        } else if !self.watched.is_there() {
            self.miss();
            // It may have come back just before its parent was watched, and nobody reports that.
            self.poll_due = self.poll_due.min(now + self.poll.min(FOLDER_RETRY));
        }
    }

    /// Says once that the folder is gone. What is loaded from it goes on: a deployment, or a file system that is about to
    /// be mounted, is no wish to unload everything.
    fn miss(&mut self) {
        if !std::mem::replace(&mut self.is_missed, true) {
            warn!(
                folder = %self.folder.path().display(),
                "the extensions folder is gone; what is loaded goes on, and the folder is watched again when it is back"
            );
        }
    }

    /// Looks for what the system has not reported: on network file systems, behind mounts, through memory maps.
    fn glance(&mut self) {
        let now = Instant::now();
        for path in self.folder.glance().unwrap_or_default() {
            if !self.debounce.waits(&path) {
                self.debounce.event(path, Sign::Writing, now);
            }
        }
    }

    fn scan(&mut self) {
        match self.folder.look() {
            Ok(paths) => {
                let now = Instant::now();
                paths
                    .into_iter()
                    .for_each(|path| self.debounce.event(path, Sign::Found, now));
            }
            Err(error) => {
                warn!(folder = %self.folder.path().display(), %error, "cannot list the extensions folder")
            }
        }
    }

    fn read_due(&mut self) -> Result<(), Closed> {
        for path in self.debounce.due(Instant::now()) {
            let was_notified = self.debounce.was_notified(&path);
            let read = self.folder.read(&path);
            if self.debounce.read(&path, read.reading, Instant::now()) == Verdict::Wait {
                continue;
            }
            if let Some(change) = self.folder.settle(path, read, was_notified) {
                self.changes.blocking_send(change).map_err(|_| Closed)?;
            }
        }
        Ok(())
    }
}
