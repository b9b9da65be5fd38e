//! Functions of libc that the executable puts itself in front of, to know what a plugin leaves in the process.
//!
//! | file | functions | why |
//! | --- | --- | --- |
//! | `exit.rs` | `abort`, `exit`, `_exit`, `_Exit`, `quick_exit`, `__assert_fail`, `pthread_exit` | a plugin would end the process |
//! | `threads.rs` | `pthread_create`, `thrd_create` | unmapping a library while a thread runs in it ends the process |
//! | `timers.rs` | `timer_create`, `timer_delete`, `setitimer`, `alarm`, `ualarm` | a timer goes off after its library is gone |
//! | `signals.rs` | `sigaction`, `signal` and the like | the host's handlers stay in force, and what was there before comes back |
//! | `keys.rs` | `pthread_key_create`, `tss_create`, and their opposites | every copy of std makes a key and never deletes it (rust-lang/rust#91979); a process has 1,024, and would abort at about the thousandth load |
//! | `opened.rs` | `dlopen` | which libraries a plugin has brought |
//! | `finalisers.rs` | `__cxa_thread_atexit_impl` | a destructor that is registered while its library is being unmapped |
//!
//! Whose something is tells `owner.rs`: every thread runs on somebody's behalf. `real.rs` finds libc's own functions.
//!
//! A library that is opened finds the executable's functions before libc's, because the executable exports them
//! (`build.rs`). The host's own keys and threads come through here as well. So these functions allocate nothing (but `dlopen`), use no
//! thread-local with a destructor, hold no lock during which anything else could be waited for, and work before `main`.
//!
//! Linux with glibc on x86_64 and aarch64; elsewhere nothing is interposed, and [`supported`] says so: what a plugin
//! leaves there stays. Invariant: plugins are opened without `RTLD_DEEPBIND`, which would search libc first.

#![allow(
    unsafe_code,
    reason = "libc's own functions are replaced, and their callers hold to libc's contract, not to a type"
)]

#[cfg(all(test, interposed))]
mod cost;
#[cfg(interposed)]
mod exit;
#[cfg(interposed)]
mod finalisers;
#[cfg(interposed)]
mod keys;
#[cfg(interposed)]
mod opened;
mod owner;
#[cfg(interposed)]
mod real;
#[cfg(interposed)]
mod signals;
#[cfg(interposed)]
mod threads;
#[cfg(interposed)]
mod timers;

pub use self::owner::Owner;
#[cfg(interposed)]
pub use self::{
    exit::{Left, let_plugins_end_it, on_exit, tell_of_exit},
    finalisers::while_closing,
    keys::{Key, keys_of, reap_keys},
    opened::{forget_opened_by, opened_by, opened_by_others},
    real::{install, supported},
    signals::{
        capture_signals, on_refused_signal, put_back_hosts, release_signals_of, verify_signals,
    },
    threads::{threads_of, unknown as unknown_threads},
    timers::delete_timers_of,
};
#[cfg(not(interposed))]
pub use absent::*;

/// A thread's number as the kernel knows it, the one in `/proc/self/task`.
pub type Tid = i32;

/// A thread that nobody is known to have created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownThread {
    /// Its number.
    pub tid: Tid,
    /// When it was created, in nanoseconds of the boot clock, rounded down to the kernel's tick: the kernel gives numbers
    /// out again.
    pub started: u64,
}

/// A signal that a library has taken, or wanted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenSignal {
    /// Its number.
    pub number: i32,
    /// Whether it is the host's, and so was put back.
    pub hosts: bool,
}

/// The number of the thread that asks; 0 where threads have none.
#[must_use]
pub fn current_thread() -> Tid {
    #[cfg(target_os = "linux")]
    // SAFETY: a system call without arguments.
    return unsafe { libc::syscall(libc::SYS_gettid) } as Tid;
    #[cfg(not(target_os = "linux"))]
    0
}

/// The same functions where nothing is interposed: nothing is known, so nothing is given back, and no library is unmapped.
#[cfg(not(interposed))]
#[allow(missing_docs, reason = "they are the others' twins")]
mod absent {
    use std::ffi::OsString;

    use super::{Owner, TakenSignal, Tid, UnknownThread};

    #[derive(Debug, Clone, Copy)]
    pub struct Key;

    #[must_use]
    pub fn install() -> bool {
        false
    }

    #[must_use]
    pub fn supported() -> bool {
        false
    }

    /// Does nothing: a thread that leaves ends the process.
    ///
    /// # Safety
    ///
    /// None is needed here.
    pub unsafe fn tell_of_exit(_left: *const Left) {}

    pub type Left = std::sync::atomic::AtomicPtr<std::ffi::c_char>;

    pub fn on_exit(_tell: fn(Owner, &'static std::ffi::CStr)) {}

    pub fn let_plugins_end_it() {}

    #[must_use]
    pub fn keys_of(_lo: usize, _hi: usize) -> Vec<Key> {
        Vec::new()
    }

    /// # Safety
    ///
    /// No thread lives that has run code of the library.
    pub unsafe fn reap_keys(_keys: &[Key], _owner: Owner, _lo: usize, _hi: usize) -> usize {
        0
    }

    #[must_use]
    pub fn threads_of(_owner: Owner, _lo: usize, _hi: usize) -> Vec<Tid> {
        Vec::new()
    }

    #[must_use]
    pub fn unknown_threads() -> Vec<UnknownThread> {
        Vec::new()
    }

    pub fn delete_timers_of(_owner: Owner) -> Option<usize> {
        Some(0)
    }

    pub fn capture_signals() {}

    pub fn on_refused_signal(_tell: fn(Owner, i32)) {}

    pub fn put_back_hosts() -> Vec<(i32, usize)> {
        Vec::new()
    }

    pub fn verify_signals(_owner: Owner, _images: &[(usize, usize)]) -> Vec<TakenSignal> {
        Vec::new()
    }

    pub fn release_signals_of(_owner: Owner) -> Option<Vec<i32>> {
        Some(Vec::new())
    }

    #[must_use]
    pub fn opened_by(_owner: Owner) -> Vec<OsString> {
        Vec::new()
    }

    #[must_use]
    pub fn opened_by_others(_owner: Owner) -> Vec<OsString> {
        Vec::new()
    }

    pub fn forget_opened_by(_owner: Owner) {}

    pub fn while_closing<T>(close: impl FnOnce() -> T) -> T {
        close()
    }
}
