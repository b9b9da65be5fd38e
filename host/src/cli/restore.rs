//! `cogwright restore`.

use std::path::Path;

use super::CliResult;
use crate::{config::Config, services::storage};

/// Restores a backup; without one, lists them.
pub(super) fn run(config: &Path, backup: Option<&Path>) -> CliResult {
    let data = Config::load(config)?.data.folder;
    let Some(backup) = backup else {
        let all = storage::backups(&data);
        for folder in &all {
            println!("{}", folder.display());
        }
        if all.is_empty() {
            println!("{} has no backups", data.display());
        }
        return Ok(());
    };
    for restored in storage::restore(&data, backup)? {
        println!("restored  {}", restored.file.display());
        if let Some(kept) = restored.kept {
            println!("          what was there is in {}", kept.display());
        }
    }
    Ok(())
}
