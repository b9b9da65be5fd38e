//! What a library has left in the process: measured around an unload, because `dlclose` tells nothing.
//!
//! Measured on Linux. Elsewhere the answer is `None` or an empty list, which callers show as "not known here".

#![allow(
    unsafe_code,
    reason = "the loader's list of libraries is reached through libc alone"
)]

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::Duration,
};

use super::interpose::Tid;

#[cfg(not(target_os = "linux"))]
use elsewhere as os;
#[cfg(target_os = "linux")]
use linux as os;

/// Where a library lies in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What the loader added to the file's addresses.
    pub base: usize,
    /// The first address.
    pub lo: usize,
    /// The address behind the last.
    pub hi: usize,
    /// The name that the library was opened by; empty for the executable.
    pub path: PathBuf,
    /// The name that others know it by (`DT_SONAME`).
    pub soname: Option<OsString>,
    /// The libraries that it is linked with (`DT_NEEDED`).
    pub needed: Vec<OsString>,
}

impl Image {
    /// Whether a library that was opened or linked by this name is this one.
    #[must_use]
    pub fn is_called(&self, name: &OsStr) -> bool {
        let file = Path::new(name).file_name();
        self.soname.as_deref() == Some(name)
            || self.path == Path::new(name)
            || file.is_some() && self.path.file_name() == file
    }
}

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
    os::images()
        .into_iter()
        .find(|image| (image.lo..image.hi).contains(&address))
}

/// The library that was opened by this name.
#[must_use]
pub fn image_of(path: &Path) -> Option<Image> {
    os::images().into_iter().find(|image| image.path == path)
}

/// All that the loader lists, the executable first.
#[must_use]
pub fn images() -> Vec<Image> {
    os::images()
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
    Some(bytes > 0 || os::images().iter().any(listed))
}

/// How many bytes are mapped of a file, or of all files in a folder, whether or not they still have their names.
#[must_use]
pub fn mapped_bytes(path: &Path) -> Option<u64> {
    os::mapped_bytes(path)
}

/// The open descriptors of the process and what each leads to, such as `/dev/null` or `socket:[4711]`. The descriptor by
/// which they are counted is left out.
#[must_use]
pub fn open_fds() -> Option<BTreeMap<i32, String>> {
    os::open_fds()
}

/// How many threads the process has. One that was joined may be counted for a moment longer.
#[must_use]
pub fn thread_count() -> Option<usize> {
    os::thread_count()
}

/// The processor time that a thread of this process has used; `None` when there is no such thread (any more).
#[must_use]
pub fn thread_cpu_time(tid: Tid) -> Option<Duration> {
    os::thread_cpu_time(tid)
}

/// How much memory of the process is in RAM.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    os::resident_bytes()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        ffi::{CStr, c_char, c_int, c_void},
        fs,
        ops::Range,
        os::unix::ffi::OsStrExt,
        slice, str,
    };

    use super::*;

    pub(super) fn images() -> Vec<Image> {
        /// Called by the loader with its lock held; it must not unwind.
        unsafe extern "C" fn note(
            info: *mut libc::dl_phdr_info,
            _size: usize,
            images: *mut c_void,
        ) -> c_int {
            // SAFETY: the loader's description of one library, valid during the call, and the list passed below.
            let (info, images) = unsafe { (&*info, &mut *images.cast::<Vec<Image>>()) };
            if info.dlpi_phdr.is_null() || info.dlpi_name.is_null() {
                return 0;
            }
            let base = info.dlpi_addr as usize;
            // SAFETY: the loader's table and its length, and a string of the loader's.
            let (headers, name) = unsafe {
                (
                    slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()),
                    CStr::from_ptr(info.dlpi_name),
                )
            };
            let segments = headers
                .iter()
                .filter(|header| header.p_type == libc::PT_LOAD)
                .map(|header| {
                    let lo = base.wrapping_add(header.p_vaddr as usize);
                    (lo, lo.wrapping_add(header.p_memsz as usize))
                });
            if let Some((lo, hi)) = segments.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
            {
                // SAFETY: mapped, as the loader lists it.
                let names = unsafe { names_of(headers, base, lo..hi) };
                images.push(Image {
                    base,
                    lo,
                    hi,
                    path: OsStr::from_bytes(name.to_bytes()).into(),
                    soname: names.0,
                    needed: names.1,
                });
            }
            0
        }
        let mut images = Vec::new();
        // SAFETY: `note` gets the list that it expects.
        unsafe { libc::dl_iterate_phdr(Some(note), (&raw mut images).cast()) };
        images
    }

    /// A library's own name, and those of the libraries that it needs.
    ///
    /// # Safety
    ///
    /// A library whose tables the loader has read, and which stays mapped meanwhile.
    unsafe fn names_of(
        headers: &[libc::Elf64_Phdr],
        base: usize,
        image: Range<usize>,
    ) -> (Option<OsString>, Vec<OsString>) {
        /// One entry of the table: what it is, and a number or an address.
        #[repr(C)]
        struct Entry {
            tag: u64,
            value: usize,
        }
        const NEEDED: u64 = 1;
        const STRINGS: u64 = 5;
        const SONAME: u64 = 14;
        let Some(table) = headers
            .iter()
            .find(|header| header.p_type == libc::PT_DYNAMIC)
        else {
            return (None, Vec::new());
        };
        let at = base.wrapping_add(table.p_vaddr as usize);
        let count = table.p_memsz as usize / size_of::<Entry>();
        // SAFETY: the table lies where the header says.
        let entries = unsafe { slice::from_raw_parts(at as *const Entry, count) };
        let end = entries.iter().position(|entry| entry.tag == 0);
        let entries = &entries[..end.unwrap_or(count)];
        // The loader has made an address of it, but for libraries of the kernel's.
        let strings = entries.iter().find(|entry| entry.tag == STRINGS);
        let strings = strings.map_or(0, |entry| entry.value);
        let text = |entry: &Entry| {
            let at = strings.wrapping_add(entry.value);
            // SAFETY: a string of the library's own.
            let text = image
                .contains(&at)
                .then(|| unsafe { CStr::from_ptr(at as *const c_char) })?;
            Some(OsStr::from_bytes(text.to_bytes()).to_owned())
        };
        let all = |tag| {
            let of = entries.iter().filter(move |entry| entry.tag == tag);
            of.filter_map(text)
        };
        let soname = all(SONAME).next();
        (soname, all(NEEDED).collect())
    }

    pub(super) fn mapped_bytes(path: &Path) -> Option<u64> {
        // The kernel tells the file's real path, where the folder may have been reached through links. The file itself may
        // be deleted by now, which the kernel says behind the path.
        let folder = path
            .parent()
            .and_then(|folder| fs::canonicalize(folder).ok());
        let real = fs::canonicalize(path)
            .ok()
            .or_else(|| Some(folder?.join(path.file_name()?)));
        let maps = fs::read("/proc/self/maps").ok()?;
        if path.as_os_str().is_empty() {
            // The executable's name, which every path would begin with.
            return Some(0);
        }
        let bytes = maps
            .split(|byte| *byte == b'\n')
            .filter_map(mapping)
            .filter(|(file, _)| {
                let file = Path::new(OsStr::from_bytes(
                    file.strip_suffix(b" (deleted)").unwrap_or(file),
                ));
                file.starts_with(path) || real.as_ref().is_some_and(|real| file.starts_with(real))
            });
        Some(bytes.map(|(_, bytes)| bytes).sum())
    }

    /// File and length of a line such as `7f00-7f10 r-xp 00001000 08:01 42    /usr/lib/libc.so.6`.
    fn mapping(line: &[u8]) -> Option<(&[u8], u64)> {
        let range = line.split(|byte| *byte == b' ').next()?;
        let (lo, hi) = str::from_utf8(range).ok()?.split_once('-')?;
        let file = &line[line.iter().position(|byte| *byte == b'/')?..];
        let address = |text| u64::from_str_radix(text, 16).ok();
        Some((file, address(hi)?.checked_sub(address(lo)?)?))
    }

    pub(super) fn open_fds() -> Option<BTreeMap<i32, String>> {
        const FOLDER: &str = "/proc/self/fd";
        // What the descriptor that reads the folder leads to.
        let itself = fs::canonicalize(FOLDER).ok()?;
        let fds = fs::read_dir(FOLDER).ok()?.flatten().filter_map(|entry| {
            let fd = entry.file_name().to_str()?.parse().ok()?;
            let target = fs::read_link(entry.path()).ok()?;
            (target != itself).then(|| (fd, target.to_string_lossy().into_owned()))
        });
        Some(fds.collect())
    }

    pub(super) fn thread_count() -> Option<usize> {
        Some(fs::read_dir("/proc/self/task").ok()?.flatten().count())
    }

    pub(super) fn thread_cpu_time(tid: Tid) -> Option<Duration> {
        /// The kernel's own limit. A larger number would be another clock's.
        const MOST: Tid = 1 << 22;
        if !(1..=MOST).contains(&tid) {
            return None;
        }
        // The kernel's number for "scheduled time of that thread", the one that `pthread_getcpuclockid` computes:
        // it takes a living `pthread_t`, which only the thread's creator has.
        const OF_A_THREAD: i32 = 4;
        const SCHEDULED: i32 = 2;
        let clock = !tid << 3 | OF_A_THREAD | SCHEDULED;
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the time is ours to write.
        let answer = unsafe { libc::clock_gettime(clock, &raw mut time) };
        (answer == 0).then(|| Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
    }

    pub(super) fn resident_bytes() -> Option<u64> {
        let statm = fs::read_to_string("/proc/self/statm").ok()?;
        let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
        // SAFETY: no preconditions.
        let page = u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).ok()?;
        Some(pages * page)
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::*;

    pub(super) fn images() -> Vec<Image> {
        Vec::new()
    }

    pub(super) fn mapped_bytes(_path: &Path) -> Option<u64> {
        None
    }

    pub(super) fn open_fds() -> Option<BTreeMap<i32, String>> {
        None
    }

    pub(super) fn thread_count() -> Option<usize> {
        None
    }

    pub(super) fn thread_cpu_time(_tid: Tid) -> Option<Duration> {
        None
    }

    pub(super) fn resident_bytes() -> Option<u64> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{fs::File, os::fd::AsRawFd, sync::mpsc, thread, time::Instant};

    use super::*;

    #[test]
    fn an_address_leads_to_its_library() {
        let here = address_range(an_address_leads_to_its_library as *const () as usize).unwrap();
        assert_eq!(here.path, Path::new(""), "a test is an executable");
        let libc = address_range(libc::getpid as *const () as usize).unwrap();
        assert!(libc.path.to_string_lossy().contains("libc"), "{libc:?}");
        assert!(libc.hi <= here.lo || here.hi <= libc.lo);
        assert_eq!(address_range(8), None);
        assert!(
            libc.is_called(OsStr::new("libc.so.6")) && !libc.is_called(OsStr::new("libm.so.6"))
        );
        assert!(
            here.needed.iter().any(|name| libc.is_called(name)),
            "{here:?}"
        );
        assert_eq!(is_mapped(libc.base, &libc.path), Some(true));
        assert_eq!(
            is_mapped(libc.base, Path::new("/nowhere/libplugin.so")),
            Some(false)
        );
        let bytes = mapped_bytes(&libc.path).unwrap();
        assert!(bytes >= 1_000_000 && bytes <= mapped_bytes(libc.path.parent().unwrap()).unwrap());
        assert_eq!(mapped_bytes(Path::new("")), Some(0));
    }

    #[test]
    fn a_descriptor_is_counted_once_and_told_from_earlier_ones() {
        let before = ProcessSnapshot::take();
        let file = File::open("/dev/null").unwrap();
        let after = ProcessSnapshot::take();
        assert_eq!(
            after
                .fds_since(&before)
                .get(&file.as_raw_fd())
                .map(String::as_str),
            Some("/dev/null")
        );
        let fds = after.fds.unwrap();
        assert!(
            fds.values().all(|target| !target.ends_with("/fd")),
            "{fds:?}"
        );
    }

    #[test]
    fn a_thread_is_counted_and_its_time_is_its_own() {
        let (tell, tid) = mpsc::channel();
        let (release, wait) = mpsc::channel::<()>();
        let busy = thread::spawn(move || {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(30) {}
            // SAFETY: no preconditions.
            tell.send(unsafe { libc::syscall(libc::SYS_gettid) } as Tid)
                .unwrap();
            let _ = wait.recv();
        });
        let tid = tid.recv().unwrap();
        assert!(thread_count().unwrap() >= 2);
        let used = thread_cpu_time(tid).unwrap();
        // Other tests compete for the processor, so it may have had less than it wanted, and never more.
        assert!(
            used > Duration::ZERO && used < Duration::from_secs(5),
            "{used:?}"
        );
        drop(release);
        busy.join().unwrap();
        assert_eq!(
            (thread_cpu_time(0), thread_cpu_time(Tid::MAX)),
            (None, None)
        );
    }

    #[test]
    fn memory_is_in_bytes() {
        assert!((500_000..50_000_000_000).contains(&resident_bytes().unwrap()));
    }
}
