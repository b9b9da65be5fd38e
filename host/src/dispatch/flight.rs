//! Journal of the work that is under way: commands, components and modals, by the id of their message or interaction.
//!
//! A process that is killed leaves behind what it was at. The next one runs what was never started, apologises for what was started
//! and not answered, and leaves alone what comes again (docs/decisions/0084-restart-without-loss.md).
//!
//! One file of lines, each of which is appended in one write and without fsync: the page cache outlives the process. What is over is
//! left out whenever the file is written anew, which is when it has grown fourfold.

use std::{
    collections::{BTreeMap, VecDeque},
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use host_loader::EventRecord;
use plugin_api::{EventKind, abi::Origin};
use serde::{Deserialize, Serialize};

/// Most that are under way at once and are remembered: as many as wait for sixteen plugins. What comes on top is served, and lost if
/// the process is killed.
const MOST: usize = 16_384;

/// How many that are over are remembered: more than Discord replays of what was dispatched already.
const OVER: usize = 4_096;

/// Bytes from which on the file is written anew.
const SMALL: u64 = 256 * 1024;

/// For how long something may be answered: that of an interaction's token.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// How far something has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// Nothing of it was done.
    Received,
    /// Its plugin has taken it.
    Started,
    /// Somebody has read an answer to it.
    Answered,
}

/// The event that something came by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Came {
    pub(super) shard: u16,
    /// Its `t`.
    pub(super) name: String,
    /// In milliseconds since 1970.
    at_ms: u64,
    /// Its `d`.
    pub(super) data: String,
}

impl Came {
    fn is_too_old(&self) -> bool {
        Duration::from_millis(now_ms().saturating_sub(self.at_ms)) > LIFE
    }
}

/// A line of the file: `C` is the event, [`Came`], or a reference to it for who writes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line<C> {
    Came { id: u64, stage: Stage, came: C },
    Now { id: u64, stage: Stage },
    Over { id: u64 },
}

/// Work that another process has left.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) stage: Stage,
    pub(super) came: Came,
}

/// The journal.
#[derive(Debug)]
pub struct Flight {
    path: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// `None` if it can't be written.
    file: Option<File>,
    bytes: u64,
    /// Bytes of the file when it was written anew.
    anew: u64,
    open: BTreeMap<u64, Open>,
    /// Oldest first.
    over: VecDeque<u64>,
    /// What the process before has left, until it is taken.
    left: Vec<u64>,
}

#[derive(Debug)]
struct Open {
    stage: Stage,
    came: Came,
    /// Whether an answer is on its way, or was: the next one is another.
    has_answer: bool,
}

impl Flight {
    /// Opens `flight` in this folder, with what the process before has left there. What can't be read is as if it were not there.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        let path = folder.join("flight");
        let mut inner = Inner::default();
        inner.read(&fs::read(&path).unwrap_or_default());
        inner.open.retain(|_, open| !open.came.is_too_old());
        inner.left = inner.open.keys().copied().collect();
        let flight = Self {
            path,
            inner: Mutex::new(inner),
        };
        flight.write_anew(&mut flight.lock());
        flight
    }

    /// What the process before has left, in the order in which it came. It stays open until it is over.
    pub(super) fn take_left(&self) -> Vec<Left> {
        let mut inner = self.lock();
        let left = std::mem::take(&mut inner.left);
        let open = left.iter().filter_map(|id| inner.open.get(id));
        open.map(|open| Left {
            stage: open.stage,
            came: open.came.clone(),
        })
        .collect()
    }

    /// Whether something was received before: by this process, or the one before it.
    pub(super) fn knows(&self, id: u64) -> bool {
        let inner = self.lock();
        inner.open.contains_key(&id) || inner.over.contains(&id)
    }

    /// Something has come, and is to be served. Of what comes again nothing changes.
    pub(super) fn received(&self, id: u64, event: &EventRecord) {
        let mut inner = self.lock();
        if inner.open.contains_key(&id) || inner.open.len() >= MOST {
            return;
        }
        let came = Came {
            shard: event.header.shard,
            name: EventKind::from_number(event.header.kind).name().to_owned(),
            at_ms: now_ms(),
            data: event.json.clone(),
        };
        let stage = Stage::Received;
        let line = text_of(&Line::Came {
            id,
            stage,
            came: &came,
        });
        let open = Open {
            stage,
            came,
            has_answer: false,
        };
        inner.open.insert(id, open);
        self.append_text(&mut inner, &line);
    }

    /// Something has come so far.
    pub(super) fn reached(&self, id: u64, stage: Stage) {
        let mut inner = self.lock();
        let Some(open) = inner.open.get_mut(&id) else {
            return;
        };
        if open.stage < stage {
            open.stage = stage;
            self.append(&mut inner, &Line::Now { id, stage });
        }
    }

    /// How far something has come that is not over.
    pub(super) fn stage(&self, id: u64) -> Option<Stage> {
        Some(self.lock().open.get(&id)?.stage)
    }

    /// Whether no answer to it is on its way yet; from now on one is.
    pub(super) fn is_first_answer(&self, id: u64) -> bool {
        let mut inner = self.lock();
        let open = inner.open.get_mut(&id);
        open.is_some_and(|open| !std::mem::replace(&mut open.has_answer, true))
    }

    /// Nothing of it is left to do.
    pub(super) fn over(&self, id: u64) {
        let mut inner = self.lock();
        if inner.open.remove(&id).is_none() {
            return;
        }
        if inner.over.len() >= OVER {
            inner.over.pop_front();
        }
        inner.over.push_back(id);
        self.append(&mut inner, &Line::Over { id });
    }

    /// Something that another process has left is served now as if it had just come.
    pub(super) fn forget(&self, id: u64) {
        let mut inner = self.lock();
        if inner.open.remove(&id).is_some() {
            self.append(&mut inner, &Line::Over { id });
        }
    }

    /// Interactions that are not over.
    pub(super) fn open_interactions(&self) -> Vec<u64> {
        let inner = self.lock();
        let is_interaction = |(_, open): &(&u64, &Open)| open.came.name == "INTERACTION_CREATE";
        let open = inner.open.iter().filter(is_interaction);
        open.map(|(id, _)| *id).collect()
    }

    /// Leaves out what is over: what members have written does not stay for longer than it is of use.
    pub(crate) fn tidy(&self) {
        self.write_anew(&mut self.lock());
    }

    fn append(&self, inner: &mut Inner, line: &Line<&Came>) {
        self.append_text(inner, &text_of(line));
    }

    /// What it tells is in `inner` already: the file may be written anew.
    fn append_text(&self, inner: &mut Inner, text: &[u8]) {
        let Some(file) = &mut inner.file else { return };
        if let Err(error) = file.write_all(text) {
            inner.file = None;
            return untold(&self.path, &error);
        }
        inner.bytes += text.len() as u64;
        if inner.bytes > SMALL.max(4 * inner.anew) {
            self.write_anew(inner);
        }
    }

    /// Writes the file anew, beside the old one first.
    fn write_anew(&self, inner: &mut Inner) {
        let text = inner.text();
        let beside = self.path.with_extension("part");
        let write = || -> io::Result<File> {
            let mut options = OpenOptions::new();
            let mut file = options
                .create(true)
                .write(true)
                .truncate(true)
                .open(&beside)?;
            file.write_all(&text)?;
            fs::rename(&beside, &self.path)?;
            Ok(file)
        };
        (inner.bytes, inner.anew) = (text.len() as u64, text.len() as u64);
        match write() {
            Ok(file) => inner.file = Some(file),
            Err(error) => {
                inner.file = None;
                untold(&self.path, &error);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The last line may be cut short, by a full disk for example.
    fn read(&mut self, bytes: &[u8]) {
        let lines = bytes.split(|byte| *byte == b'\n');
        for line in lines.filter_map(|line| serde_json::from_slice::<Line<Came>>(line).ok()) {
            match line {
                Line::Came { id, stage, came } => {
                    let has_answer = false;
                    let open = Open {
                        stage,
                        came,
                        has_answer,
                    };
                    self.open.insert(id, open);
                }
                Line::Now { id, stage } => {
                    if let Some(open) = self.open.get_mut(&id) {
                        open.stage = stage;
                    }
                }
                Line::Over { id } => {
                    self.open.remove(&id);
                    self.over.push_back(id);
                }
            }
        }
        let too_many = self.over.len().saturating_sub(OVER);
        self.over.drain(..too_many);
    }

    fn text(&self) -> Vec<u8> {
        let over = self.over.iter().map(|id| Line::Over { id: *id });
        let open = self.open.iter().map(|(id, open)| Line::Came {
            id: *id,
            stage: open.stage,
            came: &open.came,
        });
        over.chain(open).flat_map(|line| text_of(&line)).collect()
    }
}

/// What something is known by: the id of the message or interaction that it came by.
pub(super) fn id_of(origin: &Origin) -> Option<u64> {
    match origin {
        Origin::Message { message_id, .. } => Some(*message_id),
        Origin::Interaction { id, .. } => Some(*id),
        _ => None,
    }
}

fn text_of(line: &Line<&Came>) -> Vec<u8> {
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    text
}

fn untold(path: &Path, error: &io::Error) {
    tracing::warn!(
        file = %path.display(),
        "the work that is under way can't be written down, and a process that is killed loses it: {error}"
    );
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// Answers, as the journal hears of them.
#[derive(Debug)]
pub(super) struct Answering(pub(super) Arc<Flight>);

impl host_discord::reply::Answering for Answering {
    /// Discord knows a message that comes twice by its number: the answer that a process has sent before it was killed, and the
    /// apology of the next one, are one message.
    fn first(&self, origin: &Origin) -> Option<String> {
        let id = id_of(origin)?;
        self.0.is_first_answer(id).then(|| format!("c-{id:x}"))
    }

    fn given(&self, origin: &Origin) {
        if let Some(id) = id_of(origin) {
            self.0.reached(id, Stage::Answered);
        }
    }
}

#[cfg(test)]
mod tests {
    use plugin_api::abi::EventHeader;

    use super::*;

    fn event(data: &str) -> EventRecord {
        EventRecord {
            header: EventHeader {
                kind: 3,
                shard: 3,
                ..EventHeader::EMPTY
            },
            content: String::new(),
            user_name: String::new(),
            json: data.to_owned(),
        }
    }

    fn left(flight: &Flight) -> Vec<(Stage, String)> {
        let left = flight.take_left().into_iter();
        left.map(|left| (left.stage, left.came.data)).collect()
    }

    #[test]
    fn the_next_process_finds_what_is_not_over_and_how_far_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let first = Flight::open(folder.path());
        for id in 1..=4 {
            first.received(id, &event(&format!("event {id}")));
        }
        first.reached(2, Stage::Started);
        first.reached(3, Stage::Started);
        first.reached(3, Stage::Answered);
        first.reached(3, Stage::Started);
        first.over(4);
        // Nothing was closed or written at an end: it was killed.
        std::mem::forget(first);
        for _ in 0..2 {
            let next = Flight::open(folder.path());
            let all = [
                (Stage::Received, "event 1".to_owned()),
                (Stage::Started, "event 2".to_owned()),
                (Stage::Answered, "event 3".to_owned()),
            ];
            assert_eq!(left(&next), all, "it is killed before it has come to that");
            assert!((1..=4).all(|id| next.knows(id)) && !next.knows(5));
            assert_eq!(left(&next), []);
        }
        let next = Flight::open(folder.path());
        (1..=3).for_each(|id| next.over(id));
        assert_eq!(left(&Flight::open(folder.path())), []);
    }

    #[test]
    fn the_file_stays_small_and_what_is_over_goes() {
        let folder = tempfile::tempdir().unwrap();
        let flight = Flight::open(folder.path());
        let long = "x".repeat(2_000);
        for id in 1..=1_000 {
            flight.received(id, &event(&long));
            flight.over(id);
        }
        let file = folder.path().join("flight");
        assert!(fs::metadata(&file).unwrap().len() < 2 * SMALL);
        flight.tidy();
        assert!(!fs::read_to_string(&file).unwrap().contains("xxx"));
        assert!(Flight::open(folder.path()).knows(1_000));
    }

    #[test]
    fn what_was_cut_short_or_is_none_of_ours_costs_itself_alone() {
        let folder = tempfile::tempdir().unwrap();
        let flight = Flight::open(folder.path());
        flight.received(1, &event("event 1"));
        flight.received(2, &event("event 2"));
        let file = folder.path().join("flight");
        let text = fs::read(&file).unwrap();
        let mut cut = b"odd\n{\"over\":{}}\n".to_vec();
        cut.extend(&text[..text.len() - 9]);
        fs::write(&file, cut).unwrap();
        let found = left(&Flight::open(folder.path()));
        assert_eq!(found, [(Stage::Received, "event 1".to_owned())]);
    }

    #[test]
    fn the_first_answer_has_a_number_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let flight = Flight::open(folder.path());
        flight.received(1, &event("event 1"));
        assert!(flight.is_first_answer(1) && !flight.is_first_answer(1));
        assert!(!flight.is_first_answer(2), "nothing is known of it");
        assert_eq!(flight.stage(1), Some(Stage::Received));
    }
}
