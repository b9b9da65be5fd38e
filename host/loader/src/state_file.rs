//! Saved state on disk: what an unload or a shutdown leaves for the next load.
//!
//! `data/plugins/<name>/state`: eight bytes of magic, the schema number (little endian, 32 bits), the plugin's bytes.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use crate::platform::files;

/// A saved state: schema number and bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedState {
    /// The plugin's schema number.
    pub schema: u32,
    /// The plugin's bytes.
    pub bytes: Vec<u8>,
}

const MAGIC: &[u8; 8] = b"CWSTATE1";

/// Where a plugin's state lies.
#[must_use]
pub fn path(data: &Path, plugin: &str) -> PathBuf {
    data.join("plugins").join(plugin).join("state")
}

/// The states that there are, by plugin.
///
/// # Errors
///
/// The folder of the plugins can't be read.
pub fn all(data: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let folders = match fs::read_dir(data.join("plugins")) {
        Ok(folders) => folders,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut all = Vec::new();
    for folder in folders {
        let Ok(plugin) = folder?.file_name().into_string() else {
            continue;
        };
        let path = path(data, &plugin);
        if path.exists() {
            all.push((plugin, path));
        }
    }
    all.sort();
    Ok(all)
}

/// Writes a state: beside the old one first, then in its place, so that a crash leaves one of them whole.
///
/// # Errors
///
/// The folder or file can't be written.
pub fn write(path: &Path, state: &SavedState) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = path.with_extension("new");
    let mut file = fs::File::create(&beside)?;
    file.write_all(MAGIC)?;
    file.write_all(&state.schema.to_le_bytes())?;
    file.write_all(&state.bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    files::sync_folder(folder)
}

/// Reads a state; `None` when there is none.
///
/// # Errors
///
/// The file can't be read, or is no state.
pub fn read(path: &Path) -> io::Result<Option<SavedState>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let rest = bytes
        .strip_prefix(MAGIC)
        .and_then(|rest| rest.split_first_chunk());
    match rest {
        Some((schema, bytes)) => Ok(Some(SavedState {
            schema: u32::from_le_bytes(*schema),
            bytes: bytes.to_vec(),
        })),
        None => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the file is no saved state, or was cut short",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_as_it_was_and_a_damaged_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path(), "counter");
        assert_eq!(read(&path).unwrap(), None);
        let state = SavedState {
            schema: 7,
            bytes: vec![0, 1, 255],
        };
        write(&path, &state).unwrap();
        assert_eq!(read(&path).unwrap(), Some(state));
        fs::write(&path, b"CWST").unwrap();
        assert!(read(&path).is_err());
    }
}
