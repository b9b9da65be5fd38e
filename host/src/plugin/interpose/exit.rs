//! `pthread_exit` on a generation's thread.
//!
//! libc unwinds the thread's stack then, and a frame of Rust's that catches panics (every handler runs below one) ends the
//! process: "exception not rethrown". So a generation's thread does not leave: it stays where it is, and the host, which sees the
//! flag, treats the plugin as one that is over. Other threads leave as ever; what is below them is their maker's business.

use std::{
    cell::Cell,
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicBool, Ordering::Release},
};

use super::real::THREAD_EXIT;

thread_local! {
    // Without a destructor: a plain word in the executable's own block, there from the thread's first to its last moment.
    static FLAG: Cell<*const AtomicBool> = const { Cell::new(ptr::null()) };
}

/// From here on this thread does not end by `pthread_exit`, but sets `flag` and stays; null: it ends as ever.
///
/// # Safety
///
/// `flag` is null, or lives until the thread ends or this is called again on it.
pub unsafe fn tell_of_exit(flag: *const AtomicBool) {
    FLAG.set(flag);
}

/// libc's, unless a generation's thread calls it.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C-unwind" fn pthread_exit(value: *mut c_void) -> ! {
    let flag = FLAG.get();
    if !flag.is_null() {
        // SAFETY: it lives as long as it is set, says `tell_of_exit`.
        unsafe { (*flag).store(true, Release) };
        loop {
            // SAFETY: no preconditions.
            unsafe { libc::pause() };
        }
    }
    type Exit = unsafe extern "C-unwind" fn(*mut c_void) -> !;
    let real = THREAD_EXIT.find();
    // SAFETY: libc's function of this name has this signature, and there is no thread without libc.
    let real = unsafe { std::mem::transmute::<*mut c_void, Exit>(real) };
    // SAFETY: the caller's promise; nothing of ours is on the stack that would have to be dropped.
    unsafe { real(value) }
}
