//! This process, as the kernel and the dynamic loader know it: threads, descriptors, memory, mappings and libraries.

use std::{
    collections::BTreeMap,
    ffi::{CStr, OsStr, OsString, c_char, c_int, c_void},
    fs,
    ops::Range,
    os::unix::ffi::OsStrExt,
    path::Path,
    slice, str,
    time::Duration,
};

use crate::platform::{Image, Tid};

/// All libraries that the dynamic loader lists, the executable first.
#[must_use]
pub fn images() -> Vec<Image> {
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
        if let Some((lo, hi)) = segments.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1))) {
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

/// How many bytes are mapped of a file, or of all files in a folder, whether or not they still have their names.
#[must_use]
pub fn mapped_bytes(path: &Path) -> Option<u64> {
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

/// The open descriptors of the process and what each leads to, such as `/dev/null` or `socket:[4711]`. The descriptor by
/// which they are counted is left out.
#[must_use]
pub fn open_fds() -> Option<BTreeMap<i32, String>> {
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

/// How many descriptors the process may have open; `None` where there is no limit.
#[must_use]
pub fn descriptor_limit() -> Option<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the limit is ours to write.
    let answer = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    (answer == 0 && limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur)
}

/// How many threads the process has. One that was joined may be counted for a moment longer.
#[must_use]
pub fn thread_count() -> Option<usize> {
    Some(fs::read_dir("/proc/self/task").ok()?.flatten().count())
}

/// The processor time that a thread of this process has used; `None` when there is no such thread (any more).
#[must_use]
pub fn thread_cpu_time(tid: Tid) -> Option<Duration> {
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

/// The number of the thread that asks.
#[must_use]
pub fn current_thread() -> Tid {
    // SAFETY: a system call without arguments.
    unsafe { libc::syscall(libc::SYS_gettid) as Tid }
}

/// Whether the process has a thread of this number; `None` where nobody can tell.
#[must_use]
pub fn has_thread(tid: Tid) -> Option<bool> {
    // Where `/proc` can't be looked at, nobody can tell.
    Path::new(&format!("/proc/self/task/{tid}"))
        .try_exists()
        .ok()
}

/// Whether what a descriptor leads to is not a file, but what the kernel says of this process.
#[must_use]
pub fn is_about_itself(target: &Path) -> bool {
    target.starts_with(Path::new("/proc").join(std::process::id().to_string()))
}

/// How much memory of the process is in RAM.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    // SAFETY: no preconditions.
    let page = u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).ok()?;
    Some(pages * page)
}

#[cfg(test)]
mod tests {
    use std::{fs::File, os::fd::AsRawFd, sync::mpsc, thread, time::Instant};

    use super::*;
    use crate::platform::snapshot::{ProcessSnapshot, address_range, is_mapped};

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
