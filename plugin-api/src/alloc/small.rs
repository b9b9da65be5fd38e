//! Small blocks: free lists by size class, the chunk that is being cut, and the account of both, behind one lock.

use std::{
    cell::UnsafeCell,
    ptr,
    sync::atomic::{AtomicPtr, Ordering::Relaxed},
};

use super::{
    account::{Account, SpinLock},
    chunk::{self, Chunk},
    classes,
};

/// Bytes that are handed out between two looks at the sum of all that is held, which is the plugin's peak.
const PEAK_STEP: usize = 16 * 1024;

/// All small blocks of a plugin. One lock: a plugin is one thread, and those that it starts take turns.
#[repr(C)]
pub(super) struct SmallBlocks {
    pub(super) head: SmallHead,
    lock: SpinLock,
    inner: UnsafeCell<Inner>,
}

/// The part that the host reads; see the contract of [`LedgerTable`].
#[repr(C)]
pub(super) struct SmallHead {
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
unsafe impl Sync for SmallBlocks {}

impl SmallBlocks {
    pub(super) const fn new() -> Self {
        Self {
            head: SmallHead {
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

    /// A block of a class for `bytes` bytes, or null when there is no memory; and whether to look at the peak.
    #[inline]
    pub(super) fn take(&self, class: usize, bytes: usize) -> (*mut u8, bool) {
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
        (block, look)
    }

    /// Takes a block back.
    ///
    /// # Safety
    ///
    /// The block is of these and of this class, holds `bytes`, and nobody uses it any more.
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

    /// Books another size for a block that stays where it is; whether to look at the peak.
    pub(super) fn resize(&self, old: usize, new: usize) -> bool {
        self.lock.acquire();
        self.head.account.resized(old, new);
        // SAFETY: we hold the lock.
        let look = unsafe { &mut *self.inner.get() }.spend(new.saturating_sub(old));
        self.lock.release();
        look
    }

    fn cut(&self, inner: &mut Inner, class: usize) -> *mut u8 {
        let size = classes::size(class);
        if inner.cut_bytes < size {
            // The one long stay under the lock: a system call in every 256 KiB.
            let chunk = Chunk::obtain(self.head.chunks.load(Relaxed));
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
