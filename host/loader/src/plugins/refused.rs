//! Refused files, and when they are tried again: when what stood in their way is gone.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use host_base::PluginName;

use super::{Plugins, transaction};
use crate::{LoadError, Unserved};

/// What may lift a refusal, beside another content of the file and a touch, which always may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lifted {
    /// Nothing else.
    File,
    /// Another plugin that goes, or comes as another version.
    Others,
    /// Another configuration.
    Config,
}

impl Lifted {
    fn of(error: &LoadError) -> Self {
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
}

impl RefusedFiles {
    /// Notes a refusal; whether it is news, and not what was said of the file the last time.
    pub(super) fn note(&self, path: &Path, error: &LoadError) -> bool {
        let refusal = FileRefusal {
            error: error.to_string(),
            lifted: Lifted::of(error),
        };
        let mut all = self.all();
        let is_news = all
            .get(path)
            .is_none_or(|before| before.error != refusal.error);
        all.insert(path.to_owned(), refusal);
        is_news
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
        assert!(refused.note(path, &listed("a")));
        assert!(!refused.note(path, &listed("a")));
        assert!(refused.note(path, &listed("b")));
        assert_eq!(refused.lifted(Lifted::Config), [path]);
        let rival = LoadError::Manifest {
            problems: vec!["a rival".into()],
        };
        assert!(refused.note(path, &rival));
        assert_eq!(refused.lifted(Lifted::Config), [] as [PathBuf; 0]);
        assert_eq!(refused.lifted(Lifted::Others), [path]);
        refused.forget(path);
        assert!(!refused.holds(path));
    }
}
