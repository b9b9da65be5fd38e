//! Audit journal: who changed what through the bot, and how that went. Lines of JSON in `audit.jsonl`, rotated and kept as the log is.
//!
//! Each line holds an entry and its SHA-256, and each entry the hash of the line before: what is changed, taken out or put in between
//! is found by [`verify`]. `audit.head` says which line is the last, so that one who cuts the end off is found as well.

mod entry;
mod read;
mod verify;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use host_base::{private, redact};
use serde::{Deserialize, Serialize};

use self::entry::Line;
pub use self::{
    entry::{Deed, Entry},
    read::{Filter, latest},
    verify::{Fault, Verified, verify},
};
use crate::{config::Log, rotated::Rotated};

/// Folder of the journal, in the data folder.
pub const FOLDER: &str = "audit";

const FILE: &str = "audit.jsonl";
const HEAD: &str = "audit.head";

/// The journal of a bot that runs. It is the only writer.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    file: Rotated,
    head: Head,
}

/// The last line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    sequence: u64,
    hash: String,
}

impl Journal {
    /// The journal in a data folder.
    ///
    /// # Errors
    ///
    /// The folder can't be made, or the file can't be read or written.
    pub fn open(data: &Path, config: &Log) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        private::folder(&folder)?;
        let file = Rotated::open(
            folder.join(FILE),
            config.max_file_bytes,
            config.files_kept.max(1),
            Duration::from_secs(config.days_kept * 86_400),
        )?;
        // What is on the disk is what is gone on from, also where the head is one line behind. A line that a crash has cut in two
        // stays, and is a fault.
        let head = verify::last(&folder)?
            .or_else(|| read_head(&folder))
            .unwrap_or_default();
        Ok(Self {
            folder,
            open: Mutex::new(Some(Open { file, head })),
        })
    }

    /// A journal that keeps nothing: for a program that serves nobody.
    #[must_use]
    pub fn absent() -> Self {
        Self {
            folder: PathBuf::new(),
            open: Mutex::new(None),
        }
    }

    /// Appends what was done; on the disk when this returns. Secrets are taken out.
    ///
    /// # Errors
    ///
    /// The file can't be written.
    pub fn append(&self, deed: &Deed) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Open { file, head }) = &mut *open else {
            return Ok(());
        };
        let deed = serde_json::from_slice(&redact::bytes(serde_json::to_vec(deed)?))?;
        let entry = Entry {
            sequence: head.sequence + 1,
            at_ms: at_ms(SystemTime::now()),
            deed,
            previous: head.hash.clone(),
        };
        let line = Line::of(&entry)?;
        let text = format!("{}\n", serde_json::to_string(&line)?);
        file.prepare(text.len());
        let mut bytes = text.as_bytes();
        while !bytes.is_empty() {
            match file.append(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        file.sync()?;
        *head = Head {
            sequence: entry.sequence,
            hash: line.hash,
        };
        write_head(&self.folder, head)
    }

    /// Number of the last entry; 0: there is none.
    #[must_use]
    pub fn last(&self) -> u64 {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().map_or(0, |open| open.head.sequence)
    }

    /// The folder of its files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn at_ms(at: SystemTime) -> u64 {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    since.as_millis().try_into().unwrap_or(u64::MAX)
}

fn read_head(folder: &Path) -> Option<Head> {
    serde_json::from_slice(&fs::read(folder.join(HEAD)).ok()?).ok()
}

/// Writes the head beside its old one, and puts it in its place.
fn write_head(folder: &Path, head: &Head) -> io::Result<()> {
    let beside = folder.join("audit.head.new");
    fs::write(&beside, serde_json::to_vec(head)?)?;
    fs::rename(beside, folder.join(HEAD))
}

/// The journal's files, the oldest first.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let number = match name.strip_prefix(FILE) {
            Some("") => Some(0),
            Some(behind) => behind
                .strip_prefix('.')
                .and_then(|number| number.parse().ok()),
            None => None,
        };
        if let Some(number) = number {
            found.push((number, path));
        }
    }
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    Ok(found.into_iter().map(|(_, path)| path).collect())
}
