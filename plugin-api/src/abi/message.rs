//! Message: the record that crosses from plugin to host, and its kinds.

use super::{Bytes, Record};

/// One message from a plugin to the host. The host copies what it keeps before `send` returns. It grows at its end
/// ([`Record`]).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// Bytes that the plugin has written, this field included.
    pub size: u16,
    /// One of [`message_kind`].
    pub kind: u16,
    /// For an answer: one of [`status`].
    pub status: u16,
    /// Zero.
    pub reserved: u16,
    /// The frame's id for an answer, the plugin's own for a call, else 0.
    pub id: u64,
    /// JSON about the message (see `payload.rs`).
    pub head: Bytes,
    /// The payload, or empty.
    pub body: Bytes,
    /// A field that this version has not got: what a later one may look like.
    #[cfg(feature = "later-boundary-fixture")]
    pub later: u64,
}

// SAFETY: the size comes first, and all fields are integers and raw pointers without padding between them.
unsafe impl Record for Message {
    const EMPTY: Self = Self {
        size: size_of::<Self>() as u16,
        kind: 0,
        status: 0,
        reserved: 0,
        id: 0,
        head: Bytes::EMPTY,
        body: Bytes::EMPTY,
        #[cfg(feature = "later-boundary-fixture")]
        later: 0,
    };
    const FIRST_SIZE: usize = 48;
}

/// What a [`Message`] is about.
pub mod message_kind {
    /// The manifest as JSON: the first message of every generation.
    pub const MANIFEST: u16 = 1;
    /// The answer to a frame.
    pub const ANSWER: u16 = 2;
    /// A host call ([`CallHead`](crate::abi::CallHead)); completed by a REPLY frame of the same id.
    pub const CALL: u16 = 3;
    /// A log event ([`LogHead`](crate::abi::LogHead)).
    pub const LOG: u16 = 4;
    /// A panic ([`PanicHead`](crate::abi::PanicHead)); the handler's answer follows by itself.
    pub const PANIC: u16 = 5;
}

/// How an answer or a completion ended. Whatever number is not known counts as [`status::FAILED`].
pub mod status {
    /// Done.
    pub const OK: u16 = 0;
    /// It failed; the head is an [`ErrorHead`](crate::abi::ErrorHead).
    pub const FAILED: u16 = 1;
    /// The handler panicked; the head is an [`ErrorHead`](crate::abi::ErrorHead).
    pub const PANICKED: u16 = 2;
    /// The handler was dropped before it ended: the plugin was stopped.
    pub const CANCELLED: u16 = 3;
    /// The other side does not know what was asked for; the head names it.
    pub const UNSUPPORTED: u16 = 4;
    /// The handler was dropped before it ended: it took longer than it may. The head is an [`ErrorHead`](crate::abi::ErrorHead) with
    /// `deadline_ms`.
    pub const LATE: u16 = 5;
}

/// What `send` returns. Whatever number is not known counts as [`send_status::REFUSED`].
pub mod send_status {
    /// Taken.
    pub const TAKEN: u32 = 0;
    /// Not taken: this host does not know the kind, or the record is malformed.
    pub const REFUSED: u32 = 1;
    /// Not taken: the generation is over.
    pub const CLOSED: u32 = 2;
}
