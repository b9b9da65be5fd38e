//! Child processes: an end for one that hangs, and how one has ended.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus, time::Duration};

/// Has the kernel end this process after `deadline`, wherever it hangs, and also when its parent is gone.
pub fn end_after(deadline: Duration) {
    // SAFETY: a plain system call; nothing handles SIGALRM here.
    unsafe { libc::alarm(deadline.as_secs() as u32 + 1) };
}

/// Whether a process was ended by [`end_after`].
pub fn was_late(status: ExitStatus) -> bool {
    status.signal() == Some(libc::SIGALRM)
}

/// How a process has ended, in words.
pub fn ending(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(libc::SIGSEGV), _) => "crashed (SIGSEGV)".into(),
        (Some(libc::SIGBUS), _) => "crashed (SIGBUS)".into(),
        (Some(libc::SIGABRT), _) => "aborted (SIGABRT)".into(),
        (Some(signal), _) => format!("was ended by signal {signal}"),
        (None, Some(code)) => format!("ended with exit code {code}"),
        (None, None) => "ended".into(),
    }
}
