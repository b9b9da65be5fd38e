//! Isolation: which plugins live in cells, and what those may take.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use host_base::PluginName;
use serde::{Deserialize, Serialize};

/// Which plugins live in cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Isolation {
    /// Whether those do of which nothing else is said; default: no.
    pub by_default: bool,
    /// Whether single plugins do.
    pub plugins: BTreeMap<PluginName, bool>,
    /// Folders whose files do, links followed.
    pub folders: Vec<PathBuf>,
    /// What each cell may take.
    pub limits: Limits,
}

/// What a cell may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of memory of its own; `None`: as much as there is.
    pub memory_bytes: Option<u64>,
    /// How much it gives way when there is too little processor time: 0 to 19.
    pub niceness: u8,
    /// What is asked of the kernel.
    pub sandbox: Sandbox,
}

impl Default for Limits {
    /// All memory that there is, and a little less of the processor than the bot.
    fn default() -> Self {
        Self {
            memory_bytes: None,
            niceness: 5,
            sandbox: Sandbox::None,
        }
    }
}

/// Choice whether a cell is closed in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sandbox {
    /// It may do all that the bot may.
    #[default]
    None,
    /// As far as the kernel can.
    Possible,
    /// A plugin whose cell can't be closed in is not loaded.
    Required,
}

/// Where a generation lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Home {
    /// In this process.
    Here,
    /// In a cell.
    Cell {
        /// The executable that answers [`cell::SUBCOMMAND`](crate::cell::SUBCOMMAND).
        executable: PathBuf,
        /// What it may take.
        limits: Limits,
    },
}

impl Isolation {
    /// Whether a plugin that comes from `file` lives in a cell: by its name, then by its folder, then as all do.
    #[must_use]
    pub fn isolates(&self, plugin: &PluginName, file: &Path) -> bool {
        if let Some(isolated) = self.plugins.get(plugin) {
            return *isolated;
        }
        self.by_default || self.is_in_folder(file)
    }

    fn is_in_folder(&self, file: &Path) -> bool {
        if self.folders.is_empty() {
            return false;
        }
        let real = fs::canonicalize(file);
        self.folders.iter().any(|folder| {
            let lies_there = || {
                Some(
                    real.as_ref()
                        .ok()?
                        .starts_with(fs::canonicalize(folder).ok()?),
                )
            };
            file.starts_with(folder) || lies_there().unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_before_a_folder_and_a_folder_before_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let (market, own) = (folder.path().join("market"), folder.path().join("own"));
        fs::create_dir_all(&market).unwrap();
        fs::create_dir_all(&own).unwrap();
        fs::write(market.join("libdice.so"), "").unwrap();
        std::os::unix::fs::symlink(market.join("libdice.so"), own.join("libdice.so")).unwrap();
        let dice = |isolation: &Isolation, file: PathBuf| isolation.isolates(&"dice".into(), &file);
        let mut isolation = Isolation {
            folders: vec![market.clone()],
            ..Isolation::default()
        };
        assert!(dice(&isolation, market.join("libdice.so")));
        assert!(
            dice(&isolation, own.join("libdice.so")),
            "a link leads there"
        );
        assert!(!dice(&isolation, own.join("libother.so")));
        isolation.by_default = true;
        assert!(dice(&isolation, own.join("libother.so")));
        isolation.plugins.insert("dice".into(), false);
        assert!(!dice(&isolation, market.join("libdice.so")));
    }
}
