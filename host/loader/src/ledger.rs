//! Ledger of a plugin: its allocator's table, which the host reads, and frees what is left of.

use std::ffi::c_void;

use plugin_api::alloc::LedgerTable;

/// A plugin's ledger table: the plugin's memory, ours to free once the library is unmapped.
#[derive(Debug)]
pub struct Ledger(*const c_void);

// SAFETY: the table is read by atomics, and reclaimed by one thread when nobody else is left.
unsafe impl Send for Ledger {}

impl Ledger {
    /// The book of a plugin.
    ///
    /// # Safety
    ///
    /// `table` is what the plugin's `ledger` returned, and is reclaimed when no other `Ledger` of it is left.
    #[must_use]
    pub unsafe fn new(table: *const c_void) -> Self {
        Self(table)
    }

    /// Live bytes and blocks; `None` when another version of plugin-api wrote the table.
    #[must_use]
    pub fn live(&self) -> Option<(u64, u64)> {
        // SAFETY: a table that has not been reclaimed, which would have consumed the last handle of it.
        let stats = unsafe { LedgerTable::stats(self.0.cast()) }.ok()?;
        Some((stats.live_bytes, stats.live_blocks))
    }

    /// Frees all that the plugin left; bytes that went back to the system.
    ///
    /// # Safety
    ///
    /// The library is unmapped and none of its threads is left; this is the last handle of the table.
    pub unsafe fn reclaim(self) -> Option<u64> {
        // SAFETY: the caller's promise.
        let reclaimed = unsafe { LedgerTable::reclaim(self.0.cast_mut().cast()) }.ok()?;
        Some(reclaimed.chunk_bytes)
    }
}
