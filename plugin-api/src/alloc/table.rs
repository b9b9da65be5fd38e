//! The book of a ledger, as the plugin keeps it; what the host does with it is in `contract.rs`.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    fmt,
    sync::atomic::Ordering::Relaxed,
};

use super::{
    classes::{self, layout_of},
    contract::{Contract, LedgerStats, Reclaimed, UnknownTable, VERSION},
    large::LargeList,
    small::SmallBlocks,
};

/// The book of one plugin's ledger. It lies in memory of the system allocator and outlives the library.
///
/// The plugin's copy of this code builds it, the host's copy reads and frees it, and the two may be of different builds.
/// What they agree on is the contract in front and what it leads to; the rest is the plugin's own.
#[repr(C)]
pub struct LedgerTable {
    contract: Contract,
    small: SmallBlocks,
}

const _: () = {
    assert!(std::mem::offset_of!(LedgerTable, contract) == 0);
    // So that the system allocator's natural alignment is enough.
    assert!(align_of::<LedgerTable>() <= classes::ALIGN);
};

// SAFETY: the contract's plain fields are written once, before the table is shown to anyone; its pointer is a word to
// give back. All else is atomics, and blocks behind a lock.
unsafe impl Sync for LedgerTable {}

impl LedgerTable {
    /// What the plugin holds; all zero for a null table. While the plugin runs, each number is right, but they need not
    /// be of the same instant.
    ///
    /// Any thread; takes no lock.
    ///
    /// # Errors
    ///
    /// [`UnknownTable`] when another version of plugin-api wrote the table.
    ///
    /// # Safety
    ///
    /// `this` is null or comes from a plugin's [`Ledger::table`](super::Ledger::table) and has not been reclaimed.
    pub unsafe fn stats(this: *const Self) -> Result<LedgerStats, UnknownTable> {
        // SAFETY: as the caller promises; a table begins with its contract.
        unsafe { Contract::stats(this.cast()) }
    }

    /// Frees whatever the plugin still holds, its chunks, and the table itself. A null table is nothing.
    ///
    /// The host calls this when `dlclose` has really unmapped the library, on any thread.
    ///
    /// ```
    /// use std::alloc::{GlobalAlloc, Layout};
    /// use plugin_api::alloc::{Ledger, LedgerTable};
    ///
    /// let ledger = Ledger::new();
    /// // SAFETY: the layout is not empty. A plugin that forgets what it has taken:
    /// unsafe { ledger.alloc(Layout::new::<[u8; 100]>()) };
    ///
    /// let table = ledger.table().cast_mut();
    /// // SAFETY: the ledger's own table, not reclaimed before, and nobody uses the ledger from here on.
    /// let reclaimed = unsafe { LedgerTable::reclaim(table) }?;
    /// assert_eq!((reclaimed.bytes, reclaimed.blocks), (100, 1));
    /// # Ok::<(), plugin_api::alloc::UnknownTable>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownTable`] when another version of plugin-api wrote the table: nothing is touched, the memory leaks.
    ///
    /// # Safety
    ///
    /// `this` is null or comes from a plugin's [`Ledger::table`](super::Ledger::table) and has not been reclaimed; the
    /// library is unmapped, none of its threads is left, and the host keeps no pointer to memory of the plugin.
    pub unsafe fn reclaim(this: *mut Self) -> Result<Reclaimed, UnknownTable> {
        // SAFETY: as the caller promises; a table begins with its contract.
        unsafe { Contract::reclaim(this.cast()) }
    }
}

impl LedgerTable {
    /// A book with nothing in it, or null when there is no memory.
    pub(super) fn create() -> *mut Self {
        let base_bytes = size_of::<Self>();
        // SAFETY: the layout is not empty.
        let base = unsafe { System.alloc(layout_of(base_bytes)) };
        let table = base.cast::<Self>();
        if table.is_null() {
            return table;
        }
        let new = Self {
            contract: Contract {
                size: size_of::<Self>() as u32,
                version: VERSION,
                base,
                base_bytes,
                small_at: std::mem::offset_of!(Self, small) as u32,
                small_bytes: size_of::<SmallBlocks>() as u32,
                small_count: 1,
                reserved: 0,
                peak_bytes: 0.into(),
                large: LargeList::new(),
            },
            small: SmallBlocks::new(),
        };
        // SAFETY: `base` has room for the table.
        unsafe { table.write(new) };
        table
    }

    /// Frees a book that nothing was ever written in; null is none.
    ///
    /// # Safety
    ///
    /// The table comes from [`create`](Self::create), and nobody else knows it.
    pub(super) unsafe fn discard(this: *mut Self) {
        if !this.is_null() {
            // SAFETY: a table of our own.
            unsafe { Contract::release(this.cast()) };
        }
    }

    /// A block of a class for `bytes` bytes, or null when there is no memory.
    #[inline]
    pub(super) fn take_small(&self, class: usize, bytes: usize) -> *mut u8 {
        let (block, look) = self.small.take(class, bytes);
        if look {
            self.note_peak();
        }
        block
    }

    /// Books another size for a small block that stays where it is.
    pub(super) fn resize_small(&self, old: usize, new: usize) {
        if self.small.resize(old, new) {
            self.note_peak();
        }
    }

    /// A large block, or null when there is no memory.
    pub(super) fn take_large(&self, layout: Layout, zeroed: bool) -> *mut u8 {
        let block = self.contract.large.take(layout, zeroed);
        self.note_peak();
        block
    }

    /// Moves a large block to another size. Null, and the block as it was, when there is no memory.
    ///
    /// # Safety
    ///
    /// As for [`LargeList::resize`].
    pub(super) unsafe fn resize_large(&self, block: *mut u8, old: usize, new: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        let block = unsafe { self.contract.large.resize(block, old, new) };
        self.note_peak();
        block
    }

    /// Takes a block back, of a class or large.
    ///
    /// # Safety
    ///
    /// The block is of this table, of that class and has `bytes` bytes, and nobody uses it any more.
    #[inline]
    pub(super) unsafe fn give(&self, block: *mut u8, class: Option<usize>, bytes: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            match class {
                Some(class) => self.small.give(block, class, bytes),
                None => self.contract.large.give(block, bytes),
            }
        }
    }

    /// Raises the peak to what is held now.
    #[cold]
    pub(super) fn note_peak(&self) {
        let accounts = [&self.small.head.account, &self.contract.large.account];
        let live = accounts.map(|account| account.live_bytes.load(Relaxed));
        self.contract
            .peak_bytes
            .fetch_max(live.iter().sum(), Relaxed);
    }
}

impl fmt::Debug for LedgerTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: what a reference leads to has not been reclaimed.
        let stats = unsafe { Self::stats(self) };
        f.debug_tuple("LedgerTable").field(&stats).finish()
    }
}
