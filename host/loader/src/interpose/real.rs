//! The functions behind ours, and whether ours are in front.

use std::{
    ffi::{CStr, c_int, c_void},
    hint::black_box,
    ptr,
    sync::atomic::{
        AtomicBool, AtomicI32, AtomicPtr,
        Ordering::{Acquire, Relaxed, Release},
    },
};

use super::{exit, finalisers, keys, opened, signals, threads, timers};

/// The functions that we put in front, and the one of libc's that each comes down to. `#[used]`, as nothing but the dynamic
/// linker would miss them. `build.rs` exports the same names.
#[used]
static OURS: [Ours; 28] = [
    Ours::new(c"abort", exit::abort as *const c_void, &ABORT),
    Ours::new(c"exit", exit::exit as *const c_void, &EXIT),
    Ours::new(c"_exit", exit::_exit as *const c_void, &EXIT_AT_ONCE),
    Ours::new(c"_Exit", exit::_Exit as *const c_void, &EXIT_C99),
    Ours::new(
        c"quick_exit",
        exit::quick_exit as *const c_void,
        &QUICK_EXIT,
    ),
    Ours::new(
        c"__assert_fail",
        exit::__assert_fail as *const c_void,
        &ASSERT_FAIL,
    ),
    Ours::new(
        c"pthread_exit",
        exit::pthread_exit as *const c_void,
        &THREAD_EXIT,
    ),
    Ours::new(
        c"pthread_create",
        threads::pthread_create as *const c_void,
        &THREAD_CREATE,
    ),
    Ours::new(
        c"thrd_create",
        threads::thrd_create as *const c_void,
        &THREAD_CREATE,
    ),
    Ours::new(
        c"pthread_key_create",
        keys::pthread_key_create as *const c_void,
        &KEY_CREATE,
    ),
    Ours::new(
        c"pthread_key_delete",
        keys::pthread_key_delete as *const c_void,
        &KEY_DELETE,
    ),
    Ours::new(
        c"tss_create",
        keys::tss_create as *const c_void,
        &KEY_CREATE,
    ),
    Ours::new(
        c"tss_delete",
        keys::tss_delete as *const c_void,
        &KEY_DELETE,
    ),
    Ours::new(
        c"timer_create",
        timers::timer_create as *const c_void,
        &TIMER_CREATE,
    ),
    Ours::new(
        c"timer_delete",
        timers::timer_delete as *const c_void,
        &TIMER_DELETE,
    ),
    Ours::new(c"setitimer", timers::setitimer as *const c_void, &SETITIMER),
    Ours::new(c"alarm", timers::alarm as *const c_void, &SETITIMER),
    Ours::new(c"ualarm", timers::ualarm as *const c_void, &SETITIMER),
    Ours::new(
        c"sigaction",
        signals::sigaction as *const c_void,
        &SIGACTION,
    ),
    Ours::new(c"signal", signals::signal as *const c_void, &SIGACTION),
    Ours::new(c"ssignal", signals::ssignal as *const c_void, &SIGACTION),
    Ours::new(
        c"sysv_signal",
        signals::sysv_signal as *const c_void,
        &SIGACTION,
    ),
    Ours::new(
        c"__sysv_signal",
        signals::__sysv_signal as *const c_void,
        &SIGACTION,
    ),
    Ours::new(c"sigset", signals::sigset as *const c_void, &SIGACTION),
    Ours::new(
        c"sigignore",
        signals::sigignore as *const c_void,
        &SIGACTION,
    ),
    Ours::new(
        c"siginterrupt",
        signals::siginterrupt as *const c_void,
        &SIGACTION,
    ),
    Ours::new(c"dlopen", opened::dlopen as *const c_void, &DLOPEN),
    Ours::new(
        c"__cxa_thread_atexit_impl",
        finalisers::__cxa_thread_atexit_impl as *const c_void,
        &THREAD_ATEXIT,
    ),
];

pub(super) static ABORT: Real = Real::new(c"abort");
pub(super) static EXIT: Real = Real::new(c"exit");
pub(super) static EXIT_AT_ONCE: Real = Real::new(c"_exit");
pub(super) static EXIT_C99: Real = Real::new(c"_Exit");
pub(super) static QUICK_EXIT: Real = Real::new(c"quick_exit");
pub(super) static ASSERT_FAIL: Real = Real::new(c"__assert_fail");
pub(super) static THREAD_EXIT: Real = Real::new(c"pthread_exit");
pub(super) static THREAD_CREATE: Real = Real::new(c"pthread_create");
pub(super) static KEY_CREATE: Real = Real::new(c"pthread_key_create");
pub(super) static KEY_DELETE: Real = Real::new(c"pthread_key_delete");
pub(super) static TIMER_CREATE: Real = Real::new(c"timer_create");
pub(super) static TIMER_DELETE: Real = Real::new(c"timer_delete");
pub(super) static SETITIMER: Real = Real::new(c"setitimer");
pub(super) static SIGACTION: Real = Real::new(c"sigaction");
pub(super) static DLOPEN: Real = Real::new(c"dlopen");
pub(super) static THREAD_ATEXIT: Real = Real::new(c"__cxa_thread_atexit_impl");

/// The process that [`install`] was called in; 0 before.
static PROCESS: AtomicI32 = AtomicI32::new(0);

struct Ours {
    name: &'static CStr,
    at: *const c_void,
    real: &'static Real,
}

// SAFETY: the pointers are addresses of functions.
unsafe impl Sync for Ours {}

impl Ours {
    const fn new(name: &'static CStr, at: *const c_void, real: &'static Real) -> Self {
        Self { name, at, real }
    }
}

/// Makes sure that our functions are in the executable, and looks up the real ones. To be called early in `main`, before
/// a plugin is opened: a look-up takes the loader's lock, and is better done while nobody else is in the loader.
///
/// Returns [`supported`].
pub fn install() -> bool {
    // Reading the table here is what makes every linker keep it, and with it the functions.
    black_box(&OURS).iter().for_each(|ours| {
        ours.real.find();
    });
    // SAFETY: no preconditions.
    PROCESS.store(unsafe { libc::getpid() }, Relaxed);
    signals::capture_signals();
    supported()
}

/// Whether a library that is opened now would bind to our functions.
///
/// False where nothing is interposed, and in an executable that lacks the exports of `build.rs`: there, plugins use up
/// the process's keys, and their threads are unknown.
#[must_use]
pub fn supported() -> bool {
    OURS.iter().all(|ours| {
        // SAFETY: a look-up by a name that ends in zero.
        let bound = unsafe { libc::dlsym(libc::RTLD_DEFAULT, ours.name.as_ptr()) };
        ptr::eq(bound, ours.at) && !ours.real.find().is_null()
    })
}

/// A function of libc that ours stands in front of.
pub(super) struct Real {
    name: &'static CStr,
    at: AtomicPtr<c_void>,
}

impl Real {
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
}

impl Real {
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
