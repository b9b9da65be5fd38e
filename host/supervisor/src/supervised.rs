//! The bot's side: it says that it is ready, that it lives, and that it ends in order.

use std::{
    env, io,
    path::PathBuf,
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

use crate::run_folder::{Mark, RunFolder};

/// The supervisor's process id. A process that has another parent is not supervised: it has inherited the variable.
pub(crate) const SUPERVISOR: &str = "COGWRIGHT_SUPERVISOR";
/// The run folder, absolute.
pub(crate) const RUN: &str = "COGWRIGHT_RUN";
/// Whether somebody looks at the heart.
pub(crate) const HEART: &str = "COGWRIGHT_HEART";

/// A bot below a supervisor. Clones are the same bot.
#[derive(Debug, Clone)]
pub struct Supervised {
    supervisor: i32,
    run: RunFolder,
    restart: Arc<AtomicBool>,
    beats: bool,
}

impl Supervised {
    /// This process, if a supervisor has started it. From here on SIGTERM comes when the supervisor dies.
    ///
    /// # Errors
    ///
    /// It has died already, or the system knows no such thing.
    pub fn from_environment() -> io::Result<Option<Self>> {
        let supervisor = env::var(SUPERVISOR).ok().and_then(|pid| pid.parse().ok());
        let (Some(supervisor), Some(run)) = (supervisor, env::var_os(RUN)) else {
            return Ok(None);
        };
        let is_ours = || getppid().map(Pid::as_raw_pid) == Some(supervisor);
        if !is_ours() {
            return Ok(None);
        }
        set_parent_process_death_signal(Some(Signal::TERM))?;
        // It may have died in between.
        if !is_ours() {
            return Err(io::Error::other("the supervisor has ended meanwhile"));
        }
        Ok(Some(Self {
            supervisor,
            run: RunFolder(PathBuf::from(run)),
            restart: Arc::default(),
            beats: env::var_os(HEART).is_some(),
        }))
    }

    /// Whether the supervisor has died. The SIGTERM of that may come twice: once for each of its threads that a child falls to.
    #[must_use]
    pub fn is_orphaned(&self) -> bool {
        getppid().map(Pid::as_raw_pid) != Some(self.supervisor)
    }

    /// The bot is ready.
    pub fn ready(&self) {
        self.run.say_ready(process::id());
    }

    /// Whether somebody looks for the [`beat`](Self::beat).
    #[must_use]
    pub fn beats(&self) -> bool {
        self.beats
    }

    /// The bot's main loop answers. To be called once a second, if [anybody looks](Self::beats). Writes to the disk.
    pub fn beat(&self) {
        self.run.beat();
    }

    /// The main loop has ended, and nobody is to wait for its [`beat`](Self::beat). Writes to the disk.
    pub fn rests(&self) {
        self.run.rest();
    }

    /// The end that follows is one to be started anew from.
    pub fn ask_restart(&self) {
        self.restart.store(true, SeqCst);
    }

    /// The last word: the process ends in order, with this code. Nothing may follow but the end.
    pub fn ended(&self, code: u8) {
        self.run.say_ended(&Mark {
            pid: process::id(),
            code,
            restart: self.restart.load(SeqCst),
        });
    }
}
