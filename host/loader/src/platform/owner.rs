//! Owner of what code leaves behind in the process: the host, or a library that was opened.
//!
//! A library runs on its own thread alone, so whatever a thread creates while it runs on a library's behalf is that
//! library's, whoever's code does the creating: C++'s runtime, a library that the plugin links, libc itself.

use std::{
    cell::Cell,
    ffi::c_char,
    sync::atomic::{AtomicPtr, AtomicU32, Ordering::Relaxed},
};

static LAST: AtomicU32 = AtomicU32::new(0);

thread_local! {
    // Constant and without a destructor: it may be read at any time in a thread's life, also by libc's callers, and lies
    // in the executable's own block, so that reading it allocates nothing.
    static CURRENT: Cell<u32> = const { Cell::new(0) };
}

/// A library that was opened, or the host. Numbers are never given out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner(u32);

impl Owner {
    /// The host itself.
    pub const HOST: Self = Self(0);

    /// A library that is about to be opened.
    #[must_use]
    pub fn next() -> Self {
        Self(LAST.fetch_add(1, Relaxed) + 1)
    }

    /// On whose behalf this thread runs.
    #[must_use]
    pub fn current() -> Self {
        Self(CURRENT.get())
    }

    /// From now on this thread runs on this one's behalf.
    pub fn enter(self) {
        CURRENT.set(self.0);
    }

    /// Whether this is the host.
    #[must_use]
    pub fn is_host(self) -> bool {
        self == Self::HOST
    }

    #[cfg_attr(
        not(interposed),
        allow(dead_code, reason = "tables are kept where libc is interposed")
    )]
    pub(crate) fn number(self) -> u32 {
        self.0
    }

    #[cfg_attr(
        not(interposed),
        allow(dead_code, reason = "tables are kept where libc is interposed")
    )]
    pub(in crate::platform) fn of(number: u32) -> Self {
        Self(number)
    }
}

/// A thread's number as the kernel knows it, the one in `/proc/self/task`.
pub type Tid = i32;

/// A thread that nobody is known to have created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// The name of the function by which a thread wanted to end itself or the process; null while none did.
pub type EndedBy = AtomicPtr<c_char>;
