//! `[data]`: where the host keeps what must survive it.

use std::path::PathBuf;

use crate::config::values::folder;

table! {
    /// `[data]`: where the host keeps what must survive it.
    Data {
        // Databases and files are open in it.
        /// The data folder.
        restart folder: PathBuf = "data".into(), folder;
    }
}

impl Data {
    /// What survives the process and need not survive the machine: sessions, who was served, how the bot ended.
    #[must_use]
    pub fn run_folder(&self) -> PathBuf {
        self.folder.join("run")
    }
}
