//! Stamp of a file: what changes with whatever happens to it, so that it need not be read to know that it is as it was.

use std::{
    fs::{self, Metadata},
    path::Path,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use crate::platform::files;

/// How long a file must have lain still when it was read: of two changes within a tick of the clock the second leaves the times as they are.
const STILL: Duration = Duration::from_secs(2);

/// Of a file that anybody may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    modified: SystemTime,
    /// Its size.
    pub(crate) len: u64,
    /// Its inode, and when that was changed, which nobody can set.
    version: (u64, i64, i64),
}

/// Of a private copy, which gets further names in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CopyStamp {
    modified: SystemTime,
    len: u64,
    inode: u64,
}

impl Stamp {
    /// That of what lies there; `None` where nothing does, or its times are not known. File work.
    pub(crate) fn of(file: &Path) -> Option<Self> {
        let metadata = fs::metadata(file).ok()?;
        Some(Self {
            modified: metadata.modified().ok()?,
            len: metadata.len(),
            version: files::version(&metadata),
        })
    }

    /// Whether a file with this stamp that is read from now on will have another one after its next change.
    pub(crate) fn is_settled(&self, now: SystemTime) -> bool {
        let (_, seconds, _) = self.version;
        let changed = Duration::from_secs(seconds.max(0).unsigned_abs());
        let changed = SystemTime::UNIX_EPOCH + changed;
        let lies_still = |since| now.duration_since(since).is_ok_and(|it| it > STILL);
        // By whole seconds the change may have been nearly one later.
        lies_still(self.modified) && lies_still(changed + Duration::from_secs(1))
    }
}

impl CopyStamp {
    /// That of what lies there. File work.
    pub(crate) fn of(file: &Path) -> Option<Self> {
        Self::read(&fs::metadata(file).ok()?)
    }

    fn read(metadata: &Metadata) -> Option<Self> {
        let (inode, ..) = files::version(metadata);
        Some(Self {
            modified: metadata.modified().ok()?,
            len: metadata.len(),
            inode,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_happens_to_a_file_changes_its_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "1").unwrap();
        let mut seen = vec![Stamp::of(&path).unwrap()];
        let mut is_new = || {
            let stamp = Stamp::of(&path).unwrap();
            let is_new = !seen.contains(&stamp);
            seen.push(stamp);
            is_new
        };
        assert!(!is_new());
        fs::write(&path, "22").unwrap();
        assert!(is_new(), "another size");
        let other = folder.path().join("other");
        fs::write(&other, "33").unwrap();
        fs::rename(&other, &path).unwrap();
        assert!(is_new(), "another inode");
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(is_new(), "another time");
    }

    #[test]
    fn a_file_that_was_just_written_is_not_settled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "1").unwrap();
        let stamp = Stamp::of(&path).unwrap();
        let now = SystemTime::now();
        assert!(!stamp.is_settled(now));
        assert!(stamp.is_settled(now + Duration::from_secs(10)));
        // Its time can be set back; that this was done can't.
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(!Stamp::of(&path).unwrap().is_settled(now));
        // A clock that was set back.
        assert!(!stamp.is_settled(SystemTime::UNIX_EPOCH));
    }

    #[test]
    fn another_name_does_not_change_the_stamp_of_a_copy() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("copy"), folder.path().join("link"));
        fs::write(&path, "1").unwrap();
        let stamp = CopyStamp::of(&path);
        fs::hard_link(&path, &link).unwrap();
        assert!(stamp.is_some() && CopyStamp::of(&link) == stamp);
        fs::remove_file(&path).unwrap();
        assert_eq!(CopyStamp::of(&link), stamp);
        fs::write(&path, "1").unwrap();
        assert_ne!(CopyStamp::of(&path), stamp);
    }
}
