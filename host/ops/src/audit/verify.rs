//! Verification of the audit journal: whether every line is as it was written, and in its place.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{
    FILE, Head,
    entry::{Entry, Line},
    files, read_head,
};

/// What a journal without a fault has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many lines.
    pub entries: u64,
    /// The number of the oldest that is kept; 0 when there is none.
    pub first: u64,
    /// The number of the latest.
    pub last: u64,
}

/// The first place at which a journal is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}, line {line}: {what}", file.display())]
pub struct Fault {
    /// The file.
    pub file: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// Goes through all lines, the oldest first.
///
/// # Errors
///
/// The first fault, or a file can't be read.
pub fn verify(folder: &Path) -> io::Result<Result<Verified, Fault>> {
    let mut verified = Verified {
        entries: 0,
        first: 0,
        last: 0,
    };
    let mut before: Option<Head> = None;
    let mut end = (folder.join(FILE), 0);
    for file in files(folder)? {
        let text = fs::read(&file)?;
        let text = String::from_utf8_lossy(&text);
        for (number, line) in text.lines().enumerate() {
            match checked(line, before.as_ref()) {
                Ok(head) => {
                    if verified.entries == 0 {
                        verified.first = head.sequence;
                    }
                    verified.entries += 1;
                    verified.last = head.sequence;
                    before = Some(head);
                }
                Err(what) => {
                    let line = number + 1;
                    return Ok(Err(Fault { file, line, what }));
                }
            }
        }
        end = (file, text.lines().count());
    }
    let last = before.unwrap_or_default();
    Ok(match read_head(folder) {
        Some(head) if head.sequence > last.sequence => Err(Fault {
            file: end.0,
            line: end.1 + 1,
            what: format!(
                "the journal ends at entry {}, and entry {} was written: the last ones are missing",
                last.sequence, head.sequence
            ),
        }),
        Some(head) if head.sequence == last.sequence && head.hash != last.hash => Err(Fault {
            file: end.0,
            line: end.1,
            what: format!("entry {} is another one than was written", head.sequence),
        }),
        None if last.sequence > 0 => Err(Fault {
            file: end.0,
            line: end.1,
            what: "audit.head is missing: whether the last entries are there can't be told".into(),
        }),
        _ => Ok(verified),
    })
}

/// Checks a line against the one before it.
fn checked(line: &str, before: Option<&Head>) -> Result<Head, String> {
    let line: Line = serde_json::from_str(line)
        .map_err(|error| format!("no line of this journal, or only a part of one ({error})"))?;
    if !line.is_whole() {
        return Err("the entry was changed: its hash is another one".into());
    }
    let entry: Entry = serde_json::from_str(line.entry.get())
        .map_err(|error| format!("the entry can't be read: {error}"))?;
    if let Some(before) = before {
        let due = before.sequence + 1;
        if entry.sequence != due {
            return Err(format!(
                "entry {} stands where entry {due} should: lines are missing, doubled or in another order",
                entry.sequence
            ));
        }
        if entry.previous != before.hash {
            return Err(format!(
                "entry {} is not chained to the line before it: that one was exchanged",
                entry.sequence
            ));
        }
    } else if entry.sequence == 1 && !entry.previous.is_empty() {
        return Err("the first entry is chained to a line that is not there".into());
    }
    Ok(Head {
        sequence: entry.sequence,
        hash: line.hash,
    })
}

/// The last line that can be read.
pub(super) fn last(folder: &Path) -> io::Result<Option<Head>> {
    for file in files(folder)?.into_iter().rev() {
        let text = fs::read(file)?;
        let text = String::from_utf8_lossy(&text);
        let head = text.lines().rev().find_map(|line| {
            let line: Line = serde_json::from_str(line).ok()?;
            let entry: Entry = serde_json::from_str(line.entry.get()).ok()?;
            Some(Head {
                sequence: entry.sequence,
                hash: line.hash,
            })
        });
        if head.is_some() {
            return Ok(head);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Deed, Journal},
        *,
    };
    use crate::config::Log;

    fn deed(number: usize) -> Deed {
        Deed {
            user: 7,
            plugin: "admin".into(),
            call: "plugins.reload".into(),
            params: serde_json::json!({"name": format!("tea{number}")}),
            result: "done".into(),
            ..Deed::default()
        }
    }

    /// A journal of so many entries.
    fn journal(entries: usize, config: &Log) -> (tempfile::TempDir, PathBuf) {
        let data = tempfile::tempdir().unwrap();
        let journal = Journal::open(data.path(), config).unwrap();
        for number in 1..=entries {
            journal.append(&deed(number)).unwrap();
        }
        let folder = journal.folder().to_owned();
        (data, folder)
    }

    fn fault(folder: &Path) -> (usize, String) {
        let fault = verify(folder).unwrap().unwrap_err();
        (fault.line, fault.what)
    }

    /// Changes the lines of the youngest file.
    fn forge(folder: &Path, change: impl FnOnce(&mut Vec<String>)) {
        let path = folder.join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        change(&mut lines);
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_journal_as_it_was_written_is_verified_also_over_restarts_and_rotations() {
        let config = Log {
            max_file_bytes: 2_000,
            files_kept: 3,
            ..Log::default()
        };
        let (data, folder) = journal(5, &config);
        let again = Journal::open(data.path(), &config).unwrap();
        for number in 6..=40 {
            again.append(&deed(number)).unwrap();
        }
        let verified = verify(&folder).unwrap().unwrap();
        assert_eq!(verified.last, 40);
        assert!(verified.first > 1, "the oldest ones are gone: {verified:?}");
        assert_eq!(verified.entries, 40 - verified.first + 1);
    }

    #[test]
    fn each_way_of_forging_is_found_at_its_line() {
        let forged = |change: &dyn Fn(&mut Vec<String>)| {
            let (_data, folder) = journal(5, &Log::default());
            forge(&folder, change);
            fault(&folder)
        };
        let (line, what) = forged(&|lines| lines[2] = lines[2].replace("tea3", "tea9"));
        assert_eq!(
            (line, &*what),
            (3, "the entry was changed: its hash is another one")
        );
        let (line, what) = forged(&|lines| drop(lines.remove(1)));
        assert_eq!(line, 2);
        assert!(
            what.starts_with("entry 3 stands where entry 2 should"),
            "{what}"
        );
        let (line, _) = forged(&|lines| lines.swap(3, 4));
        assert_eq!(line, 4);
        let (line, _) = forged(&|lines| lines.insert(1, lines[1].clone()));
        assert_eq!(line, 3);
        let (line, what) = forged(&|lines| lines.truncate(3));
        assert_eq!(line, 4);
        assert!(
            what.contains("ends at entry 3, and entry 5 was written"),
            "{what}"
        );
        let (line, what) = forged(&|lines| lines.clear());
        assert!(what.contains("ends at entry 0"), "{line} {what}");
        let (line, _) = forged(&|lines| lines[4].truncate(30));
        assert_eq!(line, 5);
        let (line, what) = forged(&|lines| {
            let mut entry: Entry = {
                let line: Line = serde_json::from_str(&lines[1]).unwrap();
                serde_json::from_str(line.entry.get()).unwrap()
            };
            entry.deed.user = 8;
            lines[1] = serde_json::to_string(&Line::of(&entry).unwrap()).unwrap();
        });
        assert_eq!(line, 3, "who hashes anew breaks the next line");
        assert!(what.contains("not chained to the line before"), "{what}");
    }
}
