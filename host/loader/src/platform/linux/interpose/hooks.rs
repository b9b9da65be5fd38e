//! Symbol table of the functions that stand in front of libc's, and whether plugins bind to them.

use std::{
    ffi::{CStr, c_void},
    hint::black_box,
    ptr,
};

use super::{
    exit, finalisers, keys,
    next_symbol::{self as next, NextSymbol},
    opened, signals, threads, timers,
};

/// The functions that we put in front, and the one of libc's that each comes down to. `#[used]`, as nothing but the dynamic
/// linker would miss them. `build.rs` exports the same names.
#[used]
static HOOKS: [Hook; 28] = [
    Hook::new(c"abort", exit::abort as *const c_void, &next::ABORT),
    Hook::new(c"exit", exit::exit as *const c_void, &next::EXIT),
    Hook::new(c"_exit", exit::_exit as *const c_void, &next::EXIT_AT_ONCE),
    Hook::new(c"_Exit", exit::_Exit as *const c_void, &next::EXIT_C99),
    Hook::new(
        c"quick_exit",
        exit::quick_exit as *const c_void,
        &next::QUICK_EXIT,
    ),
    Hook::new(
        c"__assert_fail",
        exit::__assert_fail as *const c_void,
        &next::ASSERT_FAIL,
    ),
    Hook::new(
        c"pthread_exit",
        exit::pthread_exit as *const c_void,
        &next::THREAD_EXIT,
    ),
    Hook::new(
        c"pthread_create",
        threads::pthread_create as *const c_void,
        &next::THREAD_CREATE,
    ),
    Hook::new(
        c"thrd_create",
        threads::thrd_create as *const c_void,
        &next::THREAD_CREATE,
    ),
    Hook::new(
        c"pthread_key_create",
        keys::pthread_key_create as *const c_void,
        &next::KEY_CREATE,
    ),
    Hook::new(
        c"pthread_key_delete",
        keys::pthread_key_delete as *const c_void,
        &next::KEY_DELETE,
    ),
    Hook::new(
        c"tss_create",
        keys::tss_create as *const c_void,
        &next::KEY_CREATE,
    ),
    Hook::new(
        c"tss_delete",
        keys::tss_delete as *const c_void,
        &next::KEY_DELETE,
    ),
    Hook::new(
        c"timer_create",
        timers::timer_create as *const c_void,
        &next::TIMER_CREATE,
    ),
    Hook::new(
        c"timer_delete",
        timers::timer_delete as *const c_void,
        &next::TIMER_DELETE,
    ),
    Hook::new(
        c"setitimer",
        timers::setitimer as *const c_void,
        &next::SETITIMER,
    ),
    Hook::new(c"alarm", timers::alarm as *const c_void, &next::SETITIMER),
    Hook::new(c"ualarm", timers::ualarm as *const c_void, &next::SETITIMER),
    Hook::new(
        c"sigaction",
        signals::sigaction as *const c_void,
        &next::SIGACTION,
    ),
    Hook::new(
        c"signal",
        signals::signal as *const c_void,
        &next::SIGACTION,
    ),
    Hook::new(
        c"ssignal",
        signals::ssignal as *const c_void,
        &next::SIGACTION,
    ),
    Hook::new(
        c"sysv_signal",
        signals::sysv_signal as *const c_void,
        &next::SIGACTION,
    ),
    Hook::new(
        c"__sysv_signal",
        signals::__sysv_signal as *const c_void,
        &next::SIGACTION,
    ),
    Hook::new(
        c"sigset",
        signals::sigset as *const c_void,
        &next::SIGACTION,
    ),
    Hook::new(
        c"sigignore",
        signals::sigignore as *const c_void,
        &next::SIGACTION,
    ),
    Hook::new(
        c"siginterrupt",
        signals::siginterrupt as *const c_void,
        &next::SIGACTION,
    ),
    Hook::new(c"dlopen", opened::dlopen as *const c_void, &next::DLOPEN),
    Hook::new(
        c"__cxa_thread_atexit_impl",
        finalisers::__cxa_thread_atexit_impl as *const c_void,
        &next::THREAD_ATEXIT,
    ),
];

struct Hook {
    name: &'static CStr,
    at: *const c_void,
    next: &'static NextSymbol,
}

// SAFETY: the pointers are addresses of functions.
unsafe impl Sync for Hook {}

impl Hook {
    const fn new(name: &'static CStr, at: *const c_void, next: &'static NextSymbol) -> Self {
        Self { name, at, next }
    }
}

/// Makes sure that our functions are in the executable, and looks up the real ones. To be called early in `main`, before
/// a plugin is opened: a look-up takes the loader's lock, and is better done while nobody else is in the loader.
///
/// Returns [`supported`].
pub fn install() -> bool {
    // Reading the table here is what makes every linker keep it, and with it the functions.
    black_box(&HOOKS).iter().for_each(|hook| {
        hook.next.find();
    });
    next::note_process();
    signals::capture_signals();
    supported()
}

/// Whether a library that is opened now would bind to our functions.
///
/// False where nothing is interposed, and in an executable that lacks the exports of `build.rs`: there, plugins use up
/// the process's keys, and their threads are unknown.
#[must_use]
pub fn supported() -> bool {
    HOOKS.iter().all(|hook| {
        // SAFETY: a look-up by a name that ends in zero.
        let bound = unsafe { libc::dlsym(libc::RTLD_DEFAULT, hook.name.as_ptr()) };
        ptr::eq(bound, hook.at) && !hook.next.find().is_null()
    })
}
