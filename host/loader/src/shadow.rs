//! Private copies: what is loaded is never the file in the extensions folder.
//!
//! The dynamic loader knows files by name and then by inode, so every generation gets a name that is never used again; and a
//! file that is truncated under running code would end the process.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::error::LoadError;

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
    // The process id: two hosts may share a data folder by mistake, and must not load each other's copies.
    let name = format!(
        "{plugin}-{generation}-{}-{}.so",
        std::process::id(),
        &sha256[..8.min(sha256.len())]
    );
    let path = folder.join(name);
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o500)
            .open(&path)?;
        file.write_all(bytes)
    };
    write().map_err(|source| LoadError::Shadow {
        path: path.clone(),
        source,
    })?;
    if is_noexec(folder) {
        let _ = fs::remove_file(&path);
        return Err(LoadError::NoExec {
            folder: folder.to_owned(),
        });
    }
    Ok(path)
}

/// Whether no library can be loaded from a folder, because its file system is mounted so.
fn is_noexec(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|system| {
        system
            .f_flag
            .contains(rustix::fs::StatVfsMountFlags::NOEXEC)
    })
}
