//! Known files: what probes have found of contents, kept for the next start.
//!
//! A probe's report holds for a content, a host and the libraries that both are linked with. It lies in `probed.json` in the data folder
//! under the SHA-256 of the content, beside the identity of what has probed it: another host, or another libc, knows none of it and probes
//! anew. What can't be read is as if it were not there: it costs a probe, and nothing else.
//!
//! With it lies which file a content was loaded from, and its copy in the archive: a file that is as it was then, to the nanosecond and the
//! inode, is not read once more, and its copy gets another name instead of being written again.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt::Write as _,
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::UNIX_EPOCH,
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    ago::now_ms,
    file::{self, FileInfo},
    platform::{files, snapshot},
    probe::ProbeReport,
    stamp::{CopyStamp, Stamp},
};

/// Contents that are known; those that were used longest ago go first.
const REMEMBERED: usize = 500;

/// Bytes of the file that are read: a manifest has some 20 kB.
const LARGEST: u64 = 32 << 20;

const DAY_MS: u64 = 24 * 3600 * 1000;

/// How long a content is remembered that nobody has loaded.
const UNUSED_MS: u64 = 30 * DAY_MS;

/// What probes have found.
#[derive(Debug)]
pub(crate) struct Known {
    path: PathBuf,
    /// Who has probed; `None` where that can't be told, and nothing is kept.
    host: Option<Host>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    files: BTreeMap<String, Entry>,
    is_changed: bool,
}

/// The file, whole.
#[derive(Debug, Serialize, Deserialize)]
struct OnDisk {
    host: String,
    /// By SHA-256, in hexadecimal.
    files: BTreeMap<String, Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// When it was last used, to a day.
    used_ms: u64,
    /// The report as it was written: it takes less than what it is read into.
    report: Box<RawValue>,
    /// The file that it was loaded from, and its copy in the archive.
    #[serde(default)]
    seen: Option<Seen>,
    /// Whether that is of an earlier process, and was not asked for by this one.
    #[serde(skip)]
    is_earlier: bool,
}

/// A file that was loaded, so that it need not be read once more while it is as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// The file's, from before it was read.
    pub(crate) stamp: Stamp,
    /// That of the archive's copy.
    pub(crate) copy: CopyStamp,
    raw_note: Vec<u8>,
    needed: Vec<String>,
    gnu_unique: usize,
}

impl Seen {
    pub(crate) fn new(stamp: Stamp, copy: CopyStamp, info: &FileInfo) -> Self {
        Self {
            stamp,
            copy,
            raw_note: info.raw_note.clone(),
            needed: info.needed.clone(),
            gnu_unique: info.gnu_unique,
        }
    }

    fn info(&self, sha256: [u8; 32]) -> Option<FileInfo> {
        let parts = (&*self.raw_note, &*self.needed, self.gnu_unique);
        FileInfo::from_parts(sha256, self.stamp.len, parts)
    }
}

/// What a probe's report depends on beside the content.
#[derive(Debug)]
struct Host {
    identity: String,
    libraries: &'static Libraries,
}

/// The libraries that this process is linked with.
#[derive(Debug)]
struct Libraries {
    identity: String,
    names: Vec<OsString>,
}

impl Known {
    /// What the data folder says, for a host that probes with this executable.
    pub(crate) fn open(data: &Path, executable: &Path) -> Self {
        let path = data.join("probed.json");
        let host = Host::of(executable);
        let files = host.as_ref().and_then(|host| read(&path, host));
        let kept = Kept {
            files: files.unwrap_or_default(),
            is_changed: false,
        };
        Self {
            path,
            host,
            kept: Mutex::new(kept),
        }
    }

    /// What a probe has found of a content, by its SHA-256.
    pub(crate) fn of(&self, sha256: &[u8; 32]) -> Option<ProbeReport> {
        let mut kept = self.kept();
        let Kept { files, is_changed } = &mut *kept;
        let entry = files.get_mut(&file::hex(sha256))?;
        let report = serde_json::from_str(entry.report.get()).ok()?;
        let now = now_ms();
        // Otherwise each start would write it.
        if now.abs_diff(entry.used_ms) > DAY_MS {
            (entry.used_ms, *is_changed) = (now, true);
        }
        Some(report)
    }

    /// Keeps what a probe has found. Of a file that is linked with more than the host it is not kept: nobody would notice that it has
    /// become another library.
    pub(crate) fn enter(&self, sha256: &[u8; 32], needed: &[String], report: &ProbeReport) {
        let Some(host) = &self.host else { return };
        if !host.has_all(needed) || report.refused.is_some() {
            return;
        }
        let Ok(report) = serde_json::value::to_raw_value(report) else {
            return;
        };
        let entry = Entry {
            used_ms: now_ms(),
            report,
            seen: None,
            is_earlier: false,
        };
        let mut kept = self.kept();
        kept.files.insert(file::hex(sha256), entry);
        kept.is_changed = true;
    }

    /// What a file with this stamp holds, where an earlier process has loaded it. Each is told once: the copy of it is to be loaded once
    /// in a process.
    pub(crate) fn take_seen(&self, stamp: &Stamp) -> Option<(FileInfo, CopyStamp)> {
        let mut kept = self.kept();
        let is_it = |it: &Entry| {
            let seen = it.seen.as_ref();
            it.is_earlier && seen.is_some_and(|seen| seen.stamp == *stamp)
        };
        let (sha256, entry) = kept.files.iter_mut().find(|(_, it)| is_it(it))?;
        entry.is_earlier = false;
        let seen = entry.seen.as_ref()?;
        Some((seen.info(file::from_hex(sha256)?)?, seen.copy))
    }

    /// Notes the file that a content was loaded from, where that is known.
    pub(crate) fn note_seen(&self, sha256: &[u8; 32], seen: Seen) {
        let mut kept = self.kept();
        let Kept { files, is_changed } = &mut *kept;
        let Some(entry) = files.get_mut(&file::hex(sha256)) else {
            return;
        };
        if entry.seen.as_ref() != Some(&seen) {
            // Whatever was there, this is of this process.
            (entry.seen, entry.is_earlier, *is_changed) = (Some(seen), false, true);
        }
    }

    /// Forgets all of it: something has ended the process, and nobody knows what.
    pub(crate) fn forget(&self) {
        let mut kept = self.kept();
        kept.is_changed |= !kept.files.is_empty();
        kept.files.clear();
    }

    /// Writes what has changed: whole, or not at all. File work.
    pub(crate) fn write(&self) {
        let Some(host) = &self.host else { return };
        // Held meanwhile: of two that write the later has more.
        let mut kept = self.kept();
        if !std::mem::take(&mut kept.is_changed) {
            return;
        }
        tidy(&mut kept.files, now_ms());
        let whole = OnDisk {
            host: host.identity.clone(),
            files: std::mem::take(&mut kept.files),
        };
        let part = self.path.with_extension("json.part");
        let write = || -> io::Result<()> {
            fs::write(&part, serde_json::to_vec(&whole)?)?;
            fs::rename(&part, &self.path)
        };
        if let Err(error) = write() {
            tracing::warn!(path = %self.path.display(), "the next start probes all files again, as this can't be written: {error}");
        }
        kept.files = whole.files;
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path, host: &Host) -> Option<BTreeMap<String, Entry>> {
    if fs::metadata(path).ok()?.len() > LARGEST {
        return None;
    }
    let whole: OnDisk = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    if whole.host != host.identity {
        return None;
    }
    let mut files = whole.files;
    for entry in files.values_mut() {
        entry.is_earlier = true;
    }
    Some(files)
}

/// Leaves out what was not used for long, and the oldest where there are too many.
fn tidy(files: &mut BTreeMap<String, Entry>, now: u64) {
    files.retain(|_, it| now.saturating_sub(it.used_ms) <= UNUSED_MS);
    let over = files.len().saturating_sub(REMEMBERED);
    let mut by_age: Vec<(u64, String)> = files
        .iter()
        .map(|(sha256, it)| (it.used_ms, sha256.clone()))
        .collect();
    by_age.sort_unstable();
    for (_, sha256) in by_age.into_iter().take(over) {
        files.remove(&sha256);
    }
}

impl Host {
    /// This program, at this version and build, with all libraries that it is linked with.
    fn of(executable: &Path) -> Option<Self> {
        let libraries = Libraries::linked();
        let mut identity = format!(
            "{} {} {}",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH
        );
        identify(&mut identity, &fs::metadata(executable).ok()?);
        identity.push_str(&libraries.identity);
        Some(Self {
            identity,
            libraries,
        })
    }

    fn has_all(&self, needed: &[String]) -> bool {
        let names = &self.libraries.names;
        needed
            .iter()
            .all(|it| names.iter().any(|library| library == &**it))
    }
}

impl Libraries {
    /// Looked up once in a process, by whoever is to load the first plugin: what is opened later is none of them.
    fn linked() -> &'static Self {
        static LINKED: OnceLock<Libraries> = OnceLock::new();
        LINKED.get_or_init(|| {
            let (mut identity, mut names) = (String::new(), Vec::new());
            for image in snapshot::images() {
                // The kernel's own, and the program's, have no file of such a name.
                let Ok(metadata) = fs::metadata(&image.path) else {
                    continue;
                };
                let _ = write!(identity, "; {}", image.path.display());
                identify(&mut identity, &metadata);
                names.extend(image.path.file_name().map(OsStr::to_owned));
                names.extend(image.soname);
            }
            Self { identity, names }
        })
    }
}

/// What is another one when the file is another one.
fn identify(identity: &mut String, metadata: &Metadata) {
    let modified = metadata.modified().ok();
    let modified = modified.and_then(|it| it.duration_since(UNIX_EPOCH).ok());
    let _ = write!(
        identity,
        " {} {:?} {:?}",
        metadata.len(),
        modified.unwrap_or_default(),
        files::version(metadata)
    );
}
