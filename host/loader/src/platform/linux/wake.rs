//! Wake signal of a mailbox: an eventfd, which the plugin watches and never reads.

use std::{
    io,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
};

/// What wakes a plugin that waits for frames.
#[derive(Debug)]
pub struct WakeSignal(OwnedFd);

impl WakeSignal {
    /// A signal that nobody has raised.
    ///
    /// # Errors
    ///
    /// The process has no descriptor left.
    pub fn new() -> io::Result<Self> {
        // SAFETY: plain system call; the descriptor is ours from here on.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a fresh descriptor that nobody else owns.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Wakes the plugin.
    pub fn raise(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: eight bytes of ours to a descriptor of ours. It can only fail when the counter would overflow, and then the
        // descriptor is readable anyway.
        unsafe { libc::write(self.0.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    /// What the plugin is given of it: `MailboxHandle::signal`.
    pub fn handle(&self) -> i32 {
        self.0.as_raw_fd()
    }

    /// Takes it back, for whoever waits on the plugin's behalf; whether it was raised since this was called last.
    pub fn take(&self) -> bool {
        let mut count = [0u8; 8];
        // SAFETY: eight bytes of ours from a descriptor of ours, which does not block.
        let read = unsafe { libc::read(self.0.as_raw_fd(), count.as_mut_ptr().cast(), 8) };
        read == 8
    }
}

impl AsRawFd for WakeSignal {
    fn as_raw_fd(&self) -> i32 {
        self.0.as_raw_fd()
    }
}
