//! Records that cross between the bot and a cell: a head of fixed size, then an event's part, a JSON head and a body.
//!
//! Both ends are the same program, and say so first ([`VERSION`]). What a cell sends is read as from a stranger: a plugin may have
//! written over anything in its process.

use std::io::{self, Read};

use plugin_api::abi::{Bytes, EventHeader, Frame};

use crate::calls::{MOST_BODY, MOST_HEAD};

/// Version of these records. The bot and its cells are of one build; an executable that was replaced meanwhile is found out by it.
pub const VERSION: u32 = 1;

/// Bytes of a record's head.
const HEAD: usize = 36;

/// Bytes of an event's part in front of its texts.
const EVENT: usize = 60;

/// A buffer of more than this is given back when it is empty.
const KEPT: usize = 1 << 20;

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

/// A record with what belongs to it.
#[derive(Debug)]
pub struct Received<'a> {
    /// Its head.
    pub record: Record,
    /// An event's part, or empty.
    pub event: &'a [u8],
    /// JSON, or empty.
    pub head: &'a [u8],
    /// The payload, or empty.
    pub body: &'a [u8],
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

    fn read(bytes: &[u8; HEAD]) -> Option<Self> {
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
    fn rest(&self) -> Option<usize> {
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

/// Bytes that have come and were not read yet.
#[derive(Debug, Default)]
pub struct Incoming {
    bytes: Vec<u8>,
    read: usize,
    filled: usize,
}

impl Incoming {
    /// Takes what there is; 0 bytes at the other side's end.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn fill(&mut self, from: &mut impl Read) -> io::Result<usize> {
        self.bytes.copy_within(self.read..self.filled, 0);
        self.filled -= self.read;
        self.read = 0;
        if self.filled == 0 && self.bytes.len() > KEPT {
            self.bytes = Vec::new();
        }
        let room = self.missing().max(16 << 10);
        if self.bytes.len() < self.filled + room {
            self.bytes.resize(self.filled + room, 0);
        }
        let came = from.read(&mut self.bytes[self.filled..])?;
        self.filled += came;
        Ok(came)
    }

    /// How much is missing of the record that has begun, as far as that is known.
    fn missing(&self) -> usize {
        let have = &self.bytes[self.read..self.filled];
        let record = have.first_chunk().and_then(Record::read);
        record
            .and_then(|it| it.rest())
            .map_or(HEAD, |rest| (HEAD + rest).saturating_sub(have.len()))
    }

    /// The next record that is whole.
    ///
    /// # Errors
    ///
    /// What has come is none, or larger than any may be; nothing behind it can be read.
    pub fn next(&mut self) -> Result<Option<Received<'_>>, Broken> {
        let have = &self.bytes[self.read..self.filled];
        let Some(head) = have.first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let record = Record::read(head).ok_or(Broken)?;
        let rest = record.rest().ok_or(Broken)?;
        let Some(rest) = have.get(HEAD..HEAD + rest) else {
            return Ok(None);
        };
        self.read += HEAD + rest.len();
        let (event, rest) = rest.split_at(record.event as usize);
        let (head, body) = rest.split_at(record.head as usize);
        Ok(Some(Received {
            record,
            event,
            head,
            body,
        }))
    }
}

/// What has come is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_cross_in_pieces_of_any_size() {
        let mut sent = Vec::new();
        let record = Record {
            kind: 2,
            status: 1,
            id: 7,
            ..Record::bare(Tag::Message)
        };
        record.put(&mut sent, b"{}", b"tea");
        Record::exchange(9, Some((64, 3))).put(&mut sent, b"", &[1; 16]);
        for piece in 1..sent.len() {
            let (mut incoming, mut seen) = (Incoming::default(), Vec::new());
            for mut bytes in sent.chunks(piece) {
                while !bytes.is_empty() {
                    incoming.fill(&mut bytes).unwrap();
                }
                while let Some(it) = incoming.next().unwrap() {
                    seen.push((it.record, it.head.to_vec(), it.body.to_vec()));
                }
            }
            assert_eq!(seen.len(), 2, "pieces of {piece}");
            assert_eq!(
                (seen[0].0.id, &*seen[0].1, &*seen[0].2),
                (7, &b"{}"[..], &b"tea"[..])
            );
            assert_eq!(
                (seen[1].0.id, seen[1].0.wanted(), seen[1].2.len()),
                (9, (64, 3), 16)
            );
        }
    }

    #[test]
    fn a_frame_crosses_with_its_event() {
        let header = EventHeader {
            kind: 3,
            shard: 1,
            flags: 4,
            sequence: 5,
            guild_id: 6,
            channel_id: 7,
            user_id: 8,
            message_id: 9,
            received_at_ms: 10,
            content: Bytes::of(b"tea?"),
            user_name: Bytes::of(b"ann"),
        };
        let frame = Frame {
            kind: 3,
            token: 11,
            id: 12,
            header: (&raw const header).cast(),
            header_bytes: size_of::<EventHeader>() as u16,
            head: Bytes::of(b"{}"),
            body: Bytes::of(b"body"),
            ..<Frame as plugin_api::abi::Record>::EMPTY
        };
        let mut sent = Vec::new();
        // SAFETY: all that it points at lives here.
        unsafe { put_frame(&mut sent, &frame) };
        end_batch(&mut sent, 0);
        let mut incoming = Incoming::default();
        incoming.fill(&mut &*sent).unwrap();
        let came = incoming.next().unwrap().unwrap();
        assert!(came.record.flag);
        assert_eq!(
            (came.record.token, came.record.id, came.head, came.body),
            (11, 12, &b"{}"[..], &b"body"[..])
        );
        let header = event_header(came.event).unwrap();
        assert_eq!(
            (
                header.kind,
                header.shard,
                header.flags,
                header.sequence,
                header.guild_id,
                header.channel_id
            ),
            (3, 1, 4, 5, 6, 7)
        );
        assert_eq!(
            (header.user_id, header.message_id, header.received_at_ms),
            (8, 9, 10)
        );
        // SAFETY: the texts point into what has come, which lives.
        let texts = unsafe { (header.content.get(), header.user_name.get()) };
        assert_eq!(texts, (&b"tea?"[..], &b"ann"[..]));
    }

    #[test]
    fn what_is_no_record_or_too_large_for_one_breaks_and_never_panics() {
        let read = |bytes: &[u8]| {
            let mut incoming = Incoming::default();
            let mut rest = bytes;
            while !rest.is_empty() {
                incoming.fill(&mut rest).unwrap();
            }
            incoming.next().map(|it| it.is_some())
        };
        assert_eq!(read(&[0; HEAD]), Err(Broken));
        assert_eq!(read(&[0xFF; HEAD]), Err(Broken));
        let mut large = Vec::new();
        Record::bare(Tag::Message).put(&mut large, b"", b"");
        large[HEAD - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read(&large), Err(Broken));
        for length in 0..HEAD {
            assert_eq!(read(&large[..length]), Ok(false));
        }
        for byte in 0..=u8::MAX {
            let _ = event_header(&[byte; EVENT + 3]);
        }
        assert!(event_header(&[]).is_none());
    }
}
