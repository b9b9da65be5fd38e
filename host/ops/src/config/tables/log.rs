//! `[log]`: what is logged, and where.

use std::{collections::BTreeMap, path::PathBuf};

use host_base::PluginName;
use toml::de::DeValue;

use super::plugins::enter;
use crate::{
    config::{
        fault::{Fault, Item, expected},
        values::{Reading, boolean, folder, number, string, text, word},
    },
    filter::{check_filter, parse_level},
};

table! {
    // The log begins before all else, and its outputs are made once.
    /// `[log]`: what is logged, and where.
    Log {
        /// The filter, in the words of [`EnvFilter`](tracing_subscriber::EnvFilter). The target `plugin` stands for all plugins.
        live level: String = "info".into(), text(check_filter);
        /// Levels of single plugins, by name.
        live plugins: BTreeMap<PluginName, String> = BTreeMap::new(), plugin_levels;
        /// Whether lines on a terminal are coloured.
        restart colour: Colour = Colour::Auto, word(&[
            ("auto", Colour::Auto),
            ("always", Colour::Always),
            ("never", Colour::Never),
        ]);
        /// Whether lines are JSON objects.
        restart json: bool = false, boolean;
        /// Whether files are written, too.
        restart files: bool = true, boolean;
        /// Where they lie.
        restart folder: PathBuf = "botlogs".into(), folder;
        /// How large `permanent.log` gets before it becomes `permanent.log.1`.
        restart max_file_bytes: u64 = 10 << 20, number(65_536..=1 << 40, "bytes");
        /// How many older ones are kept.
        restart files_kept: u32 = 5, number(0..=1_000, "files");
        /// How long they are kept at most.
        restart days_kept: u64 = 30, number(1..=36_500, "days");
    }
}

/// Choice whether log lines are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// When they go to a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A table of plugins and their levels.
fn plugin_levels(item: &Item<'_>) -> Reading<BTreeMap<PluginName, String>> {
    let DeValue::Table(entries) = item.get_ref() else {
        return Err(vec![expected(
            "a table, such as `{ ping = \"debug\" }`",
            item,
        )]);
    };
    let (mut levels, mut faults) = (BTreeMap::new(), Vec::new());
    for (plugin, item) in entries {
        match string(item) {
            Ok(level) if parse_level(&level).is_some() => {
                enter(&mut levels, "log.plugins", plugin, level, &mut faults);
            }
            Ok(level) => faults.push(Fault::new(
                item,
                format!("`{level}` is not a level: error, warn, info, debug, trace or off"),
            )),
            Err(wrong) => faults.extend(wrong),
        }
    }
    if faults.is_empty() {
        Ok(levels)
    } else {
        Err(faults)
    }
}
