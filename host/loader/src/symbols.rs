//! Symbols of a plugin: names for the addresses of its panics.

use std::{fs, path::PathBuf};

use crate::platform::library_files;

/// Most names that are logged: the author's code is at the top.
const NAMES: usize = 6;

/// What stands between a panic and the code that panicked, and between that code and the thread's start.
const MACHINERY: &[&str] = &[
    "core::",
    "std::",
    "alloc::",
    "tokio::",
    "plugin_api::",
    "__rust",
    "rust_",
    "_R",
    "<core::",
    "<alloc::",
    "<std::",
    "<tokio::",
    "<plugin_api::",
    "_Unwind",
];

/// A library's file, and where it lies.
#[derive(Debug, Clone)]
pub struct Symbols {
    /// The private copy.
    pub file: PathBuf,
    /// What the loader added to the file's addresses.
    pub base: usize,
    /// First address.
    pub low: usize,
    /// First address behind it.
    pub high: usize,
}

impl Symbols {
    /// The names of the functions that these return addresses lie in, innermost first; without the machinery of panics and
    /// runtimes. Empty when the file was stripped of its symbols. Reads the file: some milliseconds.
    #[must_use]
    pub fn names(&self, addresses: &[u64]) -> Vec<String> {
        let Ok(bytes) = fs::read(&self.file) else {
            return Vec::new();
        };
        let functions = library_files::functions(&bytes);
        let mut names: Vec<String> = Vec::new();
        for address in addresses {
            let Ok(address) = usize::try_from(*address) else {
                continue;
            };
            if !(self.low..self.high).contains(&address) {
                continue;
            }
            // A return address is behind its call, which may be the function's last instruction.
            let inside = (address - self.base) as u64 - 1;
            let next = functions.partition_point(|(start, _)| *start <= inside);
            let Some((_, mangled)) = next.checked_sub(1).and_then(|index| functions.get(index))
            else {
                continue;
            };
            let name = format!("{:#}", rustc_demangle::demangle(mangled));
            let is_machinery = MACHINERY.iter().any(|prefix| name.starts_with(prefix));
            if !is_machinery && names.last() != Some(&name) {
                names.push(name);
            }
        }
        names.truncate(NAMES);
        names
    }
}
