//! Keeping of what serves: copies of files in the archive, how each generation has fared, and the file that takes another's place.

use std::{
    ffi::OsString,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use host_base::PluginName;

use super::Plugins;
use crate::{
    SavedState,
    archive::{Archive, KeptFile, Left},
    file::{self, FileInfo},
    generation::Generation,
    known::Seen,
    stamp::{CopyStamp, Stamp},
};

/// A generation that has stopped serving, and what it has left.
pub(super) struct Ended {
    plugin: PluginName,
    left: Left,
}

impl Ended {
    pub(super) fn new(
        generation: &Generation,
        sha256: String,
        how: String,
        state: Option<SavedState>,
    ) -> Self {
        Self {
            plugin: generation.plugin.clone(),
            left: Left {
                sha256,
                panics: generation.load().panics,
                how,
                state,
            },
        }
    }
}

impl Plugins {
    /// Keeps the file of a generation that serves from now on.
    pub(super) async fn keep(
        &self,
        name: &PluginName,
        (file, info): (KeptFile, &FileInfo),
        from: Option<Stamp>,
        shadow: &Path,
        state: Option<SavedState>,
    ) {
        let (archive, limit) = (Arc::clone(&self.archive), self.program.options().keep_files);
        let (plugin, shadow) = (name.clone(), shadow.to_owned());
        let (known, info) = (Arc::clone(&self.known), info.clone());
        let kept = blocking(move || {
            let path = archive.path(&plugin, &file.sha256);
            archive.keep(&plugin, file, &shadow, limit, state.as_ref())?;
            let copies = (CopyStamp::of(&path), CopyStamp::of(&shadow));
            // A copy that was made of other bytes, whenever that was, is not known to be this one.
            if let (Some(stamp), (Some(copy), Some(shadow))) = (from, copies)
                && copy == shadow
            {
                known.note_seen(&info.sha256, Seen::new(stamp, copy, &info));
            }
            Ok(())
        });
        if let Err(error) = kept.await {
            tracing::warn!(
                plugin = &**name,
                "its file is not kept for a rollback: {error}"
            );
        }
    }

    /// Notes how a generation has fared that has stopped serving.
    pub(super) async fn note_ended(&self, Ended { plugin, left }: Ended) {
        let (archive, name) = (Arc::clone(&self.archive), plugin.clone());
        if let Err(error) = blocking(move || archive.left(&name, &left)).await {
            tracing::warn!(
                plugin = plugin.as_str(),
                "how its file has fared is not noted: {error}"
            );
        }
    }

    /// The same for one whose state lies on the disk.
    pub(super) async fn note_ended_on_disk(
        &self,
        generation: &Generation,
        sha256: String,
        how: String,
    ) {
        let state = match generation.manifest.keeps_state {
            true => self.states.read(&generation.plugin).await.ok().flatten(),
            false => None,
        };
        self.note_ended(Ended::new(generation, sha256, how, state))
            .await;
    }

    /// The SHA-256 of the file that serves; empty when none does.
    pub(super) fn sha256_of(&self, name: &PluginName) -> String {
        let set = self.set();
        let loaded = set.loaded.get(name);
        loaded.map_or_else(String::new, |it| it.info.sha256_hex())
    }

    /// Removes what is kept of plugins that have had no file for long.
    pub(super) async fn clean_archive(&self, files: &[PathBuf]) {
        let names: Vec<_> = files
            .iter()
            .filter_map(|it| file::plugin_name(it))
            .collect();
        let archive: Arc<Archive> = Arc::clone(&self.archive);
        let cleaned = blocking(move || {
            archive.clean(|name| names.contains(&PluginName::new(name)));
            Ok(())
        });
        let _ = cleaned.await;
    }

    pub(super) async fn kept(&self, name: &PluginName) -> Vec<KeptFile> {
        let (archive, name) = (Arc::clone(&self.archive), name.clone());
        blocking(move || Ok(archive.files(&name)))
            .await
            .unwrap_or_default()
    }
}

/// File work, where it may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// A file that lies beside the one whose place it is to take: put there whole, under a name that no watcher takes for a plugin's. It is
/// removed unless it was put in place.
#[derive(Debug, Clone)]
pub(super) struct Beside(Arc<Waiting>);

#[derive(Debug)]
struct Waiting {
    from: PathBuf,
    to: PathBuf,
    failure: Mutex<Option<String>>,
}

impl Beside {
    /// Writes it, so that what follows is a rename alone.
    pub(super) fn write(target: &Path, bytes: &[u8]) -> io::Result<Self> {
        let mut name = OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(".rollback");
        let from = target.with_file_name(name);
        let mut file = fs::File::create(&from)?;
        let waiting = Waiting {
            from,
            to: target.to_owned(),
            failure: Mutex::default(),
        };
        let beside = Self(Arc::new(waiting));
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(beside)
    }

    /// Puts it in place: its plugin serves.
    pub(super) async fn put_in_place(&self) {
        let (from, to) = (self.0.from.clone(), self.0.to.clone());
        if let Err(error) = blocking(move || fs::rename(from, to)).await {
            let told = format!(
                "{} could not be replaced, and a restart loads what it holds: {error}",
                self.0.to.display()
            );
            tracing::error!("{told}");
            *self
                .0
                .failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(told);
        }
    }

    /// What went wrong as it was put in place.
    pub(super) fn failure(&self) -> Option<String> {
        let mut failure = self
            .0
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Once it is in place there is none.
        let _ = fs::remove_file(&self.from);
    }
}
