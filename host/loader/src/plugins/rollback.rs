//! Rollback of a load: what a step has brought about, undone when it is dropped.

use std::{fs, path::PathBuf, sync::Arc};

use host_base::PluginName;
use tokio::sync::watch;

use super::Abandoned;
use crate::{generation::Generation, platform::process, slot::Slot};

/// The private copy of a load that is under way. Dropped, it is removed, unless something of it is mapped still.
pub(super) struct ShadowCopy<'a> {
    /// The copy.
    pub(super) path: PathBuf,
    plugin: PluginName,
    /// The generation's.
    pub(super) number: u64,
    abandoned: &'a Abandoned,
    is_kept: bool,
}

impl<'a> ShadowCopy<'a> {
    /// The copy at `path`, which is there.
    pub(super) fn new(
        path: PathBuf,
        plugin: &PluginName,
        number: u64,
        abandoned: &'a Abandoned,
    ) -> Self {
        Self {
            path,
            plugin: plugin.clone(),
            number,
            abandoned,
            is_kept: false,
        }
    }

    /// The plugin serves: the copy is its generation's.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for ShadowCopy<'_> {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        match process::mapped_bytes(&self.path) {
            Some(0) => drop(fs::remove_file(&self.path)),
            Some(_) => self.abandoned.enter(&self.plugin, self.number),
            None => {}
        }
    }
}

/// A generation whose work is held back while its state is handed over. Dropped, it goes on.
pub(super) struct Frozen {
    /// It.
    pub(super) generation: Arc<Generation>,
    is_replaced: bool,
}

impl Frozen {
    /// The generation that serves in a place.
    pub(super) fn of(slot: &Slot) -> Self {
        Self {
            generation: slot.current(),
            is_replaced: false,
        }
    }

    /// Another one serves in its place.
    pub(super) fn replaced(mut self) -> Arc<Generation> {
        self.is_replaced = true;
        Arc::clone(&self.generation)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        if !self.is_replaced {
            self.generation.thaw();
        }
    }
}

/// Counts a load for as long as it lives: a shutdown waits for its end.
pub(super) struct Loading<'a>(&'a watch::Sender<usize>);

impl<'a> Loading<'a> {
    pub(super) fn begin(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_removed_unless_its_plugin_serves() {
        let folder = tempfile::tempdir().unwrap();
        let abandoned = Abandoned::default();
        let copy = |name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, "").unwrap();
            ShadowCopy::new(path, &"shop".into(), 1, &abandoned)
        };
        let (refused, served) = (copy("refused.so"), copy("served.so"));
        drop(refused);
        served.keep();
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].file_name(), "served.so");
    }

    #[test]
    fn a_load_is_counted_until_its_end() {
        let count = watch::Sender::new(0);
        let (first, second) = (Loading::begin(&count), Loading::begin(&count));
        assert_eq!(*count.borrow(), 2);
        drop(first);
        drop(second);
        assert_eq!(*count.borrow(), 0);
    }
}
