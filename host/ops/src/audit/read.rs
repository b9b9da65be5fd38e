//! Reading of the audit journal: the latest entries, page by page.

use std::{fs, io, path::Path};

use super::{
    entry::{Entry, Line},
    files,
};

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those before this number; `None`: from the latest one on.
    pub before: Option<u64>,
    /// Those of this plugin.
    pub plugin: Option<String>,
    /// Those of this user.
    pub user: Option<u64>,
    /// Those whose call begins so.
    pub call: Option<String>,
}

impl Filter {
    fn takes(&self, entry: &Entry) -> bool {
        self.before.is_none_or(|before| entry.sequence < before)
            && self
                .plugin
                .as_ref()
                .is_none_or(|plugin| *plugin == entry.deed.plugin)
            && self.user.is_none_or(|user| user == entry.deed.user)
            && self
                .call
                .as_ref()
                .is_none_or(|call| entry.deed.call.starts_with(&**call))
    }
}

/// The latest entries that the filter takes, the latest first, at most so many. Lines that can't be read are passed over: what is
/// wrong with them, [`verify`](super::verify) says.
///
/// # Errors
///
/// A file can't be read.
pub fn latest(folder: &Path, filter: &Filter, limit: usize) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    for path in files(folder)?.into_iter().rev() {
        let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
        for line in text.lines().rev() {
            let entry = serde_json::from_str::<Line>(line)
                .and_then(|line| serde_json::from_str::<Entry>(line.entry.get()));
            if let Ok(entry) = entry
                && filter.takes(&entry)
            {
                found.push(entry);
                if found.len() >= limit {
                    return Ok(found);
                }
            }
        }
    }
    Ok(found)
}
