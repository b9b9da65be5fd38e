//! Files of the snapshots, written and read piece by piece.

use plugin_api::prelude::*;

use crate::{
    format::{Damage, End, Gathered, Head, Reader, Record, Writer},
    model::{Contents, Line},
    store::{Guild, now_ms},
};

/// What is written or read at once, in bytes.
pub(crate) const PIECE: u64 = 1024 * 1024;

pub(crate) fn path(guild: Guild, number: u64) -> String {
    format!("{guild}/{number}.jsonl")
}

/// A snapshot that is being written: it has its name when it is whole.
pub(crate) struct Draft {
    host: Host,
    part: String,
    path: String,
    writer: Writer,
    bytes: u64,
}

impl Draft {
    pub(crate) async fn new(host: &Host, path: String) -> Result<Self> {
        let part = format!("{path}.part");
        host.files().remove(&part).await?;
        Ok(Self {
            host: host.clone(),
            part,
            path,
            writer: Writer::default(),
            bytes: 0,
        })
    }

    pub(crate) async fn push(&mut self, record: &Record) -> Result {
        self.writer.push(record)?;
        if self.writer.waiting() as u64 >= PIECE {
            let piece = self.writer.take();
            self.append(piece).await?;
        }
        Ok(())
    }

    async fn append(&mut self, piece: Vec<u8>) -> Result {
        self.bytes += piece.len() as u64;
        self.host.files().append(&self.part, piece).await
    }

    /// Writes what is left, and puts it in its place; how many bytes it has.
    pub(crate) async fn finish(mut self) -> Result<(u64, End)> {
        let (rest, end) = std::mem::take(&mut self.writer).finish()?;
        self.append(rest).await?;
        let files = self.host.files();
        files.remove(&self.path).await?;
        if !files.rename(&self.part, &self.path).await? {
            return Err(Error::new(format!(
                "`{}` was gone as soon as it was written",
                self.part
            )));
        }
        Ok((self.bytes, end))
    }

    /// Takes away what was written.
    pub(crate) async fn discard(self) -> Result {
        self.host.files().remove(&self.part).await.map(drop)
    }
}

/// Reads a file from a place on, record by record, until `each` says that it is enough. `None`: it was not read to its end.
pub(crate) async fn read(
    host: &Host,
    path: &str,
    mut each: impl FnMut(Record, Line),
) -> Result<std::result::Result<End, Damage>> {
    let files = host.files();
    let (mut reader, mut offset) = (Reader::default(), 0);
    loop {
        let part = files.read_part(path, offset, PIECE).await?;
        let Some((piece, _)) = part else {
            return Err(gone(path));
        };
        if piece.is_empty() {
            return Ok(reader.finish());
        }
        offset += piece.len() as u64;
        if let Err(damage) = reader.feed(&piece, &mut each) {
            return Ok(Err(damage));
        }
    }
}

/// A snapshot, but for its members and pictures.
pub(crate) struct Whole {
    pub(crate) head: Head,
    pub(crate) contents: Contents,
    pub(crate) end: End,
    pub(crate) first_member: Option<u64>,
}

/// Reads a snapshot as a whole and checks it.
pub(crate) async fn whole(host: &Host, path: &str) -> Result<std::result::Result<Whole, Damage>> {
    let mut gathered = Gathered::default();
    let end = match read(host, path, |record, line| gathered.take(record, line)).await? {
        Ok(end) => end,
        Err(damage) => return Ok(Err(damage)),
    };
    let first_member = gathered.first_member;
    Ok(gathered.finish().map(|(head, contents)| Whole {
        head,
        contents,
        end,
        first_member,
    }))
}

/// The same of a snapshot in the list: what is wrong with it is told to whoever has asked.
pub(crate) async fn sound(host: &Host, guild: Guild, number: u64) -> Result<Whole> {
    let whole = whole(host, &path(guild, number)).await?;
    whole.map_err(|damage| {
        Error::user(format!(
            "Snapshot #{number} is damaged and is not used. {damage} Nothing was changed."
        ))
    })
}

/// The record that stands at a place: one with a picture.
pub(crate) async fn record_at(host: &Host, path: &str, line: Line) -> Result<Record> {
    let part = host
        .files()
        .read_part(path, line.offset, line.length)
        .await?;
    let (bytes, _) = part.ok_or_else(|| gone(path))?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// Members of a snapshot from a place on, a few at a time.
pub(crate) struct Members {
    host: Host,
    path: String,
    offset: u64,
    rest: Vec<u8>,
}

impl Members {
    pub(crate) fn new(host: &Host, path: String, offset: u64) -> Self {
        let (host, rest) = (host.clone(), Vec::new());
        Self {
            host,
            path,
            offset,
            rest,
        }
    }

    /// The next ones, in the order of their ids; none behind the last.
    pub(crate) async fn next(&mut self) -> Result<Vec<crate::model::Member>> {
        loop {
            let part = self
                .host
                .files()
                .read_part(&self.path, self.offset, PIECE)
                .await?;
            let (piece, _) = part.ok_or_else(|| gone(&self.path))?;
            if piece.is_empty() {
                return Ok(Vec::new());
            }
            self.offset += piece.len() as u64;
            self.rest.extend(piece);
            let whole = self
                .rest
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1);
            let lines: Vec<u8> = self.rest.drain(..whole).collect();
            let mut members = Vec::new();
            for line in lines
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
            {
                if let Record::Member(member) = serde_json::from_slice(line)? {
                    members.push(member);
                }
            }
            if !members.is_empty() {
                return Ok(members);
            }
        }
    }
}

/// Takes away what was being written when a bot was killed: parts of files that nobody has touched for a day.
pub(crate) async fn sweep(host: &Host) -> Result {
    const DAY_MS: i64 = 24 * 3600 * 1000;
    let files = host.files();
    for folder in files.list("").await?.into_iter().filter(|it| it.folder) {
        for file in files.list(&folder.name).await? {
            let path = format!("{}/{}", folder.name, file.name);
            if !file.name.ends_with(".part") {
                continue;
            }
            let stat = files.stat(&path).await?;
            if stat.is_some_and(|stat| stat.modified_ms < now_ms() - DAY_MS) {
                files.remove(&path).await?;
            }
        }
    }
    Ok(())
}

fn gone(path: &str) -> Error {
    Error::user(format!(
        "The snapshot's file `{path}` is not there any more: somebody has taken it away. `backup delete` takes it out of the list."
    ))
}
