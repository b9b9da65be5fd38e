//! Write latency: how long the disk takes for what is written, lately, and at this moment.

use std::{
    collections::BTreeMap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use host_base::lag::Lag;

/// Durations of writes of one kind: each is measured on the thread that writes, until the disk has it. What waits for its turn,
/// or for another attempt, does not count.
#[derive(Debug, Default)]
pub struct WriteLatency {
    /// Of the writes that are done.
    pub done: Lag,
    running: Mutex<Running>,
    /// By how long each write is held up.
    held_up: Mutex<Duration>,
    changed: Condvar,
}

/// Writes that are not done.
#[derive(Debug, Default)]
struct Running {
    last: u64,
    /// When each began, by its number: the oldest first.
    began: BTreeMap<u64, Instant>,
}

/// A write that is being measured; its end is its drop, which a panic does not leave out.
struct Write<'a> {
    latency: &'a WriteLatency,
    number: u64,
    began: Instant,
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        // In this order: at no moment is it in neither.
        self.latency.done.observe(self.began.elapsed());
        lock(&self.latency.running).began.remove(&self.number);
    }
}

impl WriteLatency {
    /// Writes, and notes how long it took. Blocks the thread as long as the disk does.
    pub(crate) fn measure<T>(&self, write: impl FnOnce() -> T) -> T {
        let _measured = self.begin();
        self.wait();
        write()
    }

    /// Microseconds of the slowest write that was done within the last minute, or that is not done yet; 0: there was none.
    #[must_use]
    pub fn slowest_us(&self) -> u64 {
        let oldest = lock(&self.running).began.values().next().copied();
        let running = oldest.map_or(Duration::ZERO, |began| began.elapsed());
        let running = u64::try_from(running.as_micros()).unwrap_or(u64::MAX);
        running.max(self.done.summary().minute_max_us)
    }

    /// Holds each write up by so long, as a slow disk would, from now on; zero: no longer, and those that are held up go on. For
    /// tests, whose disks are fast.
    pub fn hold_up(&self, by: Duration) {
        *lock(&self.held_up) = by;
        self.changed.notify_all();
    }

    fn begin(&self) -> Write<'_> {
        let began = Instant::now();
        let mut running = lock(&self.running);
        running.last += 1;
        let number = running.last;
        running.began.insert(number, began);
        Write {
            latency: self,
            number,
            began,
        }
    }

    /// Waits as long as writes are held up, which is not at all outside of tests.
    fn wait(&self) {
        let held_up = lock(&self.held_up);
        let by = *held_up;
        let waited = self
            .changed
            .wait_timeout_while(held_up, by, |by| !by.is_zero());
        drop(waited);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than any test.
    const LONG: Duration = Duration::from_secs(3_600);

    #[test]
    fn the_slowest_is_one_that_is_done_or_one_that_is_not() {
        let latency = WriteLatency::default();
        assert_eq!(latency.slowest_us(), 0);
        latency.done.observe(Duration::from_millis(300));
        assert_eq!(latency.slowest_us(), 300_000);
        let long_ago = Instant::now().checked_sub(Duration::from_secs(5)).unwrap();
        let first = latency.begin();
        let began = &latency.running;
        lock(began).began.insert(first.number, long_ago);
        let second = latency.begin();
        drop(second);
        assert!(latency.slowest_us() >= 5_000_000, "the older one counts");
        drop(first);
        assert_eq!(lock(began).began.len(), 0);
        latency.done.forget_minute();
        assert_eq!(latency.slowest_us(), 0);
    }

    #[test]
    fn a_write_is_measured_and_counted_even_if_it_panics() {
        let latency = WriteLatency::default();
        assert_eq!(latency.measure(|| 7), 7);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            latency.measure(|| panic!("the disk is gone"));
        }));
        assert!(panicked.is_err());
        assert_eq!(latency.done.summary().count, 2);
        assert_eq!(lock(&latency.running).began.len(), 0);
    }

    #[test]
    fn what_is_held_up_goes_on_when_it_is_no_longer() {
        let latency = WriteLatency::default();
        latency.hold_up(LONG);
        std::thread::scope(|scope| {
            let written = scope.spawn(|| latency.measure(Instant::now));
            while lock(&latency.running).began.is_empty() {
                std::thread::yield_now();
            }
            let released = Instant::now();
            latency.hold_up(Duration::ZERO);
            assert!(written.join().unwrap() >= released);
        });
        latency.hold_up(Duration::from_millis(20));
        latency.measure(|| ());
        assert!(latency.slowest_us() >= 20_000);
    }
}
