//! Chunks: 256 KiB of address space each, from which small blocks are cut.
//!
//! A chunk that has become empty stays, for the next burst; all of them go at once when the host reclaims the ledger.

use std::{
    alloc::{GlobalAlloc, System},
    ptr,
};

use super::classes::layout_of;

/// Bytes of a chunk. Pages that no block has touched yet cost address space alone, so a plugin that needs little pays
/// little, and the end of a chunk that is too short for the next block is no loss of memory.
pub(super) const BYTES: usize = 256 * 1024;

/// The space that the header takes; the first block begins behind it.
pub(super) const HEADER: usize = 64;

/// Obtained from the system allocator: `base` goes back to it.
const FROM_SYSTEM: u32 = 0;
/// Obtained by an anonymous `mmap`: `base` is unmapped.
#[cfg(all(unix, not(miri)))]
const FROM_MMAP: u32 = 1;

/// The header of a chunk.
///
/// Part of the contract of [`LedgerTable`](super::LedgerTable): the host's copy of this code walks the list and releases
/// chunks that a plugin's copy built. Append only, up to [`HEADER`] bytes.
#[repr(C)]
pub(super) struct Chunk {
    next: *mut Chunk,
    /// What the chunk was cut from, and how many bytes of it there are.
    base: *mut u8,
    base_bytes: usize,
    origin: u32,
    reserved: u32,
}

const _: () = assert!(size_of::<Chunk>() <= HEADER);

impl Chunk {
    /// Obtains a chunk. Null when there is no memory.
    pub(super) fn obtain(next: *mut Self) -> *mut Self {
        let (origin, base) = obtain();
        if base.is_null() {
            return ptr::null_mut();
        }
        let chunk = base.cast::<Self>();
        // SAFETY: BYTES bytes of our own, aligned as a header needs.
        unsafe {
            chunk.write(Self {
                next,
                base,
                base_bytes: BYTES,
                origin,
                reserved: 0,
            })
        };
        chunk
    }

    /// Gives the chunks of a list back to where they came from and returns their bytes.
    ///
    /// # Safety
    ///
    /// `chunk` is the head of a list as a ledger of this version built it, and nobody uses a block of it any more.
    pub(super) unsafe fn release_all(mut chunk: *mut Self) -> usize {
        let mut released = 0;
        while !chunk.is_null() {
            // SAFETY: a chunk of the list, read before it is released.
            let Self {
                next,
                base,
                base_bytes,
                origin,
                ..
            } = unsafe { chunk.read() };
            // SAFETY: `base` and `base_bytes` are what `obtain` got for this origin.
            if unsafe { release(origin, base, base_bytes) } {
                released += BYTES;
            }
            chunk = next;
        }
        released
    }
}

/// Origin and base of BYTES bytes, aligned to 16 at least.
#[cfg(all(unix, not(miri)))]
fn obtain() -> (u32, *mut u8) {
    // SAFETY: an anonymous mapping at an address of the kernel's choice touches nothing that exists.
    let at = unsafe {
        libc::mmap(
            ptr::null_mut(),
            BYTES,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANON,
            -1,
            0,
        )
    };
    let failed = at == libc::MAP_FAILED;
    (FROM_MMAP, if failed { ptr::null_mut() } else { at.cast() })
}

/// Origin and base of BYTES bytes, aligned to 16 at least.
#[cfg(not(all(unix, not(miri))))]
fn obtain() -> (u32, *mut u8) {
    // SAFETY: the layout is not empty.
    (FROM_SYSTEM, unsafe { System.alloc(layout_of(BYTES)) })
}

/// False, and nothing done, for an origin that this build does not know.
///
/// # Safety
///
/// `base` and `bytes` are what [`obtain`] got for `origin`, and nobody uses them any more.
unsafe fn release(origin: u32, base: *mut u8, bytes: usize) -> bool {
    match origin {
        FROM_SYSTEM => {
            // SAFETY: obtained with the same layout.
            unsafe { System.dealloc(base, layout_of(bytes)) };
            true
        }
        #[cfg(all(unix, not(miri)))]
        FROM_MMAP => {
            // SAFETY: a mapping that nobody uses. Should it stay mapped, that harms nobody.
            unsafe { libc::munmap(base.cast(), bytes) };
            true
        }
        _ => false,
    }
}
