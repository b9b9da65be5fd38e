//! `[web]`: requests of plugins to other servers.

use std::path::PathBuf;

use crate::config::values::{boolean, file, number, optional, timeout};

table! {
    /// `[web]`: requests of plugins to other servers.
    Web {
        /// Whether the owner grants each host, or a plugin may reach what it declares.
        live require_grants: bool = false, boolean;
        /// How long a request may take that says nothing else.
        live timeout_ms: u64 = 30_000, timeout;
        /// How long it may take at most.
        live max_timeout_ms: u64 = 300_000, timeout;
        /// The largest response.
        live max_response_bytes: u64 = 8 << 20, number(1..=1 << 30, "bytes");
        /// The largest file that is downloaded.
        live max_download_bytes: u64 = 256 << 20, number(1..=1 << 40, "bytes");
        /// Requests of one plugin that are on their way at once.
        live max_concurrent: usize = 16, number(1..=1_000, "requests");
        // The clients are made once.
        /// Certificates of authorities that are trusted beside those that browsers trust, in PEM.
        restart ca_file: Option<PathBuf> = None, optional(file);
    }
}
