//! Incoming records: bytes as they come off the socket, until records are whole.

use std::io::{self, Read};

use super::wire::{HEAD, Record};

/// A buffer of more than this is given back when it is empty.
const KEPT: usize = 1 << 20;

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
