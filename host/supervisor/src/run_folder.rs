//! Files of `data/run/`, by which the supervisor and the bot tell each other what is. None is synced: they survive the end of any process,
//! and need not survive the machine's.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::log_lines::LogFile;

/// Folders and files outside of the supervisor that it writes to.
#[derive(Debug, Clone)]
pub struct Places {
    /// `data/run/`, absolute. It is there.
    pub run: PathBuf,
    /// The log that the operator reads; `None` when no files are written.
    pub log: Option<LogFile>,
}

/// A supervisor that is there, as `data/run/supervisor` has it.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Running {
    /// Its process.
    pub pid: u32,
    /// The file that an upgrade replaces.
    pub file: PathBuf,
}

/// The supervisor of the bot whose run folder this is, if one is there now: it holds a lock, so a file that was left behind counts for
/// nothing.
#[must_use]
pub fn running(run: &Path) -> Option<Running> {
    let mut file = File::open(run.join(SUPERVISOR)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        // Nobody holds it; or there are no locks here, and nothing is known.
        Ok(()) | Err(TryLockError::Error(_)) => return None,
    }
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

const SUPERVISOR: &str = "supervisor";
const READY: &str = "ready";
const HEART: &str = "heart";

/// What the supervisor writes to see whether the bot could.
const PROBE: &str = "probe";

/// How long that may take on a disk that is well.
const PROMPT: Duration = Duration::from_secs(1);
const ENDED: &str = "ended";
const LAST_END: &str = "last-end.json";
const UPGRADE: &str = "upgrade.json";
const UPGRADED: &str = "upgraded.json";

/// What a bot says last: it has ended in order.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) pid: u32,
    pub(crate) code: u8,
    /// It wants to be started anew.
    pub(crate) restart: bool,
}

/// `data/run/`.
#[derive(Debug, Clone)]
pub(crate) struct RunFolder(pub(crate) PathBuf);

impl RunFolder {
    pub(crate) fn last_end(&self) -> PathBuf {
        self.0.join(LAST_END)
    }

    pub(crate) fn upgrade(&self) -> PathBuf {
        self.0.join(UPGRADE)
    }

    pub(crate) fn upgraded(&self) -> PathBuf {
        self.0.join(UPGRADED)
    }

    /// Takes the lock of the one supervisor, and says who holds it; `None` when another one does.
    pub(crate) fn lock(&self, running: &Running) -> io::Result<Option<File>> {
        let path = self.0.join(SUPERVISOR);
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            // A file system without locks: two bots on it are the operator's business.
            Err(TryLockError::Error(_)) => {}
        }
        file.set_len(0)?;
        file.write_all(serde_json::to_string(running)?.as_bytes())?;
        Ok(Some(file))
    }

    /// Removes what an earlier bot has said.
    pub(crate) fn clear(&self) {
        for name in [READY, HEART, ENDED] {
            let _ = fs::remove_file(self.0.join(name));
        }
    }

    pub(crate) fn say_ready(&self, pid: u32) {
        let _ = fs::write(self.0.join(READY), pid.to_string());
    }

    pub(crate) fn is_ready(&self, pid: u32) -> bool {
        let said = fs::read_to_string(self.0.join(READY));
        said.is_ok_and(|said| said.trim() == pid.to_string())
    }

    pub(crate) fn beat(&self) {
        let _ = fs::write(self.0.join(HEART), b"");
    }

    pub(crate) fn rest(&self) {
        let _ = fs::remove_file(self.0.join(HEART));
    }

    /// When the bot's main loop has answered last; `None` before it has, and when it has ended.
    pub(crate) fn beaten(&self) -> Option<SystemTime> {
        fs::metadata(self.0.join(HEART)).ok()?.modified().ok()
    }

    /// Whether the folder takes what is written, and at once: where it does not, the bot can't say that its main loop answers.
    pub(crate) fn takes_beats(&self) -> bool {
        let (began, probe) = (Instant::now(), self.0.join(PROBE));
        let written = fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe));
        written.is_ok() && began.elapsed() < PROMPT
    }

    pub(crate) fn say_ended(&self, mark: &Mark) {
        let _ = write_json(&self.0.join(ENDED), mark);
    }

    /// What this process has said last, if it ended in order.
    pub(crate) fn mark_of(&self, pid: u32) -> Option<Mark> {
        read_json(&self.0.join(ENDED)).filter(|mark: &Mark| mark.pid == pid)
    }
}

/// A file of JSON; `None` when it is not there, or is none.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Writes a file of JSON whole or not at all.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let half = path.with_extension("half");
    fs::write(&half, serde_json::to_vec(value)?)?;
    fs::rename(&half, path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn what_another_process_said_counts_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder(folder.path().to_owned());
        assert!(!run.is_ready(7) && run.mark_of(7).is_none() && run.beaten().is_none());
        run.say_ready(7);
        run.beat();
        let mark = Mark {
            pid: 7,
            code: 3,
            restart: false,
        };
        run.say_ended(&mark);
        assert!(run.is_ready(7) && !run.is_ready(70));
        assert_eq!((run.mark_of(7), run.mark_of(8)), (Some(mark), None));
        assert!(run.beaten().is_some());
        run.rest();
        assert!(run.beaten().is_none());
        assert!(run.takes_beats());
        assert!(!RunFolder(folder.path().join("gone")).takes_beats());
        // Killed between opening the file and writing it.
        fs::write(folder.path().join(ENDED), "").unwrap();
        assert_eq!(run.mark_of(7), None);
        run.say_ended(&mark);
        run.clear();
        assert!(!run.is_ready(7) && run.mark_of(7).is_none());
    }

    #[test]
    fn a_supervisor_is_there_as_long_as_it_holds_its_lock() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder(folder.path().to_owned());
        let ours = Running {
            pid: 42,
            file: "/opt/cogwright".into(),
        };
        assert_eq!(running(&run.0), None);
        let lock = run.lock(&ours).unwrap().unwrap();
        assert!(run.lock(&ours).unwrap().is_none());
        assert_eq!(running(&run.0), Some(ours.clone()));
        drop(lock);
        assert_eq!(running(&run.0), None);
        assert!(run.lock(&ours).unwrap().is_some());
    }
}
