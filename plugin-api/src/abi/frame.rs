//! Frame: the record that crosses from host to plugin, and its kinds.

use std::ffi::c_void;

use super::Record;

/// Bytes that the sender owns. A null `ptr` means none.
///
/// ```
/// use plugin_api::abi::Bytes;
///
/// let text = String::from("tea");
/// let bytes = Bytes::of(text.as_bytes());
/// // SAFETY: `text` is alive and unchanged.
/// assert_eq!(unsafe { bytes.get() }, b"tea");
/// // SAFETY: null is allowed.
/// assert!(unsafe { Bytes::EMPTY.get() }.is_empty());
/// ```
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Bytes {
    /// First byte, or null.
    pub ptr: *const u8,
    /// How many bytes.
    pub len: usize,
}

// SAFETY: an address and a length; reading what is there is what is unsafe, and says so.
unsafe impl Send for Bytes {}
// SAFETY: as above.
unsafe impl Sync for Bytes {}

impl Bytes {
    /// No bytes.
    pub const EMPTY: Self = Self {
        ptr: std::ptr::null(),
        len: 0,
    };

    /// Points at `bytes`; whoever passes the result on keeps `bytes` alive for as long as the record promises.
    #[must_use]
    pub const fn of(bytes: &[u8]) -> Self {
        Self {
            ptr: bytes.as_ptr(),
            len: bytes.len(),
        }
    }

    /// The bytes.
    ///
    /// # Safety
    ///
    /// `ptr` is null, or points at `len` bytes that stay alive and unchanged for `'a`.
    #[must_use]
    pub const unsafe fn get<'a>(self) -> &'a [u8] {
        if self.ptr.is_null() {
            return &[];
        }
        // SAFETY: the caller promises `len` living bytes at `ptr`.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
}

/// One message from the host to a plugin.
///
/// Everything that it points at is the host's memory, alive until its `token` is handed back through `exchange`, or until
/// `run` returns. It grows at its end ([`Record`]); today it is one line of the processor's cache.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Bytes that the host has written, this field included.
    pub size: u16,
    /// One of [`frame_kind`].
    pub kind: u16,
    /// For a [`frame_kind::REPLY`]: one of [`status`](super::status).
    pub status: u16,
    /// Bytes at `header`.
    pub header_bytes: u16,
    /// To be handed back once; 0 when there is nothing to hand back.
    pub token: u64,
    /// What the answer or completion is known by; 0 when none is due. An event's is what its handlers' log lines are
    /// known by, and nothing answers it.
    pub id: u64,
    /// An [`EventHeader`](super::EventHeader) of `header_bytes` bytes, or null.
    pub header: *const c_void,
    /// JSON about the frame (see `payload.rs`), or empty.
    pub head: Bytes,
    /// The payload: Discord's own JSON, a plugin's saved state, a response's body.
    pub body: Bytes,
    /// A field that this version has not got: what a later one may look like.
    #[cfg(feature = "later-boundary-fixture")]
    pub later: u64,
}

// SAFETY: a frame is plain data; what it points at is immutable host memory.
unsafe impl Send for Frame {}

// SAFETY: the size comes first, and all fields are integers and raw pointers without padding between them.
unsafe impl Record for Frame {
    const EMPTY: Self = Self {
        size: size_of::<Self>() as u16,
        kind: 0,
        status: 0,
        header_bytes: 0,
        token: 0,
        id: 0,
        header: std::ptr::null(),
        head: Bytes::EMPTY,
        body: Bytes::EMPTY,
        #[cfg(feature = "later-boundary-fixture")]
        later: 0,
    };
    const FIRST_SIZE: usize = 64;
}

/// What a [`Frame`] is about.
pub mod frame_kind {
    /// Start: settings and what the host offers ([`StartHead`](crate::abi::StartHead)). To be answered.
    pub const START: u16 = 1;
    /// Take over the state in the body ([`RestoreHead`](crate::abi::RestoreHead)). To be answered.
    pub const RESTORE: u16 = 2;
    /// A Discord event: header, and Discord's JSON as body.
    pub const EVENT: u16 = 3;
    /// A command was used ([`CommandHead`](crate::abi::CommandHead)); body: the message or interaction. To be answered.
    pub const COMMAND: u16 = 4;
    /// A component was used or a modal submitted ([`ComponentHead`](crate::abi::ComponentHead)). To be answered.
    pub const COMPONENT: u16 = 5;
    /// The completion of a host call.
    pub const REPLY: u16 = 6;
    /// Save: answer with the state. To be answered.
    pub const SAVE: u16 = 7;
    /// Stop: no new work comes; finish what runs until the deadline ([`StopHead`](crate::abi::StopHead)), then return from `run`.
    pub const STOP: u16 = 8;
    /// Are you alive? To be answered.
    pub const PING: u16 = 9;
    /// The log level changed; the head is the level as a JSON string.
    pub const LOG_LEVEL: u16 = 10;
    /// The generation serves from now on: background tasks begin.
    pub const LIVE: u16 = 11;
    /// An entry that the plugin declared is called: a hook's handler or a function ([`InvokeHead`](crate::abi::InvokeHead));
    /// body: its argument, as JSON. To be answered, the result as JSON in the body.
    pub const INVOKE: u16 = 12;
    /// Settings have changed ([`SettingsHead`](crate::abi::SettingsHead)).
    pub const SETTINGS: u16 = 13;
    /// What handlers may take has changed ([`LimitsHead`](crate::abi::LimitsHead)).
    pub const LIMITS: u16 = 14;
}
