//! Crumbs of a plugin's thread: which frame's handler is polled, noted in memory of the host's that outlives the process.

use std::{cell::Cell, ffi::c_void, ptr, sync::atomic::Ordering::Relaxed};

use crate::abi::{Crumb, HostHandle, crumb_frame};

thread_local! {
    // Constant and without a destructor. Null on every thread but the generation's own.
    static CRUMB: Cell<*const Crumb> = const { Cell::new(ptr::null()) };
}

/// From here until [`close`] the polls of this thread are noted, if the host has a place for them.
///
/// # Safety
///
/// `host` stays valid until [`close`] was called on this thread.
pub(super) unsafe fn open(host: HostHandle) {
    // An older host has none.
    let place: *const c_void = match host.vtable.crumb() {
        // SAFETY: the caller keeps the handle valid.
        Some(crumb) => unsafe { crumb(host.ctx) },
        None => ptr::null(),
    };
    let crumb: *const Crumb = place.cast();
    // SAFETY: null, or a place of the host's that is valid until `run` returns and begins with its size.
    let known = unsafe { crumb.as_ref() };
    if known.is_some_and(|crumb| crumb.bytes.load(Relaxed) >= Crumb::FIRST_BYTES) {
        CRUMB.set(crumb);
    }
}

/// Nothing is noted any more.
pub(super) fn close() {
    if let Some(crumb) = here() {
        crumb.end();
    }
    CRUMB.set(ptr::null());
}

/// A poll that is noted for as long as this lives; what was polled before goes on then.
pub(super) struct Poll {
    before: Option<(u64, u64)>,
}

impl Poll {
    /// Of a handler for this frame; 0: of a task in the background.
    pub(super) fn of(frame: u64) -> Self {
        let before = here().map(|crumb| {
            let before = (crumb.frame.load(Relaxed), crumb.since_ms.load(Relaxed));
            let frame = if frame == 0 {
                crumb_frame::BACKGROUND
            } else {
                frame
            };
            crumb.begin(frame, now_ms());
            before
        });
        Self { before }
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        let (Some(crumb), Some((frame, since_ms))) = (here(), self.before) else {
            return;
        };
        match since_ms {
            0 => crumb.end(),
            _ => crumb.begin(frame, since_ms),
        }
    }
}

fn here() -> Option<&'static Crumb> {
    // SAFETY: null, or the host's place, which is valid until `run` returns; `close` takes it away before.
    unsafe { CRUMB.get().as_ref() }
}

/// Milliseconds of the monotonic clock, never 0: as exact as the kernel's tick, for a few nanoseconds.
#[cfg(all(target_os = "linux", not(miri)))]
fn now_ms() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the time is ours to write.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) };
    (time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000).max(1)
}

/// Since when is not known here.
#[cfg(not(all(target_os = "linux", not(miri))))]
fn now_ms() -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_is_noted_while_it_lasts_and_the_one_around_it_comes_back() {
        let place = Crumb::default();
        let noted = || (place.frame.load(Relaxed), place.since_ms.load(Relaxed) > 0);
        CRUMB.set(&raw const place);
        {
            let _outer = Poll::of(7);
            assert_eq!(noted(), (7, true));
            {
                let _inner = Poll::of(0);
                assert_eq!(noted(), (crumb_frame::BACKGROUND, true));
            }
            assert_eq!(noted(), (7, true));
        }
        assert!(!noted().1);
        let left = Poll::of(9);
        close();
        assert!(!noted().1, "the host takes its place back");
        drop(left);
        let _unnoted = Poll::of(11);
        assert_eq!(noted(), (9, false));
    }

    /// What a poll pays for its crumb: `just costs` has it.
    #[test]
    #[ignore = "a measurement"]
    fn cost_of_a_crumb() {
        let place = Crumb::default();
        let took = |what: &str| {
            const POLLS: u32 = 10_000_000;
            let began = std::time::Instant::now();
            for frame in 1..=POLLS {
                drop(std::hint::black_box(Poll::of(u64::from(frame))));
            }
            println!(
                "{what}: {:.1} ns a poll",
                began.elapsed().as_secs_f64() * 1e9 / f64::from(POLLS)
            );
        };
        took("no crumb");
        CRUMB.set(&raw const place);
        took("a crumb");
        CRUMB.set(ptr::null());
    }
}
