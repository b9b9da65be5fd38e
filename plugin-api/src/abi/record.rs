//! Growable records: how each side lays out and reads what another version may have laid out.
//!
//! A record's first field is its size, as in CLAP's `clap_event_header`. The writer tells how many bytes it has written, the
//! reader takes no more than it knows, and what the writer has not got reads as in [`Record::EMPTY`]: absent. So either side
//! may be the newer one. Where records lie side by side, their distance is an argument of the call, and never `size_of`.

use std::ffi::c_void;

/// A record that crosses, and may get fields at its end.
///
/// # Safety
///
/// The type is `repr(C)`, begins with a `u16` that holds its size, has no padding, and any prefix of at least
/// [`FIRST_SIZE`](Self::FIRST_SIZE) bytes of it over [`EMPTY`](Self::EMPTY) is a valid value: integers and raw pointers do.
pub unsafe trait Record: Copy {
    /// What a record says that says nothing, with the size that it has here.
    const EMPTY: Self;
    /// Bytes of its first version. Never changes, and nobody writes less.
    const FIRST_SIZE: usize;

    /// Copies the record at `ptr`, which another version of this crate may have written. `None` when there is none, or less
    /// than the first version had.
    ///
    /// # Safety
    ///
    /// `ptr` is null, or points at a `u16` and as many readable bytes as it tells, itself included. No alignment is needed.
    #[must_use]
    unsafe fn read(ptr: *const c_void) -> Option<Self> {
        if ptr.is_null() {
            return None;
        }
        // SAFETY: the caller promises the first field.
        let size = usize::from(unsafe { ptr.cast::<u16>().read_unaligned() });
        if size >= size_of::<Self>() {
            // SAFETY: so many bytes are readable, and they are a valid value, says the implementation.
            return Some(unsafe { ptr.cast::<Self>().read_unaligned() });
        }
        if size < Self::FIRST_SIZE {
            return None;
        }
        let mut record = Self::EMPTY;
        // SAFETY: `size` bytes are readable at `ptr`, and fewer than `record` has.
        unsafe {
            std::ptr::copy_nonoverlapping(ptr.cast::<u8>(), (&raw mut record).cast::<u8>(), size);
        }
        Some(record)
    }

    /// Writes as much of it as there is room for, and how much that is. `false`, and nothing is written, when there is less
    /// room than for the first version.
    ///
    /// # Safety
    ///
    /// `out` points at `room` writable bytes. No alignment is needed.
    #[must_use]
    unsafe fn write(&self, out: *mut c_void, room: usize) -> bool {
        let size = room.min(size_of::<Self>());
        if size < Self::FIRST_SIZE {
            return false;
        }
        let from = std::ptr::from_ref(self).cast::<u8>();
        // SAFETY: `size` bytes are readable here and writable there, and the first field is two of them.
        unsafe {
            if size == size_of::<Self>() {
                std::ptr::copy_nonoverlapping(from, out.cast(), size_of::<Self>());
            } else {
                std::ptr::copy_nonoverlapping(from, out.cast(), size);
            }
            out.cast::<u16>().write_unaligned(size as u16);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{Bytes, Frame, Message};

    /// A record as some later version may have it.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Later<R> {
        first: R,
        later: u64,
    }

    // SAFETY: both parts are records' fields, and the first begins with the size.
    unsafe impl<R: Record> Record for Later<R> {
        const EMPTY: Self = Self {
            first: R::EMPTY,
            later: 0,
        };
        const FIRST_SIZE: usize = R::FIRST_SIZE;
    }

    /// What one version writes and another one reads, with `room` for it.
    fn crosses<W: Record, R: Record>(written: &W, room: usize) -> Option<R> {
        let mut bytes = vec![0xAA_u8; room + 1];
        // Behind an odd address: nobody relies on alignment.
        let (_, place) = bytes.split_at_mut(1);
        // SAFETY: there is room for so many bytes, and what was written tells its size.
        unsafe {
            assert!(written.write(place.as_mut_ptr().cast(), room));
            R::read(place.as_ptr().cast())
        }
    }

    const LATER: usize = size_of::<Later<Frame>>();

    fn newer_frame() -> Later<Frame> {
        Later {
            first: Frame {
                token: 7,
                body: Bytes::of(b"tea"),
                ..Frame::EMPTY
            },
            later: 9,
        }
    }

    #[test]
    fn a_newer_side_is_read_by_an_older_one() {
        // Room as the older side has it, and more than that.
        for room in [size_of::<Frame>(), LATER, LATER + 40] {
            let read: Frame = crosses(&newer_frame(), room).unwrap();
            assert_eq!((read.token, read.body.len), (7, 3));
            // SAFETY: the text is a static.
            assert_eq!(unsafe { read.body.get() }, b"tea");
        }
    }

    #[test]
    fn what_an_older_side_does_not_write_is_absent() {
        let older = newer_frame().first;
        for room in [size_of::<Frame>(), LATER] {
            let read: Later<Frame> = crosses(&older, room).unwrap();
            assert_eq!((read.first.token, read.later), (7, 0));
        }
    }

    #[test]
    fn versions_that_are_the_same_lose_nothing_and_half_a_field_is_none() {
        let read: Later<Frame> = crosses(&newer_frame(), LATER).unwrap();
        assert_eq!((read.first.token, read.later), (7, 9));
        let message = Message {
            id: 5,
            ..Message::EMPTY
        };
        let read: Message = crosses(&message, size_of::<Message>()).unwrap();
        assert_eq!((read.id, usize::from(read.size)), (5, size_of::<Message>()));
    }

    #[test]
    fn what_is_shorter_than_the_first_version_is_no_record() {
        let mut place = [0_u64; 20];
        // SAFETY: there is more room than is told, and zeros are a size of 0.
        unsafe {
            assert!(!Frame::EMPTY.write(place.as_mut_ptr().cast(), Frame::FIRST_SIZE - 1));
            assert!(Frame::read(place.as_ptr().cast()).is_none());
            place
                .as_mut_ptr()
                .cast::<u16>()
                .write(Frame::FIRST_SIZE as u16 - 1);
            assert!(Frame::read(place.as_ptr().cast()).is_none());
            assert!(Frame::read(std::ptr::null()).is_none());
        }
    }

    #[test]
    fn the_first_sizes_never_change() {
        // Invariant: these are the boundary's.
        assert_eq!((Frame::FIRST_SIZE, Message::FIRST_SIZE), (64, 48));
        assert_eq!(usize::from(Frame::EMPTY.size), size_of::<Frame>());
        assert_eq!(usize::from(Message::EMPTY.size), size_of::<Message>());
    }
}
