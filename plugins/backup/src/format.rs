//! Format of a snapshot's file: one JSON record a line, the first of which says what it is, the last how many there are and their checksum.
//!
//! It is written and read piece by piece, so that a server's members are never all in memory. What is behind the last record, a record
//! that is missing, and any byte that has changed is found.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

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

/// A snapshot as a whole, but for its members and pictures: those are read where they are needed.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    head: Option<Head>,
    server: Option<Server>,
    items: [Vec<Item>; 4],
    bot: std::collections::BTreeMap<String, Value>,
    pub(crate) members: u64,
    /// Where the first member stands.
    pub(crate) first_member: Option<u64>,
    last_member: Option<Snowflake>,
    is_unordered: bool,
}

impl Gathered {
    pub(crate) fn take(&mut self, record: Record, line: Line) {
        let placed = |mut item: Item| {
            item.line = item.picture.take().map(|_| line);
            item
        };
        match record {
            Record::Head(head) => self.head = Some(head),
            Record::Server(mut server) => {
                server.line = server.picture.take().map(|_| line);
                self.server = Some(server);
            }
            Record::Role(item) => self.items[0].push(placed(item)),
            Record::Channel(item) => self.items[1].push(placed(item)),
            Record::Emoji(item) => self.items[2].push(placed(item)),
            Record::Sticker(item) => self.items[3].push(placed(item)),
            Record::Setting { path, value } => {
                self.bot.insert(path, value);
            }
            Record::Member(member) => {
                self.members += 1;
                self.first_member.get_or_insert(line.offset);
                self.is_unordered |= self.last_member.replace(member.id) >= Some(member.id);
            }
            Record::End(_) => {}
        }
    }

    /// What was read, if it fits together.
    pub(crate) fn finish(self) -> Result<(Head, Contents), Damage> {
        let wrong = |why: &str| Err(Damage::Content(why.to_owned()));
        let (Some(head), Some(server)) = (self.head, self.server) else {
            return wrong("there is no server in it");
        };
        if self.is_unordered {
            return wrong("its members are not in the order of their ids");
        }
        let [roles, channels, emojis, stickers] = self.items;
        if server.id != head.guild || !roles.iter().any(|role| role.id == server.id) {
            return wrong("the server has no role that everybody has");
        }
        for items in [&roles, &channels, &emojis, &stickers] {
            let mut ids: Vec<_> = items.iter().map(|item| item.id).collect();
            ids.sort_unstable();
            if ids.windows(2).any(|pair| pair[0] == pair[1]) {
                return wrong("an id is there twice");
            }
            if let Some(item) = items.iter().find(|item| item.name().is_empty()) {
                return Err(Damage::Content(format!("{} has no name", item.id)));
            }
        }
        let is_category = |id| {
            let mut all = channels.iter();
            all.any(|it| it.id == id && it.sort == crate::model::sort::CATEGORY)
        };
        let orphan = channels
            .iter()
            .find(|it| it.parent.is_some_and(|parent| !is_category(parent)));
        if let Some(orphan) = orphan {
            return Err(Damage::Content(format!(
                "the category of {} is missing",
                orphan.id
            )));
        }
        let bot = self.bot;
        let contents = Contents {
            server,
            roles,
            channels,
            emojis,
            stickers,
            bot,
        };
        Ok((head, contents))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{id, server};

    fn member(number: u64) -> Record {
        Record::Member(Member {
            id: id(number),
            name: format!("m{number}"),
            roles: vec![id(20)],
        })
    }

    fn written() -> (Vec<u8>, End) {
        let mut writer = Writer::default();
        let contents = server();
        let head = Head::new(contents.server.id, "Tea", 5, "first");
        writer.push(&Record::Head(head)).unwrap();
        for record in records(contents).chain((1000..1100).map(member)) {
            writer.push(&record).unwrap();
        }
        writer.finish().unwrap()
    }

    fn read(bytes: &[u8], piece: usize) -> Result<(End, Gathered), Damage> {
        let (mut reader, mut gathered) = (Reader::default(), Gathered::default());
        for piece in bytes.chunks(piece) {
            reader.feed(piece, |record, line| gathered.take(record, line))?;
        }
        Ok((reader.finish()?, gathered))
    }

    #[test]
    fn what_is_written_is_read_whatever_the_pieces_are() {
        let (bytes, end) = written();
        for piece in [1, 7, 4096, bytes.len()] {
            let (found, gathered) = read(&bytes, piece).unwrap();
            assert_eq!((&found, gathered.members), (&end, 100));
            let first = usize::try_from(gathered.first_member.unwrap()).unwrap();
            assert!(bytes[first..].starts_with(b"{\"member\":{\"id\":\"1000\""));
            let (head, contents) = gathered.finish().unwrap();
            assert_eq!((head.label.as_str(), contents), ("first", server()));
        }
    }

    #[test]
    fn a_picture_stays_in_the_file_and_its_place_is_known() {
        let mut contents = server();
        contents.emojis[0].picture = Some("data:image/png;base64,AAAA".into());
        let mut writer = Writer::default();
        writer
            .push(&Record::Head(Head::new(contents.server.id, "Tea", 5, "")))
            .unwrap();
        records(contents).for_each(|record| writer.push(&record).unwrap());
        let (bytes, _) = writer.finish().unwrap();
        let (_, read) = read(&bytes, 64).unwrap().1.finish().unwrap();
        let line = read.emojis[0].line.unwrap();
        assert_eq!(read.emojis[0].picture, None);
        let (from, to) = (line.offset as usize, (line.offset + line.length) as usize);
        let record: Record = serde_json::from_slice(&bytes[from..to]).unwrap();
        assert!(
            matches!(record, Record::Emoji(item) if item.picture.as_deref().unwrap().ends_with("AAAA"))
        );
    }

    /// Each byte, changed: none of it is taken for sound.
    #[test]
    fn any_byte_that_has_changed_is_found() {
        let (bytes, _) = written();
        for at in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let damage = read(&changed, 512).err();
            assert!(damage.is_some(), "byte {at} of {}", bytes.len());
        }
    }

    #[test]
    fn damage_is_named() {
        let (bytes, _) = written();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let joined = |lines: &[&str]| lines.join("\n") + "\n";
        let cut = joined(&lines[..lines.len() - 1]);
        let half = text[..text.len() / 2].to_owned();
        let mut swapped = lines.clone();
        swapped.swap(3, 4);
        let mut without = lines.clone();
        without.remove(9);
        let newer = text.replacen("\"version\":1", "\"version\":2", 1);
        let odd = text.replacen("{\"role\"", "{\"rule\"", 1);
        let table = [
            (cut, "cut short"),
            (half, "cut short"),
            (joined(&swapped), "checksum"),
            (joined(&without), "checksum"),
            (newer, "version 2"),
            (odd, "Line 3 can't be read"),
            (text.clone() + "more", "behind its last record"),
            (text + "{}\n", "behind its last record"),
            (String::new(), "no snapshot"),
            ("hello\n".into(), "no snapshot"),
            ("{\"head\":{\"format\":\"other\"}}\n".into(), "no snapshot"),
        ];
        for (text, expected) in table {
            let damage = read(text.as_bytes(), 1000).unwrap_err().to_string();
            assert!(damage.contains(expected), "{damage}");
        }
    }

    #[test]
    fn records_that_do_not_fit_together_are_refused() {
        let gather = |change: &dyn Fn(&mut Contents)| {
            let mut contents = server();
            let head = Head::new(contents.server.id, "Tea", 5, "");
            change(&mut contents);
            let mut gathered = Gathered::default();
            let line = Line {
                offset: 0,
                length: 1,
            };
            gathered.take(Record::Head(head), line);
            records(contents).for_each(|record| gathered.take(record, line));
            gathered.finish().map(drop).unwrap_err().to_string()
        };
        assert!(gather(&|it| it.roles[1].id = it.roles[2].id).contains("twice"));
        assert!(gather(&|it| it.channels[0].fields.clear()).contains("no name"));
        assert!(gather(&|it| it.channels.retain(|it| it.sort != 4)).contains("category"));
        assert!(gather(&|it| it.roles.clear()).contains("everybody"));
        let mut gathered = Gathered::default();
        let head = Head::new(id(1), "Tea", 5, "");
        let line = Line {
            offset: 0,
            length: 1,
        };
        let of_server = std::iter::once(Record::Head(head)).chain(records(server()));
        let all = of_server.chain([member(7), member(6)]);
        all.for_each(|record| gathered.take(record, line));
        let damage = gathered.finish().unwrap_err().to_string();
        assert!(damage.contains("order of their ids"), "{damage}");
    }
}
