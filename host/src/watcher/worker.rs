//! The watcher's thread: takes news of the folder, reads what is due, reports what is new.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode, ModifyKind, RenameMode},
};
use tokio::sync::mpsc;
use tracing::{info, warn};

use super::{
    FileChange,
    debounce::{Debounce, Sign, Verdict},
    folder::{Folder, is_candidate},
    inbox::{Inbox, News},
};

/// How long after the folder is gone it is made anew. Whoever replaces it with another one needs the time between.
const FOLDER_RETRY: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    folder: Folder,
    debounce: Debounce,
    inbox: Arc<Inbox>,
    changes: mpsc::Sender<FileChange>,
    /// Held for its drop, which ends the events.
    notify: RecommendedWatcher,
    /// When to look for the folder, while it is gone.
    folder_due: Option<Instant>,
}

/// The receiver was dropped.
struct Closed;

impl Worker {
    /// # Errors
    ///
    /// When the folder cannot be watched.
    pub fn new(
        folder: Folder,
        debounce: Duration,
        inbox: Arc<Inbox>,
        changes: mpsc::Sender<FileChange>,
    ) -> notify::Result<Self> {
        let notify = watch(folder.path(), inbox.clone())?;
        Ok(Self {
            folder,
            debounce: Debounce::new(debounce),
            inbox,
            changes,
            notify,
            folder_due: None,
        })
    }

    /// Works until the watcher or the receiver is dropped.
    pub fn run(mut self) {
        loop {
            let deadline = self
                .debounce
                .next_due()
                .into_iter()
                .chain(self.folder_due)
                .min();
            let news = self.inbox.take(deadline);
            if news.stop || self.turn(news).is_err() {
                return;
            }
        }
    }

    fn turn(&mut self, news: News) -> Result<(), Closed> {
        for (name, (sign, at)) in news.files {
            let path = self.folder.path().join(name);
            if is_candidate(&path) {
                self.debounce.event(path, sign, at);
            }
        }
        if news.folder_lost {
            self.folder_due.get_or_insert(Instant::now() + FOLDER_RETRY);
        }
        if self.folder_due.is_some_and(|due| due <= Instant::now()) {
            self.watch_again();
        }
        if news.scan {
            self.scan();
        }
        self.read_due()
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
            let read = self.folder.read(&path);
            if self.debounce.read(&path, read.reading, Instant::now()) == Verdict::Wait {
                continue;
            }
            if let Some(change) = self.folder.settle(path, read) {
                self.changes.blocking_send(change).map_err(|_| Closed)?;
            }
        }
        Ok(())
    }

    /// Makes the folder anew if it is still gone, and watches it.
    fn watch_again(&mut self) {
        let path = self.folder.path();
        let again = || -> notify::Result<_> {
            fs::create_dir_all(path).map_err(notify::Error::io)?;
            watch(path, self.inbox.clone())
        };
        match again() {
            Ok(notify) => {
                info!(folder = %path.display(), "the extensions folder was moved or deleted; watching it anew");
                self.notify = notify;
                self.folder_due = None;
                self.scan();
            }
            Err(error) => {
                warn!(folder = %path.display(), %error, "the extensions folder is gone and cannot be made");
                self.folder_due = Some(Instant::now() + FOLDER_RETRY);
            }
        }
    }
}

/// Has every event of `folder` put into `inbox`.
fn watch(folder: &Path, inbox: Arc<Inbox>) -> notify::Result<RecommendedWatcher> {
    // Events name files by the path that the watch was given, or on some systems by the one without links.
    let folder = fs::canonicalize(folder).map_err(notify::Error::io)?;
    let root = folder.clone();
    let mut notify = notify::recommended_watcher(move |event| {
        let now = Instant::now();
        match event {
            Ok(event) => inbox.put(|news| sort(event, &root, news, now)),
            Err(error) => {
                warn!(%error, "lost track of the extensions folder; looking at all of it");
                inbox.put(|news| news.scan = true);
            }
        }
    })?;
    notify.watch(&folder, RecursiveMode::NonRecursive)?;
    Ok(notify)
}

/// Sorts one event of the folder `root` into `news`.
fn sort(event: Event, root: &Path, news: &mut News, now: Instant) {
    if event.need_rescan() {
        news.scan = true;
    }
    let sign = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Sign::Done,
        // Reading, which we do ourselves.
        EventKind::Access(_) => return,
        EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both)) => Sign::Done,
        EventKind::Modify(ModifyKind::Metadata(_)) => Sign::Touched,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => Sign::Writing,
    };
    let is_end = matches!(
        event.kind,
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
    );
    for path in event.paths {
        if path == root {
            news.folder_lost |= is_end;
        } else if let Some(name) = path.file_name().filter(|_| path.parent() == Some(root)) {
            news.event(name.to_owned(), sign, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, Flag, MetadataKind, RemoveKind};

    use super::*;

    fn sorted(event: Event) -> News {
        let mut news = News::default();
        sort(event, Path::new("/x"), &mut news, Instant::now());
        news
    }

    #[track_caller]
    fn check(kind: EventKind, expect: Option<Sign>) {
        let news = sorted(Event::new(kind).add_path("/x/a.so".into()));
        assert_eq!(
            news.files.into_values().map(|(sign, _)| sign).next(),
            expect,
            "{kind:?}"
        );
        assert!(!news.scan && !news.folder_lost);
    }

    #[test]
    fn events_of_files() {
        check(EventKind::Create(CreateKind::File), Some(Sign::Writing));
        check(
            EventKind::Modify(ModifyKind::Data(DataChange::Any)),
            Some(Sign::Writing),
        );
        check(
            EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)),
            Some(Sign::Touched),
        );
        check(
            EventKind::Modify(ModifyKind::Name(RenameMode::To)),
            Some(Sign::Done),
        );
        check(
            EventKind::Modify(ModifyKind::Name(RenameMode::From)),
            Some(Sign::Writing),
        );
        check(EventKind::Remove(RemoveKind::File), Some(Sign::Writing));
        check(
            EventKind::Access(AccessKind::Close(AccessMode::Write)),
            Some(Sign::Done),
        );
        check(EventKind::Access(AccessKind::Close(AccessMode::Read)), None);
        check(EventKind::Access(AccessKind::Open(AccessMode::Any)), None);
    }

    #[test]
    fn lost_events_lead_to_a_scan() {
        assert!(sorted(Event::new(EventKind::Other).set_flag(Flag::Rescan)).scan);
    }

    #[test]
    fn events_of_the_folder_itself_and_of_others() {
        let at = |kind, path: &str| sorted(Event::new(kind).add_path(path.into()));
        assert!(at(EventKind::Remove(RemoveKind::File), "/x").folder_lost);
        assert!(at(EventKind::Modify(ModifyKind::Name(RenameMode::From)), "/x").folder_lost);
        assert!(
            !at(
                EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)),
                "/x"
            )
            .folder_lost
        );
        assert!(
            at(EventKind::Create(CreateKind::File), "/x/y/a.so")
                .files
                .is_empty()
        );
    }
}
