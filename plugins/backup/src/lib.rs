//! Snapshots of a server.

mod body;
mod diff;
mod fields;
mod format;
mod journal;
mod model;
mod order;
mod pairs;
mod plan;
#[cfg(test)]
mod testing;
mod words;

use plugin_api::prelude::*;

export_plugin!(|| Plugin::new());
