//! Extensions folder: its plugin files at the start, and its watcher.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use host_loader::{
    file::{self, plugin_files},
    watcher::{FileChange, Pace, Watcher},
};
use host_ops::config::Config;
use tokio::sync::mpsc;

use super::BotError;

/// The watcher and its reports, if the folder is watched.
pub(super) type Files = Option<(Watcher, mpsc::Receiver<FileChange>)>;

/// The plugin files of a folder, blanks in their names replaced by underscores.
pub(super) fn tidy_files(folder: &Path) -> Vec<PathBuf> {
    plugin_files(folder)
        .into_iter()
        .map(|path| {
            file::rename_blanks(&path).unwrap_or_else(|error| {
                tracing::warn!(path = %path.display(), "can't replace the blanks in its name: {error}");
                path
            })
        })
        .collect()
}

/// Watches the extensions folder, if that is wanted.
pub(super) fn watch_folder(config: &Config) -> Result<Files, BotError> {
    let extensions = &config.extensions;
    if !extensions.auto_reload {
        return Ok(None);
    }
    // What is known is compared when a change comes (`Plugins::file_changed`).
    let pace = Pace::new(Duration::from_millis(extensions.debounce_ms));
    Ok(Some(Watcher::start(
        &extensions.folder,
        pace,
        BTreeMap::new(),
    )?))
}
