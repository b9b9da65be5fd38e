//! Hostile bytes: whatever they are, the check gives an error and does not panic.

use std::{env, fs, mem};

use object::elf::PT_INTERP;

use super::{
    FileError,
    tests::{changed, look},
};

/// A generator of numbers that is the same in every run.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// Flips bytes of `bytes`, mostly in the tables, and looks at the result each time: it may say anything, but must not panic.
fn flip(bytes: &[u8], rounds: usize, tables: &[(usize, usize)]) {
    let mut random = Lcg(42);
    let mut bytes = bytes.to_vec();
    for _ in 0..rounds {
        let flips: Vec<_> = (0..1 + random.below(4))
            .map(|_| {
                let (start, length) = tables[random.below(tables.len())];
                let at = start + random.below(length);
                let with = [0, 1, 0x7f, 0xff, random.below(256) as u8][random.below(5)];
                (at, mem::replace(&mut bytes[at], with))
            })
            .collect();
        let _ = look(&bytes);
        flips
            .into_iter()
            .rev()
            .for_each(|(at, byte)| bytes[at] = byte);
    }
}

#[test]
fn hostile_plugins_do_not_panic() {
    let bytes = changed(|fixture| {
        (fixture.gnu_unique, fixture.needed) = (2, vec!["libm.so.6", "libc.so.6"])
    });
    flip(
        &bytes,
        50_000,
        &[(4, 60), (64, 112), (176, bytes.len() - 176)],
    );
}

#[test]
fn a_real_file_in_pieces_does_not_panic() {
    let mut bytes = fs::read(env::current_exe().unwrap()).unwrap();
    // Make a library of this program: without an interpreter, it looks as far as the symbols.
    for segment in 0..usize::from(bytes[56]) {
        let at = 64 + segment * 56;
        if bytes[at] == PT_INTERP.0 as u8 && bytes[at + 1..at + 4] == [0; 3] {
            bytes[at] = 0;
        }
    }
    let whole = look(&bytes).unwrap_err();
    assert!(
        matches!(
            whole,
            FileError::Program { .. } | FileError::NotAPlugin { .. }
        ),
        "{whole}"
    );

    let mut random = Lcg(7);
    let lengths = (1..2048)
        .chain((0..500).map(|_| 1 + random.below(bytes.len() - 1)))
        .collect::<Vec<_>>();
    for length in lengths {
        let error = look(&bytes[..length]).unwrap_err();
        assert!(error.is_incomplete(), "{length}: {error}");
    }
    let sections = u64::from_ne_bytes(bytes[40..48].try_into().unwrap()) as usize;
    flip(
        &bytes,
        300,
        &[(4, 60), (64, 1024), (sections, bytes.len() - sections)],
    );
}
