//! Work on a path that was checked: listed, read in parts, written whole, restored out of the bin.

use std::{
    fs, io,
    io::{Read, Seek, SeekFrom},
    os::fd::OwnedFd,
};

use plugin_api::abi::{BotFileCall, BotFileChange, BotFileChunk, BotFileEntry, BotFileList};
use rustix::{
    fs::{
        AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, Stat, fstat, fsync, openat,
        renameat_with, statat, unlinkat,
    },
    io::Errno,
};

use super::{
    Place,
    bin::{self, keep},
    protected::Access,
};
use crate::files::{
    disk::{a_folder, regular, write_by},
    path::{Missing, Relative, UNFINISHED, folder, link},
};

/// Entries on a page.
const PAGE: usize = 500;

/// Bytes that are read at once.
const CHUNK: u64 = 1 << 20;

/// What is looked at on both sides of what is read, for a secret that is read in parts.
const AROUND: u64 = 16 << 10;

pub(super) fn list(place: &Place, about: &BotFileCall) -> io::Result<BotFileList> {
    place.readable().map_err(refused)?;
    let names = place.path.names();
    let at = folder(&place.protected.root, names, Missing::Fail)?;
    let after = about.after.as_deref().unwrap_or_default();
    let mut all = Vec::new();
    for entry in Dir::read_from(&at)? {
        let entry = entry?;
        match entry.file_name().to_str() {
            Ok("." | "..") | Err(_) => {}
            Ok(name) if name.starts_with(UNFINISHED) || name <= after => {}
            Ok(name) => all.push(name.to_owned()),
        }
    }
    all.sort_unstable();
    let limit = about.limit.map_or(PAGE, |limit| limit as usize);
    let limit = limit.clamp(1, PAGE);
    let mut list = BotFileList::default();
    for name in all {
        let Some(seen) = entry(place, &at, name) else {
            continue;
        };
        if list.entries.len() == limit {
            list.next = list.entries.last().map(|last| last.name.clone());
            break;
        }
        list.entries.push(seen);
    }
    Ok(list)
}

/// An entry of a folder, unless it is protected, no file and no folder, or has gone meanwhile.
fn entry(place: &Place, at: &OwnedFd, name: String) -> Option<BotFileEntry> {
    let stat = statat(at, &*name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    let kind = FileType::from_raw_mode(stat.st_mode);
    let names = [place.path.names(), std::slice::from_ref(&name)].concat();
    let path = Relative::parse(&names.join("/")).ok()?;
    let is_shown = kind.is_file() || kind.is_dir();
    if !is_shown || place.protected.check(&path, Access::Read).is_err() {
        return None;
    }
    let mut seen = BotFileEntry::default();
    seen.folder = kind.is_dir();
    if kind.is_file() {
        seen.bytes = stat.st_size.cast_unsigned();
    }
    seen.modified_ms = stat.st_mtime.saturating_mul(1_000).cast_unsigned();
    seen.read_only = place.protected.check(&path, Access::Write).is_err();
    seen.name = name;
    Some(seen)
}

/// A part of a file, and the same with what is around it.
pub(super) fn read(
    place: &Place,
    about: &BotFileCall,
) -> io::Result<(BotFileChunk, Vec<u8>, Vec<u8>)> {
    let none = || Ok((BotFileChunk::default(), Vec::new(), Vec::new()));
    let Some((folders, name)) = place.path.split() else {
        return Err(a_folder());
    };
    let at = match folder(&place.protected.root, folders, Missing::Fail) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return none(),
        at => at?,
    };
    // A pipe that somebody put there must not hold the thread.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match openat(&at, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return none(),
        Err(error) => return Err(link(error)),
    };
    let stat = fstat(&file)?;
    regular(&stat)?;
    let mut chunk = BotFileChunk::default();
    chunk.found = true;
    chunk.bytes = stat.st_size.cast_unsigned();
    chunk.modified_ms = stat.st_mtime.saturating_mul(1_000).cast_unsigned();
    chunk.version = version(&stat);
    let length = about.length.map_or(CHUNK, u64::from).min(CHUNK);
    let offset = about
        .offset
        .unwrap_or(if about.from_end { length } else { 0 });
    chunk.offset = match about.from_end {
        true => chunk.bytes.saturating_sub(offset),
        false => offset.min(chunk.bytes),
    };
    chunk.end = chunk.offset.saturating_add(length).min(chunk.bytes);
    let begin = chunk.offset.saturating_sub(AROUND);
    let wanted = chunk.end.saturating_add(AROUND) - begin;
    let mut file = fs::File::from(file);
    file.seek(SeekFrom::Start(begin))?;
    let mut around = Vec::new();
    file.take(wanted).read_to_end(&mut around)?;
    // It may have become shorter meanwhile.
    let part =
        |at: u64| usize::try_from(at - begin).map_or(around.len(), |at| at.min(around.len()));
    let body = around[part(chunk.offset)..part(chunk.end)].to_vec();
    chunk.end = chunk.offset + body.len() as u64;
    Ok((chunk, around, body))
}

/// What changes with every change of a file, of its names and of its rights: somebody who writes in it, and somebody who puts another
/// one in its place.
fn version(stat: &Stat) -> String {
    let changed = (stat.st_ctime, stat.st_ctime_nsec);
    let written = (stat.st_mtime, stat.st_mtime_nsec);
    format!(
        "{:x}-{:x}-{:x}.{:x}-{:x}.{:x}",
        stat.st_ino, stat.st_size, changed.0, changed.1, written.0, written.1
    )
}

/// Whether the file is still the one of that version.
fn unchanged(place: &Place, wanted: &str) -> io::Result<()> {
    let there = match place.path.split() {
        None => String::new(),
        Some((folders, name)) => {
            let at = folder(&place.protected.root, folders, Missing::Fail);
            let stat = at.and_then(|at| Ok(statat(&at, name, AtFlags::SYMLINK_NOFOLLOW)?));
            match stat {
                Ok(stat) => version(&stat),
                Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
                Err(error) => return Err(error),
            }
        }
    };
    let why = match (there == wanted, wanted.is_empty(), there.is_empty()) {
        (true, ..) => return Ok(()),
        (_, true, _) => "there is something of that name already: pick another one",
        (.., true) => "somebody has taken it away since it was read; nothing was written",
        _ => "somebody has changed it since it was read, and nothing was written: read it again",
    };
    Err(io::Error::new(io::ErrorKind::AlreadyExists, why))
}

/// Makes a folder; whether it was there.
pub(super) fn make_folder(place: &Place) -> io::Result<BotFileChange> {
    let (root, names) = (&place.protected.root, place.path.names());
    let mut change = BotFileChange::default();
    change.existed = folder(root, names, Missing::Fail).is_ok();
    folder(root, names, Missing::Make)?;
    Ok(change)
}

pub(super) fn write(
    place: &Place,
    wanted: Option<&str>,
    bytes: &[u8],
) -> io::Result<BotFileChange> {
    wanted.map_or(Ok(()), |wanted| unchanged(place, wanted))?;
    let change = keep(place, true)?;
    write_by(&place.protected.root, &place.path, |file| {
        io::Write::write_all(file, bytes)
    })?;
    Ok(change)
}

/// Takes a file out of the bin, to the place's path, which was looked at.
pub(super) fn restore(place: &Place, kept: &str) -> Result<BotFileChange, String> {
    let file = bin::inside(&place.config.data.folder, kept)?;
    let bytes = fs::read(&file).map_err(|error| error.to_string())?;
    let change = write(place, None, &bytes).map_err(super::sentence_of)?;
    // Its content is where it was wanted: a second copy in the bin would do no harm.
    if let Err(error) = fs::remove_file(&file) {
        tracing::warn!(file = %file.display(), "it can't be taken out of the bin: {error}");
    }
    Ok(change)
}

/// Takes a file away, into the bin, or a folder that is empty.
pub(super) fn remove(place: &Place) -> io::Result<BotFileChange> {
    let Some((folders, name)) = place.path.split() else {
        return Err(a_folder());
    };
    let at = match folder(&place.protected.root, folders, Missing::Fail) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(BotFileChange::default());
        }
        at => at?,
    };
    let Ok(stat) = statat(&at, name, AtFlags::SYMLINK_NOFOLLOW) else {
        return Ok(BotFileChange::default());
    };
    if FileType::from_raw_mode(stat.st_mode).is_dir() {
        unlinkat(&at, name, AtFlags::REMOVEDIR)?;
        fsync(&at)?;
        let mut change = BotFileChange::default();
        change.existed = true;
        return Ok(change);
    }
    let change = keep(place, false)?;
    unlinkat(&at, name, AtFlags::empty())?;
    fsync(&at)?;
    Ok(change)
}

/// Moves a file or folder to where nothing is.
pub(super) fn rename(place: &Place, to: &Relative) -> io::Result<BotFileChange> {
    let (Some((from_folders, from)), Some((to_folders, to_name))) =
        (place.path.split(), to.split())
    else {
        return Err(a_folder());
    };
    let root = &place.protected.root;
    let source = folder(root, from_folders, Missing::Fail)?;
    let stat = statat(&source, from, AtFlags::SYMLINK_NOFOLLOW)?;
    if !FileType::from_raw_mode(stat.st_mode).is_dir() {
        regular(&stat)?;
    }
    let target = folder(root, to_folders, Missing::Make)?;
    renameat_with(&source, from, &target, to_name, RenameFlags::NOREPLACE).map_err(|error| {
        match error {
            Errno::EXIST => io::Error::new(
                io::ErrorKind::AlreadyExists,
                "something is there already: remove that first",
            ),
            error => error.into(),
        }
    })?;
    fsync(&source)?;
    fsync(&target)?;
    let mut change = BotFileChange::default();
    (change.existed, change.bytes) = (true, stat.st_size.cast_unsigned());
    Ok(change)
}

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}
