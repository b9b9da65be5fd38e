//! Crumb: where a plugin's thread notes what it is at, in memory that outlives the process.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A place of the host's, one a generation, that is read when the process has ended without a word: whoever was polled then is
/// who has ended it. Two stores at the beginning of each poll of a handler, and one at its end.
///
/// Writer: the generation's thread, and the host before `run`. Reader: the process after this one. It grows at its end and tells its
/// size, as a [`Record`](super::Record) does, but lies where the host has it and is never copied.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Crumb {
    /// Bytes that the host has here, this field included. Never written by a plugin.
    pub bytes: AtomicU64,
    /// The frame whose handler is polled, or one of [`crumb_frame`].
    pub frame: AtomicU64,
    /// Since when, in milliseconds of the system's monotonic clock; 0: nothing is polled.
    pub since_ms: AtomicU64,
}

/// What stands in [`Crumb::frame`] for work that belongs to no frame.
pub mod crumb_frame {
    /// A task in the background.
    pub const BACKGROUND: u64 = u64::MAX;
    /// The library is being opened: its constructors run, and nothing of plugin-api yet.
    pub const OPENING: u64 = u64::MAX - 1;
}

impl Crumb {
    /// Bytes of its first version.
    pub const FIRST_BYTES: u64 = 24;

    /// Notes that work on `frame` begins.
    pub fn begin(&self, frame: u64, now_ms: u64) {
        self.frame.store(frame, Relaxed);
        self.since_ms.store(now_ms, Relaxed);
    }

    /// Notes that nothing is worked on.
    pub fn end(&self) {
        self.since_ms.store(0, Relaxed);
    }
}
