//! `[isolation]`: which plugins live in processes of their own, and what those may take.

use std::{collections::BTreeMap, path::PathBuf};

use host_base::PluginName;
use toml::de::DeValue;

use super::plugins::enter;
use crate::config::{
    fault::{Item, expected},
    values::{Reading, folder, list, number, word},
};

table! {
    /// `[isolation]`: which plugins live in processes of their own, and what those may take. A change holds for what is loaded from
    /// then on.
    Isolation {
        /// Where a plugin lives of which nothing else is said.
        live default: Where = Where::None, place;
        /// Where single plugins live, by name.
        live plugins: BTreeMap<PluginName, Where> = BTreeMap::new(), plugins;
        /// Folders whose files live in processes, links followed.
        live folders: Vec<PathBuf> = Vec::new(), list("a list of folders", folder);
        /// The most memory of such a process, besides its files; 0: as much as there is.
        live memory_mb: u64 = 0, number(0..=1 << 20, "megabytes");
        /// How much such a process gives way when there is too little processor time.
        live niceness: u8 = 5, number(0..=19, "steps");
        /// How much of one processor such a process may use at most; 0: as much as there is.
        live processor_percent: u32 = 0, number(0..=100_000, "percent");
        /// Whether such a process is closed in.
        live sandbox: Sandbox = Sandbox::None, word(&[
            ("none", Sandbox::None),
            ("possible", Sandbox::Possible),
            ("required", Sandbox::Required),
        ]);
    }
}

/// Choice where a plugin lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// In the bot's own process.
    None,
    /// In a process of its own.
    Process,
}

/// Choice whether a plugin's process is closed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {
    /// It may do all that the bot may.
    None,
    /// As far as the kernel can.
    Possible,
    /// A plugin whose process can't be closed in is not loaded.
    Required,
}

fn place(item: &Item<'_>) -> Reading<Where> {
    word(&[("none", Where::None), ("process", Where::Process)])(item)
}

/// A table of plugins and where they live.
fn plugins(item: &Item<'_>) -> Reading<BTreeMap<PluginName, Where>> {
    let DeValue::Table(entries) = item.get_ref() else {
        return Err(vec![expected(
            "a table, such as `{ dice = \"process\" }`",
            item,
        )]);
    };
    let (mut places, mut faults) = (BTreeMap::new(), Vec::new());
    for (plugin, item) in entries {
        match place(item) {
            Ok(place) => enter(&mut places, "isolation.plugins", plugin, place, &mut faults),
            Err(wrong) => faults.extend(wrong),
        }
    }
    if faults.is_empty() {
        Ok(places)
    } else {
        Err(faults)
    }
}
