//! Table of a ledger, from the plugin's side; `contract.rs` is the host's.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::Ordering::Relaxed,
};

use super::{
    classes::{self, layout_of},
    contract::{Contract, LedgerTable, VERSION},
    large::LargeList,
    small::SmallBlocks,
};

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

    /// A block, or null when there is no memory.
    #[inline]
    pub(super) fn take(&self, layout: Layout, zeroed: bool) -> *mut u8 {
        let Some(class) = classes::of(layout) else {
            let block = self.contract.large.take(layout, zeroed);
            self.note_peak();
            return block;
        };
        let (block, look) = self.small.take(class, layout.size());
        if look {
            self.note_peak();
        }
        if zeroed && !block.is_null() {
            // Recycled blocks are dirty. Fresh ones are zero already, but telling them apart costs more than it saves.
            // SAFETY: the block has at least `size` bytes.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
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
