//! Entries of folders: told of, renamed, copied, made, appended to, read in parts; with nothing remembered.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use plugin_api::abi::FileStat;
use rustix::{
    fs::{
        AtFlags, FileType, Mode, OFlags, RenameFlags, Stat, fstat, fsync, openat, renameat,
        renameat_with, statat, unlinkat,
    },
    io::Errno,
};

use super::{
    disk::{missing_is_none, regular, write_by},
    path::{Missing, Relative, folder, link},
};

/// What stands at a path; the folder itself is one.
pub(super) fn stat(root: &Path, path: &Relative) -> io::Result<FileStat> {
    let found = match path.split() {
        None => missing_is_none(folder(root, &[], Missing::Fail))?
            .map(|at| fstat(&at))
            .transpose()?,
        Some((folders, name)) => match missing_is_none(folder(root, folders, Missing::Fail))? {
            None => None,
            Some(at) => match statat(&at, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => Some(stat),
                Err(Errno::NOENT) => None,
                Err(error) => return Err(error.into()),
            },
        },
    };
    found.map_or_else(|| Ok(FileStat::default()), |stat| told(&stat))
}

fn told(stat: &Stat) -> io::Result<FileStat> {
    let mut told = FileStat::default();
    told.found = true;
    told.folder = FileType::from_raw_mode(stat.st_mode).is_dir();
    if !told.folder {
        regular(stat)?;
        told.bytes = stat.st_size.try_into().unwrap_or(0);
    }
    let nanos = i64::try_from(stat.st_mtime_nsec).unwrap_or_default();
    told.modified_ms = stat
        .st_mtime
        .saturating_mul(1_000)
        .saturating_add(nanos / 1_000_000);
    Ok(told)
}

/// Gives a file or a folder another path below the same folder; `false` when there is none. What is there already stays.
pub(super) fn rename(root: &Path, from: &Relative, to: &Relative) -> io::Result<bool> {
    let (Some((folders, name)), Some((to_folders, to_name))) = (from.split(), to.split()) else {
        return Err(invalid("the plugin's folder itself keeps its place"));
    };
    if to.names().starts_with(from.names()) && to != from {
        return Err(invalid("a folder can't be moved into itself"));
    }
    if !stat(root, from)?.found {
        return Ok(false);
    }
    let at = folder(root, folders, Missing::Fail)?;
    let to_at = folder(root, to_folders, Missing::Make)?;
    let renamed = match renameat_with(&at, name, &to_at, to_name, RenameFlags::NOREPLACE) {
        // A file system that knows no such flag.
        Err(Errno::INVAL | Errno::NOSYS) => {
            if stat(root, to)?.found {
                return Err(is_there());
            }
            renameat(&at, name, &to_at, to_name)
        }
        renamed => renamed,
    };
    match renamed {
        Ok(()) => {}
        Err(Errno::EXIST) => return Err(is_there()),
        Err(error) => return Err(error.into()),
    }
    fsync(&to_at)?;
    fsync(&at)?;
    Ok(true)
}

/// Copies a file: the copy is there whole or not at all. `false` when there is none. What is there already stays.
pub(super) fn copy(root: &Path, from: &Relative, to: &Relative, most: u64) -> io::Result<bool> {
    let Some((file, stat)) = open(root, from)? else {
        return Ok(false);
    };
    if self::stat(root, to)?.found {
        return Err(is_there());
    }
    let bytes: u64 = stat.st_size.try_into().unwrap_or(0);
    if bytes > most {
        return Err(too_large(bytes, most));
    }
    // It may grow meanwhile: what is counted is what is copied.
    write_by(root, to, |copy| {
        io::copy(&mut file.take(bytes), copy).map(drop)
    })?;
    Ok(true)
}

/// Makes a folder, and those that are missing on the way to it; whether it was not there.
pub(super) fn make_folder(root: &Path, path: &Relative) -> io::Result<bool> {
    let is_new = !stat(root, path)?.found;
    let at = folder(root, path.names(), Missing::Make)?;
    fsync(&at)?;
    Ok(is_new)
}

/// Takes an empty folder away; `false` when there is none.
pub(super) fn remove_folder(root: &Path, path: &Relative) -> io::Result<bool> {
    let Some((folders, name)) = path.split() else {
        return Err(invalid("the plugin's folder itself keeps its place"));
    };
    let there = stat(root, path)?;
    if !there.found {
        return Ok(false);
    }
    if !there.folder {
        return Err(invalid("it is a file, not a folder"));
    }
    let at = folder(root, folders, Missing::Fail)?;
    match unlinkat(&at, name, AtFlags::REMOVEDIR) {
        Ok(()) => fsync(&at)?,
        Err(Errno::NOENT) => return Ok(false),
        Err(Errno::NOTEMPTY | Errno::EXIST) => return Err(invalid("the folder is not empty")),
        Err(error) => return Err(error.into()),
    }
    Ok(true)
}

/// Writes behind a file's end, which is made where there is none: on the disk when this returns. A crash may leave the beginning of
/// it; an error leaves the file as it was.
pub(super) fn append(root: &Path, path: &Relative, bytes: &[u8]) -> io::Result<()> {
    let Some((folders, name)) = path.split() else {
        return Err(invalid("it is a folder, not a file"));
    };
    let at = folder(root, folders, Missing::Make)?;
    let flags = OFlags::WRONLY
        | OFlags::APPEND
        | OFlags::CREATE
        | OFlags::NOFOLLOW
        | OFlags::CLOEXEC
        | OFlags::NONBLOCK;
    let file = openat(&at, name, flags, Mode::from_raw_mode(0o666)).map_err(link)?;
    let stat = fstat(&file)?;
    regular(&stat)?;
    let mut file = File::from(file);
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = file.set_len(stat.st_size.try_into().unwrap_or(0));
    }
    written?;
    if stat.st_size == 0 {
        fsync(&at)?;
    }
    Ok(())
}

/// As many bytes of a file as are wanted, from an offset on, and what it is; `None` when there is none.
pub(super) fn read_part(
    root: &Path,
    path: &Relative,
    offset: u64,
    length: u64,
) -> io::Result<Option<(Vec<u8>, FileStat)>> {
    let Some((mut file, stat)) = open(root, path)? else {
        return Ok(None);
    };
    let stat = told(&stat)?;
    let length = length.min(stat.bytes.saturating_sub(offset));
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    if length > 0 {
        file.seek(SeekFrom::Start(offset))?;
        file.take(length).read_to_end(&mut bytes)?;
    }
    Ok(Some((bytes, stat)))
}

fn open(root: &Path, path: &Relative) -> io::Result<Option<(File, Stat)>> {
    let Some((folders, name)) = path.split() else {
        return Err(invalid("it is a folder, not a file"));
    };
    let Some(at) = missing_is_none(folder(root, folders, Missing::Fail))? else {
        return Ok(None);
    };
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match openat(&at, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(link(error)),
    };
    let stat = fstat(&file)?;
    regular(&stat)?;
    Ok(Some((File::from(file), stat)))
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

fn is_there() -> io::Error {
    invalid("something is there already: take it away first")
}

fn too_large(bytes: u64, most: u64) -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("it has {bytes} bytes, and {most} are allowed (`files.max_file_bytes`)"),
    )
}
