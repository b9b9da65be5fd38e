//! Next symbols: libc's own functions, which ours stand in front of, and what the interposers share.

use std::{
    ffi::{CStr, c_int, c_void},
    ptr,
    sync::atomic::{
        AtomicBool, AtomicI32, AtomicPtr,
        Ordering::{Acquire, Relaxed, Release},
    },
};

pub(super) static ABORT: NextSymbol = NextSymbol::new(c"abort");
pub(super) static EXIT: NextSymbol = NextSymbol::new(c"exit");
pub(super) static EXIT_AT_ONCE: NextSymbol = NextSymbol::new(c"_exit");
pub(super) static EXIT_C99: NextSymbol = NextSymbol::new(c"_Exit");
pub(super) static QUICK_EXIT: NextSymbol = NextSymbol::new(c"quick_exit");
pub(super) static ASSERT_FAIL: NextSymbol = NextSymbol::new(c"__assert_fail");
pub(super) static THREAD_EXIT: NextSymbol = NextSymbol::new(c"pthread_exit");
pub(super) static THREAD_CREATE: NextSymbol = NextSymbol::new(c"pthread_create");
pub(super) static KEY_CREATE: NextSymbol = NextSymbol::new(c"pthread_key_create");
pub(super) static KEY_DELETE: NextSymbol = NextSymbol::new(c"pthread_key_delete");
pub(super) static TIMER_CREATE: NextSymbol = NextSymbol::new(c"timer_create");
pub(super) static TIMER_DELETE: NextSymbol = NextSymbol::new(c"timer_delete");
pub(super) static SETITIMER: NextSymbol = NextSymbol::new(c"setitimer");
pub(super) static SIGACTION: NextSymbol = NextSymbol::new(c"sigaction");
pub(super) static DLOPEN: NextSymbol = NextSymbol::new(c"dlopen");
pub(super) static THREAD_ATEXIT: NextSymbol = NextSymbol::new(c"__cxa_thread_atexit_impl");

/// The process that interposes; 0 before.
static PROCESS: AtomicI32 = AtomicI32::new(0);

/// A function of libc that ours stands in front of.
pub(super) struct NextSymbol {
    name: &'static CStr,
    at: AtomicPtr<c_void>,
}

impl NextSymbol {
    const fn new(name: &'static CStr) -> Self {
        Self {
            name,
            at: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Its address; null in an executable without libc, which cannot open plugins either.
    ///
    /// Not to be called with a lock of ours held: the look-up takes the loader's lock, under which initialisers of
    /// libraries run, and these may create keys.
    pub(super) fn find(&self) -> *mut c_void {
        let known = self.at.load(Acquire);
        if !known.is_null() {
            return known;
        }
        let found = self.sanitizers().unwrap_or_else(|| {
            // SAFETY: a look-up by a name that ends in zero. Two threads that come here at once find the same.
            unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) }
        });
        self.at.store(found, Release);
        found
    }

    /// The function that a sanitizer has in front of libc's, if this is an executable with one: it must hear of threads.
    fn sanitizers(&self) -> Option<*mut c_void> {
        if !cfg!(sanitized) {
            return None;
        }
        const PREFIX: &[u8] = b"__interceptor_";
        let mut name = [0; 64];
        let bytes = self.name.to_bytes_with_nul();
        name[..PREFIX.len()].copy_from_slice(PREFIX);
        name[PREFIX.len()..][..bytes.len()].copy_from_slice(bytes);
        // SAFETY: as above.
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr().cast()) };
        (!found.is_null()).then_some(found)
    }
}

/// Whether an address belongs to the executable itself: the host, and whatever is linked into it.
pub(super) fn in_executable(address: usize) -> bool {
    // Every linker in use defines these two, with the executable between them.
    unsafe extern "C" {
        static __ehdr_start: u8;
        static _end: u8;
    }
    (&raw const __ehdr_start).addr() <= address && address < (&raw const _end).addr()
}

/// From here on [`is_fork`] knows this process from its children.
pub(super) fn note_process() {
    // SAFETY: no preconditions.
    PROCESS.store(unsafe { libc::getpid() }, Relaxed);
}

/// Whether this is a child of the host's, between `fork` and what it runs: nothing is to be noted there, and locks may be
/// held by threads that are not there.
pub(super) fn is_fork() -> bool {
    let process = PROCESS.load(Relaxed);
    // SAFETY: no preconditions.
    process != 0 && unsafe { libc::getpid() } != process
}

/// What a function of libc answers that has failed.
pub(super) fn fail(error: c_int) -> c_int {
    // SAFETY: errno is this thread's.
    unsafe { libc::__errno_location().write(error) };
    -1
}

/// A lock that works at any time in a process's life. A std mutex would do today, but it is std's business what it uses.
pub(super) struct SpinLock(AtomicBool);

impl SpinLock {
    pub(super) const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Runs `section`, which must neither panic nor come back here.
    pub(super) fn with<T>(&self, section: impl FnOnce() -> T) -> T {
        while self
            .0
            .compare_exchange_weak(false, true, Acquire, Relaxed)
            .is_err()
        {
            // Sections are short, so whoever has to wait most likely waits for a thread that lost its processor.
            // SAFETY: no preconditions.
            unsafe { libc::sched_yield() };
        }
        let result = section();
        self.0.store(false, Release);
        result
    }
}
