//! Interface between the loader and the program that plugins are loaded into.
//!
//! The loader knows files, libraries, threads and frames. What a plugin may ask of the program (its host calls), what its manifest
//! may declare, and who is notified of its coming and going, the program says by [`Program`]; what a single generation needs of that is
//! [`Environment`].

use std::{path::PathBuf, sync::Arc};

use futures_util::future::BoxFuture;
use host_base::PluginName;
use plugin_api::{
    abi::{CallHead, StartHead},
    hook::{ExtensionFailed, ExtensionLoaded, ExtensionUnloaded, PluginBlocked},
    manifest::Manifest,
};
use tracing::Level;

use crate::{
    Behalf, Caller, CellCrash, Completion, Dropped, Environment, Failed, Figures, Limits,
    LoadError, Neighbour, Options, Places, Rules, Slot, Unserved, crumbs::Remains,
};

/// What has become of a plugin.
#[derive(Debug)]
pub enum Change {
    /// This generation of it serves.
    Loaded(Caller, ExtensionLoaded),
    /// It is gone.
    Unloaded(ExtensionUnloaded),
    /// Its file, or its newest file, was not loaded.
    Refused(Refusal),
    /// It has failed while it served.
    Failed(ExtensionFailed),
    /// Its thread has not gone on for some seconds.
    Blocked(PluginBlocked),
    /// Work for it has found no room.
    Crowded(PluginName, Dropped),
    /// A newer generation of it served some servers, and does so no longer, since it failed; in words.
    CanaryTakenBack(Caller, String),
    /// Something takes so much of the process that the owner is to know; in words.
    TakesMuch(Much, String),
}

/// Of what there is much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Much {
    /// Threads of a plugin.
    Threads(PluginName),
    /// Descriptors of the process.
    Descriptors,
    /// Memory of generations that stay mapped.
    Pinned,
}

/// A file that was not loaded, and what there is to say of it.
#[derive(Debug)]
pub struct Refusal {
    /// The plugin, and why.
    pub hook: ExtensionFailed,
    /// The file.
    pub file: PathBuf,
    /// Whether this content of the file was not refused before: `false` when it was, for whatever reason.
    pub is_new: bool,
    /// Whether the operator wants it so: the plugin is on the blacklist.
    pub is_wanted: bool,
    /// Whether what was loaded from the file before goes on.
    pub serves: bool,
    /// When the same content is tried again.
    pub lifted: Lifted,
}

/// What may lift a refusal, beside another content of the file and a touch, which always may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifted {
    /// Nothing else.
    File,
    /// Another plugin that goes, or comes as another version.
    Others,
    /// Another configuration.
    Config,
}

/// The program as the set of plugins sees it. All of it may be called from any thread, and for several plugins at once.
pub trait Program: Environment + Rules {
    /// A generation is about to start: prepares what its manifest declares.
    fn generation_starts<'a>(
        &'a self,
        caller: &'a Caller,
        manifest: &'a Manifest,
    ) -> BoxFuture<'a, Result<(), Unserved>>;

    /// What a generation gets at its start.
    fn start_head(&self, caller: &Caller) -> StartHead;

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

impl Environment for Nobody {
    fn options(&self) -> Options {
        Options::default()
    }

    fn limits(&self) -> Limits {
        Limits::default()
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

    fn call<'a>(
        &'a self,
        _: &'a Caller,
        _: Behalf,
        head: CallHead,
        _: Vec<u8>,
    ) -> BoxFuture<'a, Completion> {
        Box::pin(async move { Completion::unknown(&head.call) })
    }

    fn generation_ended(&self, _: &Caller) {}

    fn failed(&self, _: &Caller, _: Failed) {}

    fn cell_crashed(&self, _: &Caller, _: &Remains) -> Option<CellCrash> {
        None
    }

    fn log_level(&self, _: &PluginName) -> &'static str {
        "off"
    }

    fn wants_log_line(&self, _: &PluginName, _: Level) -> bool {
        false
    }
}

impl Program for Nobody {
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

    fn changed(&self, _: Change) {}

    fn route(
        &self,
        change: &mut dyn FnMut() -> Result<Vec<Arc<Slot>>, LoadError>,
    ) -> Result<(), LoadError> {
        change().map(drop)
    }
}
