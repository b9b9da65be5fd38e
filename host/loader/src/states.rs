//! Writer of plugins' saved states, as they are written while the bot runs: in order, and off the async workers.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use host_base::PluginName;

use super::state_file::{self, SavedState};

/// The states of all plugins on disk.
///
/// Invariant: a state never goes back. A generation is named by its number and a save by its frame's id, both of which only
/// grow: what is older than what was written, or than a generation that has begun to serve, is not written any more, however
/// slow its plugin or the disk was.
#[derive(Debug)]
pub struct States {
    /// The data folder.
    data: PathBuf,
    plugins: Mutex<HashMap<PluginName, Arc<Mutex<Written>>>>,
}

/// Which save of which generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment {
    /// The generation's number.
    pub generation: u64,
    /// The id of the SAVE that it is the answer to.
    pub save: u64,
}

/// What was written of a plugin last.
#[derive(Debug, Default)]
struct Written {
    moment: Moment,
    state: Option<SavedState>,
}

impl States {
    /// States below the data folder.
    #[must_use]
    pub fn new(data: PathBuf) -> Self {
        Self {
            data,
            plugins: Mutex::default(),
        }
    }

    /// Where a plugin's state lies.
    #[must_use]
    pub fn path(&self, plugin: &PluginName) -> PathBuf {
        state_file::path(&self.data, plugin)
    }

    /// Writes a state, unless a later one is there or it is the same. Returns when it is on the disk.
    ///
    /// # Errors
    ///
    /// It can't be written.
    pub async fn write(
        &self,
        plugin: &PluginName,
        moment: Moment,
        state: SavedState,
    ) -> io::Result<()> {
        let path = self.path(plugin);
        self.with(plugin, move |written| {
            if moment <= written.moment {
                return Ok(());
            }
            if written.state.as_ref() != Some(&state) || !path.exists() {
                state_file::write(&path, &state)?;
            }
            *written = Written {
                moment,
                state: Some(state),
            };
            Ok(())
        })
        .await
    }

    /// Reads the state that a generation is to begin with. From here on no older one writes.
    ///
    /// # Errors
    ///
    /// The file can't be read, or is no state.
    pub async fn begin(
        &self,
        plugin: &PluginName,
        generation: u64,
    ) -> io::Result<Option<SavedState>> {
        let path = self.path(plugin);
        self.with(plugin, move |written| {
            let state = state_file::read(&path)?;
            let moment = Moment {
                generation,
                save: 0,
            };
            written.moment = written.moment.max(moment);
            // Somebody may have put another file there.
            written.state = None;
            Ok(state)
        })
        .await
    }

    /// The state that lies on the disk.
    ///
    /// # Errors
    ///
    /// The file can't be read, or is no state.
    pub async fn read(&self, plugin: &PluginName) -> io::Result<Option<SavedState>> {
        let path = self.path(plugin);
        self.with(plugin, move |_| state_file::read(&path)).await
    }

    /// All states that lie on the disk, by plugin.
    ///
    /// # Errors
    ///
    /// The data folder can't be read.
    pub async fn all(&self) -> io::Result<Vec<(String, PathBuf)>> {
        let data = self.data.clone();
        tokio::task::spawn_blocking(move || state_file::all(&data))
            .await
            .map_err(io::Error::other)?
    }

    /// Does something with what was written of a plugin, one after the other, where it may block.
    async fn with<T: Send + 'static>(
        &self,
        plugin: &PluginName,
        work: impl FnOnce(&mut Written) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let written = {
            let mut plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(plugins.entry(plugin.clone()).or_default())
        };
        tokio::task::spawn_blocking(move || {
            work(&mut written.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .await
        .map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str) -> SavedState {
        SavedState {
            schema: 1,
            bytes: text.into(),
        }
    }

    #[tokio::test]
    async fn a_state_never_goes_back() {
        let shop = PluginName::new("shop");
        let folder = tempfile::tempdir().unwrap();
        let states = States::new(folder.path().to_owned());
        let at = |generation, save| Moment { generation, save };
        let read = || state_file::read(&states.path(&shop)).unwrap().unwrap();
        states.write(&shop, at(1, 7), state("a")).await.unwrap();
        // A later save of the same generation, and then the earlier one, which took longer.
        states.write(&shop, at(1, 9), state("c")).await.unwrap();
        states.write(&shop, at(1, 8), state("b")).await.unwrap();
        assert_eq!(read(), state("c"));
        // The next generation has begun: what the old one still writes is nothing.
        assert_eq!(states.begin(&shop, 2).await.unwrap(), Some(state("c")));
        states.write(&shop, at(1, 99), state("d")).await.unwrap();
        assert_eq!(read(), state("c"));
        states.write(&shop, at(2, 11), state("e")).await.unwrap();
        assert_eq!(read(), state("e"));
        // What somebody has moved away is written again, though nothing has changed.
        std::fs::remove_file(states.path(&shop)).unwrap();
        states.write(&shop, at(2, 12), state("e")).await.unwrap();
        assert_eq!(read(), state("e"));
    }
}
