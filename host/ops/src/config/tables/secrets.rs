//! `[secrets]`: where secrets of plugins lie.

use std::path::PathBuf;

use crate::config::values::folder;

table! {
    /// `[secrets]`: where secrets of plugins lie.
    Secrets {
        /// A file for each, called like the secret.
        live folder: PathBuf = "secrets".into(), folder;
    }
}
