//! Account of the bytes that are held, and the lock under which it changes.

use std::{
    hint,
    sync::atomic::{
        AtomicU32, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
    thread,
};

/// What is held. Written under the lock of its owner, read by anyone at any time; so it costs no atomic arithmetic, and
/// the host can look while a plugin's thread hangs with the lock in its hand.
#[repr(C)]
pub(super) struct Account {
    pub(super) live_bytes: AtomicUsize,
    pub(super) live_blocks: AtomicUsize,
    pub(super) allocations: AtomicUsize,
    /// Taken from the system for it.
    pub(super) held_bytes: AtomicUsize,
}

impl Account {
    pub(super) const fn new() -> Self {
        Self {
            live_bytes: AtomicUsize::new(0),
            live_blocks: AtomicUsize::new(0),
            allocations: AtomicUsize::new(0),
            held_bytes: AtomicUsize::new(0),
        }
    }

    #[inline]
    pub(super) fn opened(&self, bytes: usize) {
        add(&self.live_bytes, bytes);
        add(&self.live_blocks, 1);
        add(&self.allocations, 1);
    }

    #[inline]
    pub(super) fn closed(&self, bytes: usize) {
        add(&self.live_bytes, bytes.wrapping_neg());
        add(&self.live_blocks, 1_usize.wrapping_neg());
    }

    pub(super) fn resized(&self, old: usize, new: usize) {
        add(&self.live_bytes, new.wrapping_sub(old));
    }

    pub(super) fn hold(&self, bytes: usize) {
        add(&self.held_bytes, bytes);
    }

    pub(super) fn let_go(&self, bytes: usize) {
        add(&self.held_bytes, bytes.wrapping_neg());
    }
}

#[inline]
fn add(number: &AtomicUsize, change: usize) {
    number.store(number.load(Relaxed).wrapping_add(change), Relaxed);
}

/// A lock of one word. A std mutex has no layout that two builds agree on, and allocates on some systems. The sections
/// are a dozen instructions, so that a waiter spins briefly; when the holder lost its processor, spinning is no use and
/// the waiter steps aside.
#[repr(C)]
pub(super) struct SpinLock(AtomicU32);

impl SpinLock {
    pub(super) const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    #[inline]
    pub(super) fn acquire(&self) {
        if self
            .0
            .compare_exchange_weak(0, 1, Acquire, Relaxed)
            .is_err()
        {
            self.wait();
        }
    }

    #[inline]
    pub(super) fn release(&self) {
        self.0.store(0, Release);
    }

    #[cold]
    fn wait(&self) {
        let mut round = 0_u32;
        loop {
            // Reading first keeps the cache line shared until there is something to win.
            if self.0.load(Relaxed) == 0
                && self.0.compare_exchange_weak(0, 1, Acquire, Relaxed).is_ok()
            {
                return;
            }
            round += 1;
            if round <= 6 {
                (0..1_u32 << round).for_each(|_| hint::spin_loop());
            } else {
                thread::yield_now();
                round = 3;
            }
        }
    }
}
