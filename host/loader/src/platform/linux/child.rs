//! Child processes of this program: what they are started from, an end for one that hangs, and how one has ended.

use std::{
    env,
    ffi::{CString, OsStr},
    fs, io,
    os::unix::{
        ffi::OsStrExt,
        process::{CommandExt, ExitStatusExt},
    },
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::Duration,
};

/// The program of whichever process asks for it, as the kernel keeps it while the process lives.
const KEPT: &str = "/proc/self/exe";

/// The program that this process runs, to start more of the same build from, whatever lies by now where it was started from; its path
/// where there is no `/proc`.
///
/// # Errors
///
/// What the system says.
pub fn this_program() -> io::Result<PathBuf> {
    match fs::metadata(KEPT) {
        Ok(_) => Ok(KEPT.into()),
        Err(_) => env::current_exe(),
    }
}

/// A command that starts a program, called in lists of processes as what lies on the disk is.
pub fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    if program == Path::new(KEPT)
        && let Ok(path) = installed_program()
    {
        command.arg0(path);
    }
    command
}

/// Where this process was started from, which may be another program by now: what a restart or an upgrade is about.
///
/// # Errors
///
/// What the system says.
pub fn installed_program() -> io::Result<PathBuf> {
    env::current_exe().map(|path| {
        // What the system says behind the path of a file that was replaced or removed.
        let gone = path.as_os_str().as_bytes().strip_suffix(b" (deleted)");
        gone.map_or_else(|| path.clone(), |gone| OsStr::from_bytes(gone).into())
    })
}

/// Has this process called in lists of threads, too, as it was called when it was started: by [`this_program`] it would be `exe`.
pub fn take_name() {
    let called = env::args_os().next().unwrap_or_default();
    let name = Path::new(&called).file_name().unwrap_or_default();
    if let Ok(name) = CString::new(name.as_bytes()) {
        // SAFETY: the kernel copies 15 bytes of it at most.
        unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
    }
}

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
        (Some(libc::SIGILL), _) => "crashed (SIGILL)".into(),
        (Some(libc::SIGFPE), _) => "crashed (SIGFPE)".into(),
        (Some(libc::SIGABRT), _) => "aborted (SIGABRT)".into(),
        (Some(signal), _) => format!("was ended by signal {signal}"),
        (None, Some(code)) => format!("ended with exit code {code}"),
        (None, None) => "ended".into(),
    }
}
