//! Disk quotas of plugins: tables, key-value stores and runs that wait, in all databases, and files, all together; and how long
//! the disk takes for them.
//!
//! Databases count by pages, since a table of a small row takes one too; files by blocks, and folders as one each.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use host_base::names::folded;
use host_ops::config::Live;

use crate::{database_id::DatabaseId, latency::WriteLatency};

/// What a file or a folder takes at least: a block.
const BLOCK: u64 = 4_096;

/// Disk use of a plugin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Bytes in databases.
    pub tables: u64,
    /// Bytes in files.
    pub files: u64,
}

impl Kept {
    /// All of it.
    #[must_use]
    pub const fn all(self) -> u64 {
        self.tables + self.files
    }
}

/// A plugin keeps as much as it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoRoom {
    /// The plugin.
    pub plugin: String,
    /// What it keeps now.
    pub kept: Kept,
    /// What it may keep.
    pub limit: u64,
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            plugin,
            kept,
            limit,
        } = self;
        write!(
            f,
            "the plugin `{plugin}` keeps {} bytes on the disk, {} of them in databases and {} in files, and may keep {limit} \
             (`storage.max_plugin_bytes`): this would have been more, and nothing was changed. Delete what is not needed, or have \
             the owner raise it, `cogwright set storage.max_plugin_bytes {}`, say",
            kept.all(),
            kept.tables,
            kept.files,
            limit.saturating_mul(2),
        )
    }
}

/// Disk use of all plugins, and the disk's latency. Names that differ in case alone are one, as everywhere.
#[derive(Debug)]
pub struct Disk {
    /// How long it takes for files of plugins: each write, removal and the like.
    pub file_writes: WriteLatency,
    /// How long it takes for transactions of plugins: the end of each, with which it is on the disk.
    pub commits: WriteLatency,
    config: Live,
    state: Mutex<DiskState>,
}

#[derive(Debug, Default)]
struct DiskState {
    /// In the databases that were looked into.
    tables: HashMap<DatabaseId, HashMap<String, u64>>,
    plugins: BTreeMap<String, Kept>,
    /// How plugins that keep something have written their names, by the names as they are compared.
    written: HashMap<String, BTreeSet<String>>,
}

impl Disk {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(config: Live) -> Self {
        Self {
            file_writes: WriteLatency::default(),
            commits: WriteLatency::default(),
            config,
            state: Mutex::default(),
        }
    }

    /// What a plugin keeps.
    #[must_use]
    pub fn of(&self, plugin: &str) -> Kept {
        let kept = self.state().plugins.get(&folded(plugin)).copied();
        kept.unwrap_or_default()
    }

    /// What each keeps that keeps something, by name.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Kept)> {
        let state = self.state();
        let kept = state.plugins.iter().filter(|(_, kept)| kept.all() > 0);
        kept.map(|(plugin, kept)| (plugin.clone(), *kept)).collect()
    }

    /// Another plugin that keeps something here, and whose name differs in case alone: it need not be loaded.
    pub(super) fn twin(&self, plugin: &str) -> Option<(String, Kept)> {
        let state = self.state();
        let folded = folded(plugin);
        let kept = *state.plugins.get(&folded).filter(|kept| kept.all() > 0)?;
        let written = state.written.get(&folded)?;
        // Where both are here already, each database tells what is whose.
        let other = (!written.contains(plugin))
            .then(|| written.first())
            .flatten()?;
        Some((other.clone(), kept))
    }

    /// What a plugin may keep.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.config.now().storage.max_plugin_bytes
    }

    /// How many bytes more a plugin may keep.
    pub(super) fn room(&self, plugin: &str) -> u64 {
        self.limit().saturating_sub(self.of(plugin).all())
    }

    pub(super) fn no_room(&self, plugin: &str) -> NoRoom {
        NoRoom {
            plugin: plugin.to_owned(),
            kept: self.of(plugin),
            limit: self.limit(),
        }
    }

    /// Whether a database was looked into.
    pub(super) fn knows(&self, database_id: DatabaseId) -> bool {
        self.state().tables.contains_key(&database_id)
    }

    /// What a database holds of each plugin, in bytes.
    pub(super) fn set_tables(&self, database_id: DatabaseId, kept: Vec<(String, u64)>) {
        self.state().set(database_id, kept);
    }

    /// As [`set_tables`](Self::set_tables), if nobody has looked into it meanwhile.
    pub(super) fn set_unknown_tables(&self, database_id: DatabaseId, kept: Vec<(String, u64)>) {
        let mut state = self.state();
        if !state.tables.contains_key(&database_id) {
            state.set(database_id, kept);
        }
    }

    /// What a plugin has written to a database, or given back.
    pub(super) fn add_tables(&self, database_id: DatabaseId, plugin: &str, bytes: i64) {
        let mut state = self.state();
        let plugin = state.named(plugin);
        let tables = state.tables.entry(database_id).or_default();
        let there = tables.entry(plugin.clone()).or_default();
        let before = *there;
        *there = before.saturating_add_signed(bytes);
        let now = *there;
        let kept = state.plugins.entry(plugin).or_default();
        kept.tables = (kept.tables + now).saturating_sub(before);
    }

    /// What a plugin's folder holds.
    pub(super) fn set_files(&self, plugin: &str, bytes: u64) {
        let mut state = self.state();
        if bytes == 0 {
            state.plugins.entry(folded(plugin)).or_default().files = 0;
            return;
        }
        let plugin = state.named(plugin);
        state.plugins.entry(plugin).or_default().files = bytes;
    }

    /// What a plugin's folder will hold more, if it may, or holds less.
    pub(super) fn add_files(&self, plugin: &str, bytes: i64) -> Result<(), NoRoom> {
        // Under one lock: two that write at once do not both find the same room.
        let limit = self.limit();
        let mut state = self.state();
        let kept = state.plugins.entry(folded(plugin)).or_default();
        if bytes > 0 && kept.all().saturating_add_signed(bytes) > limit {
            return Err(NoRoom {
                plugin: plugin.to_owned(),
                kept: *kept,
                limit,
            });
        }
        kept.files = kept.files.saturating_add_signed(bytes);
        if bytes > 0 {
            state.named(plugin);
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, DiskState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiskState {
    fn set(&mut self, database_id: DatabaseId, of: Vec<(String, u64)>) {
        for (plugin, bytes) in self.tables.remove(&database_id).unwrap_or_default() {
            let kept = self.plugins.entry(plugin).or_default();
            kept.tables = kept.tables.saturating_sub(bytes);
        }
        let mut tables = HashMap::new();
        for (plugin, bytes) in of {
            let plugin = self.named(&plugin);
            self.plugins.entry(plugin.clone()).or_default().tables += bytes;
            *tables.entry(plugin).or_default() += bytes;
        }
        self.tables.insert(database_id, tables);
    }

    /// Notes how a plugin writes its name that keeps something; the name as it is compared.
    fn named(&mut self, plugin: &str) -> String {
        let folded = folded(plugin);
        let written = self.written.entry(folded.clone()).or_default();
        if !written.contains(plugin) {
            written.insert(plugin.to_owned());
        }
        folded
    }
}

/// What a file of so many bytes takes.
pub(super) fn on_disk(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK).max(1) * BLOCK
}
