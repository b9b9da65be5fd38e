//! Inbox of the watcher's thread: a closed set of news, merged per file, so that it never grows beyond the folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    mem,
    path::PathBuf,
    sync::{Condvar, Mutex, PoisonError},
    time::Instant,
};

use super::debounce::Sign;

/// Where news waits for the watcher's thread.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    news: Mutex<News>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct News {
    /// The last event of each file, by file name. Earlier ones would tell the debouncer nothing more.
    pub files: BTreeMap<OsString, (Sign, Instant)>,
    /// The whole folder is to be looked at.
    pub scan: bool,
    /// Links lead elsewhere, or may do so.
    pub ways: bool,
    /// Watched folders that were moved or deleted.
    pub gone: BTreeSet<PathBuf>,
    /// The watcher is dropped.
    pub stop: bool,
}

impl News {
    /// Something happened to the file called `name`.
    pub fn event(&mut self, name: OsString, sign: Sign, now: Instant) {
        let sign = match (sign, self.files.get(&name)) {
            (Sign::Touched, Some((earlier, _))) => *earlier,
            (sign, _) => sign,
        };
        self.files.insert(name, (sign, now));
    }

    fn is_empty(&self) -> bool {
        self.files.is_empty() && !self.scan && !self.ways && self.gone.is_empty() && !self.stop
    }
}

impl Inbox {
    /// Adds news.
    pub fn put(&self, change: impl FnOnce(&mut News)) {
        self.put_if(|news| {
            change(news);
            true
        });
    }

    /// Adds what may be news, and wakes nobody for what is none.
    pub fn put_if(&self, change: impl FnOnce(&mut News) -> bool) {
        if change(&mut self.news.lock().unwrap_or_else(PoisonError::into_inner)) {
            self.arrived.notify_one();
        }
    }

    /// Waits for news, at most until `deadline`, and takes it all.
    pub fn take(&self, deadline: Option<Instant>) -> News {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        while news.is_empty() {
            let Some(deadline) = deadline else {
                news = self
                    .arrived
                    .wait(news)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            news = self
                .arrived
                .wait_timeout(news, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        mem::take(&mut news)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_is_merged_per_file_and_taken_once() {
        let (inbox, now) = (Inbox::default(), Instant::now());
        for sign in [Sign::Writing, Sign::Done, Sign::Touched] {
            inbox.put(|news| news.event("a".into(), sign, now));
        }
        inbox.put(|news| news.event("b".into(), Sign::Touched, now));
        inbox.put(|news| news.scan = true);
        let news = inbox.take(None);
        assert_eq!(
            news.files
                .into_values()
                .map(|(sign, _)| sign)
                .collect::<Vec<_>>(),
            [Sign::Done, Sign::Touched]
        );
        assert!(news.scan && inbox.take(Some(now)).is_empty());
    }
}
