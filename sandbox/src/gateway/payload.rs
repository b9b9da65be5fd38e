//! Payloads of clients: what they lead to, and the ids in them.

use serde_json::Value;

use super::close::Close;

/// What a payload leads to, besides what it changes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// Nothing to send at once.
    Done,
    /// A session has started; `compress` asks for payload compression.
    Identified { compress: bool },
    /// Op 9 is sent back: not resumable.
    InvalidSession,
    /// A heartbeat: op 11 is sent back.
    Acknowledge,
    /// The connection is closed.
    Close(Close),
}

/// An id, as a string or, as discord.py sends it, as a number.
pub(super) fn snowflake(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    }
}
