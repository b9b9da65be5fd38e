//! Debouncer: decides when a file is written. A state machine without a clock, a disk or a thread, which is given what happened and
//! when.
//!
//! ```text
//!                 event: a new deadline                     whole, and its writer is done,
//!                 ┌────┐                                    or the same as in the last reading
//!                 │    ▼                                  ┌───────────────────────────────────▶ settled
//! event ───▶ lying still ──deadline──▶ reading ──read──┤
//!                 ▲                                       │ otherwise: another deadline
//!                 └───────────────────────────────────────┘ (cut short for too long: settled as it is)
//! ```

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long a file that is cut short may lie still before it is reported as it is.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// What an event tells about the writer of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// It may not be done.
    Writing,
    /// It closed the file, or moved the whole file here.
    Done,
    /// Something else than the content changed, such as the permissions.
    Touched,
    /// Nobody told: the file was found by looking into the folder.
    Found,
}

/// What was found when a file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// It is gone, or cannot be read, or has the content that was reported last: nothing to wait for.
    Final,
    /// A whole file with this hash.
    Whole([u8; 32]),
    /// A file with this hash that is cut short.
    Partial([u8; 32]),
}

/// What to do with a file after a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is written: report what was read.
    Settled,
    /// It will be due again.
    Wait,
}

#[derive(Debug)]
pub(super) struct Debounce {
    quiet: Duration,
    files: BTreeMap<PathBuf, Unsettled>,
}

#[derive(Debug)]
struct Unsettled {
    /// When to read it.
    due: Instant,
    /// When it last changed, as far as we know.
    changed: Instant,
    /// Whether its writer is known to be done.
    is_done: bool,
    /// Whether there was an event.
    is_notified: bool,
    /// Its hash in the last reading.
    last: Option<[u8; 32]>,
}

impl Debounce {
    /// Files must lie still for `quiet`.
    pub fn new(quiet: Duration) -> Self {
        Self {
            quiet,
            files: BTreeMap::new(),
        }
    }

    /// Something happened to the file at `path`.
    pub fn event(&mut self, path: PathBuf, sign: Sign, now: Instant) {
        let due = now + self.quiet;
        let (due, is_done) = match (sign, self.files.get(&path)) {
            // Who was seen writing is waited for; who was not has had its time.
            (Sign::Found, Some(_)) => return,
            (Sign::Found, None) => (now, true),
            (Sign::Touched, Some(file)) => (due, file.is_done),
            (Sign::Touched | Sign::Done, _) => (due, true),
            (Sign::Writing, _) => (due, false),
        };
        self.files.insert(
            path,
            Unsettled {
                due,
                changed: now,
                is_done,
                is_notified: sign != Sign::Found,
                last: None,
            },
        );
    }

    /// Whether the file at `path` is waited for.
    pub fn waits(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// Whether somebody did something to the file at `path`, which waits; one that was only found may be as it was.
    pub fn was_notified(&self, path: &Path) -> bool {
        self.files.get(path).is_some_and(|file| file.is_notified)
    }

    /// When the next file is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.files.values().map(|file| file.due).min()
    }

    /// The files that are due, by name. Each stays due until [`read`](Self::read) is told what was found in it.
    pub fn due(&self, now: Instant) -> Vec<PathBuf> {
        self.files
            .iter()
            .filter(|(_, file)| file.due <= now)
            .map(|(path, _)| path.clone())
            .collect()
    }

    /// The file at `path` was due and has been read.
    pub fn read(&mut self, path: &Path, reading: Reading, now: Instant) -> Verdict {
        let Some(file) = self.files.get_mut(path) else {
            return Verdict::Settled;
        };
        let (hash, is_whole) = match reading {
            Reading::Final => return self.settle(path),
            Reading::Whole(hash) => (hash, true),
            Reading::Partial(hash) => (hash, false),
        };
        if file.last.is_some_and(|last| last != hash) {
            // Somebody writes without telling, as through a memory map.
            (file.changed, file.is_done) = (now, false);
        } else if is_whole && (file.is_done || file.last.is_some())
            || !is_whole && now >= file.changed + PATIENCE
        {
            return self.settle(path);
        }
        file.last = Some(hash);
        file.due = now + self.quiet;
        if !is_whole {
            file.due = file.due.min(file.changed + PATIENCE);
        }
        Verdict::Wait
    }

    fn settle(&mut self, path: &Path) -> Verdict {
        self.files.remove(path);
        Verdict::Settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: u64 = 200;
    const A: Reading = Reading::Whole([1; 32]);
    const B: Reading = Reading::Whole([2; 32]);
    const PART: Reading = Reading::Partial([3; 32]);
    const MORE: Reading = Reading::Partial([4; 32]);

    /// One step of a story, at a time in milliseconds.
    enum Step {
        /// An event comes.
        Event(u64, Sign),
        /// The file is first due at that time, not a millisecond earlier, and this is found.
        Due(u64, Reading, Verdict),
    }
    use Sign::{Done, Found, Touched, Writing};
    use Step::{Due, Event};
    use Verdict::{Settled, Wait};

    #[track_caller]
    fn check(story: &[Step]) {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let path = PathBuf::from("a");
        let mut debounce = Debounce::new(Duration::from_millis(QUIET));
        for step in story {
            match step {
                Event(ms, sign) => debounce.event(path.clone(), *sign, at(*ms)),
                Due(ms, reading, verdict) => {
                    assert_eq!(
                        debounce.next_due(),
                        Some(at(*ms)),
                        "due after {:?}",
                        debounce.next_due().map(|due| due - start)
                    );
                    assert_eq!(debounce.due(at(*ms)), std::slice::from_ref(&path));
                    assert_eq!(
                        debounce.read(&path, *reading, at(*ms)),
                        *verdict,
                        "at {ms} ms"
                    );
                }
            }
        }
        let left = debounce.next_due().map(|due| due - start);
        assert_eq!(left, None, "something is left");
    }

    #[test]
    fn a_file_that_is_moved_here_is_read_once() {
        check(&[Event(0, Done), Due(200, A, Settled)]);
    }

    #[test]
    fn a_file_that_is_closed_is_read_once() {
        check(&[
            Event(0, Writing),
            Event(50, Writing),
            Event(60, Done),
            Due(260, A, Settled),
        ]);
    }

    #[test]
    fn a_file_that_nobody_closed_is_read_twice() {
        check(&[Event(0, Writing), Due(200, A, Wait), Due(400, A, Settled)]);
    }

    #[test]
    fn permissions_tell_nothing_about_the_writer() {
        check(&[Event(0, Done), Event(50, Touched), Due(250, A, Settled)]);
        check(&[
            Event(0, Writing),
            Event(50, Touched),
            Due(250, A, Wait),
            Due(450, A, Settled),
        ]);
        check(&[Event(0, Touched), Due(200, A, Settled)]);
    }

    #[test]
    fn each_event_starts_anew() {
        check(&[
            Event(0, Done),
            Event(199, Writing),
            Due(399, A, Wait),
            Event(500, Done),
            Due(700, B, Settled),
        ]);
    }

    #[test]
    fn a_file_that_changes_between_readings_is_waited_for() {
        check(&[
            Event(0, Writing),
            Due(200, A, Wait),
            Due(400, B, Wait),
            Due(600, A, Wait),
            Due(800, A, Settled),
        ]);
    }

    #[test]
    fn a_file_that_is_cut_short_is_waited_for_and_then_reported_as_it_is() {
        let waits = (1..10).map(|round| Due(round * 200, PART, Wait));
        check(
            &[Event(0, Done)]
                .into_iter()
                .chain(waits)
                .chain([Due(2000, PART, Settled)])
                .collect::<Vec<_>>(),
        );
    }

    #[test]
    fn patience_starts_anew_when_such_a_file_grows() {
        let mut story = vec![Event(0, Done), Due(200, PART, Wait), Due(400, MORE, Wait)];
        story.extend((3..12).map(|round| Due(round * 200, MORE, Wait)));
        story.push(Due(2400, MORE, Settled));
        check(&story);
    }

    #[test]
    fn a_file_that_becomes_whole_is_read_once_more() {
        check(&[
            Event(0, Done),
            Due(200, PART, Wait),
            Due(400, A, Wait),
            Due(600, A, Settled),
        ]);
        check(&[
            Event(0, Done),
            Due(200, PART, Wait),
            Event(300, Done),
            Due(500, A, Settled),
        ]);
    }

    #[test]
    fn a_file_that_is_gone_or_unchanged_is_settled() {
        check(&[Event(0, Writing), Due(200, Reading::Final, Settled)]);
    }

    #[test]
    fn a_file_that_is_found_is_read_at_once() {
        check(&[Event(0, Found), Due(0, A, Settled)]);
        check(&[
            Event(0, Found),
            Due(0, PART, Wait),
            Due(200, A, Wait),
            Due(400, A, Settled),
        ]);
    }

    #[test]
    fn looking_does_not_hurry_a_writer() {
        check(&[
            Event(0, Writing),
            Event(100, Found),
            Due(200, A, Wait),
            Due(400, A, Settled),
        ]);
    }

    #[test]
    fn files_do_not_disturb_each_other() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let mut debounce = Debounce::new(ms(QUIET));
        debounce.event("b".into(), Done, start);
        debounce.event("c".into(), Done, start + ms(100));
        debounce.event("a".into(), Done, start);
        assert_eq!(debounce.due(start + ms(199)), [] as [PathBuf; 0]);
        assert_eq!(
            debounce.due(start + ms(200)),
            [PathBuf::from("a"), "b".into()]
        );
        assert_eq!(debounce.read(Path::new("a"), A, start + ms(200)), Settled);
        assert_eq!(
            debounce.due(start + ms(300)),
            [PathBuf::from("b"), "c".into()]
        );
    }
}
