//! The tables of what the operator sees of the bot: its log and its figures.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use host_base::PluginName;
use toml::de::DeValue;

use super::{
    document::Table,
    fault::{Fault, Item, expected},
    plugins::enter,
    values::{Reading, boolean, folder, integer, list, string, string_that, word},
};
use crate::filter::{check_filter, parse_level};

/// `[log]`: what is logged, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The filter, in the words of [`EnvFilter`](tracing_subscriber::EnvFilter). The target `plugin` stands for all plugins.
    pub level: String,
    /// Levels of single plugins, by name.
    pub plugins: BTreeMap<PluginName, String>,
    /// Whether lines on a terminal are coloured.
    pub colour: Colour,
    /// Whether lines are JSON objects.
    pub json: bool,
    /// Whether files are written, too.
    pub files: bool,
    /// Where they lie.
    pub folder: PathBuf,
    /// How large `permanent.log` gets before it becomes `permanent.log.1`.
    pub max_file_bytes: u64,
    /// How many older ones are kept.
    pub files_kept: u32,
    /// How long they are kept at most.
    pub days_kept: u64,
}

/// Whether log lines are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// When they go to a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            plugins: BTreeMap::new(),
            colour: Colour::Auto,
            json: false,
            files: true,
            folder: PathBuf::from("botlogs"),
            max_file_bytes: 10 * 1024 * 1024,
            files_kept: 5,
            days_kept: 30,
        }
    }
}

impl Log {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut log = Self::default();
        let colours = [
            ("auto", Colour::Auto),
            ("always", Colour::Always),
            ("never", Colour::Never),
        ];
        table.read("level", &mut log.level, |item| {
            string_that(item, check_filter)
        });
        table.read("plugins", &mut log.plugins, plugin_levels);
        table.read("colour", &mut log.colour, |item| word(item, &colours));
        table.read("json", &mut log.json, boolean);
        table.read("files", &mut log.files, boolean);
        table.read("folder", &mut log.folder, folder);
        table.read("max_file_bytes", &mut log.max_file_bytes, |item| {
            integer(item, 65_536..=1 << 40, "bytes")
        });
        table.read("files_kept", &mut log.files_kept, |item| {
            integer(item, 0..=1_000, "files").map(|kept| u32::try_from(kept).unwrap_or(u32::MAX))
        });
        table.read("days_kept", &mut log.days_kept, |item| {
            integer(item, 1..=36_500, "days")
        });
        log
    }
}

/// `[metrics]`: where figures are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// The address; `None` when it is `off`.
    pub listen: Option<SocketAddr>,
    /// Names by which it may be asked, beside addresses and names without a dot.
    pub hosts: Vec<String>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 9310))),
            hosts: Vec::new(),
        }
    }
}

impl Metrics {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut metrics = Self::default();
        table.read("listen", &mut metrics.listen, |item| {
            let text = string(item)?;
            if text == "off" {
                return Ok(None);
            }
            text.parse().map(Some).map_err(|_| {
                let message = format!(
                    "expected an address such as \"127.0.0.1:9310\", or \"off\", found `{text}`"
                );
                vec![Fault::new(item, message)]
            })
        });
        table.read("hosts", &mut metrics.hosts, |item| {
            list(
                item,
                "a list of names, such as [\"bot.example.org\"]",
                |item| string_that(item, host_name),
            )
        });
        metrics
    }
}

/// A name alone: browsers send no more of an address.
fn host_name(text: &str) -> Result<(), String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match !text.is_empty() && text.chars().all(is_name) {
        true => Ok(()),
        false => Err(format!(
            "expected a name such as \"bot.example.org\", without `http://` and a port, found `{text}`"
        )),
    }
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
