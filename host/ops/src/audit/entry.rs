//! Entry of the audit journal, and the line that holds it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use sha2::{Digest, Sha256};

/// What somebody did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Deed {
    /// The user who acted; 0: nobody, a plugin of itself or the host.
    pub user: u64,
    /// The server it came from; 0: none.
    pub guild: u64,
    /// The channel it came from; 0: none.
    pub channel: u64,
    /// The plugin that asked for it; empty: the host's own command.
    pub plugin: String,
    /// Which load of it.
    pub generation: u64,
    /// The id of the invocation, as in the log; 0: none.
    pub invocation: u64,
    /// How it came: ``command `reload` ``, ``component `menu` ``.
    pub way: String,
    /// Plugins that have handed it on.
    pub via: Vec<String>,
    /// The host call, or the owner command.
    pub call: String,
    /// Its parameters.
    pub params: Value,
    /// What was before, where that is known.
    pub before: Value,
    /// What is after, where that is known.
    pub after: Value,
    /// `done`, or why not.
    pub result: String,
}

/// A deed with its place in the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, from 1.
    pub sequence: u64,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// What was done.
    #[serde(flatten)]
    pub deed: Deed,
    /// The hash of the line before; empty for the first one.
    pub previous: String,
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    /// SHA-256 of the entry's bytes as they stand here, in hexadecimal.
    pub(super) hash: String,
    /// The entry.
    pub(super) entry: Box<RawValue>,
}

impl Line {
    pub(super) fn of(entry: &Entry) -> serde_json::Result<Self> {
        let entry = serde_json::value::to_raw_value(entry)?;
        Ok(Self {
            hash: hash(entry.get()),
            entry,
        })
    }

    pub(super) fn is_whole(&self) -> bool {
        self.hash == hash(self.entry.get())
    }
}

fn hash(text: &str) -> String {
    use std::fmt::Write;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
