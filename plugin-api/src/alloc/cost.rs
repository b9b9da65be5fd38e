//! Benchmarks of the ledger, beside the system's allocator: `just costs`.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    ptr,
};

use super::{Ledger, LedgerTable};
use crate::cost::beside;

/// Blocks of this size, `live` of them at a time.
fn allocate(allocator: &impl GlobalAlloc, size: usize, live: &mut [*mut u8]) {
    let layout = Layout::from_size_align(size, 8).unwrap();
    for block in &mut *live {
        // SAFETY: the size is not 0.
        *block = unsafe { allocator.alloc(layout) };
    }
    for block in &*live {
        // SAFETY: from this allocator, with this layout, and freed once.
        unsafe { allocator.dealloc(black_box(*block), layout) };
    }
}

/// A measurement: run it on a quiet machine, in a release build.
#[test]
#[ignore = "a measurement"]
fn ledger_beside_the_systems() {
    let ledger = Ledger::new();
    for (size, live) in [
        (16, 1),
        (64, 1),
        (64, 64),
        (1_000, 1),
        (1_000, 64),
        (100_000, 1),
    ] {
        let (mut ours, mut without) = (vec![ptr::null_mut(); live], vec![ptr::null_mut(); live]);
        beside(
            &format!("{live} times {size} bytes, taken and freed"),
            || allocate(&ledger, size, &mut ours),
            || allocate(&System, size, &mut without),
        );
    }
    // SAFETY: all of its blocks are freed.
    unsafe { LedgerTable::reclaim(ledger.table().cast_mut()) }.unwrap();
}
