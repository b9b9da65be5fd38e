//! Chunks: 256 KiB of address space, aligned to its size, from which a shard cuts its blocks.
//!
//! The header in front is found from any block by clearing the low bits of its address. A chunk that has become empty
//! stays with its shard, for the next burst; all of them go at once when the host reclaims the ledger.

use std::ptr;

use super::shard::Shard;

/// Bytes of a chunk, and its alignment. Pages that no block has touched yet cost address space alone, so a plugin that
/// needs little pays little, and the end of a chunk that is too short for the next block is no loss of memory.
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
    /// The plugin's own: the shard that takes back the chunk's blocks.
    owner: *const Shard,
}

const _: () = assert!(size_of::<Chunk>() <= HEADER);

impl Chunk {
    /// Obtains a chunk. Null when there is no memory.
    pub(super) fn obtain(owner: &Shard, next: *mut Self) -> *mut Self {
        let Some((origin, base, base_bytes, start)) = obtain() else {
            return ptr::null_mut();
        };
        let chunk = start.cast::<Self>();
        let _ = chunk.expose_provenance();
        // SAFETY: `start` is the beginning of BYTES bytes of our own, aligned to more than a header needs.
        unsafe {
            chunk.write(Self {
                next,
                base,
                base_bytes,
                origin,
                reserved: 0,
                owner,
            })
        };
        chunk
    }

    /// The chunk that a block was cut from. The header is reached by its address alone: a block's pointer may be that of a
    /// box, which is good for the block and claims that nobody else uses what it touches.
    #[inline]
    pub(super) fn of(block: *mut u8) -> *mut Self {
        ptr::with_exposed_provenance_mut(block.addr() & !(BYTES - 1))
    }

    #[inline]
    pub(super) fn owner(&self) -> &Shard {
        // SAFETY: shards lie in the table, which is freed after all of its chunks.
        unsafe { &*self.owner }
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

/// Origin, base, bytes of the base, and the aligned start of the chunk.
type Obtained = (u32, *mut u8, usize, *mut u8);

#[cfg(all(unix, not(miri)))]
fn obtain() -> Option<Obtained> {
    // Neighbouring mappings are packed, so that behind one aligned chunk the next is aligned by itself.
    let chunk = map(BYTES)?;
    if chunk.addr().is_multiple_of(BYTES) {
        return Some((FROM_MMAP, chunk, BYTES, chunk));
    }
    unmap(chunk, BYTES);
    // Twice as much holds an aligned chunk for certain; what lies before and behind it goes back.
    let wide = map(2 * BYTES)?;
    let before = wide.align_offset(BYTES);
    let chunk = wide.wrapping_add(before);
    if before > 0 {
        unmap(wide, before);
    }
    if before < BYTES {
        unmap(chunk.wrapping_add(BYTES), BYTES - before);
    }
    Some((FROM_MMAP, chunk, BYTES, chunk))
}

#[cfg(all(unix, not(miri)))]
fn map(bytes: usize) -> Option<*mut u8> {
    // SAFETY: an anonymous mapping at an address of the kernel's choice touches nothing that exists.
    let at = unsafe {
        libc::mmap(
            ptr::null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANON,
            -1,
            0,
        )
    };
    (at != libc::MAP_FAILED).then_some(at.cast())
}

#[cfg(all(unix, not(miri)))]
fn unmap(at: *mut u8, bytes: usize) {
    // SAFETY: called with (parts of) mappings of ours that nobody uses. Failure leaves them mapped, which harms nobody.
    unsafe { libc::munmap(at.cast(), bytes) };
}

#[cfg(not(all(unix, not(miri))))]
fn obtain() -> Option<Obtained> {
    use std::alloc::{GlobalAlloc, System};

    // Aligned by hand: how std aligns beyond what the system offers is no contract between two versions of std.
    let bytes = 2 * BYTES;
    // SAFETY: the layout is not empty.
    let base = unsafe { System.alloc(system_layout(bytes)) };
    if base.is_null() {
        return None;
    }
    Some((
        FROM_SYSTEM,
        base,
        bytes,
        base.wrapping_add(base.align_offset(BYTES)),
    ))
}

const fn system_layout(bytes: usize) -> std::alloc::Layout {
    match std::alloc::Layout::from_size_align(bytes, super::classes::ALIGN) {
        Ok(layout) => layout,
        Err(_) => std::alloc::Layout::new::<u128>(),
    }
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
            unsafe {
                std::alloc::GlobalAlloc::dealloc(&std::alloc::System, base, system_layout(bytes))
            };
            true
        }
        #[cfg(all(unix, not(miri)))]
        FROM_MMAP => {
            unmap(base, bytes);
            true
        }
        _ => false,
    }
}
