//! Charges: what a change adds to what its plugin keeps, counted before it is made, and refused beyond what it may keep.

use std::io;

use host_base::PluginName;

use super::{Files, Key, disk, entries};
use crate::disk::on_disk;

/// Charge to a quota: whose folder it is, and what will be there.
pub(super) struct Charge {
    pub(super) plugin: PluginName,
    pub(super) size: Size,
}

/// What will be there behind a change.
#[derive(Debug, Clone, Copy)]
pub(super) enum Size {
    /// No file.
    Gone,
    /// A file of so many bytes.
    Is(u64),
    /// A file of so many bytes where none is.
    Copied(u64),
    /// A file with so many more.
    More(u64),
    /// What was elsewhere below the same folder.
    Moved,
    /// A folder.
    Folder,
}

impl Files {
    /// Counts what a change will add, if it may, or take away; what it was.
    pub(super) async fn charge(
        &self,
        key: &Key,
        charge: Option<Charge>,
    ) -> io::Result<Option<(PluginName, i64)>> {
        let Some(Charge { plugin, size }) = charge else {
            return Ok(None);
        };
        let (root, path) = key.clone();
        let look = move || {
            let folders = disk::missing_folders(&root, path.names());
            let there = match size {
                // A folder may be there, or what stays as it is.
                Size::Folder | Size::Moved | Size::Copied(_) => None,
                _ => disk::size(&root, &path)?,
            };
            let there_is_none = !entries::stat(&root, &path)?.found;
            Ok((there, folders, there_is_none))
        };
        let (there, folders, is_new) = self.on_thread(look).await?;
        let will = match size {
            Size::Gone => 0,
            Size::Is(bytes) => on_disk(bytes) + folders,
            Size::More(bytes) => on_disk(there.unwrap_or_default() + bytes) + folders,
            Size::Copied(bytes) if is_new => on_disk(bytes) + folders,
            Size::Folder if is_new => on_disk(0) + folders,
            Size::Moved => folders,
            Size::Copied(_) | Size::Folder => 0,
        };
        let more = will.cast_signed() - there.map_or(0, on_disk).cast_signed();
        let counted = self.disk.add_files(&plugin, more);
        counted.map_err(|full| io::Error::new(io::ErrorKind::QuotaExceeded, full.to_string()))?;
        Ok(Some((plugin, more)))
    }
}
