//! Environment of a generation: what one load of one plugin asks of the program that it is loaded into.

use std::{fmt, path::PathBuf, time::Duration};

use futures_util::future::BoxFuture;
use host_base::PluginName;
use plugin_api::abi::CallHead;
use tracing::Level;

use crate::{
    Behalf, Caller, CellCrash, Completion, Figures, Limits, Places, crumbs::Remains,
    isolation::Isolation,
};

/// How plugins are loaded and stopped. Asked anew for each piece of work, so that a change holds at once.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of plugin files.
    pub extensions: PathBuf,
    /// The folder in which private copies (`shadow/`) and saved states (`plugins/<name>/`) lie.
    pub data: PathBuf,
    /// A folder whose open files are the program's own, such as its log's: no plugin has left them open.
    pub own_files: Option<PathBuf>,
    /// Plugins that are not loaded.
    pub blacklist: Vec<PluginName>,
    /// Whether a plugin is refused that lacks one which it needs; default: yes.
    pub enforce_dependencies: bool,
    /// Whether a plugin is refused beside one that it conflicts with; default: yes.
    pub enforce_conflicts: bool,
    /// Whether a file is tried in a child process first; default: yes.
    pub probe: bool,
    /// How long that child may take; default: 2 s.
    pub probe_timeout: Duration,
    /// How long a plugin may take to open, to declare itself, and to start; default: 10 s.
    pub start_timeout: Duration,
    /// How long a plugin may take to save its state; default: 2 s.
    pub save_timeout: Duration,
    /// How long a plugin may take to finish what it is doing; default: 5 s.
    pub stop_timeout: Duration,
    /// How often states are saved while plugins serve; default: each minute. Zero: only when they stop.
    pub save_every: Duration,
    /// How often a plugin may panic within a minute before it is stopped; default: 60. 0: as often as it does.
    pub panics_per_minute: u64,
    /// From how many failures of a hundred on a canary is taken back; default: 20. 0: never.
    pub canary_failure_percent: u64,
    /// Which plugins live in processes of their own; default: none.
    pub isolation: Isolation,
    /// How many files of each plugin are kept, the one that serves among them; default: 5.
    pub keep_files: usize,
    /// Bytes that generations which stay mapped may hold together before those that can't be unloaded are not reloaded by themselves any more;
    /// default: 256 MB. 0: as much as they do.
    pub pinned_limit_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            extensions: "extensions".into(),
            data: "data".into(),
            own_files: None,
            blacklist: Vec::new(),
            enforce_dependencies: true,
            enforce_conflicts: true,
            probe: true,
            probe_timeout: Duration::from_secs(2),
            start_timeout: Duration::from_secs(10),
            save_timeout: Duration::from_secs(2),
            stop_timeout: Duration::from_secs(5),
            save_every: Duration::from_secs(60),
            panics_per_minute: 60,
            canary_failure_percent: 20,
            isolation: Isolation::default(),
            keep_files: 5,
            pinned_limit_bytes: 256_000_000,
        }
    }
}

impl Options {
    /// Where private copies of plugin files lie.
    #[must_use]
    pub fn shadow(&self) -> PathBuf {
        self.data.join("shadow")
    }
}

/// What has failed to which nobody waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// A listener to an event, as Discord calls it; with the error.
    Listener {
        /// The event.
        event: String,
        /// The error with its causes.
        error: String,
    },
    /// A task in the background, with the error.
    Task(String),
    /// Any code has panicked.
    Panic {
        /// The panic's text.
        message: String,
        /// `file:line:column`.
        at: String,
        /// The functions that it came through, innermost first.
        trace: Vec<String>,
        /// Whether the plugin is over.
        ends_plugin: bool,
    },
}

/// The program as one generation sees it. All of it may be called from any thread, and for several generations at once.
pub trait Environment: fmt::Debug + Send + Sync {
    /// How plugins are loaded and stopped, as it is at this moment.
    fn options(&self) -> Options;

    /// What a plugin may take, as it is at this moment.
    fn limits(&self) -> Limits;

    /// What is counted of each plugin.
    fn figures(&self) -> &Figures;

    /// Which places a host call takes one of.
    fn places(&self, call: &str) -> Places;

    /// Serves a host call that neither waits nor takes time, on the plugin's own thread and in the order in which it makes them.
    ///
    /// # Errors
    ///
    /// The call, which is to be served by [`call`](Self::call).
    fn call_at_once(&self, caller: &Caller, head: CallHead) -> Result<Completion, CallHead>;

    /// Serves one host call, made for whom the host knows it to be made. Whatever happens, it is answered.
    fn call<'a>(
        &'a self,
        caller: &'a Caller,
        behalf: Behalf,
        head: CallHead,
        body: Vec<u8>,
    ) -> BoxFuture<'a, Completion>;

    /// A generation is over: gives up what it registered. What must outlive it belongs to the plugin. Called once or more often.
    fn generation_ended(&self, caller: &Caller);

    /// Something has failed to which nobody waits for an answer. Must not wait.
    fn failed(&self, caller: &Caller, failed: Failed);

    /// Its cell has crashed and left this: writes a report, and says where; `None` where none is kept. Not on a thread of the program's: it
    /// may read files, for some ten milliseconds.
    fn cell_crashed(&self, caller: &Caller, remains: &Remains) -> Option<CellCrash>;

    /// The least severe of a plugin's log lines that are wanted, in words: `off`, `error`, … `trace`.
    fn log_level(&self, plugin: &PluginName) -> &'static str;

    /// Whether a log line of a plugin's is wanted.
    fn wants_log_line(&self, plugin: &PluginName, level: Level) -> bool;
}
