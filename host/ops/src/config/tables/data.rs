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
