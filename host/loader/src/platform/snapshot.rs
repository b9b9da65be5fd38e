//! Snapshot of the process: what a library has left in it, measured around an unload, because `dlclose` tells nothing.
//!
//! Where a platform does not know something it is `None` or an empty list, which callers show as "not known here".

use std::{collections::BTreeMap, path::Path};

pub use super::{
    image::Image,
    process::{images, mapped_bytes, open_fds, resident_bytes, thread_count, thread_cpu_time},
};

/// What there is of the process at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProcessSnapshot {
    /// All threads of the process.
    pub thread_count: Option<usize>,
    /// All open descriptors of the process and what they lead to.
    pub fds: Option<BTreeMap<i32, String>>,
    /// Memory of the process that is in RAM.
    pub resident_bytes: Option<u64>,
}

impl ProcessSnapshot {
    /// Counts.
    #[must_use]
    pub fn take() -> Self {
        Self {
            thread_count: thread_count(),
            fds: open_fds(),
            resident_bytes: resident_bytes(),
        }
    }

    /// The descriptors that are open now and were not in an earlier snapshot, or led elsewhere. The host's own work opens
    /// descriptors, too: proof is what is still there when the process is quiet, as in the probe.
    #[must_use]
    pub fn fds_since(&self, earlier: &Self) -> BTreeMap<i32, String> {
        let before = earlier.fds.as_ref();
        let now = self.fds.iter().flatten();
        now.filter(|(fd, target)| before.is_some_and(|before| before.get(fd) != Some(target)))
            .map(|(fd, target)| (*fd, target.clone()))
            .collect()
    }
}

/// The library that an address belongs to: any function or static of it will do.
#[must_use]
pub fn address_range(address: usize) -> Option<Image> {
    images()
        .into_iter()
        .find(|image| (image.lo..image.hi).contains(&address))
}

/// The library that was opened by this name.
#[must_use]
pub fn image_of(path: &Path) -> Option<Image> {
    images().into_iter().find(|image| image.path == path)
}

/// Whether anything of a library is still mapped: the loader lists it, or the kernel has pages of its file.
///
/// The name decides, as it is never used again. The base alone proves nothing: another library may lie there by now.
#[must_use]
pub fn is_mapped(base: usize, path: &Path) -> Option<bool> {
    let listed = |image: &Image| {
        image.path == path || image.base == base && image.path.file_name() == path.file_name()
    };
    let bytes = mapped_bytes(path)?;
    Some(bytes > 0 || images().iter().any(listed))
}
