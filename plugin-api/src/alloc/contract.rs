//! Contract of a ledger: what the host may rely on in a plugin's, and what it does with it.

use std::{
    alloc::{GlobalAlloc, System},
    fmt, ptr,
    sync::atomic::{
        AtomicUsize,
        Ordering::{Acquire, Relaxed},
    },
};

use super::{
    account::Account,
    chunk::Chunk,
    classes::{self, layout_of},
    large::LargeList,
    small::{SmallBlocks, SmallHead},
};

pub(super) const VERSION: u32 = 1;

/// The book of one plugin's ledger. It lies in memory of the system allocator and outlives the library.
///
/// The plugin's copy of this code builds it, the host's copy reads and frees it, and the two may be of different builds.
/// What they agree on is the contract in front and what it leads to; the rest is the plugin's own.
#[repr(C)]
pub struct LedgerTable {
    pub(super) contract: Contract,
    pub(super) small: SmallBlocks,
}

const _: () = {
    assert!(std::mem::offset_of!(LedgerTable, contract) == 0);
    // So that the system allocator's natural alignment is enough.
    assert!(align_of::<LedgerTable>() <= classes::ALIGN);
};

// SAFETY: the contract's plain fields are written once, before the table is shown to anyone; its pointer is a word to
// give back. All else is atomics, and blocks behind a lock.
unsafe impl Sync for LedgerTable {}

/// The beginning of every [`LedgerTable`] of this version.
///
/// This, the heads of small blocks, the headers of chunks and the nodes of large blocks are append only. Whoever changes
/// what is there raises the version, which makes an older host leak the memory and say so.
#[repr(C)]
pub(super) struct Contract {
    /// Bytes of the whole table.
    pub(super) size: u32,
    pub(super) version: u32,
    /// What the table was cut from, and how many bytes of it there are.
    pub(super) base: *mut u8,
    pub(super) base_bytes: usize,
    /// Where the heads of small blocks begin, how far apart they are and how many: there may be more, and longer ones,
    /// without a new version. Plugins that were built before this had one lock for all have four.
    pub(super) small_at: u32,
    pub(super) small_bytes: u32,
    pub(super) small_count: u32,
    pub(super) reserved: u32,
    pub(super) peak_bytes: AtomicUsize,
    pub(super) large: LargeList,
}

// The contract in numbers; another number is another version.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Contract>() == 96);
    assert!(std::mem::offset_of!(Contract, peak_bytes) == 40);
    assert!(std::mem::offset_of!(Contract, large) == 48);
    assert!(size_of::<SmallHead>() == 40);
};

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
        let this = this.cast::<Contract>();
        let mut stats = LedgerStats::default();
        if this.is_null() {
            return Ok(stats);
        }
        // SAFETY: a table, as the caller promises, and after `check` one of this version.
        unsafe {
            Contract::check(this)?;
            stats.add(&(*this).large.account);
            Contract::small(this).for_each(|small| stats.add(&(*small).account));
            stats.peak_bytes = stats
                .live_bytes
                .max((*this).peak_bytes.load(Relaxed) as u64);
        }
        Ok(stats)
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
        // SAFETY: as the caller promises.
        let stats = unsafe { Self::stats(this) }?;
        let this = this.cast::<Contract>();
        if this.is_null() {
            return Ok(Reclaimed::default());
        }
        // SAFETY: a table of this version that nobody else uses. The table goes last.
        unsafe {
            (*this).large.release_all();
            let chunk_bytes: usize = Contract::small(this)
                .map(|small| Chunk::release_all((*small).chunks.swap(ptr::null_mut(), Acquire)))
                .sum();
            Contract::release(this);
            Ok(Reclaimed {
                bytes: stats.live_bytes,
                blocks: stats.live_blocks,
                chunk_bytes: chunk_bytes as u64,
            })
        }
    }
}

impl fmt::Debug for LedgerTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: what a reference leads to has not been reclaimed.
        let stats = unsafe { Self::stats(self) };
        f.debug_tuple("LedgerTable").field(&stats).finish()
    }
}

impl Contract {
    /// # Safety
    ///
    /// `this` is the table of some version.
    unsafe fn check(this: *const Self) -> Result<(), UnknownTable> {
        // SAFETY: every version begins with these two.
        let (size, version) = unsafe { ((*this).size, (*this).version) };
        if version != VERSION || (size as usize) < size_of::<Self>() {
            return Err(UnknownTable { version, size });
        }
        Ok(())
    }

    /// # Safety
    ///
    /// `this` is a table of this version.
    unsafe fn small(this: *const Self) -> impl Iterator<Item = *const SmallHead> {
        // SAFETY: fields of a table of this version.
        let (at, bytes, count) =
            unsafe { ((*this).small_at, (*this).small_bytes, (*this).small_count) };
        (0..count as usize).map(move |i| {
            this.wrapping_byte_add(at as usize + i * bytes as usize)
                .cast()
        })
    }

    /// Frees the table.
    ///
    /// # Safety
    ///
    /// `this` is a table of this version that nobody uses any more.
    pub(super) unsafe fn release(this: *mut Self) {
        // SAFETY: `base` is what the system handed out for the table.
        unsafe { System.dealloc((*this).base, layout_of((*this).base_bytes)) };
    }
}

/// Memory that a plugin holds, and has held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LedgerStats {
    /// Bytes in blocks that have not been given back, as they were asked for.
    pub live_bytes: u64,
    /// Blocks that have not been given back.
    pub live_blocks: u64,
    /// Blocks that were ever handed out; a block that grows in its place stays the same one.
    pub allocations: u64,
    /// The most that `live_bytes` has been. At most 16 KiB too low, as not every allocation looks at it.
    pub peak_bytes: u64,
    /// Bytes taken from the system for all this: whole chunks, and large blocks with their nodes. Of a chunk, pages that
    /// were never used are address space alone.
    pub mapped_bytes: u64,
}

impl LedgerStats {
    fn add(&mut self, account: &Account) {
        self.live_bytes += account.live_bytes.load(Relaxed) as u64;
        self.live_blocks += account.live_blocks.load(Relaxed) as u64;
        self.allocations += account.allocations.load(Relaxed) as u64;
        self.mapped_bytes += account.held_bytes.load(Relaxed) as u64;
    }
}

/// What [`LedgerTable::reclaim`] freed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reclaimed {
    /// Bytes that the plugin had left behind.
    pub bytes: u64,
    /// Blocks that the plugin had left behind.
    pub blocks: u64,
    /// Bytes of the chunks that went back to the system; a plugin that left nothing behind has them, too.
    pub chunk_bytes: u64,
}

/// A table that this version of plugin-api cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownTable {
    /// What the table says of its version.
    pub version: u32,
    /// What the table says of its size.
    pub size: u32,
}

impl fmt::Display for UnknownTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, size } = self;
        write!(
            f,
            "the plugin's memory ledger is of version {version} ({size} bytes) and this host reads version {VERSION}: \
             its memory stays taken until the host restarts"
        )
    }
}

impl std::error::Error for UnknownTable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_an_unknown_version_is_left_alone() {
        let table = LedgerTable::create();
        // SAFETY: a fresh table of our own.
        unsafe {
            (*table.cast::<Contract>()).version = 2;
            let refusal = LedgerTable::reclaim(table).unwrap_err();
            assert_eq!(
                refusal,
                UnknownTable {
                    version: 2,
                    size: size_of::<LedgerTable>() as u32
                }
            );
            assert_eq!(LedgerTable::stats(table), Err(refusal));
            (*table.cast::<Contract>()).version = VERSION;
            assert_eq!(LedgerTable::reclaim(table), Ok(Reclaimed::default()));
        }
    }

    /// A later build of the same version: more and longer heads, more fields behind the contract, aligned to less.
    #[test]
    fn a_table_of_a_later_build_is_read_by_its_contract() {
        #[repr(C)]
        struct LaterSmall {
            head: SmallHead,
            more: [u64; 100],
        }
        #[repr(C)]
        struct Later {
            contract: Contract,
            more: [u64; 7],
            small: [LaterSmall; 9],
        }
        let small = std::array::from_fn(|i| {
            let head = SmallHead {
                chunks: ptr::null_mut::<Chunk>().into(),
                account: Account::new(),
            };
            head.account.opened(i);
            LaterSmall {
                head,
                more: [u64::MAX; 100],
            }
        });
        let base_bytes = size_of::<Later>();
        // SAFETY: a block of the system, written before it is read, of which the contract tells what is there.
        unsafe {
            let base = System.alloc(layout_of(base_bytes));
            base.cast::<Later>().write(Later {
                contract: Contract {
                    size: base_bytes as u32,
                    version: VERSION,
                    base,
                    base_bytes,
                    small_at: std::mem::offset_of!(Later, small) as u32,
                    small_bytes: size_of::<LaterSmall>() as u32,
                    small_count: 9,
                    reserved: 0,
                    peak_bytes: 100.into(),
                    large: LargeList::new(),
                },
                more: [u64::MAX; 7],
                small,
            });
            let table = base.cast::<LedgerTable>();
            assert_eq!(
                LedgerTable::stats(table).map(|stats| stats.peak_bytes),
                Ok(100)
            );
            assert_eq!(
                LedgerTable::reclaim(table),
                Ok(Reclaimed {
                    bytes: 36,
                    blocks: 9,
                    chunk_bytes: 0
                })
            );
        }
    }
}
