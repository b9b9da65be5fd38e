//! Tests of the ledger: random work, its counts, and what is reclaimed.

use std::{
    alloc::{GlobalAlloc, Layout},
    slice,
    sync::mpsc,
    thread,
};

use super::{Ledger, LedgerStats, LedgerTable, Reclaimed, chunk};

/// Miri is some thousand times slower.
const OPS: usize = if cfg!(miri) { 150 } else { 60_000 };

/// A ledger that a test ends as the host does.
struct Book(Ledger);

impl Book {
    fn new() -> Self {
        Self(Ledger::new())
    }

    fn reclaim(self) -> Reclaimed {
        // SAFETY: the test's threads are joined and its blocks forgotten.
        unsafe { LedgerTable::reclaim(self.0.table().cast_mut()) }.unwrap()
    }
}

/// A linear congruential generator: the same numbers on every run.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// Mostly small, as in life, up to 100,000 bytes; every eighth is over-aligned.
    fn layout(&mut self) -> Layout {
        let bound = [64, 600, 5_000, if cfg!(miri) { 40_000 } else { 100_000 }][self.below(4)];
        let align = if self.below(8) == 0 {
            1 << self.below(13)
        } else {
            1 << self.below(5)
        };
        Layout::from_size_align(1 + self.below(bound), align).unwrap()
    }
}

/// A block whose every byte can be checked.
struct Block {
    at: *mut u8,
    layout: Layout,
    mark: u8,
}

// SAFETY: a block belongs to whoever holds this.
unsafe impl Send for Block {}

impl Block {
    fn new(ledger: &Ledger, layout: Layout, zeroed: bool, mark: u8) -> Self {
        // SAFETY: no layout of these tests is empty.
        let at = unsafe {
            if zeroed {
                ledger.alloc_zeroed(layout)
            } else {
                ledger.alloc(layout)
            }
        };
        assert!(
            !at.is_null() && at.addr().is_multiple_of(layout.align()),
            "{at:?} for {layout:?}"
        );
        let mut block = Self {
            at,
            layout,
            mark: 0,
        };
        if zeroed {
            block.check(layout.size());
        }
        block.fill(mark);
        block
    }

    fn fill(&mut self, mark: u8) {
        self.mark = mark;
        // SAFETY: the block is ours.
        unsafe { self.at.write_bytes(mark, self.layout.size()) };
    }

    fn check(&self, bytes: usize) {
        // SAFETY: the block is ours and was filled.
        let content = unsafe { slice::from_raw_parts(self.at, bytes) };
        // Compared as a whole: byte by byte, a debug build is ten times slower.
        assert!(
            content == vec![self.mark; bytes],
            "{:?} was written over",
            self.layout
        );
    }

    fn resize(&mut self, ledger: &Ledger, size: usize) {
        // SAFETY: the block is ours, `size` is not zero and far from overflow.
        let at = unsafe { ledger.realloc(self.at, self.layout, size) };
        assert!(!at.is_null() && at.addr().is_multiple_of(self.layout.align()));
        self.at = at;
        self.check(self.layout.size().min(size));
        self.layout = Layout::from_size_align(size, self.layout.align()).unwrap();
        self.fill(self.mark);
    }

    fn free(self, ledger: &Ledger) {
        self.check(self.layout.size());
        // SAFETY: the block is ours, and goes.
        unsafe { ledger.dealloc(self.at, self.layout) };
    }
}

/// Random operations on up to 300 blocks; hands every fourth block that it frees to `pass` instead.
fn exercise(
    ledger: &Ledger,
    seed: u64,
    mut pass: impl FnMut(Block),
    mut after: impl FnMut(&[Block]),
) {
    let mut random = Lcg(seed);
    let mut blocks = Vec::new();
    for step in 0..OPS {
        match random.below(if blocks.len() < 300 { 5 } else { 3 }) {
            0 if !blocks.is_empty() => {
                let block = blocks.swap_remove(random.below(blocks.len()));
                if step % 4 == 0 {
                    pass(block)
                } else {
                    block.free(ledger)
                }
            }
            1 if !blocks.is_empty() => {
                let at = random.below(blocks.len());
                let block: &mut Block = &mut blocks[at];
                // Near by, so that it stays in its class, or anywhere.
                let size = if random.below(2) == 0 {
                    block.layout.size() + random.below(8)
                } else {
                    random.layout().size()
                };
                block.resize(ledger, size);
            }
            _ => {
                let (layout, zeroed) = (random.layout(), random.below(3) == 0);
                blocks.push(Block::new(ledger, layout, zeroed, step as u8 | 1));
                if blocks.len() > 300 {
                    blocks.swap_remove(random.below(300)).free(ledger);
                }
            }
        }
        after(&blocks);
    }
    blocks.into_iter().for_each(|block| block.free(ledger));
}

fn held(stats: LedgerStats) -> (u64, u64) {
    (stats.live_bytes, stats.live_blocks)
}

#[test]
fn one_thread_keeps_exact_books() {
    let book = Book::new();
    let mut peak = 0;
    exercise(
        &book.0,
        1,
        |block| block.free(&book.0),
        |blocks| {
            let bytes: usize = blocks.iter().map(|block| block.layout.size()).sum();
            assert_eq!(held(book.0.stats()), (bytes as u64, blocks.len() as u64));
            peak = peak.max(bytes as u64);
        },
    );
    let stats = book.0.stats();
    assert_eq!(held(stats), (0, 0));
    assert!(stats.allocations > OPS as u64 / 4);
    assert!(
        stats.mapped_bytes > 0 && stats.mapped_bytes.is_multiple_of(chunk::BYTES as u64),
        "no large block is left"
    );
    // A resize that moves holds two blocks for a moment, which the ledger sees and this test does not.
    assert!(
        (peak.saturating_sub(16 * 1024)..=peak + 200_000).contains(&stats.peak_bytes),
        "{stats:?}, seen {peak}"
    );
    let chunk_bytes = stats.mapped_bytes;
    assert_eq!(
        book.reclaim(),
        Reclaimed {
            bytes: 0,
            blocks: 0,
            chunk_bytes
        }
    );
}

#[test]
fn four_threads_free_each_others_blocks() {
    let book = Book::new();
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..4).map(|_| mpsc::channel::<Block>()).unzip();
    thread::scope(|scope| {
        for (i, receiver) in receivers.into_iter().enumerate() {
            let (ledger, next) = (&book.0, senders[(i + 1) % 4].clone());
            scope.spawn(move || {
                exercise(
                    ledger,
                    i as u64 + 7,
                    |block| next.send(block).unwrap(),
                    |_| receiver.try_iter().for_each(|block| block.free(ledger)),
                );
                drop(next);
                receiver.iter().for_each(|block| block.free(ledger));
            });
        }
        drop(senders);
    });
    assert_eq!(held(book.0.stats()), (0, 0));
    assert_eq!(book.reclaim().blocks, 0);
}

#[test]
fn a_producer_and_a_consumer_do_not_grow() {
    let book = Book::new();
    let (sender, receiver) = mpsc::sync_channel::<Block>(64);
    thread::scope(|scope| {
        let ledger = &book.0;
        scope.spawn(move || receiver.iter().for_each(|block| block.free(ledger)));
        for _ in 0..OPS {
            sender
                .send(Block::new(ledger, Layout::new::<[u64; 16]>(), false, 1))
                .unwrap();
        }
        drop(sender);
    });
    assert_eq!(book.0.stats().mapped_bytes, chunk::BYTES as u64);
    assert_eq!(book.reclaim().blocks, 0);
}

#[test]
fn what_was_leaked_is_freed_and_told() {
    let book = Book::new();
    assert_eq!(book.0.stats(), LedgerStats::default());
    let layouts = [
        (1, 1),
        (1_000_000, 1),
        (40, 8),
        (32_768, 16),
        (32_769, 16),
        (100, 4096),
    ];
    for (size, align) in layouts {
        let block = Block::new(
            &book.0,
            Layout::from_size_align(size, align).unwrap(),
            false,
            9,
        );
        block.check(size);
    }
    let bytes = layouts.iter().map(|(size, _)| *size as u64).sum();
    assert_eq!(held(book.0.stats()), (bytes, 6));
    assert_eq!(
        book.reclaim(),
        Reclaimed {
            bytes,
            blocks: 6,
            chunk_bytes: chunk::BYTES as u64
        }
    );
}

#[test]
fn an_unused_ledger_has_a_table_and_holds_nothing() {
    let book = Book::new();
    let table = book.0.table();
    assert_eq!(table, book.0.table());
    // SAFETY: a table of our own, or null.
    let (stats, none) = unsafe {
        (
            LedgerTable::stats(table),
            LedgerTable::stats(std::ptr::null()),
        )
    };
    assert_eq!(
        (stats, none),
        (Ok(LedgerStats::default()), Ok(LedgerStats::default()))
    );
    assert_eq!(book.reclaim(), Reclaimed::default());
}

#[test]
fn impossible_sizes_are_null_and_cost_nothing() {
    let book = Book::new();
    let most = Layout::from_size_align(isize::MAX as usize - 8, 1).unwrap();
    let block = Block::new(
        &book.0,
        Layout::from_size_align(50_000, 8).unwrap(),
        false,
        3,
    );
    // SAFETY: layouts that are not empty, and a block of ours that stays ours when its resize fails.
    unsafe {
        assert!(book.0.alloc(most).is_null());
        assert!(book.0.alloc_zeroed(most).is_null());
        assert!(
            book.0
                .realloc(block.at, block.layout, most.size())
                .is_null()
        );
    }
    assert_eq!(held(book.0.stats()), (50_000, 1));
    block.free(&book.0);
    assert_eq!(book.reclaim().blocks, 0);
}
