//! Processor time of threads that have ended, by the owner on whose behalf they were created.

use std::{
    sync::atomic::{
        AtomicU32, AtomicU64,
        Ordering::{AcqRel, Acquire, Relaxed},
    },
    time::Duration,
};

use crate::platform::Owner;

/// Places: an owner has the one at its number's remainder. Of two whose numbers are so far apart the later takes the place, and
/// what the earlier one's threads have spent is forgotten.
const PLACES: usize = 2048;

static TABLE: [(AtomicU32, AtomicU64); PLACES] =
    [const { (AtomicU32::new(0), AtomicU64::new(0)) }; PLACES];

fn place(owner: Owner) -> &'static (AtomicU32, AtomicU64) {
    &TABLE[owner.number() as usize % PLACES]
}

/// Adds what the calling thread has used so far. Allocates nothing, and waits for nobody.
pub(super) fn add_this_thread(owner: Owner) {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the time is ours to write.
    if unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) } == 0 {
        add(
            owner,
            time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64,
        );
    }
}

fn add(owner: Owner, nanoseconds: u64) {
    let (whose, spent) = place(owner);
    let before = whose.load(Acquire);
    // Numbers grow: an owner that finds a later one's place leaves it alone.
    if before > owner.number() {
        return;
    }
    if before < owner.number() {
        match whose.compare_exchange(before, owner.number(), AcqRel, Acquire) {
            Ok(_) => spent.store(0, Relaxed),
            // Another thread of the owner's, mostly.
            Err(other) if other == owner.number() => {}
            Err(_) => return,
        }
    }
    spent.fetch_add(nanoseconds, Relaxed);
}

/// What an owner's threads have used that have ended.
pub(super) fn by_ended(owner: Owner) -> Duration {
    let (whose, spent) = place(owner);
    match whose.load(Acquire) == owner.number() {
        true => Duration::from_nanos(spent.load(Relaxed)),
        false => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owners_time_is_its_own_and_the_later_one_takes_the_place() {
        // Far beyond those that other tests draw.
        let first = Owner::of(5_000_000);
        let later = Owner::of(5_000_000 + PLACES as u32);
        add(first, 5);
        add(first, 6);
        assert_eq!(by_ended(first), Duration::from_nanos(11));
        assert_eq!(by_ended(later), Duration::ZERO);
        add(later, 3);
        assert_eq!(
            (by_ended(first), by_ended(later)),
            (Duration::ZERO, Duration::from_nanos(3))
        );
        add(first, 9);
        assert_eq!(by_ended(later), Duration::from_nanos(3));
    }
}
