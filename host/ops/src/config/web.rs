//! `[web]`: requests of plugins to other servers.

use std::path::PathBuf;

use super::{
    checks::web_host,
    document::Table,
    values::{boolean, integer, milliseconds, string_that},
};

/// `[web]`: requests of plugins to other servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    /// Whether the owner grants each host, or a plugin may reach what it declares.
    pub require_grants: bool,
    /// How long a request may take that says nothing else.
    pub timeout_ms: u64,
    /// How long it may take at most.
    pub max_timeout_ms: u64,
    /// The largest response.
    pub max_response_bytes: u64,
    /// Requests of one plugin that are on their way at once.
    pub max_concurrent: usize,
    /// Certificates of authorities that are trusted beside those that browsers trust, in PEM.
    pub ca_file: Option<PathBuf>,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            require_grants: false,
            timeout_ms: 30_000,
            max_timeout_ms: 300_000,
            max_response_bytes: 8 << 20,
            max_concurrent: 16,
            ca_file: None,
        }
    }
}

impl Web {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut web = Self::default();
        let count = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        table.read("require_grants", &mut web.require_grants, boolean);
        table.read("timeout_ms", &mut web.timeout_ms, |item| {
            milliseconds(item, 1..=3_600_000)
        });
        table.read("max_timeout_ms", &mut web.max_timeout_ms, |item| {
            milliseconds(item, 1..=3_600_000)
        });
        table.read("max_response_bytes", &mut web.max_response_bytes, |item| {
            integer(item, 1..=1 << 30, "bytes")
        });
        table.read("max_concurrent", &mut web.max_concurrent, |item| {
            integer(item, 1..=1_000, "requests").map(count)
        });
        table.read("ca_file", &mut web.ca_file, |item| {
            let not_blank = |text: &str| match text.trim() {
                "" => Err("expected a file, found an empty string".to_owned()),
                _ => Ok(()),
            };
            string_that(item, not_blank).map(|text| Some(PathBuf::from(text)))
        });
        web
    }
}

/// A host, as in `[grants.<plugin>] web`.
pub(super) fn host(text: &str) -> Result<(), String> {
    web_host(text).map_err(|why| format!("`{text}`: {why}"))
}
