//! Loader of plugins: compiled libraries that come, change and go while the program runs.
//!
//! A plugin is a `cdylib` built with `plugin-api`. Each load of it, a *generation*, runs on a thread of its own and exchanges frames and
//! messages with the program, and nothing else ([`Packet`], [`Answer`]). A load is a transaction: any failure leaves the old generation
//! serving. An unload is measured: a library is unmapped only when nothing of it is left.
//!
//! The crate knows neither Discord nor SQL nor a configuration file. It loads plugins into any program that implements [`Program`]:
//!
//! ```ignore
//! // Before any plugin is loaded: whose threads, timers and signals are there is known from the first on.
//! host_loader::interpose::install();
//! let plugins = Arc::new(Plugins::new(Arc::new(MyProgram::new()), host_loader::this_program()?)?);
//! tokio::spawn(Arc::clone(&plugins).supervise());
//! plugins.load_file(Path::new("extensions/libhello.so")).await?;
//! // `Program::route` was given a slot: what it is sent comes to the plugin, through all its generations.
//! ```
//!
//! The executable must answer the subcommands [`probe::SUBCOMMAND`] with [`probe::probe`] and [`cell::SUBCOMMAND`] with [`cell::run`], and export libc's functions that
//! [`interpose`] stands in front of; a package with an executable does so by a line of its build script (see `host/build.rs`).
//!
//! In reading order:
//!
//! | module | what it is |
//! | --- | --- |
//! | `program.rs`, `environment.rs`, `limits.rs` | what the loader asks of the program: the set of plugins (checks, routes), and a single generation (options, limits, host calls) |
//! | `quarantine.rs`, `bisection.rs` | files that have crashed the process too often; which to leave out when nobody knows whose fault it was |
//! | `archive.rs` | the last few files of each plugin, and the states that they have left |
//! | `unloaded.rs` | plugins that somebody has unloaded, and that stay so over a restart |
//! | `watcher/` | the extensions folder: files that come, change and go |
//! | `file/` | what a file must be before any of its code runs |
//! | `probe.rs`, `known.rs`, `stamp.rs`, `shadow.rs` | the child process that tries a file first; what it has found, for the next start, and of which files; private copies under names that are never used again |
//! | `manifest_check.rs`, `unknown.rs` | whether a manifest can be served; what of it is newer than this host |
//! | `resolve/` | which plugins can be loaded together, in which order, and why not the rest: a pure function |
//! | `plugins/` | the set of plugins: load, reload and unload as transactions, supervision |
//! | `library.rs`, `ledger.rs` | a library on its own thread: open, check the boundary, run; its heap's book |
//! | `isolation.rs`, `cell/` | which plugins live in processes of their own; the same there |
//! | `generation.rs`, `vitals.rs`, `outcomes.rs`, `slot.rs`, `canary.rs` | one load of one plugin, its signs of life and how its work goes, its place through all its generations, and what serves some servers in its stead |
//! | `mailbox/`, `packet.rs`, `event_record.rs`, `bridge.rs`, `lines.rs` | what goes to a plugin, and what comes from it |
//! | `open_frames.rs`, `answer.rs`, `invocation.rs` | frames that are not answered, who waits for them, and for whom the work is |
//! | `call_server.rs`, `calls.rs`, `host_call.rs`, `caller.rs` | host calls: who makes them, how many at once, what ends them |
//! | `figures/`, `footprint/` | what is counted of each plugin; what it takes of the process over time, and what stayed after each unload |
//! | `state_file.rs`, `states.rs` | saved state on disk: a file, and the order in which they are written |
//! | `unload.rs` | closing a library, and measuring that it is gone |
//! | `libraries.rs`, `signals.rs`, `descriptors.rs` | what a plugin has brought, taken or left open |
//! | `ago.rs` | points in time as people are told of them |
//! | `exhaustion.rs` | when the process has nearly all descriptors that it may have |
//! | `symbols.rs` | names for the addresses of a panic |
//! | `crumb_layout.rs`, `crumbs/` | what is noted for the process after this one, should this one crash, and whose fault that was |
//! | `platform/` | all that the loader asks of the operating system: [`interpose`], [`snapshot`], [`memory`] and what is its own |
#![allow(unsafe_code, reason = "the loader's side of the raw boundary")]

mod ago;
mod answer;
mod archive;
pub mod bisection;
mod bridge;
mod call_server;
mod caller;
mod calls;
mod canary;
pub mod cell;
mod crash_note;
mod crumb_layout;
pub mod crumbs;
mod descriptors;
mod environment;
mod error;
mod event_record;
mod exhaustion;
mod figures;
pub mod file;
pub mod footprint;
mod generation;
pub mod host_call;
mod invocation;
pub mod isolation;
mod known;
mod ledger;
mod libraries;
mod library;
mod limits;
mod lines;
mod mailbox;
mod manifest_check;
mod open_frames;
mod outcomes;
mod packet;
mod platform;
mod plugins;
pub mod probe;
mod program;
pub mod quarantine;
pub mod resolve;
pub mod shadow;
mod signals;
mod slot;
mod stamp;
mod state_file;
mod states;
mod symbols;
mod unknown;
mod unload;
mod unloaded;
mod vitals;
pub mod watcher;

use std::collections::BTreeMap;

use host_base::PluginName;
use plugin_api::manifest::Manifest;

pub use answer::Answer;
pub use archive::KeptFile;
pub use caller::Caller;
pub use calls::Places;
pub use canary::CanaryStatus;
pub use crash_note::{CellCrash, CrashNote};
pub use environment::{Environment, Failed, Options};
pub use error::{LoadError, Unserved};
pub use event_record::EventRecord;
pub use figures::{Calls, Figures, Handled, KINDS, PluginFigures};
pub use generation::{Generation, Workload, interrupted, next_id};
pub use host_call::Completion;
pub use invocation::{Behalf, Invocation, Rights};
pub use limits::Limits;
pub use mailbox::{Dropped, Lane, Refused};
pub use manifest_check::{Neighbour, Rules};
pub use outcomes::Tally;
pub use packet::Packet;
pub use platform::{installed_program, interpose, memory, snapshot, this_program};
pub use plugins::{
    CanaryBegun, InUse, LoadReport, Plugins, Promoted, RollBack, RolledBack, Serving, StartPlan,
    Status, Trials,
};
pub use program::{Change, Lifted, Much, Program, Refusal};
pub use slot::Slot;
pub use state_file::SavedState;
pub use unload::UnloadReport;
pub use unloaded::UnloadNote;

/// All that is wrong with a manifest beside others, by name, but for what it needs and conflicts with: see [`resolve`].
#[must_use]
pub fn manifest_problems(
    rules: &(impl Rules + ?Sized),
    plugin: &PluginName,
    manifest: &Manifest,
    others: &BTreeMap<PluginName, Manifest>,
) -> Vec<String> {
    let neighbours = manifest_check::neighbours(plugin, others);
    manifest_check::problems(rules, plugin, manifest, &neighbours)
}
