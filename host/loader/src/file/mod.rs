//! Checks of a plugin file before any of its code runs.
//!
//! [`check`] reads bytes, never opens the library, and never panics, whatever the bytes are. It finds files that are cut short,
//! built for another machine, or not plugins at all, and reads the plugin's note. It cannot find a flipped bit in the code:
//! that is what the probe is for.
//!
//! What a shared library looks like, the platform knows; other systems' formats are recognised, and refused by name.

mod error;
mod format;
mod name;

#[cfg(test)]
#[cfg(target_pointer_width = "64")]
pub(crate) mod fixture;
#[cfg(test)]
#[cfg(target_pointer_width = "64")]
mod hostile;
#[cfg(test)]
#[cfg(target_pointer_width = "64")]
mod tests;

use std::path::Path;

use plugin_api::abi::{ABI_MAJOR, ABI_MINOR, ABI_STABLE_VERSION, NoteInfo, PluginNote};
use sha2::{Digest, Sha256};

use crate::platform::{LibraryFile, library_files};
pub use error::FileError;
pub use format::Format;
pub(crate) use name::{is_candidate, list};
pub use name::{plugin_files, plugin_name, rename_blanks};

/// What there is to know of a good plugin file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileInfo {
    /// The plugin's note.
    pub note: NoteInfo,
    /// Size of the file in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Names of the libraries that it needs, such as `libc.so.6`.
    pub needed: Vec<String>,
    /// Number of `STB_GNU_UNIQUE` symbols that it defines. With any (from C++ code, never from Rust), glibc never unmaps
    /// the library: worth a warning.
    pub gnu_unique: usize,
    /// The note as it lies in the file.
    pub(crate) raw_note: Vec<u8>,
}

impl FileInfo {
    /// The SHA-256 in hexadecimal: 64 lower-case digits.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        hex(&self.sha256)
    }

    /// What it was found to be before, by the parts of it.
    pub(crate) fn from_parts(
        sha256: [u8; 32],
        size: u64,
        (raw_note, needed, gnu_unique): (&[u8], &[String], usize),
    ) -> Option<Self> {
        Some(Self {
            note: NoteInfo::read(raw_note)?,
            size,
            sha256,
            needed: needed.to_owned(),
            gnu_unique,
            raw_note: raw_note.to_owned(),
        })
    }
}

/// Checks the `bytes` of the file at `path`, which is only named in errors and not opened.
///
/// A plugin is accepted when it was built for this machine and target, with the host's ABI major and minor number, the same
/// version of abi_stable, and unwinding panics.
///
/// # Errors
///
/// The first thing that is wrong, and what the author should do about it.
pub fn check(bytes: &[u8], path: &Path) -> Result<FileInfo, FileError> {
    let (note, library) = inspect(bytes, path)?;
    Ok(FileInfo {
        note,
        size: bytes.len() as u64,
        sha256: sha256(bytes),
        needed: library.needed,
        gnu_unique: library.gnu_unique,
        raw_note: library.note.unwrap_or_default().to_owned(),
    })
}

/// [`check`] without the hash, which takes longer than all the rest, for those who have it already.
pub(crate) fn inspect<'d>(
    bytes: &'d [u8],
    path: &'d Path,
) -> Result<(NoteInfo, LibraryFile<'d>), FileError> {
    if bytes.is_empty() {
        return Err(FileError::Empty {
            path: path.to_owned(),
        });
    }
    if let Some(format) = Format::of(bytes) {
        return Err(FileError::NotALibrary {
            path: path.to_owned(),
            format,
        });
    }
    let library = library_files::read(bytes).map_err(|fault| FileError::of(fault, path))?;
    let note = note_of(&library, path)?;
    check_note(&note, path)?;
    if library.no_delete {
        return Err(FileError::NeverUnloads {
            path: path.to_owned(),
        });
    }
    Ok((note, library))
}

/// The SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// `bytes` in hexadecimal, lower case.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What [`hex`] was made of, where that was a SHA-256.
pub(crate) fn from_hex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

fn note_of(library: &LibraryFile<'_>, path: &Path) -> Result<NoteInfo, FileError> {
    let path = || path.to_owned();
    match (library.note, library.has_entry) {
        (Some(bytes), has_entry) => {
            let note = NoteInfo::read(bytes).ok_or_else(|| FileError::BadNote { path: path() })?;
            if has_entry {
                Ok(note)
            } else {
                Err(FileError::NoEntry {
                    path: path(),
                    plugin: note.name,
                })
            }
        }
        (None, true) => Err(FileError::NoNote { path: path() }),
        (None, false) => Err(FileError::NotAPlugin { path: path() }),
    }
}

fn check_note(note: &NoteInfo, path: &Path) -> Result<(), FileError> {
    let (path, plugin) = (|| path.to_owned(), || note.name.clone());
    let host = (ABI_MAJOR, ABI_MINOR);
    if note.abi != host {
        return Err(FileError::OtherAbi {
            path: path(),
            plugin: plugin(),
            api_version: note.api_version.clone(),
            found: note.abi,
            host,
        });
    }
    if note.abi_stable != ABI_STABLE_VERSION {
        let (found, host) = (note.abi_stable.clone(), ABI_STABLE_VERSION);
        return Err(FileError::OtherAbiStable {
            path: path(),
            plugin: plugin(),
            found,
            host,
        });
    }
    let host = host_target();
    if note.target != host {
        return Err(FileError::OtherTarget {
            path: path(),
            plugin: plugin(),
            found: note.target.clone(),
            host,
        });
    }
    if !note.panic_unwind {
        return Err(FileError::PanicAborts {
            path: path(),
            plugin: plugin(),
        });
    }
    Ok(())
}

/// The target triple of the host, which plugin-api learnt when it was built.
fn host_target() -> String {
    const HOST: PluginNote = PluginNote::new("host", "", true);
    String::from_utf8_lossy(&HOST.target)
        .trim_end_matches('\0')
        .to_owned()
}
