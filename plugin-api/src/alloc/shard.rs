//! A shard: free lists by size class, the chunk that is being cut, and the account of both, behind one lock.

use std::{
    cell::UnsafeCell,
    hint, ptr,
    sync::atomic::{
        AtomicPtr, AtomicU32, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
    thread,
};

use super::{LedgerTable, chunk, chunk::Chunk, classes};

/// Bytes that a shard hands out between two looks at the sum of all shards, which is the plugin's peak.
pub(super) const PEAK_STEP: usize = 16 * 1024;

/// One of a plugin's shards. A cache line pair to itself, as neighbours serve other threads.
#[repr(C, align(128))]
pub(super) struct Shard {
    pub(super) head: ShardHead,
    lock: SpinLock,
    inner: UnsafeCell<Inner>,
}

/// The part of a shard that the host reads; see the contract of [`LedgerTable`].
#[repr(C)]
pub(super) struct ShardHead {
    pub(super) chunks: AtomicPtr<Chunk>,
    pub(super) account: Account,
}

struct Inner {
    /// What is left of the newest chunk.
    cut: *mut u8,
    cut_bytes: usize,
    /// Bytes until the next look at the peak.
    until_look: usize,
    free: [*mut Free; classes::COUNT],
}

/// A block that nobody uses: its first word leads to the next.
struct Free {
    next: *mut Free,
}

// SAFETY: `inner` is touched by the holder of the lock alone, and what its pointers lead to is memory of any thread.
unsafe impl Sync for Shard {}

impl Shard {
    pub(super) const fn new() -> Self {
        Self {
            head: ShardHead {
                chunks: AtomicPtr::new(ptr::null_mut()),
                account: Account::new(),
            },
            lock: SpinLock::new(),
            inner: UnsafeCell::new(Inner {
                cut: ptr::null_mut(),
                cut_bytes: 0,
                until_look: PEAK_STEP,
                free: [ptr::null_mut(); classes::COUNT],
            }),
        }
    }

    /// A block of a class for `bytes` bytes, or null when there is no memory.
    #[inline]
    pub(super) fn take(&self, table: &LedgerTable, class: usize, bytes: usize) -> *mut u8 {
        self.lock.acquire();
        // SAFETY: we hold the lock.
        let inner = unsafe { &mut *self.inner.get() };
        let head = inner.free[class];
        let block = if head.is_null() {
            self.cut(inner, class)
        } else {
            // SAFETY: the blocks of a free list are ours, large enough for the link and aligned to 16.
            inner.free[class] = unsafe { (*head).next };
            head.cast()
        };
        let mut look = false;
        if !block.is_null() {
            self.head.account.opened(bytes);
            look = inner.spend(bytes);
        }
        self.lock.release();
        if look {
            table.note_peak();
        }
        block
    }

    /// Takes a block back.
    ///
    /// # Safety
    ///
    /// The block is of this shard and class, holds `bytes`, and nobody uses it any more.
    #[inline]
    pub(super) unsafe fn give(&self, block: *mut u8, class: usize, bytes: usize) {
        let block = block.cast::<Free>();
        self.lock.acquire();
        // SAFETY: we hold the lock, and the block is ours from here on.
        unsafe {
            let inner = &mut *self.inner.get();
            block.write(Free {
                next: inner.free[class],
            });
            inner.free[class] = block;
        }
        self.head.account.closed(bytes);
        self.lock.release();
    }

    /// Books another size for a block that stays where it is.
    pub(super) fn resize(&self, table: &LedgerTable, old: usize, new: usize) {
        self.lock.acquire();
        self.head.account.resized(old, new);
        // SAFETY: we hold the lock.
        let look = unsafe { &mut *self.inner.get() }.spend(new.saturating_sub(old));
        self.lock.release();
        if look {
            table.note_peak();
        }
    }

    fn cut(&self, inner: &mut Inner, class: usize) -> *mut u8 {
        let size = classes::size(class);
        if inner.cut_bytes < size {
            // The one long stay under the lock: a system call in every 256 KiB.
            let chunk = Chunk::obtain(self, self.head.chunks.load(Relaxed));
            if chunk.is_null() {
                return ptr::null_mut();
            }
            self.head.chunks.store(chunk, Relaxed);
            self.head.account.hold(chunk::BYTES);
            inner.cut = chunk.cast::<u8>().wrapping_add(chunk::HEADER);
            inner.cut_bytes = chunk::BYTES - chunk::HEADER;
        }
        let block = inner.cut;
        inner.cut = block.wrapping_add(size);
        inner.cut_bytes -= size;
        block
    }
}

impl Inner {
    /// Whether it is time to look at the peak.
    #[inline]
    fn spend(&mut self, bytes: usize) -> bool {
        let look = bytes >= self.until_look;
        self.until_look = if look {
            PEAK_STEP
        } else {
            self.until_look - bytes
        };
        look
    }
}

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
