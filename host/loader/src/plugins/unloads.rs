//! Unloads that last until somebody loads the plugin again.

use std::path::Path;

use host_base::PluginName;

use super::{Failed, Plugins, transaction};
use crate::{LoadError, UnloadReport, unloaded::UnloadNote};

impl Plugins {
    /// Unloads a plugin as [`unload`](Self::unload) does, until it is loaded by name: a restart does not load it, and neither does another
    /// file of it. Those that need it and went with it come back with it.
    ///
    /// # Errors
    ///
    /// As for [`unload`](Self::unload); then nothing is noted.
    pub async fn unload_for_good(
        &self,
        name: &str,
        force: bool,
        mut note: UnloadNote,
    ) -> Result<UnloadReport, LoadError> {
        let name = self.loaded_name(name).await?;
        let Some(file) = self.loaded_file(&name) else {
            return Err(self.absent(&name).await);
        };
        note.file = file.file_name().unwrap_or_default().to_owned();
        let dependents = self.dependents_with_files(&name);
        // Before it goes: whatever tries its file meanwhile is to find it.
        let before = self.unloaded.set(&name, Some(note.clone()));
        let result = self.unload(&name, force).await;
        if result.is_err() {
            self.unloaded.set(&name, before);
            return result;
        }
        tracing::info!(
            plugin = &*name,
            "unloaded until it is loaded by name, {}",
            note.by()
        );
        self.note_unloaded(&name, &file, &note);
        self.leave_without(&name, &dependents, "is unloaded");
        self.changes.send_modify(|changes| *changes += 1);
        result
    }

    /// Somebody wants the plugin in a file loaded: it does not stay unloaded.
    pub async fn wants_loaded(&self, file: &Path) {
        // Of what can't be read the load says so.
        if let Ok((_, info)) = transaction::read(file).await {
            self.unloaded.set(&PluginName::new(&info.note.name), None);
        }
    }

    /// Whether a plugin stays unloaded.
    pub(super) fn check_unloaded(&self, name: &PluginName) -> Result<(), LoadError> {
        self.unloaded.of(name).map_or(Ok(()), |note| {
            Err(LoadError::Unloaded {
                name: name.clone(),
                note,
            })
        })
    }

    /// A file was not loaded since its plugin stays unloaded: that is as somebody wants it, and no failure.
    pub(super) fn stays_unloaded(&self, path: &Path, name: &PluginName, note: &UnloadNote) {
        tracing::info!(
            plugin = &**name,
            path = %path.display(),
            "stays unloaded, as it was unloaded {}; `load {name}` loads it",
            note.by()
        );
        self.note_unloaded(name, path, note);
    }

    /// Those that need it are told so, and a file that goes is known.
    fn note_unloaded(&self, name: &PluginName, file: &Path, note: &UnloadNote) {
        let mut set = self.set();
        if set.loaded.contains_key(name) {
            return;
        }
        let failed = Failed {
            file: file.to_owned(),
            error: format!("it was unloaded {}; `load {name}` loads it", note.by()),
            manifest: set.declared.get(file).cloned(),
            is_relation: false,
            quarantined: false,
            left_out: false,
        };
        set.failed.insert(name.clone(), failed);
    }

    /// A file is gone: whether its plugin stays unloaded is forgotten with it.
    pub(super) fn forget_unloaded(&self, path: &Path) {
        let gone = path.file_name();
        self.unloaded.keep(|file| Some(file) != gone);
    }

    /// The same for all whose files went while the bot did not run.
    pub(super) async fn forget_what_has_no_file(&self) {
        let files = self.files().await;
        self.clean_archive(&files).await;
        let names: Vec<_> = files.iter().filter_map(|it| it.file_name()).collect();
        self.unloaded.keep(|file| names.contains(&file));
    }
}
