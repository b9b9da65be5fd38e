//! Records that cross between the bot and a cell: a head of fixed size, then an event's part, a JSON head and a body.
//!
//! Both ends are the same program, and say so first ([`VERSION`]). What a cell sends is read as from a stranger: a plugin may have
//! written over anything in its process.

use plugin_api::abi::{Bytes, EventHeader, Frame};

use crate::calls::{MOST_BODY, MOST_HEAD};

/// Version of these records. The bot starts its cells from the program that it runs itself; where that is not possible, one that was replaced
/// meanwhile is found out by this.
pub const VERSION: u32 = 2;

/// Bytes of a record's head.
pub(super) const HEAD: usize = 36;

/// Bytes of an event's part in front of its texts.
const EVENT: usize = 60;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Tag {
    /// Bot to cell, first: what to open, and under which limits ([`Begin`](super::Begin)).
    Begin = 1,
    /// Bot to cell: a frame; the last of its batch says so.
    Frame = 2,
    /// Cell to bot: the library is open, and lies there ([`Opened`](super::Opened)).
    Opened = 3,
    /// Cell to bot: the library can't be opened ([`Refused`](super::Refused)).
    Refused = 4,
    /// Cell to bot: a message of the plugin's.
    Message = 5,
    /// Cell to bot: tokens that are given back (the body), and whether more frames are wanted.
    Exchange = 6,
    /// Cell to bot, last: `run` has returned (the kind; the body has the memory that it gives back), or why it never will (the head, as
    /// text).
    Ended = 7,
    /// Bot to cell: there is nothing in the mailbox of what was asked for, as the exchange wanted to know.
    Empty = 8,
}

impl Tag {
    fn of(byte: u8) -> Option<Self> {
        use Tag::{Begin, Empty, Ended, Exchange, Frame, Message, Opened, Refused};
        [
            Begin, Frame, Opened, Refused, Message, Exchange, Ended, Empty,
        ]
        .into_iter()
        .find(|tag| *tag as u8 == byte)
    }
}

/// A record's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub tag: Tag,
    /// A frame: whether it is the last of its batch. An exchange: whether frames are wanted.
    pub flag: bool,
    /// A frame's or message's kind. An exchange: 1 when it wants to know of an empty mailbox.
    pub kind: u16,
    /// Its status.
    pub status: u16,
    /// Its id. An exchange: how many batches the cell has taken.
    pub id: u64,
    /// A frame's token. An exchange: the most frames, and of them the most work, 32 bits each.
    pub token: u64,
    /// Bytes of the three parts behind it, which [`put`](Self::put) fills in.
    pub(super) event: u32,
    pub(super) head: u32,
    pub(super) body: u32,
}

impl Record {
    /// A record without anything behind its head.
    #[must_use]
    pub const fn bare(tag: Tag) -> Self {
        Self {
            tag,
            flag: false,
            kind: 0,
            status: 0,
            id: 0,
            token: 0,
            event: 0,
            head: 0,
            body: 0,
        }
    }

    /// An exchange: how many batches were taken, and how many frames are wanted, if any are.
    #[must_use]
    pub fn exchange(batches: u64, wanted: Option<(u32, u32)>) -> Self {
        let (cap, work) = wanted.unwrap_or_default();
        Self {
            flag: wanted.is_some(),
            id: batches,
            token: u64::from(cap) << 32 | u64::from(work),
            ..Self::bare(Tag::Exchange)
        }
    }

    /// The same, for a plugin that waits until it knows whether there is anything.
    #[must_use]
    pub fn exchange_now(batches: u64, wanted: (u32, u32)) -> Self {
        Self {
            kind: 1,
            ..Self::exchange(batches, Some(wanted))
        }
    }

    /// What an exchange wants: the most frames, and of them the most work.
    #[must_use]
    pub const fn wanted(&self) -> (usize, usize) {
        ((self.token >> 32) as usize, self.token as u32 as usize)
    }

    /// Writes it, and what belongs to it, behind what is in `out`. Neither is longer than a plugin's messages may be.
    pub fn put(mut self, out: &mut Vec<u8>, head: &[u8], body: &[u8]) {
        self.head = length(head);
        self.body = length(body);
        self.put_head(out);
        out.extend_from_slice(head);
        out.extend_from_slice(body);
    }

    fn put_head(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.tag as u8, self.flag.into()]);
        for word in [self.kind, self.status] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        // Room for what comes later.
        out.extend_from_slice(&[0; 2]);
        for word in [self.id, self.token] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        for word in [self.event, self.head, self.body] {
            out.extend_from_slice(&word.to_le_bytes());
        }
    }

    pub(super) fn read(bytes: &[u8; HEAD]) -> Option<Self> {
        let mut words = Words(bytes);
        let [tag, flag] = words.take()?;
        let (kind, status) = (
            u16::from_le_bytes(words.take()?),
            u16::from_le_bytes(words.take()?),
        );
        let [_, _] = words.take()?;
        Some(Self {
            tag: Tag::of(tag)?,
            flag: flag != 0,
            kind,
            status,
            id: u64::from_le_bytes(words.take()?),
            token: u64::from_le_bytes(words.take()?),
            event: u32::from_le_bytes(words.take()?),
            head: u32::from_le_bytes(words.take()?),
            body: u32::from_le_bytes(words.take()?),
        })
    }

    /// Bytes of all that is behind the head, if that is no more than may come. Of a message a byte more than is allowed is let
    /// through: whoever reads it says so.
    pub(super) fn rest(&self) -> Option<usize> {
        let (event, head, body) = (self.event as usize, self.head as usize, self.body as usize);
        let fits = match self.tag {
            // The bot's own.
            Tag::Begin | Tag::Frame => true,
            _ => event == 0 && head <= MOST_HEAD + 1 && body <= MOST_BODY + 1,
        };
        fits.then_some(event + head + body)
    }
}

/// Writes a frame, which the mailbox has just handed out.
///
/// # Safety
///
/// What the frame points at lives: its token was not given back.
pub unsafe fn put_frame(out: &mut Vec<u8>, frame: &Frame) {
    // SAFETY: the caller's promise.
    let (head, body) = unsafe { (frame.head.get(), frame.body.get()) };
    // SAFETY: as above; the frame tells how many bytes of a header there are.
    let header = unsafe { EventHeader::read(frame.header, frame.header_bytes.into()) };
    // SAFETY: as above.
    let (content, user_name) = unsafe { (header.content.get(), header.user_name.get()) };
    let mut record = Record {
        kind: frame.kind,
        status: frame.status,
        id: frame.id,
        token: frame.token,
        ..Record::bare(Tag::Frame)
    };
    let has_event = header.kind != 0;
    if has_event {
        record.event = (EVENT + content.len() + user_name.len()) as u32;
    }
    record.head = length(head);
    record.body = length(body);
    record.put_head(out);
    if has_event {
        put_event(out, &header, content, user_name);
    }
    out.extend_from_slice(head);
    out.extend_from_slice(body);
}

/// Says that the frame that was written last, at `at`, is the last of its batch.
pub fn end_batch(out: &mut [u8], at: usize) {
    if let Some(flag) = out.get_mut(at + 1) {
        *flag = 1;
    }
}

fn put_event(out: &mut Vec<u8>, header: &EventHeader, content: &[u8], user_name: &[u8]) {
    // Every field by name: one that is added later does not compile until it crosses here, too.
    let EventHeader {
        kind,
        shard,
        flags,
        sequence,
        guild_id,
        channel_id,
        user_id,
        message_id,
        received_at_ms,
        content: _,
        user_name: _,
    } = *header;
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&shard.to_le_bytes());
    out.extend_from_slice(&flags.to_le_bytes());
    for word in [
        sequence,
        guild_id,
        channel_id,
        user_id,
        message_id,
        received_at_ms,
    ] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(&length(content).to_le_bytes());
    out.extend_from_slice(content);
    out.extend_from_slice(user_name);
}

/// The header of an event that crossed, whose texts point into `event`.
#[must_use]
pub fn event_header(event: &[u8]) -> Option<EventHeader> {
    let (mut words, texts) = (Words(event.get(..EVENT)?), &event[EVENT..]);
    let mut header = EventHeader {
        kind: u16::from_le_bytes(words.take()?),
        shard: u16::from_le_bytes(words.take()?),
        flags: u32::from_le_bytes(words.take()?),
        sequence: u64::from_le_bytes(words.take()?),
        guild_id: u64::from_le_bytes(words.take()?),
        channel_id: u64::from_le_bytes(words.take()?),
        user_id: u64::from_le_bytes(words.take()?),
        message_id: u64::from_le_bytes(words.take()?),
        received_at_ms: u64::from_le_bytes(words.take()?),
        ..EventHeader::EMPTY
    };
    let content = u32::from_le_bytes(words.take()?) as usize;
    let (content, user_name) = texts.split_at_checked(content)?;
    header.content = Bytes::of(content);
    header.user_name = Bytes::of(user_name);
    Some(header)
}

/// What is longer than four gigabytes has been refused before.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*word)
    }
}

#[cfg(test)]
mod tests;
