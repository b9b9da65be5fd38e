//! Unloads that last: plugins that somebody has unloaded are not loaded again, not by a restart either, until somebody loads them.
//!
//! They lie in `unloaded.json` in the data folder, by name: another file of the same plugin stays unloaded as well.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use host_base::PluginName;
use serde::{Deserialize, Serialize};

use crate::ago::{ago, now_ms};

/// Who has unloaded a plugin, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnloadNote {
    /// Whoever asked for it, in words.
    pub who: String,
    /// Why, in their words; empty: they have not said.
    #[serde(default)]
    pub reason: String,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The name of its file in the extensions folder.
    #[serde(default)]
    pub(crate) file: OsString,
}

impl UnloadNote {
    /// A note of this moment.
    #[must_use]
    pub fn now(who: &str, reason: &str) -> Self {
        Self {
            who: who.to_owned(),
            reason: reason.trim().to_owned(),
            at_ms: now_ms(),
            file: OsString::new(),
        }
    }

    /// Such as "unloaded 2 min ago by ann: it floods the log".
    #[must_use]
    pub fn in_words(&self, now: SystemTime) -> String {
        format!("unloaded {} {}", ago(self.at_ms, now), self.by())
    }

    /// Such as "by ann: it floods the log": what does not change with time.
    pub(crate) fn by(&self) -> String {
        match &*self.reason {
            "" => format!("by {}", self.who),
            reason => format!("by {}: {reason}", self.who),
        }
    }
}

/// The plugins that stay unloaded.
#[derive(Debug)]
pub(crate) struct Unloaded {
    path: PathBuf,
    notes: Mutex<BTreeMap<PluginName, UnloadNote>>,
}

impl Unloaded {
    /// What the data folder says. A file that can't be read is as none: the bot is to start.
    pub(crate) fn open(data: &Path) -> Self {
        let path = data.join("unloaded.json");
        let notes = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::error!(path = %path.display(), "no plugin stays unloaded, as this can't be read: {error}");
                BTreeMap::new()
            }),
            Err(_) => BTreeMap::new(),
        };
        Self {
            path,
            notes: Mutex::new(notes),
        }
    }

    /// Why a plugin is not to be loaded, if it is not.
    pub(crate) fn of(&self, plugin: &PluginName) -> Option<UnloadNote> {
        self.notes().get(plugin).cloned()
    }

    /// Notes that a plugin stays unloaded (`None`: that it does not); what was noted before.
    pub(crate) fn set(&self, plugin: &PluginName, note: Option<UnloadNote>) -> Option<UnloadNote> {
        let mut notes = self.notes();
        let before = match note.clone() {
            Some(note) => notes.insert(plugin.clone(), note),
            None => notes.remove(plugin),
        };
        if before != note {
            self.write(&notes);
        }
        before
    }

    /// Forgets those whose files are gone.
    pub(crate) fn keep(&self, is_there: impl Fn(&OsStr) -> bool) {
        let mut notes = self.notes();
        let before = notes.len();
        notes.retain(|_, note| is_there(&note.file));
        if notes.len() < before {
            self.write(&notes);
        }
    }

    fn write(&self, notes: &BTreeMap<PluginName, UnloadNote>) {
        let part = self.path.with_extension("json.part");
        let write = || -> io::Result<()> {
            fs::write(&part, serde_json::to_vec_pretty(notes)?)?;
            fs::rename(&part, &self.path)
        };
        if let Err(error) = write() {
            tracing::error!(path = %self.path.display(), "who is unloaded holds until the next start only, as it can't be written: {error}");
        }
    }

    fn notes(&self) -> MutexGuard<'_, BTreeMap<PluginName, UnloadNote>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_note_outlives_the_process_until_it_is_taken_back_or_its_file_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let unloaded = Unloaded::open(folder.path());
        let (tea, shop) = (PluginName::new("tea"), PluginName::new("shop"));
        let note = UnloadNote {
            at_ms: 60_000,
            ..UnloadNote::now("ann", " it is cold ")
        };
        assert_eq!(unloaded.set(&tea, Some(note.clone())), None);
        let shops = UnloadNote {
            file: "libshop.so".into(),
            ..UnloadNote::now("ann", "")
        };
        unloaded.set(&shop, Some(shops));
        let unloaded = Unloaded::open(folder.path());
        let words = unloaded.of(&tea).unwrap();
        let now = UNIX_EPOCH + Duration::from_secs(180);
        assert_eq!(words.in_words(now), "unloaded 2 min ago by ann: it is cold");
        assert_eq!(unloaded.of(&shop).unwrap().by(), "by ann");
        unloaded.keep(|file| file != "libshop.so");
        assert_eq!(unloaded.set(&tea, None), Some(note));
        let unloaded = Unloaded::open(folder.path());
        assert!(unloaded.of(&tea).is_none() && unloaded.of(&shop).is_none());
        fs::write(folder.path().join("unloaded.json"), "{").unwrap();
        assert!(Unloaded::open(folder.path()).of(&tea).is_none());
    }
}
