//! Work on a path that was checked: listed, read in parts, written whole; what was there before goes into the bin.

use std::{
    fs, io,
    io::{Read, Seek, SeekFrom},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use host_base::private;
use plugin_api::abi::{BotFileCall, BotFileChange, BotFileChunk, BotFileEntry, BotFileList};
use rustix::{
    fs::{
        AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, fstat, fsync, openat, renameat_with,
        statat, unlinkat,
    },
    io::Errno,
};

use super::{Place, protected::Access};
use crate::{
    files::{
        disk::{a_folder, regular, write_by},
        path::{Missing, Relative, UNFINISHED, folder, link},
    },
    storage::stamp,
};

/// Entries on a page.
const PAGE: usize = 500;

/// Bytes that are read at once.
const CHUNK: u64 = 1 << 20;

/// What is looked at on both sides of what is read, for a secret that is read in parts.
const AROUND: u64 = 16 << 10;

/// What the bin keeps: so many files, and so many bytes.
const BIN: (usize, u64) = (100, 256 << 20);

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

pub(super) fn write(place: &Place, bytes: &[u8]) -> io::Result<BotFileChange> {
    let change = keep(place, true)?;
    write_by(&place.protected.root, &place.path, |file| {
        io::Write::write_all(file, bytes)
    })?;
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

/// Keeps what is at a path in the bin, `may_be_new` or not.
fn keep(place: &Place, may_be_new: bool) -> io::Result<BotFileChange> {
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
    let bin = place.config.data.folder.join("bin");
    private::folder(&bin)?;
    let name = place.path.names().last().map_or("", |name| name);
    let name: String = name.chars().take(60).collect();
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

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}
