//! Isolation: which plugins live in cells, and what those may take.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use host_base::PluginName;
use serde::{Deserialize, Serialize};

use crate::LoadError;

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
    /// The share of one processor that it may use at most, in percent; `None`: as much as there is.
    pub processor_percent: Option<u32>,
    /// What is asked of the kernel.
    pub sandbox: Sandbox,
}

impl Default for Limits {
    /// All memory that there is, and a little less of the processor than the bot.
    fn default() -> Self {
        Self {
            memory_bytes: None,
            niceness: 5,
            processor_percent: None,
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

impl Sandbox {
    /// What the sandbox lacks that a process has just entered, if there is one; whether its plugin is loaded for all that.
    ///
    /// # Errors
    ///
    /// It is to be whole, and is not.
    pub(crate) fn accepts(self, lacks: Vec<String>) -> Result<Option<Vec<String>>, LoadError> {
        match self {
            Self::None => Ok(None),
            Self::Required if !lacks.is_empty() => Err(LoadError::Sandbox {
                lacks: lacks.join(" and "),
            }),
            Self::Possible | Self::Required => Ok(Some(lacks)),
        }
    }
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
    fn what_the_kernel_lacks_is_told_and_where_all_is_required_refused() {
        let lacks = || vec!["Landlock (files)".to_owned(), "seccomp".to_owned()];
        assert_eq!(Sandbox::None.accepts(lacks()).unwrap(), None);
        assert_eq!(Sandbox::Possible.accepts(lacks()).unwrap(), Some(lacks()));
        let refused = Sandbox::Required.accepts(lacks()).unwrap_err().to_string();
        assert_eq!(
            refused,
            "its process can't be closed in, since the kernel lacks Landlock (files) and seccomp; `sandbox = \"possible\"` in \
             [isolation] does without what is not there"
        );
        assert_eq!(Sandbox::Required.accepts(vec![]).unwrap(), Some(vec![]));
    }

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
