//! Contents of the extensions folder, and what of them was reported.

use std::{
    collections::{BTreeMap, BTreeSet},
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use host_base::PluginName;
use tracing::info;

use super::{FileChange, debounce::Reading};
use crate::{
    file::{self, FileError, plugin_name},
    platform::files,
};

/// The folder, and what was last reported of each file in it.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    reported: BTreeMap<PathBuf, Reported>,
    /// What the system said of each file when it was last read, or when it was first seen.
    versions: BTreeMap<PathBuf, Version>,
    /// Files that we have renamed: the event of that is nobody's touch.
    renamed: BTreeSet<PathBuf>,
}

/// What tells that a file may be another one, without reading it. Time stamps prove nothing (a copy may keep an old one), but
/// all of these together change with whatever happens to a file.
#[derive(Debug, PartialEq, Eq)]
struct Version {
    bytes: u64,
    modified: Option<SystemTime>,
    /// What else the platform knows of it.
    node: (u64, i64, i64),
}

impl Version {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
            node: files::version(&metadata),
        })
    }
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

/// A file that was read: what is for the debouncer, and what to report once it has settled.
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
    pub fn new(path: PathBuf, mut known: BTreeMap<PluginName, [u8; 32]>) -> io::Result<Self> {
        let mut reported = BTreeMap::new();
        let mut present = BTreeSet::new();
        let mut versions = BTreeMap::new();
        // A link that leads nowhere yet has nothing in it.
        let there = match file::list(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            there => there?,
        };
        for path in there {
            versions.extend(Version::of(&path).map(|version| (path.clone(), version)));
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
        Ok(Self {
            path,
            reported,
            versions,
            renamed: BTreeSet::new(),
        })
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
        Ok(file::list(&self.path)?
            .into_iter()
            .chain(self.reported.keys().cloned())
            .collect())
    }

    /// The names of the files that are there.
    pub fn names(&self) -> impl Iterator<Item = OsString> {
        let files = file::list(&self.path).unwrap_or_default().into_iter();
        files.filter_map(|path| path.file_name().map(ToOwned::to_owned))
    }

    /// The files that are not as they were when they were last read, by what the system says of them.
    ///
    /// # Errors
    ///
    /// When the folder cannot be listed.
    pub fn glance(&self) -> io::Result<Vec<PathBuf>> {
        let mut paths = self.look()?;
        paths.retain(|path| Version::of(path).as_ref() != self.versions.get(path));
        Ok(paths.into_iter().collect())
    }

    /// Reads the file at `path`.
    pub fn read(&mut self, path: &Path) -> Read {
        // Before its content: what is written while it is read has another one.
        match Version::of(path) {
            Some(version) => drop(self.versions.insert(path.to_owned(), version)),
            None => drop(self.versions.remove(path)),
        }
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

    /// Notes what was found in the file at `path`, and gives what is new about it; if nothing is, then that somebody did
    /// something to it, where that `was_notified`.
    pub fn settle(&mut self, path: PathBuf, read: Read, was_notified: bool) -> Option<FileChange> {
        let name = plugin_name(&path)?;
        let (path, reported, outcome) = match read.found {
            Found::Nothing => {
                return self
                    .reported
                    .remove(&path)
                    .map(|_| FileChange::Removed { path, name });
            }
            Found::Unreadable(error) => (path, Reported::Error(error.clone()), Err((None, error))),
            Found::File(hash, _) if self.reported.get(&path) == Some(&Reported::Content(hash)) => {
                let is_ours = self.renamed.remove(&path);
                return (was_notified && !is_ours).then_some(FileChange::Touched { path, name });
            }
            Found::File(hash, checked) => match tidied(path.clone()) {
                Ok(tidy) => {
                    if tidy != path {
                        self.renamed.insert(tidy.clone());
                    }
                    let outcome = checked.map(|()| hash);
                    let outcome = outcome.map_err(|error| (Some(hash), error));
                    (tidy, Reported::Content(hash), outcome)
                }
                Err(error) => (path, Reported::Error(error.clone()), Err((None, error))),
            },
        };
        if self.reported.get(&path) == Some(&reported) {
            return None;
        }
        self.reported.insert(path.clone(), reported);
        Some(match outcome {
            Ok(sha256) => FileChange::Changed { path, name, sha256 },
            Err((sha256, error)) => FileChange::Rejected {
                path,
                name,
                sha256,
                error,
            },
        })
    }
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
