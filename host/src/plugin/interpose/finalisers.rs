//! What the finalisers of a library must not leave behind: destructors of thread-locals.
//!
//! Destructors of a library's statics run inside of `dlclose`, when it is settled already that the library is unmapped. One
//! that touches a thread-local (a log line in a C++ destructor is enough) registers that one's own destructor for the end
//! of the thread, which lies in nothing by then. So what is registered while a library is closed is not registered at all:
//! the value is leaked.

use std::{
    cell::Cell,
    ffi::{c_int, c_void},
    mem,
};

use super::real::THREAD_ATEXIT;

type Destructor = unsafe extern "C" fn(*mut c_void);
type Register = unsafe extern "C" fn(Option<Destructor>, *mut c_void, *mut c_void) -> c_int;

thread_local! {
    // Constant and without a destructor, as in `owner.rs`.
    static CLOSING: Cell<bool> = const { Cell::new(false) };
}

/// Runs what closes a library.
pub fn while_closing<T>(close: impl FnOnce() -> T) -> T {
    CLOSING.set(true);
    let result = close();
    CLOSING.set(false);
    result
}

/// libc's function.
///
/// # Safety
///
/// As libc's.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn __cxa_thread_atexit_impl(
    destructor: Option<Destructor>,
    object: *mut c_void,
    library: *mut c_void,
) -> c_int {
    if CLOSING.get() {
        return 0;
    }
    let real = THREAD_ATEXIT.find();
    if real.is_null() {
        return -1;
    }
    // SAFETY: this is the type of the function of that name, and the arguments are the caller's.
    unsafe { mem::transmute::<*mut c_void, Register>(real)(destructor, object, library) }
}
