//! Exchange by raw pointers: the boundary's function, for whatever frames come from.

use std::{
    cell::Cell,
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
};

use plugin_api::abi::{Frame, Record};

/// What a plugin's frames come from: its mailbox, or in a cell what stands in for it.
pub trait FrameSource {
    /// Takes tokens back, and hands out up to `cap` frames with their places, of which at most `work` are work; how many. Only the
    /// plugin's thread calls this, or the one that stands for it.
    fn exchange(
        &self,
        released: &[u64],
        work: usize,
        out: impl FnMut(usize, Frame),
        cap: usize,
    ) -> usize;

    /// After an exchange that panicked when it had handed out this many frames: those are the plugin's.
    fn exchange_failed(&self, taken: usize);
}

/// [`MailboxVtable::exchange`](plugin_api::abi::MailboxVtable::exchange). `R` is the frame of this host's version; the tests have a
/// later one.
///
/// # Safety
///
/// `ctx` is an `S` that lives until `run` has returned; all else is as the contract says.
pub unsafe extern "C" fn exchange<S: FrameSource, R: Record + From<Frame>>(
    ctx: *const c_void,
    released: *const u64,
    released_len: usize,
    out: *mut c_void,
    stride: usize,
    cap: usize,
    work: usize,
) -> usize {
    // SAFETY: the caller's promise.
    let source = unsafe { &*ctx.cast::<S>() };
    let released = if released.is_null() || released_len == 0 {
        &[]
    } else {
        // SAFETY: the plugin's tokens live until we return, says the contract.
        unsafe { std::slice::from_raw_parts(released, released_len) }
    };
    // Frames that would not fit stay in their queue.
    let cap = if stride < R::FIRST_SIZE { 0 } else { cap };
    let taken = Cell::new(0);
    let put = |index: usize, frame: Frame| {
        // SAFETY: `index` is below `cap`, and the plugin's buffer has room for `cap` frames that lie `stride` bytes apart.
        // They fit, was looked at above.
        let _ = unsafe { R::from(frame).write(out.byte_add(index * stride), stride) };
        taken.set(index + 1);
    };
    // Never unwinds into the plugin.
    catch_unwind(AssertUnwindSafe(|| {
        source.exchange(released, work, put, cap)
    }))
    .unwrap_or_else(|_| {
        source.exchange_failed(taken.get());
        taken.get()
    })
}
