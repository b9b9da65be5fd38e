//! Refused files, and when they are tried again: when what stood in their way is gone.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use host_base::PluginName;

use super::{Plugins, transaction};
use crate::{Lifted, LoadError, Unserved, file};

impl Lifted {
    pub(super) fn of(error: &LoadError) -> Self {
        match error {
            // Of its problems some may be about neighbours: whose name, whose command, whose table.
            LoadError::Manifest { .. } | LoadError::Relations { .. } => Self::Others,
            LoadError::Blacklisted { .. }
            | LoadError::Unserved(Unserved {
                configured: true, ..
            })
            | LoadError::Start { .. }
            | LoadError::Deadline { .. } => Self::Config,
            _ => Self::File,
        }
    }
}

/// The files that were refused.
#[derive(Debug, Default)]
pub(super) struct RefusedFiles(Mutex<BTreeMap<PathBuf, FileRefusal>>);

#[derive(Debug)]
struct FileRefusal {
    error: String,
    lifted: Lifted,
    content: Content,
}

/// SHA-256 of a file's content; `None` where it can't be read.
pub(super) type Content = Option<[u8; 32]>;

/// What of a refusal was not so the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct News {
    /// The reason.
    pub(super) error: bool,
    /// The file's content.
    pub(super) content: bool,
}

impl News {
    pub(super) fn is_any(self) -> bool {
        self.error || self.content
    }
}

/// The content of a file that was refused.
pub(super) async fn content(path: &Path) -> Content {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || Some(file::sha256(&fs::read(path).ok()?)));
    read.await.ok().flatten()
}

impl RefusedFiles {
    /// Notes a refusal; what of it is news.
    pub(super) fn note(&self, path: &Path, content: Content, error: &LoadError) -> News {
        let refusal = FileRefusal {
            error: error.to_string(),
            lifted: Lifted::of(error),
            content,
        };
        let mut all = self.all();
        let before = all.get(path);
        let news = News {
            error: before.is_none_or(|before| before.error != refusal.error),
            content: before.is_none_or(|before| before.content != refusal.content),
        };
        all.insert(path.to_owned(), refusal);
        news
    }

    /// It was loaded, or is gone.
    pub(super) fn forget(&self, path: &Path) {
        self.all().remove(path);
    }

    fn holds(&self, path: &Path) -> bool {
        self.all().contains_key(path)
    }

    fn lifted(&self, lifted: Lifted) -> Vec<PathBuf> {
        let all = self.all();
        let may = all.iter().filter(|(_, refusal)| refusal.lifted == lifted);
        may.map(|(path, _)| path.clone()).collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<PathBuf, FileRefusal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plugins {
    /// Tries a file again that was refused, because somebody has touched it. What is loaded from it already, or was unloaded
    /// on purpose, stays as it is.
    pub async fn file_touched(&self, path: &Path, load_new: bool) {
        if self.refused.holds(path) && (load_new || self.serves_file(path)) {
            tracing::info!(path = %path.display(), "touched: tried again");
            self.load_changed(path).await;
        }
    }

    /// Tries those again that another plugin, which has gone or changed, may have stood in the way of. Not what `gone` was
    /// unloaded as by name: whoever does that does not want its copy instead.
    pub(super) async fn try_again(&self, gone: Option<&PluginName>) {
        for path in self.by_plan(self.refused.lifted(Lifted::Others)) {
            // One of those before may have brought it.
            if !self.refused.holds(&path) {
                continue;
            }
            let of_that_name = match (gone, transaction::read(&path).await) {
                (Some(gone), Ok((_, info))) => gone.is(&info.note.name),
                _ => false,
            };
            if !of_that_name {
                self.try_once_more(&path).await;
            }
        }
    }

    async fn try_once_more(&self, path: &Path) {
        if !self.set().stopping {
            tracing::debug!(path = %path.display(), "tried again: what it was refused for may be gone");
            let _ = Box::pin(self.load_file(path)).await;
        }
    }

    /// Tries those again that the configuration stood in the way of: it has changed. Also those that others stand in the way of:
    /// whether that counts is configured.
    pub async fn configuration_changed(&self) {
        for path in self.refused.lifted(Lifted::Config) {
            self.try_once_more(&path).await;
        }
        self.try_again(None).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_twice_is_no_news_and_each_refusal_is_lifted_by_its_kind() {
        let (refused, path) = (RefusedFiles::default(), Path::new("a.so"));
        let listed = |name: &str| LoadError::Blacklisted { name: name.into() };
        let (one, other) = (Some([1; 32]), Some([2; 32]));
        let news = |error, content| News { error, content };
        let note = |content, error: &LoadError| refused.note(path, content, error);
        assert_eq!(note(one, &listed("a")), news(true, true));
        assert!(!note(one, &listed("a")).is_any());
        assert_eq!(note(one, &listed("b")), news(true, false));
        assert_eq!(note(other, &listed("b")), news(false, true));
        // A file that can't be read is one thing, however often it can't.
        assert_eq!(note(None, &listed("b")), news(false, true));
        assert!(!note(None, &listed("b")).is_any());
        assert_eq!(refused.lifted(Lifted::Config), [path]);
        let rival = LoadError::Manifest {
            problems: vec!["a rival".into()],
        };
        assert!(note(None, &rival).error);
        assert_eq!(refused.lifted(Lifted::Config), [] as [PathBuf; 0]);
        assert_eq!(refused.lifted(Lifted::Others), [path]);
        refused.forget(path);
        assert!(!refused.holds(path));
        assert_eq!(note(None, &rival), news(true, true));
    }
}
