//! Event header: the part of an event that is read without parsing.

use twilight_model::id::{
    Id,
    marker::{ChannelMarker, GuildMarker, MessageMarker, UserMarker},
};

use super::Bytes;

/// Ids, flags and text of an event. A plain record, in which 0 and empty stand for "there is none": read ids by
/// [`guild`](Self::guild) and its like, which say so in their type.
///
/// Append only: it crosses behind a pointer with its size, and what the host does not fill reads as zero.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct EventHeader {
    /// One of [`EventKind`](crate::EventKind)'s numbers.
    pub kind: u16,
    /// The shard that received it.
    pub shard: u16,
    /// [`event_flag`]s.
    pub flags: u32,
    /// The gateway's sequence number.
    pub sequence: u64,
    /// Guild.
    pub guild_id: u64,
    /// Channel.
    pub channel_id: u64,
    /// The user who did it: a message's author, an interaction's invoker.
    pub user_id: u64,
    /// Message.
    pub message_id: u64,
    /// Milliseconds since the Unix epoch at which the host received it.
    pub received_at_ms: u64,
    /// A message's text.
    pub content: Bytes,
    /// The user's name.
    pub user_name: Bytes,
}

/// Bits of [`EventHeader::flags`].
pub mod event_flag {
    /// The user is a bot (or a webhook).
    pub const BOT: u32 = 1;
    /// The user is this bot itself.
    pub const SELF: u32 = 2;
    /// The message mentions this bot.
    pub const MENTIONS_ME: u32 = 4;
    /// The message was a command of this bot: one of a plugin's or of the host's, whether or not its author may use it.
    pub const COMMAND: u32 = 8;
}

impl EventHeader {
    /// All zero.
    pub const EMPTY: Self = Self {
        kind: 0,
        shard: 0,
        flags: 0,
        sequence: 0,
        guild_id: 0,
        channel_id: 0,
        user_id: 0,
        message_id: 0,
        received_at_ms: 0,
        content: Bytes::EMPTY,
        user_name: Bytes::EMPTY,
    };

    /// The guild; `None` in direct messages, and for events without one.
    #[must_use]
    pub const fn guild(&self) -> Option<Id<GuildMarker>> {
        Id::new_checked(self.guild_id)
    }

    /// The channel, if the event has one.
    #[must_use]
    pub const fn channel(&self) -> Option<Id<ChannelMarker>> {
        Id::new_checked(self.channel_id)
    }

    /// The user who did it, if it is known.
    #[must_use]
    pub const fn user(&self) -> Option<Id<UserMarker>> {
        Id::new_checked(self.user_id)
    }

    /// The message, if the event has one.
    #[must_use]
    pub const fn message(&self) -> Option<Id<MessageMarker>> {
        Id::new_checked(self.message_id)
    }

    /// Copies a header that another version of this crate may have written: what it lacks reads as zero.
    ///
    /// ```
    /// use std::mem::offset_of;
    /// use plugin_api::abi::EventHeader;
    ///
    /// let sent = EventHeader { guild_id: 7, user_id: 8, ..EventHeader::EMPTY };
    /// // An older host's record ends before the field `user_id`.
    /// let bytes = offset_of!(EventHeader, user_id);
    /// // SAFETY: `sent` is alive, and longer than `bytes`.
    /// let read = unsafe { EventHeader::read((&raw const sent).cast(), bytes) };
    /// assert_eq!((read.guild_id, read.user_id), (7, 0));
    /// ```
    ///
    /// # Safety
    ///
    /// `ptr` is null, or points at `bytes` readable bytes that begin as an `EventHeader` of some version of this boundary.
    #[must_use]
    pub unsafe fn read(ptr: *const std::ffi::c_void, bytes: usize) -> Self {
        let mut header = Self::EMPTY;
        if !ptr.is_null() {
            let len = bytes.min(size_of::<Self>());
            // SAFETY: `len` bytes are readable at `ptr` and writable in `header`; every prefix of a header over zeros is
            // a valid header, since all its fields are integers and raw pointers.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    ptr.cast::<u8>(),
                    (&raw mut header).cast::<u8>(),
                    len,
                );
            }
        }
        header
    }
}

#[cfg(test)]
mod tests {
    use super::EventHeader;

    #[test]
    fn a_shorter_header_of_an_older_host_reads_as_zeros() {
        let full = EventHeader {
            kind: 3,
            guild_id: 7,
            message_id: 9,
            ..EventHeader::EMPTY
        };
        let bytes = std::mem::offset_of!(EventHeader, message_id);
        // SAFETY: `full` has more than `bytes` bytes.
        let read = unsafe { EventHeader::read((&raw const full).cast(), bytes) };
        assert_eq!((read.kind, read.guild_id, read.message_id), (3, 7, 0));
        // SAFETY: null is allowed.
        let none = unsafe { EventHeader::read(std::ptr::null(), 500) };
        assert_eq!(none.kind, 0);
    }
}
