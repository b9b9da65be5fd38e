//! `cogwright restore`.

use std::path::{Path, PathBuf};

use host_base::nearest::nearest;
use host_ops::config::Config;
use host_store::storage;

use super::CliResult;

/// Restores a backup; without one, lists them.
pub(super) fn run(config: &Path, backup: Option<&Path>) -> CliResult {
    let data = Config::load(config)?.data.folder;
    let all = storage::backups(&data);
    let Some(backup) = backup else {
        for folder in &all {
            println!("{}", name(folder));
        }
        match all.first().and_then(|folder| folder.parent()) {
            Some(folder) => println!(
                "in {}; `cogwright restore NAME` puts one in the place of what is there",
                folder.display()
            ),
            None => println!("{} has no backups", data.display()),
        }
        return Ok(());
    };
    for restored in storage::restore(&data, &meant(backup, &all, &data)?)? {
        println!("restored  {}", restored.file.display());
        if let Some(kept) = restored.kept {
            println!("          what was there is in {}", kept.display());
        }
    }
    Ok(())
}

/// The backup of this name, or what lies at this path.
fn meant(backup: &Path, all: &[PathBuf], data: &Path) -> Result<PathBuf, String> {
    let wanted = backup.to_string_lossy();
    if let Some(folder) = all.iter().find(|folder| name(folder) == wanted) {
        return Ok(folder.clone());
    }
    if backup.exists() {
        return Ok(backup.to_owned());
    }
    // A file in one of them: `2026-11-22T10-00-00Z/main.db`.
    let inside = all.iter().filter_map(|folder| folder.parent());
    if let Some(file) = inside
        .map(|folder| folder.join(backup))
        .find(|file| file.exists())
    {
        return Ok(file);
    }
    let names: Vec<String> = all.iter().map(|folder| name(folder)).collect();
    let shown = backup.display();
    if names.is_empty() {
        return Err(format!(
            "there is no backup `{shown}`: {} has none; `cogwright backup` makes one while the bot runs",
            data.display()
        ));
    }
    let near = nearest(&wanted, names.iter().map(|name| &**name));
    let near = near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
    Err(format!(
        "there is no backup `{shown}`{near}; there are {}",
        names.join(", ")
    ))
}

fn name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
