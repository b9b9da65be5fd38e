//! Reads and atomic writes of files, with nothing remembered.

use std::{
    fs::{DirEntry, File},
    hash::{BuildHasher, RandomState},
    io::{self, Read, Write},
    os::fd::OwnedFd,
    path::Path,
    time::SystemTime,
};

use rustix::{
    fs::{
        AtFlags, Dir, FileType, Mode, OFlags, Stat, fchmod, fstat, fsync, openat, renameat, statat,
        unlinkat,
    },
    io::Errno,
};
use serde::Serialize;

use super::path::{Missing, Relative, UNFINISHED, folder, link};
use crate::disk::on_disk;

/// Identity of a file's contents: who writes it anew changes its inode or its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    size: i64,
    changed: (i64, i64),
    modified: (i64, i64),
}

impl Stamp {
    fn of(stat: &Stat) -> Self {
        Self {
            inode: stat.st_ino,
            size: stat.st_size,
            changed: (stat.st_ctime, stat.st_ctime_nsec as i64),
            modified: (stat.st_mtime, stat.st_mtime_nsec as i64),
        }
    }
}

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct FolderEntry {
    name: String,
    folder: bool,
    bytes: u64,
}

/// The stamp of a file; `None` when there is none.
pub(super) fn stamp(root: &Path, path: &Relative) -> io::Result<Option<Stamp>> {
    let Some((folders, name)) = path.split() else {
        return Err(a_folder());
    };
    let stat = missing_is_none(folder(root, folders, Missing::Fail))?
        .map(|at| statat(&at, name, AtFlags::SYMLINK_NOFOLLOW));
    match stat {
        None | Some(Err(Errno::NOENT)) => Ok(None),
        Some(Err(error)) => Err(error.into()),
        Some(Ok(stat)) => {
            regular(&stat)?;
            Ok(Some(Stamp::of(&stat)))
        }
    }
}

/// A file's bytes and stamp; `None` when there is none.
pub(super) fn read(
    root: &Path,
    path: &Relative,
    most: u64,
) -> io::Result<Option<(Vec<u8>, Stamp)>> {
    let Some((folders, name)) = path.split() else {
        return Err(a_folder());
    };
    let Some(at) = missing_is_none(folder(root, folders, Missing::Fail))? else {
        return Ok(None);
    };
    // A pipe that somebody put there must not hold the thread.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match openat(&at, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(link(error)),
    };
    let stat = fstat(&file)?;
    regular(&stat)?;
    too_large(stat.st_size.try_into().unwrap_or(0), most)?;
    let mut bytes = Vec::with_capacity(usize::try_from(stat.st_size).unwrap_or(0));
    File::from(file).take(most + 1).read_to_end(&mut bytes)?;
    too_large(bytes.len() as u64, most)?;
    Ok(Some((bytes, Stamp::of(&stat))))
}

/// Writes a file: beside the old one, synced, then in its place, with the old one's mode. A crash leaves the old or the new
/// one, whole.
pub(super) fn write(root: &Path, path: &Relative, bytes: &[u8]) -> io::Result<Stamp> {
    write_by(root, path, |file| file.write_all(bytes))
}

/// As [`write`], with what `fill` writes.
pub(super) fn write_by(
    root: &Path,
    path: &Relative,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<Stamp> {
    let Some((folders, name)) = path.split() else {
        return Err(a_folder());
    };
    let at = folder(root, folders, Missing::Make)?;
    let mode = match statat(&at, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => {
            regular(&stat)?;
            Some(Mode::from_raw_mode(stat.st_mode & 0o7777))
        }
        Err(Errno::NOENT) => None,
        Err(error) => return Err(error.into()),
    };
    let unfinished = format!("{UNFINISHED}{:016x}", RandomState::new().hash_one(name));
    let written = write_beside(&at, &unfinished, mode, fill).and_then(|stamp| {
        renameat(&at, &*unfinished, &at, name)?;
        fsync(&at)?;
        Ok(stamp)
    });
    if written.is_err() {
        let _ = unlinkat(&at, &*unfinished, AtFlags::empty());
    }
    // The rename has changed the times.
    written?;
    stamp(root, path)?.ok_or_else(|| io::ErrorKind::NotFound.into())
}

fn write_beside(
    at: &OwnedFd,
    name: &str,
    mode: Option<Mode>,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(at, name, flags, Mode::from_raw_mode(0o666))?;
    if let Some(mode) = mode {
        fchmod(&file, mode)?;
    }
    let mut file = File::from(file);
    fill(&mut file)?;
    file.sync_all()
}

/// Takes a file away; `false` when there is none.
pub(super) fn remove(root: &Path, path: &Relative) -> io::Result<bool> {
    if stamp(root, path)?.is_none() {
        return Ok(false);
    }
    let Some((folders, name)) = path.split() else {
        return Err(a_folder());
    };
    let at = folder(root, folders, Missing::Fail)?;
    match unlinkat(&at, name, AtFlags::empty()) {
        Ok(()) => {
            fsync(&at)?;
            Ok(true)
        }
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What lies in a folder, by name; empty when there is no such folder. Links are left out.
pub(super) fn list(root: &Path, path: &Relative) -> io::Result<Vec<FolderEntry>> {
    let Some(at) = missing_is_none(folder(root, path.names(), Missing::Fail))? else {
        return Ok(Vec::new());
    };
    let mut entries = Vec::new();
    for entry in Dir::read_from(&at)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else {
            continue;
        };
        if matches!(name, "." | "..") || name.starts_with(UNFINISHED) {
            continue;
        }
        // It may have gone meanwhile.
        let Ok(stat) = statat(&at, name, AtFlags::SYMLINK_NOFOLLOW) else {
            continue;
        };
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind.is_file() || kind.is_dir() {
            entries.push(FolderEntry {
                name: name.to_owned(),
                folder: kind.is_dir(),
                bytes: if kind.is_file() {
                    stat.st_size.try_into().unwrap_or(0)
                } else {
                    0
                },
            });
        }
    }
    entries.sort();
    Ok(entries)
}

/// What the folders take that are missing on the way to a path.
pub(super) fn missing_folders(root: &Path, names: &[String]) -> u64 {
    let is_missing = |depth: &usize| {
        let opened = folder(root, &names[..*depth], Missing::Fail);
        matches!(opened, Err(error) if error.kind() == io::ErrorKind::NotFound)
    };
    (0..names.len())
        .filter(is_missing)
        .map(|_| on_disk(0))
        .sum()
}

/// The size of a file; `None` for none.
pub(super) fn size(root: &Path, path: &Relative) -> io::Result<Option<u64>> {
    Ok(stamp(root, path)?.map(|stamp| stamp.size.cast_unsigned()))
}

/// What a folder takes with all that is in it.
pub(super) fn total(root: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(root) else {
        return 0;
    };
    let of = |entry: DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => total(&entry.path()),
        _ => on_disk(entry.metadata().map_or(0, |metadata| metadata.len())),
    };
    on_disk(0) + entries.flatten().map(of).sum::<u64>()
}

/// Removes what a crash left half written in a folder: what was last written to before `started`, so that nothing is taken
/// from somebody who writes meanwhile.
pub(super) fn sweep(root: &Path, started: SystemTime) {
    let Ok(entries) = std::fs::read_dir(root) else {
        return;
    };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            sweep(&entry.path(), started);
        } else {
            sweep_file(&entry, started);
        }
    }
}

/// As [`sweep`], without the folders in it.
pub(super) fn sweep_flat(folder: &Path, started: SystemTime) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        sweep_file(&entry, started);
    }
}

fn sweep_file(entry: &DirEntry, started: SystemTime) {
    let ours = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
    let modified = || entry.metadata().and_then(|metadata| metadata.modified());
    if ours && modified().is_ok_and(|modified| modified <= started) {
        let _ = std::fs::remove_file(entry.path());
    }
}

pub(super) fn regular(stat: &Stat) -> io::Result<()> {
    let kind = FileType::from_raw_mode(stat.st_mode);
    if kind.is_file() {
        return Ok(());
    }
    if kind.is_symlink() {
        return Err(link(Errno::LOOP));
    }
    if kind.is_dir() {
        return Err(a_folder());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is no plain file, but a device, a pipe or a socket",
    ))
}

pub(super) fn a_folder() -> io::Error {
    io::Error::new(io::ErrorKind::IsADirectory, "it is a folder, not a file")
}

fn too_large(bytes: u64, most: u64) -> io::Result<()> {
    if bytes <= most {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("it has {bytes} bytes, and {most} are allowed (`files.max_file_bytes`)"),
    ))
}

pub(super) fn missing_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
