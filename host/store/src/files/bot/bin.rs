//! Bin of the bot's folder: what was changed or taken away, kept, listed, found again, and emptied.
//!
//! A name in it is when it came there, a number, and the path that it had, with `/` as `%2F` and `%` as `%25`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use host_base::private;
use plugin_api::abi::{BotFileBin, BotFileChange, BotFileEmptied, BotFileKept};

use super::Place;
use crate::{files::path::Relative, storage::stamp};

/// What the bin keeps: so many files, and so many bytes.
const BIN: (usize, u64) = (100, 256 << 20);

/// Bytes of a path that are kept in a name: file systems have 255, and when it came takes some.
const LONGEST: usize = 200;

/// Begins the end of a path that was too long.
const CUT: &str = "%_";

/// Keeps what is at a path in the bin, `may_be_new` or not.
pub(super) fn keep(place: &Place, may_be_new: bool) -> io::Result<BotFileChange> {
    let mut change = BotFileChange::default();
    let whole = place
        .path
        .names()
        .iter()
        .fold(place.protected.root.clone(), |whole, name| whole.join(name));
    let seen = match fs::symlink_metadata(&whole) {
        Err(error) if may_be_new && error.kind() == io::ErrorKind::NotFound => return Ok(change),
        seen => seen?,
    };
    if !seen.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no plain file",
        ));
    }
    (change.existed, change.bytes) = (true, seen.len());
    let bin = folder(&place.config.data.folder);
    private::folder(&bin)?;
    let name = encoded(&place.path);
    let stamp = stamp();
    for number in 1.. {
        let kept = bin.join(format!("{stamp}-{number:03}-{name}"));
        if kept.exists() {
            continue;
        }
        fs::copy(&whole, &kept)?;
        fs::File::open(&kept)?.sync_all()?;
        change.kept = kept
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        break;
    }
    tidy(&bin, change.kept.as_deref());
    Ok(change)
}

/// Takes the oldest out of the bin that have no room in it, but for the one that has just come.
fn tidy(bin: &Path, newest: Option<&str>) {
    let entries = fs::read_dir(bin).into_iter().flatten().flatten();
    let mut all: Vec<(PathBuf, u64)> = entries
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?.len())))
        .collect();
    all.sort();
    let (mut count, mut bytes) = (all.len(), all.iter().map(|(_, bytes)| bytes).sum::<u64>());
    for (path, size) in all {
        let is_newest = path.file_name().and_then(|name| name.to_str()) == newest;
        if count <= BIN.0 && bytes <= BIN.1 {
            return;
        }
        // Within one second a number may come again: its name is then no sign of its age.
        if is_newest {
            continue;
        }
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(file = %path.display(), "it can't be taken out of the bin: {error}");
        }
        (count, bytes) = (count - 1, bytes - size);
    }
}

/// A path as a part of a name; of one that is too long, its end.
fn encoded(path: &Relative) -> String {
    let whole = path.to_string().replace('%', "%25").replace('/', "%2F");
    if whole.len() <= LONGEST {
        return whole;
    }
    let name = path.names().last().map_or("", |name| name);
    let name = name.replace('%', "%25");
    CUT.chars().chain(name.chars().take(40)).collect()
}

/// The path that stands in a name of the bin.
fn path_in(name: &str) -> Option<String> {
    // `2026-11-22T15-48-51-001-`
    let path = name.get(24..)?;
    let is_whole = !path.is_empty() && !path.starts_with(CUT);
    is_whole.then(|| path.replace("%2F", "/").replace("%25", "%"))
}

/// What is in the bin, the latest first.
pub(super) fn list(data: &Path) -> BotFileBin {
    let entries = fs::read_dir(folder(data)).into_iter().flatten().flatten();
    let mut bin = BotFileBin::default();
    for entry in entries {
        let (Ok(name), Ok(seen)) = (entry.file_name().into_string(), entry.metadata()) else {
            continue;
        };
        if !seen.is_file() {
            continue;
        }
        let mut kept = BotFileKept::default();
        (kept.path, kept.bytes) = (path_in(&name), seen.len());
        let came = seen.modified().ok();
        let came = came.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        kept.kept_ms = came.map_or(0, |at| at.as_millis().try_into().unwrap_or(u64::MAX));
        kept.name = name;
        bin.entries.push(kept);
    }
    bin.entries.sort_by(|a, b| b.name.cmp(&a.name));
    bin.entries.truncate(BIN.0);
    bin
}

/// Where a file of the bin goes: where it was, or where it is wanted.
pub(super) fn target(data: &Path, kept: &str, wanted: &str) -> Result<Relative, String> {
    inside(data, kept)?;
    let path = match wanted {
        "" => path_in(kept).ok_or("it is not known where it was: say where it is to go")?,
        wanted => wanted.to_owned(),
    };
    Relative::parse(&path)
}

/// Takes one file away for good, or all.
pub(super) fn empty(data: &Path, kept: &str) -> Result<BotFileEmptied, String> {
    let names = match kept {
        "" => list(data).entries.into_iter().map(|it| it.name).collect(),
        kept => vec![kept.to_owned()],
    };
    let mut emptied = BotFileEmptied::default();
    for name in names {
        let file = inside(data, &name)?;
        let bytes = fs::symlink_metadata(&file).map_or(0, |seen| seen.len());
        fs::remove_file(&file).map_err(|error| error.to_string())?;
        emptied.files += 1;
        emptied.bytes += bytes;
    }
    Ok(emptied)
}

/// A plain file of the bin.
pub(super) fn inside(data: &Path, kept: &str) -> Result<PathBuf, String> {
    let one = Relative::parse(kept)
        .ok()
        .filter(|path| path.names() == [kept]);
    let file = one.map(|_| folder(data).join(kept));
    let file = file.filter(|file| fs::symlink_metadata(file).is_ok_and(|seen| seen.is_file()));
    file.ok_or_else(|| {
        "there is nothing of that name in the bin: it keeps the last 100 files".to_owned()
    })
}

fn folder(data: &Path) -> PathBuf {
    data.join("bin")
}
