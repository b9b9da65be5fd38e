//! Ledger: the allocator inside every plugin, which knows at any time what its plugin holds.
//!
//! [`export_plugin!`](crate::export_plugin) installs a [`Ledger`] as the plugin's `#[global_allocator]`. Each plugin is a
//! library of its own and therefore has a ledger of its own, which gives the host two things: memory per plugin, and
//! the power to free after `dlclose` what the plugin left behind in statics and leaks ([`LedgerTable::reclaim`]).
//!
//! * Blocks of up to 32 KiB and 16 bytes of alignment come from 256 KiB chunks (`chunk.rs`), cut into size classes
//!   (`classes.rs`) behind one lock (`small.rs`).
//! * All else comes from the system allocator, with a list node in front (`large.rs`).
//! * The book ([`LedgerTable`]) and everything it points to lie outside the library. Destructors that `dlclose` runs may
//!   still free, and the host reads and frees the whole after the library's own data is gone.
//!
//! Invariant: nothing here allocates by way of `#[global_allocator]`, uses a thread-local with a destructor, or panics.
//!
//! Not covered: what C code inside a plugin takes by `malloc`.

#![allow(
    unsafe_code,
    reason = "an allocator hands out raw memory; the unsafe code is this module and nothing outside it"
)]

mod account;
mod chunk;
mod classes;
mod contract;
#[cfg(test)]
mod cost;
mod large;
mod small;
mod table;
#[cfg(test)]
mod tests;

use std::{
    alloc::{GlobalAlloc, Layout},
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};

pub use contract::{LedgerStats, LedgerTable, Reclaimed, UnknownTable};

/// A plugin's allocator.
///
/// ```
/// use plugin_api::alloc::Ledger;
///
/// #[global_allocator]
/// static LEDGER: Ledger = Ledger::new();
///
/// let before = LEDGER.stats();
/// let leaked = Box::leak(Box::new([0_u8; 1_000]));
/// assert_eq!(LEDGER.stats().live_bytes - before.live_bytes, leaked.len() as u64);
/// ```
#[derive(Debug, Default)]
pub struct Ledger {
    /// Null until the first allocation, then the same for good.
    table: AtomicPtr<LedgerTable>,
}

impl Ledger {
    /// A ledger that has handed out nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            table: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Where the book lies, for the host. The address never changes: a host that asks once, at the handshake, may read
    /// [`LedgerTable::stats`] from any thread without calling into the library again.
    ///
    /// Null only when the system has no memory left for the book itself.
    #[must_use]
    pub fn table(&self) -> *const LedgerTable {
        self.open().map_or(ptr::null(), ptr::from_ref)
    }

    /// What the plugin holds at this moment.
    #[must_use]
    pub fn stats(&self) -> LedgerStats {
        let table = self.table.load(Ordering::Acquire);
        // SAFETY: null, or a table that this copy of the code built and that lives until the library is gone.
        unsafe { LedgerTable::stats(table) }.unwrap_or_default()
    }

    fn open(&self) -> Option<&LedgerTable> {
        let mut table = self.table.load(Ordering::Acquire);
        if table.is_null() {
            table = self.open_first();
        }
        // SAFETY: null, or a table that lives until the library is gone; it is changed through atomics and locks alone.
        unsafe { table.as_ref() }
    }

    #[cold]
    fn open_first(&self) -> *mut LedgerTable {
        let new = LedgerTable::create();
        match self
            .table
            .compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => new,
            Err(first) => {
                // Another thread was faster; a null `new` is nothing to discard.
                // SAFETY: `new` was created above and shown to nobody.
                unsafe { LedgerTable::discard(new) };
                first
            }
        }
    }
}

// Not inlined: a plugin of 4.8 MB has 100 kB less of code for a nanosecond each.
// SAFETY: a block is cut from a chunk or taken from the system allocator, is at least as large and as aligned as its
// layout asks, belongs to one owner until it is given back, and no method unwinds.
unsafe impl GlobalAlloc for Ledger {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let table = self.open();
        table.map_or(ptr::null_mut(), |table| table.take(layout, false))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let table = self.open();
        table.map_or(ptr::null_mut(), |table| table.take(layout, true))
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(table) = self.open() else { return };
        // SAFETY: the caller's block of that layout, hence of that class, or one of the list.
        unsafe {
            match classes::of(layout) {
                Some(class) => table.small.give(block, class, layout.size()),
                None => table.contract.large.give(block, layout.size()),
            }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller vouches that `size`, rounded up to the alignment, is a valid size.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        let Some(table) = self.open() else {
            return ptr::null_mut();
        };
        match (classes::of(layout), classes::of(wanted)) {
            (Some(old), Some(new)) if old == new => {
                if table.small.resize(layout.size(), size) {
                    table.note_peak();
                }
                return block;
            }
            // A large block stays with the system allocator, which can move it by remapping its pages.
            (None, None) if layout.align() <= classes::ALIGN => {
                // SAFETY: the caller's block of that layout, hence one of the list, and not over-aligned.
                let block = unsafe { table.contract.large.resize(block, layout.size(), size) };
                table.note_peak();
                return block;
            }
            _ => {}
        }
        // SAFETY: `wanted` is a valid layout; both blocks hold the smaller of the two sizes and do not overlap; the old
        // one is the caller's.
        unsafe {
            let moved = self.alloc(wanted);
            if !moved.is_null() {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}
