//! Format of a snapshot's file: one JSON record a line, the first of which says what it is, the last how many there are and their checksum.
//!
//! It is written and read piece by piece, so that a server's members are never all in memory. What is behind the last record, a record
//! that is missing, and any byte that has changed is found.

mod gathered;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub(crate) use self::gathered::Gathered;
use crate::model::{Contents, Item, Line, Member, Server, Snowflake};

/// What the first record says of itself.
const FORMAT: &str = "cogwright backup";

/// The version that is written. A file of a newer one is refused.
pub(crate) const VERSION: u32 = 1;

/// The longest line: an icon of 10 MiB, as a data URI.
const LONGEST: usize = 16 * 1024 * 1024;

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Record {
    Head(Head),
    Server(Server),
    Role(Item),
    Channel(Item),
    Emoji(Item),
    Sticker(Item),
    Setting { path: String, value: Value },
    Member(Member),
    End(End),
}

/// The first record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    format: String,
    version: u32,
    pub(crate) guild: Snowflake,
    pub(crate) name: String,
    /// Milliseconds since 1970.
    pub(crate) taken_ms: i64,
    #[serde(default)]
    pub(crate) label: String,
}

/// The last record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    /// Records before this one.
    pub(crate) records: u64,
    /// Members among them.
    pub(crate) members: u64,
    /// SHA-256 of all lines before this one.
    pub(crate) sha256: String,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Its first line is another's.
    Foreign,
    Newer(u32),
    /// Which line, counted from 1, and why it can't be read.
    Line(u64, String),
    /// It ends before its last record.
    CutShort(u64),
    /// Something stands behind its last record.
    Behind,
    Checksum,
    /// What is there does not fit together.
    Content(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => {
                f.write_str("It is no snapshot of this bot: its first line is not as expected.")
            }
            Self::Newer(version) => write!(
                f,
                "It is of version {version}, and this bot reads up to version {VERSION}. A newer Cogwright reads it."
            ),
            Self::Line(number, why) => write!(f, "Line {number} can't be read: {why}."),
            Self::CutShort(records) => {
                write!(
                    f,
                    "It is cut short: it ends behind {records} records, without the last one."
                )
            }
            Self::Behind => f.write_str("Something stands behind its last record."),
            Self::Checksum => {
                f.write_str("Its checksum does not fit: it was changed after it was written.")
            }
            Self::Content(why) => write!(f, "Its records do not fit together: {why}."),
        }
    }
}

impl Head {
    pub(crate) fn new(guild: Snowflake, name: &str, taken_ms: i64, label: &str) -> Self {
        Self {
            format: FORMAT.into(),
            version: VERSION,
            guild,
            name: name.into(),
            taken_ms,
            label: label.into(),
        }
    }
}

/// Writes a file; what it gives is to be written in that order.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    hash: Sha256,
    records: u64,
    members: u64,
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn push(&mut self, record: &Record) -> serde_json::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.hash.update(&line);
        self.records += 1;
        self.members += u64::from(matches!(record, Record::Member(_)));
        self.bytes.append(&mut line);
        Ok(())
    }

    /// How much waits to be taken.
    pub(crate) fn waiting(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// What is left to be written, and the last record.
    pub(crate) fn finish(mut self) -> serde_json::Result<(Vec<u8>, End)> {
        let end = End {
            records: self.records,
            members: self.members,
            sha256: hex(&self.hash.finalize()),
        };
        let mut line = serde_json::to_vec(&Record::End(end.clone()))?;
        line.push(b'\n');
        self.bytes.append(&mut line);
        Ok((self.bytes, end))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a file, whatever the pieces are that it comes in.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    hash: Sha256,
    part: Vec<u8>,
    /// Where `part` begins in the file.
    offset: u64,
    records: u64,
    members: u64,
    end: Option<End>,
}

impl Reader {
    /// The next piece. Each record that is whole with it is handed on, with its place in the file.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(Record, Line),
    ) -> Result<(), Damage> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.part.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.part);
                let place = Line {
                    offset: self.offset,
                    length: line.len() as u64,
                };
                self.offset += place.length;
                if let Some(record) = self.line(&line)? {
                    each(record, place);
                }
            } else if self.part.len() > LONGEST {
                let most = LONGEST / (1024 * 1024);
                return Err(Damage::Line(
                    self.records + 1,
                    format!("it is longer than {most} MiB"),
                ));
            }
        }
        Ok(())
    }

    /// Whether it was whole.
    pub(crate) fn finish(self) -> Result<End, Damage> {
        match self.end {
            Some(_) if !self.part.is_empty() => Err(Damage::Behind),
            Some(end) => Ok(end),
            None if self.records == 0 => Err(Damage::Foreign),
            None => Err(Damage::CutShort(self.records)),
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<Option<Record>, Damage> {
        if self.end.is_some() {
            return Err(Damage::Behind);
        }
        if self.records == 0 {
            check_head(line)?;
        }
        let read = serde_json::from_slice(line);
        let record = read.map_err(|error| Damage::Line(self.records + 1, error.to_string()))?;
        if let Record::End(end) = record {
            let whole = end.records == self.records && end.members == self.members;
            if !whole || end.sha256 != hex(&std::mem::take(&mut self.hash).finalize()) {
                return Err(Damage::Checksum);
            }
            self.end = Some(end);
            return Ok(None);
        }
        self.hash.update(line);
        self.records += 1;
        self.members += u64::from(matches!(record, Record::Member(_)));
        Ok(Some(record))
    }
}

/// Whether a file that begins so is one of ours, before anything else is made of it.
fn check_head(line: &[u8]) -> Result<(), Damage> {
    let line: Value = serde_json::from_slice(line).map_err(|_| Damage::Foreign)?;
    let head = &line["head"];
    if head["format"] != FORMAT {
        return Err(Damage::Foreign);
    }
    match head["version"].as_u64() {
        Some(version) if version == u64::from(VERSION) => Ok(()),
        Some(version) => Err(Damage::Newer(u32::try_from(version).unwrap_or(u32::MAX))),
        None => Err(Damage::Foreign),
    }
}

/// The records of a snapshot, but for its head and its members.
pub(crate) fn records(contents: Contents) -> impl Iterator<Item = Record> {
    let Contents {
        server,
        roles,
        channels,
        emojis,
        stickers,
        bot,
    } = contents;
    let settings = bot.into_iter();
    std::iter::once(Record::Server(server))
        .chain(roles.into_iter().map(Record::Role))
        .chain(channels.into_iter().map(Record::Channel))
        .chain(emojis.into_iter().map(Record::Emoji))
        .chain(stickers.into_iter().map(Record::Sticker))
        .chain(settings.map(|(path, value)| Record::Setting { path, value }))
}
