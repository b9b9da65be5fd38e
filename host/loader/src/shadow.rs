//! Shadow copies: what is loaded is never the file in the extensions folder.
//!
//! The dynamic loader knows files by name and then by inode, so every generation gets a name that is never used again; and a
//! file that is truncated under running code would end the process.

use std::{
    env::consts::DLL_SUFFIX,
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use super::error::LoadError;
use crate::platform::files;

/// Empties the folder of what an earlier run left.
///
/// # Errors
///
/// The folder can't be made.
pub fn prepare(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        let _ = fs::remove_dir_all(folder);
    }
    fs::create_dir_all(folder)
}

/// Where the private copy of a generation lies.
#[must_use]
pub fn path(folder: &Path, plugin: &str, generation: u64, sha256: &str) -> PathBuf {
    // The process id: two hosts may share a data folder by mistake, and must not load each other's copies.
    let name = format!(
        "{plugin}-{generation}-{}-{}{DLL_SUFFIX}",
        std::process::id(),
        &sha256[..8.min(sha256.len())]
    );
    folder.join(name)
}

/// Gives a copy that no library of this process was opened from another name, as the private copy of a generation.
///
/// # Errors
///
/// The file system has no such names, or nothing can be loaded from there.
pub fn link(copy: &Path, path: &Path) -> io::Result<()> {
    if path.parent().is_some_and(files::is_noexec) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    fs::hard_link(copy, path)
}

/// Writes `bytes` as the private copy of a generation.
///
/// # Errors
///
/// The copy can't be written.
pub fn copy(
    folder: &Path,
    plugin: &str,
    generation: u64,
    sha256: &str,
    bytes: &[u8],
) -> Result<PathBuf, LoadError> {
    let path = path(folder, plugin, generation, sha256);
    let write = || -> io::Result<()> {
        let mut file = files::create_executable(&path)?;
        file.write_all(bytes)
    };
    write().map_err(|source| LoadError::Shadow {
        path: path.clone(),
        source,
    })?;
    if files::is_noexec(folder) {
        let _ = fs::remove_file(&path);
        return Err(LoadError::NoExec {
            folder: folder.to_owned(),
        });
    }
    Ok(path)
}
