//! Threads: waiting for their end, with glibc.

use std::{
    thread::{JoinHandle, sleep},
    time::{Duration, Instant},
};

use crate::platform::JOIN_PAUSE;

/// Waits until a thread has ended, with all destructors of its thread-locals; false when it has not within `limit`.
pub fn join_within(thread: JoinHandle<()>, limit: Duration) -> bool {
    use std::os::unix::thread::JoinHandleExt;
    unsafe extern "C" {
        fn pthread_tryjoin_np(
            thread: libc::pthread_t,
            result: *mut *mut std::ffi::c_void,
        ) -> std::ffi::c_int;
    }
    let began = Instant::now();
    // Its function has returned; destructors run behind that, of which std knows nothing.
    let thread = thread.into_pthread_t();
    // SAFETY: a thread that nobody has joined or detached: std's handle was given up for it.
    while unsafe { pthread_tryjoin_np(thread, std::ptr::null_mut()) } == libc::EBUSY {
        if began.elapsed() > limit {
            // SAFETY: as above; the last use of it.
            unsafe { libc::pthread_detach(thread) };
            return false;
        }
        sleep(JOIN_PAUSE);
    }
    true
}
