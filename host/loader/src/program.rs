//! Interface between the loader and the program that plugins are loaded into.
//!
//! The loader knows files, libraries, threads and frames. What a plugin may ask of the program (its host calls), what its manifest
//! may declare, and who is told of its coming and going, the program says by [`Program`].

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use host_base::PluginName;
use plugin_api::{
    abi::{CallHead, ErrorHead, StartHead, status},
    hook::{ExtensionFailed, ExtensionLoaded, ExtensionUnloaded},
    manifest::Manifest,
};
use tracing::Level;

use crate::{Caller, Figures, LoadError, Neighbour, Places, Slot};

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
}

impl Default for Options {
    fn default() -> Self {
        Self {
            extensions: "extensions".into(),
            data: "data".into(),
            own_files: None,
            blacklist: Vec::new(),
            probe: true,
            probe_timeout: Duration::from_secs(2),
            start_timeout: Duration::from_secs(10),
            save_timeout: Duration::from_secs(2),
            stop_timeout: Duration::from_secs(5),
            save_every: Duration::from_secs(60),
            panics_per_minute: 60,
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

/// How a host call ended.
#[derive(Debug, Default)]
pub struct Completion {
    /// One of [`status`].
    pub status: u16,
    /// JSON, or empty.
    pub head: Vec<u8>,
    /// The payload.
    pub body: Vec<u8>,
}

impl Completion {
    /// What a call is answered that failed.
    #[must_use]
    pub fn failed(error: &ErrorHead) -> Self {
        Self::error(status::FAILED, error)
    }

    /// What a call is answered that the program does not know.
    #[must_use]
    pub fn unknown(call: &str) -> Self {
        let message = format!(
            "this host ({}) does not know the host call `{call:.100}`: update the host",
            env!("CARGO_PKG_VERSION")
        );
        let error = ErrorHead {
            message,
            ..ErrorHead::default()
        };
        Self::error(status::UNSUPPORTED, &error)
    }

    fn error(status: u16, error: &ErrorHead) -> Self {
        Self {
            status,
            head: serde_json::to_vec(error).unwrap_or_default(),
            body: Vec::new(),
        }
    }
}

/// Why the program does not serve a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unserved {
    /// In words.
    pub reason: String,
    /// Whether another configuration may help.
    pub configured: bool,
}

/// What has become of a plugin.
#[derive(Debug)]
pub enum Change {
    /// This generation of it serves.
    Loaded(Caller, ExtensionLoaded),
    /// It is gone.
    Unloaded(ExtensionUnloaded),
    /// Its file, or its newest file, was not loaded.
    Refused(ExtensionFailed),
    /// It has failed while it served.
    Failed(ExtensionFailed),
}

/// What a manifest may declare in a program.
pub trait Rules {
    /// The host calls that the program knows, by name.
    fn calls(&self) -> Vec<&'static str>;

    /// Adds what is wrong with a manifest, in words, beyond what the loader checks: names, versions, sizes, dependencies.
    fn problems(
        &self,
        plugin: &PluginName,
        manifest: &Manifest,
        neighbours: &[Neighbour<'_>],
        problems: &mut Vec<String>,
    );
}

/// The program that plugins are loaded into. All of it may be called from any thread, and for several plugins at once.
pub trait Program: Rules + fmt::Debug + Send + Sync {
    /// How plugins are loaded and stopped, as it is at this moment.
    fn options(&self) -> Options;

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

    /// Serves one host call. Whatever happens, it is answered.
    fn call<'a>(
        &'a self,
        caller: &'a Caller,
        head: CallHead,
        body: Vec<u8>,
    ) -> BoxFuture<'a, Completion>;

    /// A generation is about to start: prepares what its manifest declares.
    fn generation_starts<'a>(
        &'a self,
        caller: &'a Caller,
        manifest: &'a Manifest,
    ) -> BoxFuture<'a, Result<(), Unserved>>;

    /// What a generation is told at its start.
    fn start_head(&self, caller: &Caller) -> StartHead;

    /// A generation is over: gives up what it registered. What must outlive it belongs to the plugin. Called once or more often.
    fn generation_ended(&self, caller: &Caller);

    /// The set has changed.
    fn changed(&self, change: Change);

    /// Changes where work is routed to, in one step: `change` checks and enters, and gives all plugins that there are from now on;
    /// nothing is looked up or queued while it runs.
    ///
    /// # Errors
    ///
    /// Those of `change`; the routes stay as they were.
    fn route(
        &self,
        change: &mut dyn FnMut() -> Result<Vec<Arc<Slot>>, LoadError>,
    ) -> Result<(), LoadError>;

    /// The least severe of a plugin's log lines that are wanted, in words: `off`, `error`, … `trace`.
    fn log_level(&self, plugin: &PluginName) -> &'static str;

    /// Whether a log line of a plugin's is wanted.
    fn wants_log_line(&self, plugin: &PluginName, level: Level) -> bool;
}

/// A program that serves nothing: for the probe, which never starts a plugin.
#[derive(Debug, Default)]
pub struct Nobody {
    figures: Figures,
}

impl Rules for Nobody {
    fn calls(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn problems(&self, _: &PluginName, _: &Manifest, _: &[Neighbour<'_>], _: &mut Vec<String>) {}
}

impl Program for Nobody {
    fn options(&self) -> Options {
        Options::default()
    }

    fn figures(&self) -> &Figures {
        &self.figures
    }

    fn places(&self, _: &str) -> Places {
        Places::UNKNOWN
    }

    fn call_at_once(&self, _: &Caller, head: CallHead) -> Result<Completion, CallHead> {
        Ok(Completion::unknown(&head.call))
    }

    fn call<'a>(&'a self, _: &'a Caller, head: CallHead, _: Vec<u8>) -> BoxFuture<'a, Completion> {
        Box::pin(async move { Completion::unknown(&head.call) })
    }

    fn generation_starts<'a>(
        &'a self,
        _: &'a Caller,
        _: &'a Manifest,
    ) -> BoxFuture<'a, Result<(), Unserved>> {
        Box::pin(async { Ok(()) })
    }

    fn start_head(&self, _: &Caller) -> StartHead {
        StartHead::default()
    }

    fn generation_ended(&self, _: &Caller) {}

    fn changed(&self, _: Change) {}

    fn route(
        &self,
        change: &mut dyn FnMut() -> Result<Vec<Arc<Slot>>, LoadError>,
    ) -> Result<(), LoadError> {
        change().map(drop)
    }

    fn log_level(&self, _: &PluginName) -> &'static str {
        "off"
    }

    fn wants_log_line(&self, _: &PluginName, _: Level) -> bool {
        false
    }
}
