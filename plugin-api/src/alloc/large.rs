//! Large blocks: more than 32 KiB, or aligned to more than 16 bytes. Each is a block of the system allocator with a list
//! node in front, so that the host finds those that a plugin left behind.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};

use super::{
    account::{Account, SpinLock},
    classes::{self, layout_of},
};

/// The node in front of a large block.
///
/// Part of the contract of [`LedgerTable`], like the header of a chunk; its size is not, as `base` tells where the
/// system's block begins.
#[repr(C, align(16))]
pub(super) struct Node {
    next: *mut Node,
    base: *mut u8,
    base_bytes: usize,
    /// The plugin's own: what makes it cheap to leave the list.
    prev: *mut Node,
}

/// All large blocks of a plugin. One list, one lock: they are few, and their memory costs more than the lock.
#[repr(C)]
pub(super) struct LargeList {
    first: AtomicPtr<Node>,
    pub(super) account: Account,
    lock: SpinLock,
}

impl LargeList {
    pub(super) const fn new() -> Self {
        Self {
            first: AtomicPtr::new(ptr::null_mut()),
            account: Account::new(),
            lock: SpinLock::new(),
        }
    }

    /// A new block, or null when there is no memory.
    pub(super) fn take(&self, layout: Layout, zeroed: bool) -> *mut u8 {
        // The system is asked for its natural alignment alone, and the rest is done by hand: how std aligns beyond
        // that is no contract between the plugin's std and the host's, which may free the block.
        let slack = if layout.align() > classes::ALIGN {
            layout.align()
        } else {
            0
        };
        let Some(system) = system_layout(layout.size(), slack) else {
            return ptr::null_mut();
        };
        // SAFETY: the layout is not empty.
        let base = unsafe {
            if zeroed {
                System.alloc_zeroed(system)
            } else {
                System.alloc(system)
            }
        };
        if base.is_null() {
            return base;
        }
        let block = base.wrapping_add(size_of::<Node>());
        let block = block.wrapping_add(block.align_offset(layout.align()));
        // SAFETY: `block` has room for a node in front and for `size` bytes behind; nobody else knows it yet.
        unsafe { self.link(base, system.size(), block) };
        self.account.opened(layout.size());
        self.lock.release();
        block
    }

    /// Takes a block back.
    ///
    /// # Safety
    ///
    /// The block is of this list, has `size` bytes, and nobody uses it any more.
    pub(super) unsafe fn give(&self, block: *mut u8, size: usize) {
        // SAFETY: as the caller promises.
        let Node {
            base, base_bytes, ..
        } = unsafe { self.unlink(block) };
        self.account.closed(size);
        self.lock.release();
        // SAFETY: what the system handed out for this block, by the same layout.
        unsafe { System.dealloc(base, layout_of(base_bytes)) };
    }

    /// Moves a block to another size. Null, and the block as it was, when there is no memory.
    ///
    /// # Safety
    ///
    /// The block is of this list, has `old` bytes, belongs to the caller, and is aligned to no more than
    /// [`classes::ALIGN`].
    pub(super) unsafe fn resize(&self, block: *mut u8, old: usize, new: usize) -> *mut u8 {
        let Some(wanted) = system_layout(new, 0) else {
            return ptr::null_mut();
        };
        // While the system may move it, the block is in no list.
        // SAFETY: as the caller promises.
        let Node {
            base, base_bytes, ..
        } = unsafe { self.unlink(block) };
        self.lock.release();
        // SAFETY: what the system handed out for this block; without over-alignment the node lies at its beginning.
        let moved = unsafe { System.realloc(base, layout_of(base_bytes), wanted.size()) };
        let (base, base_bytes, now) = if moved.is_null() {
            (base, base_bytes, old)
        } else {
            (moved, wanted.size(), new)
        };
        let block = base.wrapping_add(size_of::<Node>());
        // SAFETY: a block of our own again, with its node's room in front.
        unsafe { self.link(base, base_bytes, block) };
        self.account.resized(old, now);
        self.lock.release();
        if moved.is_null() { moved } else { block }
    }

    /// Puts a block into the list; returns with the lock held.
    ///
    /// # Safety
    ///
    /// In front of the block lies room for a node, 16-aligned, all inside the system's block `base`.
    unsafe fn link(&self, base: *mut u8, base_bytes: usize, block: *mut u8) {
        let node = block.wrapping_sub(size_of::<Node>()).cast::<Node>();
        let _ = node.expose_provenance();
        self.lock.acquire();
        let next = self.first.load(Ordering::Relaxed);
        // SAFETY: the room is the caller's promise; `next` is null or a node of the list, and we hold the lock.
        unsafe {
            node.write(Node {
                next,
                base,
                base_bytes,
                prev: ptr::null_mut(),
            });
            if !next.is_null() {
                (*next).prev = node;
            }
        }
        self.first.store(node, Ordering::Relaxed);
        self.account.hold(base_bytes);
    }

    /// Takes a block out of the list; returns with the lock held.
    ///
    /// # Safety
    ///
    /// The block is in the list.
    unsafe fn unlink(&self, block: *mut u8) -> Node {
        // By its address alone: a block's pointer may be that of a box, which is good for the block and claims that nobody
        // else uses what it touches.
        let node = ptr::with_exposed_provenance_mut::<Node>(block.addr() - size_of::<Node>());
        self.lock.acquire();
        // SAFETY: a node of the list, whose neighbours are null or nodes of the list, and we hold the lock.
        unsafe {
            let node = node.read();
            if node.prev.is_null() {
                self.first.store(node.next, Ordering::Relaxed);
            } else {
                (*node.prev).next = node.next;
            }
            if !node.next.is_null() {
                (*node.next).prev = node.prev;
            }
            self.account.let_go(node.base_bytes);
            // The block, however, goes by the pointer of whoever gives it up, who may claim to be the only one that has it.
            Node {
                base: block.with_addr(node.base.addr()),
                ..node
            }
        }
    }

    /// Gives every block of the list back to the system.
    ///
    /// # Safety
    ///
    /// The list was built by a ledger of this version, and nobody uses a block of it any more.
    pub(super) unsafe fn release_all(&self) {
        let mut node = self.first.swap(ptr::null_mut(), Ordering::Acquire);
        while !node.is_null() {
            // SAFETY: a node of the list, read before its block goes; `base` is what the system handed out.
            unsafe {
                let (next, base, base_bytes) = ((*node).next, (*node).base, (*node).base_bytes);
                System.dealloc(base, layout_of(base_bytes));
                node = next;
            }
        }
    }
}

/// What to ask the system for: a node, the block, and room to align it. `None` when that is more than memory can be.
fn system_layout(size: usize, slack: usize) -> Option<Layout> {
    let bytes = size.checked_add(slack)?.checked_add(size_of::<Node>())?;
    Layout::from_size_align(bytes, classes::ALIGN).ok()
}
