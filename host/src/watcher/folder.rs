//! What lies in the extensions folder, and what of it was reported.

use std::{
    collections::{BTreeMap, BTreeSet},
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs, io,
    path::{Path, PathBuf},
};

use tracing::info;

use super::{FileChange, debounce::Reading};
use crate::plugin::file::{self, FileError, plugin_name};

/// The folder, and what was last reported of each file in it.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    reported: BTreeMap<PathBuf, Reported>,
}

/// What was last reported of a file. Time stamps are not looked at: a copy may keep an old one.
#[derive(Debug, PartialEq, Eq)]
enum Reported {
    /// Nothing: it lay there at the start. Its end is worth a report all the same.
    Nothing,
    Content([u8; 32]),
    /// Something that may be put right without new content, and so is tried again.
    Error(FileError),
}

/// A file that was read: what to tell the debouncer, and what to report once it has settled.
#[derive(Debug)]
pub(super) struct Read {
    pub reading: Reading,
    found: Found,
}

#[derive(Debug)]
enum Found {
    Nothing,
    Unreadable(FileError),
    File([u8; 32], Result<(), FileError>),
}

impl Folder {
    /// The folder at `path`, of whose plugins `known` gives the content that the host has already.
    ///
    /// # Errors
    ///
    /// When the folder cannot be listed.
    pub fn new(path: PathBuf, mut known: BTreeMap<String, [u8; 32]>) -> io::Result<Self> {
        let mut reported = BTreeMap::new();
        let mut present = BTreeSet::new();
        for path in files(&path)? {
            let known = plugin_name(&path).and_then(|name| known.get_key_value(&name));
            let content = known.map_or(Reported::Nothing, |(_, hash)| Reported::Content(*hash));
            present.extend(known.map(|(name, _)| name.clone()));
            reported.insert(path, content);
        }
        // The file of a known plugin is gone: the next look reports it under the name that it most likely had.
        known.retain(|name, _| !present.contains(name));
        reported.extend(known.into_iter().map(|(name, hash)| {
            (
                path.join(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}")),
                Reported::Content(hash),
            )
        }));
        Ok(Self { path, reported })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every file that is there or was reported: all that a look into the folder may find changed.
    ///
    /// # Errors
    ///
    /// When the folder cannot be listed.
    pub fn look(&self) -> io::Result<BTreeSet<PathBuf>> {
        Ok(files(&self.path)?
            .into_iter()
            .chain(self.reported.keys().cloned())
            .collect())
    }

    /// Reads the file at `path`.
    pub fn read(&self, path: &Path) -> Read {
        let unreadable = |reason: &dyn ToString| {
            let error = FileError::Unreadable {
                path: path.to_owned(),
                reason: reason.to_string(),
            };
            Read {
                reading: Reading::Final,
                found: Found::Unreadable(error),
            }
        };
        // A pipe would never end, so what is not a file is not opened.
        let bytes = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                return Read {
                    reading: Reading::Final,
                    found: Found::Nothing,
                };
            }
            Ok(metadata) if !metadata.is_file() => return unreadable(&"it is not a file"),
            Ok(_) => fs::read(path),
            Err(error) => Err(error),
        };
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(error)
                if error.kind() == io::ErrorKind::NotFound
                    && fs::symlink_metadata(path).is_ok() =>
            {
                return unreadable(&"it is a link to a file that does not exist");
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Read {
                    reading: Reading::Final,
                    found: Found::Nothing,
                };
            }
            Err(error) => return unreadable(&error),
        };
        let hash = file::sha256(&bytes);
        if self.reported.get(path) == Some(&Reported::Content(hash)) {
            return Read {
                reading: Reading::Final,
                found: Found::File(hash, Ok(())),
            };
        }
        let checked = file::inspect(&bytes, path).map(drop);
        let is_partial = checked.as_ref().is_err_and(FileError::is_incomplete);
        let reading = if is_partial {
            Reading::Partial(hash)
        } else {
            Reading::Whole(hash)
        };
        Read {
            reading,
            found: Found::File(hash, checked),
        }
    }

    /// Notes what was found in the file at `path`, and gives what is new about it.
    pub fn settle(&mut self, path: PathBuf, read: Read) -> Option<FileChange> {
        let name = plugin_name(&path)?;
        let (path, reported, outcome) = match read.found {
            Found::Nothing => {
                return self
                    .reported
                    .remove(&path)
                    .map(|_| FileChange::Removed { path, name });
            }
            Found::Unreadable(error) => (path, Reported::Error(error.clone()), Err(error)),
            Found::File(hash, _) if self.reported.get(&path) == Some(&Reported::Content(hash)) => {
                return None;
            }
            Found::File(hash, checked) => match tidied(path.clone()) {
                Ok(tidy) => (tidy, Reported::Content(hash), checked.map(|()| hash)),
                Err(error) => (path, Reported::Error(error.clone()), Err(error)),
            },
        };
        if self.reported.get(&path) == Some(&reported) {
            return None;
        }
        self.reported.insert(path.clone(), reported);
        Some(match outcome {
            Ok(sha256) => FileChange::Changed { path, name, sha256 },
            Err(error) => FileChange::Rejected { path, name, error },
        })
    }
}

/// The files of `folder` that are called like plugins, by name. None when the folder cannot be listed.
#[must_use]
pub fn plugin_files(folder: &Path) -> Vec<PathBuf> {
    files(folder).unwrap_or_default()
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = folder.join(entry?.file_name());
        if is_candidate(&path) && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether `path` is called like a plugin, and not like something that is only passing through.
pub(super) fn is_candidate(path: &Path) -> bool {
    // Compilers, editors and copy tools add `.tmp`, `.part` or `~` behind the extension, or put a dot first.
    let is_hidden = path
        .file_name()
        .is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !is_hidden && plugin_name(path).is_some()
}

/// The path without blanks in its name, after renaming the file.
fn tidied(path: PathBuf) -> Result<PathBuf, FileError> {
    match file::rename_blanks(&path) {
        Ok(tidy) => {
            if tidy != path {
                info!(from = %path.display(), to = %tidy.display(), "renamed a plugin file: names have no blanks");
            }
            Ok(tidy)
        }
        Err(error) => Err(FileError::BlankInName {
            path,
            reason: error.to_string(),
        }),
    }
}
