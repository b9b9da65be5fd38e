//! The book of a ledger, from the plugin's side; `contract.rs` is the host's.

use std::{
    alloc::{GlobalAlloc, System},
    ptr,
    sync::atomic::{AtomicU8, Ordering::Relaxed},
};

use super::{
    contract::Contract,
    large::{self, LargeList},
    shard::Shard,
};

const SHARDS: usize = 4;
const SEATS: usize = 256;

/// The book of one plugin's ledger. It lies in memory of the system allocator and outlives the library.
///
/// The plugin's copy of this code builds it, the host's copy reads and frees it, and the two may be of different builds.
/// What they agree on is the contract in front and what it leads to; the rest is the plugin's own.
#[repr(C)]
pub struct LedgerTable {
    pub(super) contract: Contract,
    /// Which shard a thread sits at: 0 is none yet, 1 is the first.
    seats: [AtomicU8; SEATS],
    next_seat: AtomicU8,
    shards: [Shard; SHARDS],
}

// SAFETY: the contract's plain fields are written once, before the table is shown to anyone; its pointer is a word to
// give back. All else is atomics and shards.
unsafe impl Sync for LedgerTable {}

impl LedgerTable {
    /// A book with nothing in it, or null when there is no memory.
    pub(super) fn create() -> *mut Self {
        // Aligned by hand, for the reason in `LargeList::take`.
        let base_bytes = size_of::<Self>() + align_of::<Self>();
        // SAFETY: the layout is not empty.
        let base = unsafe { System.alloc(large::layout_of(base_bytes)) };
        if base.is_null() {
            return ptr::null_mut();
        }
        let table = base
            .wrapping_add(base.align_offset(align_of::<Self>()))
            .cast::<Self>();
        let new = Self {
            contract: Contract {
                size: size_of::<Self>() as u32,
                version: super::contract::VERSION,
                base,
                base_bytes,
                shards_at: std::mem::offset_of!(Self, shards) as u32,
                shard_bytes: size_of::<Shard>() as u32,
                shard_count: SHARDS as u32,
                reserved: 0,
                peak_bytes: 0.into(),
                large: LargeList::new(),
            },
            seats: [const { AtomicU8::new(0) }; SEATS],
            next_seat: AtomicU8::new(0),
            shards: [const { Shard::new() }; SHARDS],
        };
        // SAFETY: behind any alignment `base` has room for the table.
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

    /// The shard that the calling thread allocates from.
    ///
    /// Threads are seated in the order in which they come, so that the first four share nothing. The seat is found by a
    /// hash of the thread's address, which is cheaper than a thread-local of a library. Two threads on one seat share a
    /// shard; that costs time and nothing else. The low bits of the address alone will not do: some kernels align stacks
    /// such that all threads agree in them.
    #[inline]
    pub(super) fn shard_of_thread(&self) -> &Shard {
        let hash = (thread_mark() as u64 >> 6).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56;
        let seat = &self.seats[hash as usize % SEATS];
        let mut number = seat.load(Relaxed);
        if number == 0 {
            number = self.next_seat.fetch_add(1, Relaxed) % SHARDS as u8 + 1;
            seat.store(number, Relaxed);
        }
        &self.shards[(number as usize - 1) % SHARDS]
    }

    /// Raises the peak to what is held now.
    #[cold]
    pub(super) fn note_peak(&self) {
        let accounts = self.shards.iter().map(|shard| &shard.head.account);
        let live: usize = accounts
            .chain([&self.contract.large.account])
            .map(|account| account.live_bytes.load(Relaxed))
            .sum();
        self.contract.peak_bytes.fetch_max(live, Relaxed);
    }
}

/// A number that no two living threads share: the thread pointer, which the psABI keeps in a register.
#[cfg(all(
    target_os = "linux",
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
))]
#[inline]
fn thread_mark() -> usize {
    use std::arch::asm;

    let mark: usize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the first word of the thread control block is its own address.
    unsafe {
        asm!("mov {}, fs:0", out(reg) mark, options(pure, nomem, nostack, preserves_flags));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: the register may be read at any time.
    unsafe {
        asm!("mrs {}, tpidr_el0", out(reg) mark, options(pure, nomem, nostack, preserves_flags));
    }
    mark
}

/// A number that no two living threads share: the address of a thread-local. It has no destructor and a constant value,
/// so that it may be touched at any time in a thread's life.
#[cfg(not(all(
    target_os = "linux",
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
)))]
fn thread_mark() -> usize {
    thread_local!(static MARK: [u64; 8] = const { [0; 8] });
    MARK.try_with(|mark| ptr::from_ref(mark).addr())
        .unwrap_or(0)
}
