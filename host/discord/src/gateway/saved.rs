//! Saved sessions: what a shard needs to go on with its session in another process.
//!
//! One file of records of a fixed size, one for each shard, written over in place and without fsync: the page cache outlives a
//! process that is killed, which is all that is asked of it (docs/decisions/0084-restart-without-loss.md).
//!
//! Invariant: the sequence of a record is that of an event that was dispatched, and all before it were.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use twilight_gateway::Intents;

use super::renewal::SessionNumber;
use crate::{cache::Mark, figures::now_ms};

/// Bytes of a record: several times what Discord's ids and addresses take.
const RECORD: usize = 512;

/// For how long a session is worth a try: Discord keeps it for some minutes. An older one costs a connection and nothing else.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// A session as it lies in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SavedSession {
    application: u64,
    shard: u32,
    of: u32,
    pub(super) id: String,
    pub(super) resume_url: Option<String>,
    pub(super) sequence: u64,
    intents: u64,
    /// When it was last heard of, in milliseconds since 1970.
    at_ms: u64,
}

impl SavedSession {
    /// The intents that it was identified with.
    pub(super) fn intents(&self) -> Intents {
        Intents::from_bits_truncate(self.intents)
    }

    /// How long ago it was last heard of.
    pub(super) fn age(&self) -> Duration {
        Duration::from_millis(now_ms().saturating_sub(self.at_ms))
    }

    fn mark(&self) -> Mark {
        Mark {
            shard: self.shard,
            of: self.of,
            session: self.id.clone(),
            sequence: self.sequence,
        }
    }
}

/// A session of this process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SessionKey {
    /// Its number in the shard: a higher one has taken over.
    pub(super) number: SessionNumber,
    pub(super) id: String,
    pub(super) resume_url: Option<String>,
    pub(super) intents: Intents,
}

/// Place of a message in its session.
#[derive(Debug, Clone)]
pub struct Place {
    pub(super) session: Arc<SessionKey>,
    pub(super) sequence: u64,
}

/// The sessions of this process, and those of the one before.
#[derive(Debug)]
pub struct Sessions {
    folder: PathBuf,
    application: u64,
    before: BTreeMap<u32, SavedSession>,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    /// `None` if it can't be written: the next start identifies anew.
    file: Option<File>,
    of: u32,
    /// By shard; true for one that has changed since it was written.
    reached: BTreeMap<u32, (Place, bool)>,
}

impl Sessions {
    /// Opens `sessions` in this folder, of which this application's are read. What can't be read is as if it were not there.
    #[must_use]
    pub fn open(folder: &Path, application: u64) -> Self {
        let opened = open(folder);
        if let Err(error) = &opened {
            tracing::warn!(
                folder = %folder.display(),
                "the gateway sessions can't be saved there, and each start opens new ones: {error}"
            );
        }
        let mut file = opened.ok();
        let before = file.as_mut().map(read).unwrap_or_default();
        let of_this = |saved: &SavedSession| saved.application == application;
        Self {
            folder: folder.to_owned(),
            application,
            before: before
                .into_iter()
                .filter(of_this)
                .map(|saved| (saved.shard, saved))
                .collect(),
            now: Mutex::new(Now {
                file,
                of: 0,
                reached: BTreeMap::new(),
            }),
        }
    }

    /// What the bot knew when it stopped, if it has stopped in order.
    #[must_use]
    pub fn snapshot(&self) -> PathBuf {
        self.folder.join("cache")
    }

    /// The session of the process before that a shard can go on with.
    pub(super) fn fitting(&self, shard: u32, of: u32) -> Option<&SavedSession> {
        let saved = self.before.get(&shard)?;
        (saved.of == of && saved.age() < LIFE).then_some(saved)
    }

    /// How many shards there are.
    pub(super) fn starting(&self, of: u32) {
        self.lock().of = of;
    }

    /// A message was dispatched, and all before it.
    pub fn reached(&self, shard: u32, place: &Place) {
        let mut now = self.lock();
        if let Some((before, is_new)) = now.reached.get_mut(&shard) {
            let is_older = place.session.number < before.session.number;
            // A session that Discord has ended is followed by another of the same number.
            let is_behind = place.session == before.session && place.sequence < before.sequence;
            if is_older || is_behind {
                return;
            }
            (*before, *is_new) = (place.clone(), true);
        } else {
            now.reached.insert(shard, (place.clone(), true));
        }
    }

    /// Writes what was reached since the last time.
    pub fn write(&self) {
        let mut now = self.lock();
        let now = &mut *now;
        let Some(file) = &mut now.file else { return };
        for (shard, (place, is_new)) in &mut now.reached {
            if !std::mem::take(is_new) {
                continue;
            }
            let saved = saved(self.application, *shard, now.of, place);
            if let Err(error) = write(file, &saved) {
                tracing::warn!(
                    shard,
                    "its gateway session can't be saved, and the next start opens a new one: {error}"
                );
                now.file = None;
                return;
            }
        }
    }

    /// Where the sessions stand: what is known now belongs to that.
    #[must_use]
    pub fn marks(&self) -> Vec<Mark> {
        let now = self.lock();
        let of = |(shard, (place, _)): (&u32, &(Place, bool))| {
            saved(self.application, *shard, now.of, place).mark()
        };
        now.reached.iter().map(of).collect()
    }

    /// Where these sessions of the process before stood.
    pub(super) fn marks_of<'s>(saved: impl IntoIterator<Item = &'s &'s SavedSession>) -> Vec<Mark> {
        saved.into_iter().map(|saved| saved.mark()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn saved(application: u64, shard: u32, of: u32, place: &Place) -> SavedSession {
    SavedSession {
        application,
        shard,
        of,
        id: place.session.id.clone(),
        resume_url: place.session.resume_url.clone(),
        sequence: place.sequence,
        intents: place.session.intents.bits(),
        at_ms: now_ms(),
    }
}

fn open(folder: &Path) -> io::Result<File> {
    host_base::private::folder(folder)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(folder.join("sessions"))
}

/// All that can be read: of shards that this process does not have there are blank ones.
fn read(file: &mut File) -> Vec<SavedSession> {
    let mut bytes = Vec::new();
    if let Err(error) = file.read_to_end(&mut bytes) {
        tracing::warn!("the saved gateway sessions can't be read: {error}");
    }
    let records = bytes.chunks(RECORD);
    let read = |record: &[u8]| serde_json::from_slice(record).ok();
    records.filter_map(read).collect()
}

/// A record is JSON with blanks behind it, in one write: nobody finds half of one.
fn write(file: &mut File, saved: &SavedSession) -> io::Result<()> {
    let mut record = serde_json::to_vec(saved)?;
    if record.len() >= RECORD {
        let words = format!("{} bytes are too many for a record", record.len());
        return Err(io::Error::other(words));
    }
    record.resize(RECORD - 1, b' ');
    record.push(b'\n');
    file.seek(SeekFrom::Start(u64::from(saved.shard) * RECORD as u64))?;
    file.write_all(&record)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: SessionNumber, sequence: u64) -> Place {
        Place {
            session: Arc::new(SessionKey {
                number,
                id: format!("session-{number}"),
                resume_url: Some("wss://resume.example".into()),
                intents: Intents::GUILDS,
            }),
            sequence,
        }
    }

    fn standing(sessions: &Sessions, shard: u32) -> Option<(String, u64)> {
        let saved = sessions.fitting(shard, 2)?;
        Some((saved.id.clone(), saved.sequence))
    }

    #[test]
    fn the_next_process_finds_what_was_dispatched_last() {
        let folder = tempfile::tempdir().unwrap();
        let first = Sessions::open(folder.path(), 7);
        first.starting(2);
        for (shard, number, sequence) in [(0, 0, 5), (1, 0, 40), (0, 1, 1), (0, 0, 6), (1, 0, 39)] {
            first.reached(shard, &place(number, sequence));
        }
        first.write();
        let next = Sessions::open(folder.path(), 7);
        assert_eq!(standing(&next, 0), Some(("session-1".into(), 1)));
        assert_eq!(standing(&next, 1), Some(("session-0".into(), 40)));
        assert_eq!(
            Sessions::marks_of(&[next.fitting(1, 2).unwrap()]),
            first.marks()[1..]
        );
    }

    #[test]
    fn what_is_not_written_or_not_of_this_bot_is_not_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let first = Sessions::open(folder.path(), 7);
        first.starting(2);
        first.reached(0, &place(0, 5));
        assert_eq!(standing(&Sessions::open(folder.path(), 7), 0), None);
        first.write();
        assert_eq!(standing(&Sessions::open(folder.path(), 8), 0), None);
        let next = Sessions::open(folder.path(), 7);
        assert!(next.fitting(0, 1).is_none(), "another number of shards");
        // Of another disk, or by another hand.
        std::fs::write(folder.path().join("sessions"), "{\"application\": 7").unwrap();
        assert_eq!(standing(&Sessions::open(folder.path(), 7), 0), None);
    }

    #[test]
    fn an_old_session_is_not_tried() {
        let mut saved = saved(7, 0, 1, &place(0, 5));
        saved.at_ms -= 11 * 60 * 1000;
        let folder = tempfile::tempdir().unwrap();
        write(&mut open(folder.path()).unwrap(), &saved).unwrap();
        assert!(Sessions::open(folder.path(), 7).fitting(0, 1).is_none());
        // A clock that was set back says nothing.
        saved.at_ms += 60 * 60 * 1000;
        write(&mut open(folder.path()).unwrap(), &saved).unwrap();
        assert!(Sessions::open(folder.path(), 7).fitting(0, 1).is_some());
    }
}
