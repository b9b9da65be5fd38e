//! Functions of libc that the executable puts itself in front of, to know what a plugin leaves in the process.
//!
//! * `pthread_key_create` and `pthread_key_delete`: every copy of std makes a key and never deletes it
//!   (rust-lang/rust#91979). A process has 1,024 keys, so it would abort at about the thousandth load. `keys.rs` remembers
//!   whose key it is, and deletes a plugin's once the plugin's threads have ended.
//! * `pthread_create`: unmapping a library while a thread runs in it ends the process. `threads.rs` remembers which code
//!   created which thread.
//! * `pthread_exit`: on a generation's thread it would end the process (`exit.rs`).
//!
//! A library that is opened finds the executable's functions before libc's, because the executable exports them
//! (`build.rs`). The host's own keys and threads come through here as well. So these functions allocate nothing, use no
//! thread-local, hold no lock during which anything else could be waited for, and work before `main`.
//!
//! Linux with glibc on x86_64 and aarch64; elsewhere nothing is interposed, and [`supported`] says so: what a plugin
//! leaves there stays. Invariant: plugins are opened without `RTLD_DEEPBIND`, which would search libc first.

#![allow(
    unsafe_code,
    reason = "libc's own functions are replaced, and their callers hold to libc's contract, not to a type"
)]

#[cfg(interposed)]
mod exit;
#[cfg(interposed)]
mod keys;
#[cfg(interposed)]
mod real;
#[cfg(interposed)]
mod threads;

#[cfg(interposed)]
pub use self::{
    exit::tell_of_exit,
    keys::{keys_of, reap_keys},
    real::{install, supported},
    threads::threads_of,
};
#[cfg(not(interposed))]
pub use absent::{install, keys_of, reap_keys, supported, tell_of_exit, threads_of};

/// A thread's number as the kernel knows it, the one in `/proc/self/task`.
pub type Tid = i32;

/// The number of the thread that asks; 0 where threads have none.
#[must_use]
pub fn current_thread() -> Tid {
    #[cfg(target_os = "linux")]
    // SAFETY: a system call without arguments.
    return unsafe { libc::syscall(libc::SYS_gettid) } as Tid;
    #[cfg(not(target_os = "linux"))]
    0
}

/// The same functions where nothing is interposed.
#[cfg(not(interposed))]
mod absent {
    use super::Tid;

    /// Does nothing, and says so.
    #[must_use]
    pub fn install() -> bool {
        false
    }

    /// False: keys and threads of plugins are not known here.
    #[must_use]
    pub fn supported() -> bool {
        false
    }

    /// None is known.
    #[must_use]
    pub fn keys_of(_lo: usize, _hi: usize) -> usize {
        0
    }

    /// Does nothing: a thread that leaves ends the process.
    ///
    /// # Safety
    ///
    /// None is needed here.
    pub unsafe fn tell_of_exit(_flag: *const std::sync::atomic::AtomicBool) {}

    /// None is known, so none is deleted.
    ///
    /// # Safety
    ///
    /// No thread lives that has run code in `lo..hi`.
    pub unsafe fn reap_keys(_lo: usize, _hi: usize) -> usize {
        0
    }

    /// None is known.
    #[must_use]
    pub fn threads_of(_lo: usize, _hi: usize) -> Vec<Tid> {
        Vec::new()
    }
}
