//! Table of a ledger, from the plugin's side; `contract.rs` is the host's.

use std::{
    alloc::{GlobalAlloc, System},
    sync::atomic::Ordering::Relaxed,
};

use super::{
    classes,
    contract::Contract,
    large::{self, LargeList},
    small::SmallBlocks,
};

/// The book of one plugin's ledger. It lies in memory of the system allocator and outlives the library.
///
/// The plugin's copy of this code builds it, the host's copy reads and frees it, and the two may be of different builds.
/// What they agree on is the contract in front and what it leads to; the rest is the plugin's own.
#[repr(C)]
pub struct LedgerTable {
    pub(super) contract: Contract,
    small: SmallBlocks,
}

/// So that the system allocator's natural alignment is enough.
const _: () = assert!(align_of::<LedgerTable>() <= classes::ALIGN);

// SAFETY: the contract's plain fields are written once, before the table is shown to anyone; its pointer is a word to
// give back. All else is atomics, and blocks behind a lock.
unsafe impl Sync for LedgerTable {}

impl LedgerTable {
    /// A book with nothing in it, or null when there is no memory.
    pub(super) fn create() -> *mut Self {
        let base_bytes = size_of::<Self>();
        // SAFETY: the layout is not empty.
        let base = unsafe { System.alloc(large::layout_of(base_bytes)) };
        let table = base.cast::<Self>();
        if table.is_null() {
            return table;
        }
        let new = Self {
            contract: Contract {
                size: size_of::<Self>() as u32,
                version: super::contract::VERSION,
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

    pub(super) fn large(&self) -> &LargeList {
        &self.contract.large
    }

    pub(super) fn small(&self) -> &SmallBlocks {
        &self.small
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
