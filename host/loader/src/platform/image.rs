//! Library in memory.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

/// Where a library lies in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What the loader added to the file's addresses.
    pub base: usize,
    /// The first address.
    pub lo: usize,
    /// The address behind the last.
    pub hi: usize,
    /// The name that the library was opened by; empty for the executable.
    pub path: PathBuf,
    /// The name that others know it by (`DT_SONAME`).
    pub soname: Option<OsString>,
    /// The libraries that it is linked with (`DT_NEEDED`).
    pub needed: Vec<OsString>,
}

impl Image {
    /// Whether a library that was opened or linked by this name is this one.
    #[must_use]
    pub fn is_called(&self, name: &OsStr) -> bool {
        let file = Path::new(name).file_name();
        self.soname.as_deref() == Some(name)
            || self.path == Path::new(name)
            || file.is_some() && self.path.file_name() == file
    }
}
