//! Error ids: short ids by which a member's report leads to a line of the log.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

/// A new id: eight hexadecimal digits, not to be guessed.
#[must_use]
pub fn new() -> String {
    // Each `RandomState` is seeded anew.
    let hash = RandomState::new().build_hasher().finish();
    format!("{:08x}", hash as u32)
}
