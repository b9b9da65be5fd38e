//! `[files]`: files of plugins.

use crate::config::values::{number, seconds};

table! {
    /// `[files]`: files of plugins.
    Files {
        /// Files that are kept in memory after they were read.
        live cache_entries: usize = 1_000, number(1..=1_000_000, "files");
        /// How long at most.
        live cache_ttl_s: u64 = 300, seconds(0..=86_400);
        /// Bytes that they may take together.
        live cache_bytes: usize = 16 << 20, number(0..=1 << 34, "bytes");
        /// The largest file that may be read or written.
        live max_file_bytes: u64 = 64 << 20, number(1..=1 << 30, "bytes");
    }
}
