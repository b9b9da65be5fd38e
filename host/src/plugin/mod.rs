//! Plugins: checked, loaded, served, swapped and unloaded.
//!
//! | file | what it does |
//! | --- | --- |
//! | `plugins/` | the set of loaded plugins: load, reload and unload as transactions |
//! | `file/` | what a file must be before any of its code runs |
//! | `probe.rs` | the child process that tries a file first |
//! | `shadow.rs` | private copies under names that are never used again |
//! | `library.rs` | a library on its own thread: open, check the boundary, run |
//! | `generation.rs`, `vitals.rs` | one load of one plugin, and its signs of life |
//! | `mailbox.rs`, `packet.rs`, `bridge.rs`, `lines.rs` | what goes to a plugin, and what comes from it |
//! | `call_server.rs`, `calls.rs` | a plugin's host calls: served and answered; how many at once, and how many wait |
//! | `slot.rs` | a plugin's place, through all its generations |
//! | `unload.rs`, `census.rs`, `interpose/` | closing a library, and measuring that it is gone |
//! | `libraries.rs`, `signals.rs`, `descriptors.rs` | what a plugin has brought, taken or left open |
//! | `manifest_check.rs` | whether a manifest can be served |
//! | `state_file.rs`, `states.rs` | saved state on disk: a file, and the order in which they are written |
//! | `symbols.rs` | names for the addresses of a panic |
//! | `memory.rs` | large buffers go back to the system |
#![allow(unsafe_code, reason = "the loader's side of the raw boundary")]

mod bridge;
mod call_server;
mod calls;
pub mod census;
pub(crate) mod command_check;
mod descriptors;
mod error;
pub mod file;
mod generation;
pub mod interpose;
mod libraries;
mod library;
mod lines;
mod mailbox;
mod manifest_check;
pub mod memory;
mod packet;
mod plugins;
pub mod probe;
pub(crate) mod shadow;
mod signals;
mod slot;
mod state_file;
mod states;
mod symbols;
mod unknown;
mod unload;
mod vitals;

use std::collections::BTreeMap;

use plugin_api::manifest::Manifest;

pub use bridge::Answer;
pub use error::LoadError;
pub use generation::{Generation, Load, SavedState, interrupted, next_id};
pub use mailbox::Refused;
pub use packet::{EventRecord, Packet};
pub use plugins::{LoadReport, Plugins, Serving, Status};
pub use slot::Slot;
pub use unload::UnloadReport;

/// All that is wrong with a manifest beside others, by name.
#[must_use]
pub fn manifest_problems(
    plugin: &str,
    manifest: &Manifest,
    others: &BTreeMap<String, Manifest>,
) -> Vec<String> {
    let neighbours: Vec<manifest_check::Neighbour<'_>> = others
        .iter()
        .filter(|(name, _)| *name != plugin)
        .map(|(name, manifest)| manifest_check::Neighbour { name, manifest })
        .collect();
    let mut problems = manifest_check::problems(plugin, manifest, &neighbours);
    problems.extend(
        manifest_check::missing_dependency(manifest, &neighbours).map(|missing| missing.problem),
    );
    problems
}
