//! Exit functions: what would end the process, or the thread that the host counts on, when a plugin calls it.
//!
//! `abort` (std calls it for what it can't go on from: a panic while a panic's text is made, say; C++ for an exception that
//! nobody catches), `exit` and its like, C's `assert`, and `pthread_exit`, which unwinds the stack: a frame of Rust's that catches
//! panics (every handler runs below one) ends the process then, with "exception not rethrown".
//!
//! None of them may come back. So a plugin's thread that calls one stays where it is, for good. If it is the generation's own,
//! the host sees that and treats the plugin as one that is over; another one keeps the library mapped. The host's own threads,
//! and the host's own code on a plugin's thread, end the process as ever. Other threads leave by `pthread_exit` as ever, too;
//! what is below them is their maker's business.
//!
//! Beyond this: a bare system call, a signal that a thread sends to its own process, and libc's calls of its own functions
//! (`abort` for a heap that was written over: better the end than to go on).

use std::{
    arch::naked_asm,
    cell::Cell,
    ffi::{CStr, c_char, c_int, c_uint, c_void},
    mem, ptr,
    sync::atomic::{
        AtomicBool, AtomicPtr,
        Ordering::{Acquire, Relaxed, Release},
    },
};

use super::next_symbol::{
    ABORT, ASSERT_FAIL, EXIT, EXIT_AT_ONCE, EXIT_C99, QUICK_EXIT, THREAD_EXIT, in_executable,
    is_fork,
};
use crate::platform::{EndedBy, Owner};

/// Called on the plugin's thread, with the function's name.
type OnExit = fn(Owner, &'static CStr);

thread_local! {
    // Without a destructor: a plain word in the executable's own block, there from the thread's first to its last moment.
    static ENDED_BY: Cell<*const EndedBy> = const { Cell::new(ptr::null()) };
}

static ON_EXIT: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// Whether plugins may end this process.
static MORTAL: AtomicBool = AtomicBool::new(false);

/// From here on, when this thread wants to end itself or the process, `ended_by` says so; null: nobody is notified.
///
/// # Safety
///
/// `ended_by` is null, or lives until the thread ends or this is called again on it.
pub unsafe fn report_exit(ended_by: *const EndedBy) {
    ENDED_BY.set(ended_by);
}

/// Has `handler` called when a plugin wants to end the process.
pub fn on_exit(handler: OnExit) {
    ON_EXIT.store(handler as *mut c_void, Release);
}

/// Lets plugins end this process: one that was made to see what a file does.
pub fn let_plugins_end_it() {
    MORTAL.store(true, Relaxed);
}

/// Keeps this thread for good, if it is a plugin's that wants to end the process.
fn keep(function: &'static CStr, caller: usize) {
    let owner = Owner::current();
    if owner.is_host() || in_executable(caller) || MORTAL.load(Relaxed) || is_fork() {
        return;
    }
    let handler = ON_EXIT.load(Acquire);
    if !handler.is_null() {
        // SAFETY: `on_exit` put a function of that type there.
        unsafe { mem::transmute::<*mut c_void, OnExit>(handler)(owner, function) };
    }
    stay(function);
}

fn stay(function: &'static CStr) -> ! {
    let ended_by = ENDED_BY.get();
    if !ended_by.is_null() {
        // SAFETY: it lives as long as it is set, says `report_exit`.
        unsafe { (*ended_by).store(function.as_ptr().cast_mut(), Release) };
    }
    loop {
        // SAFETY: no preconditions.
        unsafe { libc::pause() };
    }
}

/// libc's, unless a generation's thread calls it.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn pthread_exit(value: *mut c_void) -> ! {
    if !ENDED_BY.get().is_null() {
        stay(c"pthread_exit");
    }
    type Exit = unsafe extern "C-unwind" fn(*mut c_void) -> !;
    let real = THREAD_EXIT.find();
    // SAFETY: libc's function of this name has this signature, and there is no thread without libc.
    let real = unsafe { mem::transmute::<*mut c_void, Exit>(real) };
    // SAFETY: the caller's promise; nothing of ours is on the stack that would have to be dropped.
    unsafe { real(value) }
}

/// libc's function, with the caller noted; see `pthread_key_create`.
///
/// # Safety
///
/// As libc's.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn abort() -> ! {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("endbr64", "mov rdi, [rsp]", "jmp {aborts}", aborts = sym aborts);
    #[cfg(target_arch = "aarch64")]
    naked_asm!("hint #34", "mov x0, x30", "b {aborts}", aborts = sym aborts);
}

/// # Safety
///
/// As libc's `abort`.
unsafe extern "C" fn aborts(caller: usize) -> ! {
    keep(c"abort", caller);
    // SAFETY: libc's function of this name has this signature, and there is no process without libc.
    unsafe { mem::transmute::<*mut c_void, unsafe extern "C" fn() -> !>(ABORT.find())() }
}

/// The functions that end the process with a status.
macro_rules! exits {
    ($($name:ident, $exits:ident, $text:literal, $real:ident;)*) => {$(
        /// libc's function, with the caller noted; see `pthread_key_create`.
        ///
        /// # Safety
        ///
        /// As libc's.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub(super) unsafe extern "C" fn $name(status: c_int) -> ! {
            #[cfg(target_arch = "x86_64")]
            naked_asm!("endbr64", "mov rsi, [rsp]", "jmp {exits}", exits = sym $exits);
            #[cfg(target_arch = "aarch64")]
            naked_asm!("hint #34", "mov x1, x30", "b {exits}", exits = sym $exits);
        }

        /// # Safety
        ///
        /// As libc's function.
        unsafe extern "C" fn $exits(status: c_int, caller: usize) -> ! {
            keep($text, caller);
            // SAFETY: libc's function of this name has this signature, and there is no process without libc.
            unsafe { mem::transmute::<*mut c_void, unsafe extern "C" fn(c_int) -> !>($real.find())(status) }
        }
    )*};
}

exits! {
    exit, exits, c"exit", EXIT;
    _exit, exits_at_once, c"_exit", EXIT_AT_ONCE;
    _Exit, exits_c99, c"_Exit", EXIT_C99;
    quick_exit, exits_quickly, c"quick_exit", QUICK_EXIT;
}

type AssertFail = unsafe extern "C" fn(*const c_char, *const c_char, c_uint, *const c_char) -> !;

/// libc's function, with the caller noted; see `pthread_key_create`.
///
/// # Safety
///
/// As libc's.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn __assert_fail(
    assertion: *const c_char,
    file: *const c_char,
    line: c_uint,
    function: *const c_char,
) -> ! {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("endbr64", "mov r8, [rsp]", "jmp {fails}", fails = sym fails);
    #[cfg(target_arch = "aarch64")]
    naked_asm!("hint #34", "mov x4, x30", "b {fails}", fails = sym fails);
}

/// # Safety
///
/// As libc's `__assert_fail`.
unsafe extern "C" fn fails(
    assertion: *const c_char,
    file: *const c_char,
    line: c_uint,
    function: *const c_char,
    caller: usize,
) -> ! {
    keep(c"assert", caller);
    // SAFETY: libc's function of this name has this signature, and there is no process without libc.
    let real = unsafe { mem::transmute::<*mut c_void, AssertFail>(ASSERT_FAIL.find()) };
    // SAFETY: the arguments are the caller's.
    unsafe { real(assertion, file, line, function) }
}
