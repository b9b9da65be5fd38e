//! Source of an import: files of a folder by plain paths, of bounded size, without following links.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Component, Path, PathBuf},
};

/// Entries of a folder that are looked at.
const ENTRIES: usize = 100_000;

/// Why nothing can be imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The folder is not there, or is none.
    #[error("{} can't be read: {source}", folder.display())]
    Folder {
        /// As it was named.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing in it is known.
    #[error(
        "{} has neither `config.json` nor `data/`: name the folder in which the bot to be imported was run",
        folder.display()
    )]
    Foreign {
        /// As it was named.
        folder: PathBuf,
    },
}

/// The folder of an installation.
#[derive(Debug)]
pub struct Source {
    root: PathBuf,
}

/// An entry of a folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) is_folder: bool,
}

/// Entries of a folder, by their names.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    pub(crate) listed: Vec<Listed>,
    /// Those that are not looked at, and why.
    pub(crate) odd: Vec<(String, String)>,
}

impl Source {
    /// An installation in this folder, which may itself be a link.
    ///
    /// # Errors
    ///
    /// It is no folder, or nothing in it is known.
    pub fn open(folder: &Path) -> Result<Self, ImportError> {
        let failed = |source| ImportError::Folder {
            folder: folder.to_owned(),
            source,
        };
        let root = fs::canonicalize(folder).map_err(failed)?;
        if !root.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        if !root.join("config.json").exists() && !root.join("data").is_dir() {
            return Err(ImportError::Foreign {
                folder: folder.to_owned(),
            });
        }
        Ok(Self { root })
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file's content; `None` where there is none. The error says why it is not read.
    pub(crate) fn read(&self, path: &str, most: u64) -> Result<Option<Vec<u8>>, String> {
        let Some(file) = self.file(path, most)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let opened = File::open(&file).map_err(|error| error.to_string())?;
        // It may have grown meanwhile.
        let read = opened.take(most + 1).read_to_end(&mut bytes);
        read.map_err(|error| error.to_string())?;
        match bytes.len() as u64 > most {
            true => Err(too_large(bytes.len() as u64, most)),
            false => Ok(Some(bytes)),
        }
    }

    /// Where a file of at most so many bytes lies; `None` where there is none.
    pub(crate) fn file(&self, path: &str, most: u64) -> Result<Option<PathBuf>, String> {
        let Some((full, metadata)) = self.walk(path)? else {
            return Ok(None);
        };
        if !metadata.is_file() {
            return Err("it is no file".into());
        }
        match metadata.len() > most {
            true => Err(too_large(metadata.len(), most)),
            false => Ok(Some(full)),
        }
    }

    /// The entries of a folder; none where there is no folder.
    pub(crate) fn list(&self, path: &str) -> Result<Folder, String> {
        let Some((full, metadata)) = self.walk(path)? else {
            return Ok(Folder::default());
        };
        if !metadata.is_dir() {
            return Err("it is no folder".into());
        }
        let Folder {
            mut listed,
            mut odd,
        } = Folder::default();
        let entries = fs::read_dir(&full).map_err(|error| error.to_string())?;
        for entry in entries.take(ENTRIES) {
            let entry = entry.map_err(|error| error.to_string())?;
            let name = entry.file_name();
            let kind = entry.file_type().map_err(|error| error.to_string())?;
            let Some(name) = name.to_str().map(str::to_owned) else {
                odd.push((
                    name.to_string_lossy().into_owned(),
                    "its name is no UTF-8".to_owned(),
                ));
                continue;
            };
            match (kind.is_dir(), kind.is_file()) {
                (false, false) if kind.is_symlink() => odd.push((name, LINK.to_owned())),
                (false, false) => odd.push((name, "it is neither a file nor a folder".to_owned())),
                (is_folder, _) => listed.push(Listed { name, is_folder }),
            }
        }
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        odd.sort();
        Ok(Folder { listed, odd })
    }

    /// Goes down a plain path, and over no link.
    fn walk(&self, path: &str) -> Result<Option<(PathBuf, fs::Metadata)>, String> {
        let mut full = self.root.clone();
        let mut metadata = fs::symlink_metadata(&full).map_err(|error| error.to_string())?;
        for part in Path::new(path).components() {
            let Component::Normal(name) = part else {
                return Err("its path leads out of the folder".into());
            };
            full.push(name);
            metadata = match fs::symlink_metadata(&full) {
                Ok(metadata) if metadata.is_symlink() => return Err(LINK.into()),
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error.to_string()),
            };
        }
        Ok(Some((full, metadata)))
    }
}

const LINK: &str = "it is a link, which is not followed";

fn too_large(bytes: u64, most: u64) -> String {
    format!(
        "it has {} bytes, and {} are the most",
        host_base::shown::number(bytes),
        host_base::shown::number(most)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_folder_and_sizes_in_their_bounds() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("data")).unwrap();
        fs::write(at("data/a.json"), "12345").unwrap();
        let source = Source::open(folder.path()).unwrap();
        assert_eq!(source.read("data/a.json", 5).unwrap().unwrap(), b"12345");
        assert_eq!(source.read("data/none.json", 5).unwrap(), None);
        for (path, why) in [
            ("data/a.json", "5 bytes, and 4"),
            ("data", "no file"),
            ("../x", "leads out"),
            ("/etc/hosts", "leads out"),
        ] {
            let told = source.read(path, 4).unwrap_err();
            assert!(told.contains(why), "{path}: {told}");
        }
        let none = tempfile::tempdir().unwrap();
        let foreign = Source::open(none.path()).unwrap_err().to_string();
        assert!(foreign.contains("neither `config.json`"), "{foreign}");
        Source::open(&at("gone")).unwrap_err();
    }

    #[cfg(unix)]
    #[test]
    fn links_and_odd_names_are_named_and_not_followed() {
        use std::os::unix::{ffi::OsStrExt as _, fs::symlink};

        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("secret.json"), "{}").unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        symlink(outside.path(), data.join("link")).unwrap();
        symlink(outside.path().join("secret.json"), data.join("one.json")).unwrap();
        let name = std::ffi::OsStr::from_bytes(b"b\xffd");
        fs::write(data.join(name), "").unwrap();
        let source = Source::open(folder.path()).unwrap();
        for path in ["data/link/secret.json", "data/one.json"] {
            assert!(source.read(path, 9).unwrap_err().contains("link"), "{path}");
        }
        let Folder { listed, odd } = source.list("data").unwrap();
        assert_eq!(listed, []);
        let told: Vec<_> = odd.iter().map(|(_, why)| &**why).collect();
        assert_eq!(told, ["its name is no UTF-8", LINK, LINK]);
    }
}
