//! Writes of the host's own files, which are whole or not at all as well.

use std::{
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use super::{disk, path::Relative};

/// How long a write of a file of the host's own may take at most.
const UNFINISHED_FOR: Duration = Duration::from_secs(60);

/// Writes a file of the host's own as plugins' are: whole or not at all, on the disk when this returns, with the old mode.
/// What a crash left of an earlier write goes.
///
/// # Errors
///
/// What the system says; the file is as it was.
pub fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = file.file_name().and_then(|name| name.to_str());
    let name = Relative::parse(name.unwrap_or_default()).map_err(io::Error::other)?;
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // Another host may keep a file of its own there, and be about to write it.
    disk::sweep_flat(folder, SystemTime::now() - UNFINISHED_FOR);
    disk::write(folder, &name, bytes).map(drop)
}
