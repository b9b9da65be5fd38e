//! Paths that plugins name: checked as text first, then walked folder by folder without following links.

use std::{fmt, io, os::fd::OwnedFd, path::Path};

use rustix::{
    fs::{Mode, OFlags, mkdirat, open, openat},
    io::Errno,
};

/// Bytes of a path.
const LONGEST: usize = 1024;

/// Bytes of a name, as file systems have it.
const LONGEST_NAME: usize = 255;

/// Folders below each other.
const DEEPEST: usize = 32;

/// What begins the names of files that are being written.
pub(super) const UNFINISHED: &str = ".cogwright-";

/// A path below a plugin's folder: names alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Relative(Vec<String>);

impl Relative {
    /// Checks a path; empty (or `.`) is the folder itself.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub(super) fn parse(path: &str) -> Result<Self, String> {
        if path.len() > LONGEST {
            return Err(format!(
                "a path has {LONGEST} bytes at most, this one has {}",
                path.len()
            ));
        }
        if path.contains('\0') {
            return Err("a path has no NUL".into());
        }
        if path.starts_with('/') {
            return Err(
                "a path is relative to the plugin's folder, without a leading slash".into(),
            );
        }
        if path.contains('\\') {
            return Err("a path has slashes, and no backslashes".into());
        }
        let mut names = Vec::new();
        for name in path.split('/').filter(|name| !matches!(*name, "" | ".")) {
            if name == ".." {
                return Err("a path does not lead upwards (`..`)".into());
            }
            if name.len() > LONGEST_NAME {
                return Err(format!(
                    "a name has {LONGEST_NAME} bytes at most, one here has {}",
                    name.len()
                ));
            }
            if name.starts_with(UNFINISHED) {
                return Err(format!(
                    "names that begin with `{UNFINISHED}` are the host's"
                ));
            }
            names.push(name.to_owned());
        }
        if names.len() > DEEPEST {
            return Err(format!(
                "a path has {DEEPEST} names at most, this one has {}",
                names.len()
            ));
        }
        Ok(Self(names))
    }

    /// The folders, and the last name; `None` for the folder itself.
    pub(super) fn split(&self) -> Option<(&[String], &str)> {
        let (name, folders) = self.0.split_last()?;
        Some((folders, name))
    }

    pub(super) fn names(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Relative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// Choice whether missing folders are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    Make,
    Fail,
}

/// Opens a folder below `root`, each on the way without following links: nothing that is swapped for a link meanwhile
/// leads out.
pub(super) fn folder(root: &Path, names: &[String], missing: Missing) -> io::Result<OwnedFd> {
    if missing == Missing::Make {
        std::fs::create_dir_all(root)?;
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    // What leads to the root is the operator's business, and may be a link.
    let mut at = open(root, flags, Mode::empty())?;
    for name in names {
        let flags = flags | OFlags::NOFOLLOW;
        at = match openat(&at, name, flags, Mode::empty()) {
            Err(Errno::NOENT) if missing == Missing::Make => {
                match mkdirat(&at, name, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
                openat(&at, name, flags, Mode::empty()).map_err(link)?
            }
            opened => opened.map_err(link)?,
        };
    }
    Ok(at)
}

/// What the kernel says to a link where none is followed.
pub(super) fn link(error: Errno) -> io::Error {
    match error {
        Errno::LOOP | Errno::MLINK => io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a symbolic link, or leads through one, and links are not followed",
        ),
        Errno::NOTDIR => io::Error::new(
            io::ErrorKind::NotADirectory,
            "what should be a folder on the way is a file or a symbolic link",
        ),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_are_refused_and_blanks_and_umlauts_are_not() {
        let long = "n".repeat(256);
        let deep = "a/".repeat(33);
        let longer = "abc/".repeat(300);
        for bad in [
            "..",
            "a/../b",
            "a/..",
            "/etc/passwd",
            "//etc",
            "a\0b",
            "a\\..\\b",
            &long,
            &deep,
            &longer,
            ".cogwright-1",
        ] {
            assert!(Relative::parse(bad).is_err(), "{bad:?}");
        }
        for (good, plain) in [
            ("", ""),
            (".", ""),
            ("a//b/./c", "a/b/c"),
            ("übung/tea time.json", "übung/tea time.json"),
            ("...", "..."),
        ] {
            assert_eq!(Relative::parse(good).unwrap().to_string(), plain);
        }
    }
}
