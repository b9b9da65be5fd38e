//! Errors of a load, in words that an author can act on.

use std::{
    io,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use host_base::PluginName;
use thiserror::Error;

use super::{file::FileError, footprint::megabytes, unloaded::UnloadNote};

/// Why the program does not serve a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unserved {
    /// In words.
    pub reason: String,
    /// Whether another configuration may help.
    pub configured: bool,
}

/// Why a plugin was not loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file can't be read.
    #[error("can't read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is no plugin for this host.
    #[error("{0}")]
    File(#[from] FileError),
    /// The private copy can't be written.
    #[error("can't write a private copy to {path}: {source}", path = path.display())]
    Shadow {
        /// The copy.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The private copy lies where nothing may be executed.
    #[error(
        "{folder} is on a file system that is mounted `noexec`, from which no library can be loaded; set `[data] folder` to a place on another one, or mount it without `noexec`", folder = folder.display()
    )]
    NoExec {
        /// The folder of the copies.
        folder: PathBuf,
    },
    /// The probe process did not survive the file, or refused it.
    #[error("{reason}")]
    Probe {
        /// What happened.
        reason: String,
    },
    /// The program does not serve what it declares.
    #[error("{}", .0.reason)]
    Unserved(Unserved),
    /// The process can't have another thread.
    #[error("can't start the plugin's thread: {source}")]
    Thread {
        /// What the system says.
        source: io::Error,
    },
    /// The dynamic loader refused the file.
    #[error(
        "the dynamic loader refuses the file: {reason}; build it on this machine, or for this machine's system libraries"
    )]
    Open {
        /// What it says.
        reason: String,
    },
    /// Its process can't be closed in as it must be.
    #[error(
        "its process can't be closed in, since the kernel lacks {lacks}; `sandbox = \"possible\"` in [isolation] does without what is not there"
    )]
    Sandbox {
        /// What the kernel lacks.
        lacks: String,
    },
    /// abi_stable's header does not fit.
    #[error(
        "the library's abi_stable header does not fit this host: {reason}; rebuild it against the host's plugin-api"
    )]
    Boundary {
        /// What does not fit.
        reason: String,
    },
    /// A boundary type has another shape.
    #[error(
        "the plugin was built with boundary types of another shape than this host's ({ours}): {differences}; rebuild it against the host's plugin-api, unchanged"
    )]
    Layout {
        /// What differs.
        differences: String,
        /// The host's boundary.
        ours: String,
    },
    /// The plugin did not declare itself.
    #[error("the plugin ended before it had declared itself: {reason}")]
    Declaration {
        /// What happened.
        reason: String,
    },
    /// The manifest can't be served.
    #[error("{}", problems.join("; "))]
    Manifest {
        /// All that is wrong with it.
        problems: Vec<String>,
    },
    /// What it needs is not there, or what it conflicts with is.
    #[error("{}", problems.join("; "))]
    Relations {
        /// All that stands in its way, each with the chain behind it.
        problems: Vec<String>,
    },
    /// `start` failed or panicked.
    #[error("its start failed: {reason}")]
    Start {
        /// The plugin's own words.
        reason: String,
    },
    /// A phase took longer than its deadline.
    #[error("its {phase} did not return within {deadline:?} (`extensions.{setting}`)")]
    Deadline {
        /// `start`, `save`, `restore`.
        phase: &'static str,
        /// The deadline.
        deadline: Duration,
        /// The setting that moves it.
        setting: &'static str,
    },
    /// State could not be handed over.
    #[error("its state could not be {phase}: {reason}; the old generation keeps it and goes on")]
    State {
        /// `saved` or `restored`.
        phase: &'static str,
        /// The plugin's own words.
        reason: String,
    },
    /// State on disk could not be restored.
    #[error("its saved state could not be restored: {reason}; fix the plugin, or move {path} away to start without it", path = path.display())]
    StateFile {
        /// The plugin's own words.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// There is no such plugin.
    #[error("there is no plugin `{name}`{hint}")]
    Unknown {
        /// As asked for.
        name: PluginName,
        /// What there is.
        hint: String,
    },
    /// It is not loaded.
    #[error("`{name}` is not loaded; `load {name}` loads it")]
    NotLoaded {
        /// Its name.
        name: PluginName,
    },
    /// It is loaded.
    #[error("`{name}` is loaded already; `reload {name}` swaps it")]
    AlreadyLoaded {
        /// Its name.
        name: PluginName,
    },
    /// Others need it.
    #[error("`{name}` is needed by {dependents}; unload them first")]
    Needed {
        /// Its name.
        name: PluginName,
        /// Who needs it.
        dependents: String,
    },
    /// It is on the blacklist.
    #[error("`{name}` is on `extensions.blacklist` in config.toml")]
    Blacklisted {
        /// Its name.
        name: PluginName,
    },
    /// One of several that were to be reloaded as one.
    #[error(
        "`{name}` stands in the way: {source}; none of {all} was reloaded, all go on as they were"
    )]
    Together {
        /// Which.
        name: PluginName,
        /// Why.
        source: Box<LoadError>,
        /// All that were to be reloaded.
        all: String,
    },
    /// It can't be rolled back.
    #[error("`{name}` is not rolled back: {reason}")]
    Former {
        /// Its name.
        name: PluginName,
        /// Why, and what to do.
        reason: String,
    },
    /// It has no canary, or gets none.
    #[error("`{name}` has no canary: {reason}")]
    Canary {
        /// Its name.
        name: PluginName,
        /// Why, and what to do.
        reason: String,
    },
    /// Somebody has unloaded it.
    #[error("`{name}` stays unloaded: it was {}; `load {name}` loads it", note.in_words(SystemTime::now()))]
    Unloaded {
        /// Its name.
        name: PluginName,
        /// Who, when and why.
        note: UnloadNote,
    },
    /// Its file has crashed the bot too often.
    #[error(
        "`{name}` is in quarantine: {why}; `load {name} again` loads it all the same, and so does another file"
    )]
    Quarantined {
        /// Its name.
        name: PluginName,
        /// Why.
        why: String,
    },
    /// The bot runs without it for now.
    #[error("`{name}` is left out: {why}; `load {name} again` loads it all the same")]
    LeftOut {
        /// Its name.
        name: PluginName,
        /// Why.
        why: String,
    },
    /// It can't be unloaded, and what can't be holds more than it may.
    #[error(
        "`{name}` is not loaded again by itself: ended generations hold {} that nobody can give back before the bot is restarted \
         (`extensions.pinned_limit_mb`), and `{name}` can't be unloaded: {why}; `reload {name}` or `load {name}` loads it all the same, and in a process of \
         its own (`isolation = \"process\"`) it can be unloaded",
        megabytes(*pinned_bytes)
    )]
    Pinned {
        /// Its name.
        name: PluginName,
        /// What ended generations hold together.
        pinned_bytes: u64,
        /// Why it can't be unloaded.
        why: String,
    },
    /// The host is stopping.
    #[error("the host is shutting down")]
    ShuttingDown,
    /// The mailbox could not be made.
    #[error("can't make the plugin's mailbox: {source}")]
    Mailbox {
        /// What the system says.
        source: io::Error,
    },
}
