//! Newer program in the place of the running one, and the one before it back.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::run_folder::{RunFolder, Running, read_json, running, write_json};

/// How often the outcome is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// An upgrade that the supervisor is to carry out: the files are in their places. Which they are it knows by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// How long the newer one may take until it is ready, in milliseconds.
    pub within_ms: u64,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The newer program runs, and is ready.
    pub is_done: bool,
    /// A sentence: why not, or how long it took.
    pub told: String,
}

/// Error of an upgrade; the bot goes on as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UpgradeError {
    /// The file can't be put beside the program.
    #[error("can't write {}: {}; may you write there?", .0.display(), .1)]
    Write(PathBuf, #[source] io::Error),
    /// The supervisor can't be asked.
    #[error("can't ask the supervisor (process {pid}): {error}")]
    Ask {
        /// Its process.
        pid: u32,
        /// Why.
        error: io::Error,
    },
    /// It went away meanwhile.
    #[error(
        "the supervisor has ended meanwhile; the newer program lies in its place, and the next start is by it"
    )]
    Gone,
    /// It says nothing.
    #[error("nothing is heard of the upgrade after {0:?}; the log says what becomes of it")]
    Silent(Duration),
}

/// Puts `file` in the place of `program` in one step, and keeps what was there beside it: `cogwright.before`, which is returned.
///
/// # Errors
///
/// One of the two can't be written; then the program is what it was.
pub fn install(file: &Path, program: &Path) -> Result<PathBuf, UpgradeError> {
    let (newer, before) = (beside(program, ".new"), before(program));
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| UpgradeError::Write(path, error)
    };
    fs::copy(file, &newer).map_err(failed(&newer))?;
    let ready = || -> io::Result<()> {
        fs::set_permissions(&newer, fs::metadata(program)?.permissions())?;
        // A program that is empty after a power cut helps nobody.
        File::open(&newer)?.sync_all()
    };
    ready().map_err(failed(&newer))?;
    let _ = fs::remove_file(&before);
    // A second name for the file: the program is there at every moment.
    fs::hard_link(program, &before)
        .or_else(|_| fs::copy(program, &before).map(drop))
        .map_err(failed(&before))?;
    fs::rename(&newer, program).map_err(failed(program))?;
    Ok(before)
}

/// Puts the program back that was there before.
pub(crate) fn take_back(program: &Path) -> io::Result<()> {
    fs::rename(before(program), program)
}

/// Where the program is that was there before.
pub(crate) fn before(program: &Path) -> PathBuf {
    beside(program, ".before")
}

fn beside(program: &Path, end: &str) -> PathBuf {
    let mut name: OsString = program.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Has the supervisor restart the bot by the newer program, and waits for what becomes of it.
///
/// # Errors
///
/// It can't be asked, ends meanwhile, or says nothing for longer than it may take.
pub fn ask(run: &Path, to: &Running, request: &Request) -> Result<Outcome, UpgradeError> {
    let folder = RunFolder(run.to_owned());
    let pid = to.pid;
    let failed = |error| UpgradeError::Ask { pid, error };
    let _ = fs::remove_file(folder.upgraded());
    write_json(&folder.upgrade(), request).map_err(failed)?;
    let process = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let process = process.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
    kill_process(process, Signal::HUP).map_err(|error| failed(error.into()))?;
    // Down, up, and down and up again when it is taken back.
    let patience = Duration::from_millis(request.within_ms) + Duration::from_secs(120);
    let began = Instant::now();
    loop {
        if let Some(outcome) = read_json(&folder.upgraded()) {
            return Ok(outcome);
        }
        if running(run).is_none() && read_json::<Outcome>(&folder.upgraded()).is_none() {
            // It may be on its way to its successor, which takes the lock anew.
            thread::sleep(10 * LOOK);
            if running(run).is_none() {
                return read_json(&folder.upgraded()).ok_or(UpgradeError::Gone);
            }
        }
        if began.elapsed() > patience {
            return Err(UpgradeError::Silent(patience));
        }
        thread::sleep(LOOK);
    }
}

/// What the supervisor has been asked for, once.
pub(crate) fn asked(run: &RunFolder) -> Option<Request> {
    let request = read_json(&run.upgrade());
    let _ = fs::remove_file(run.upgrade());
    request
}

/// Tells whoever has asked.
pub(crate) fn answer(run: &RunFolder, is_done: bool, told: String) {
    let _ = write_json(&run.upgraded(), &Outcome { is_done, told });
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_program_is_replaced_and_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("bot"), "old").unwrap();
        fs::set_permissions(at("bot"), fs::Permissions::from_mode(0o751)).unwrap();
        fs::write(at("bot.before"), "older").unwrap();
        fs::write(at("download"), "new").unwrap();
        let before = install(&at("download"), &at("bot")).unwrap();
        assert_eq!(before, at("bot.before"));
        let text = |name: &str| fs::read_to_string(at(name)).unwrap();
        assert_eq!(
            (text("bot"), text("bot.before")),
            ("new".into(), "old".into())
        );
        let mode = fs::metadata(at("bot")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o751);
        assert!(!at("bot.new").exists());
        take_back(&at("bot")).unwrap();
        assert_eq!(text("bot"), "old");
        assert!(install(&at("nothing"), &at("bot")).is_err());
        assert_eq!(text("bot"), "old");
    }
}
