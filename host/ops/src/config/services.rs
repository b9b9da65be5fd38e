//! The tables of what plugins may ask of the host.

use std::{collections::BTreeMap, path::PathBuf};

use host_base::PluginName;
use toml::de::{DeTable, DeValue};

use super::{
    checks::secret_name,
    document::{Document, Table},
    fault::{Fault, expected, nearest},
    plugins,
    values::{IdOf, folder, id, integer, list, milliseconds, seconds, string_that},
    web,
};

/// `[hooks]`: how events of the framework and of plugins are handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hooks {
    /// Events that may wait for one handler.
    pub queue: usize,
    /// How long an event waits for a place in a full queue, before it is dropped and counted.
    pub push_timeout_ms: u64,
    /// How long a handler may take.
    pub timeout_ms: u64,
    /// Failures within the window after which a handler rests.
    pub failures: usize,
    /// The window.
    pub failure_window_s: u64,
    /// How long it rests, before one event tries it again.
    pub rest_s: u64,
}

impl Default for Hooks {
    fn default() -> Self {
        Self {
            queue: 1_000,
            push_timeout_ms: 5_000,
            timeout_ms: 10_000,
            failures: 5,
            failure_window_s: 300,
            rest_s: 60,
        }
    }
}

impl Hooks {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut hooks = Self::default();
        let count = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        table.read("queue", &mut hooks.queue, |item| {
            integer(item, 1..=100_000, "events").map(count)
        });
        table.read("push_timeout_ms", &mut hooks.push_timeout_ms, |item| {
            milliseconds(item, 1..=60_000)
        });
        table.read("timeout_ms", &mut hooks.timeout_ms, |item| {
            milliseconds(item, 1..=600_000)
        });
        table.read("failures", &mut hooks.failures, |item| {
            integer(item, 1..=1_000, "failures").map(count)
        });
        table.read("failure_window_s", &mut hooks.failure_window_s, |item| {
            seconds(item, 1..=86_400)
        });
        table.read("rest_s", &mut hooks.rest_s, |item| {
            seconds(item, 1..=86_400)
        });
        hooks
    }
}

/// `[alerts]`: the channel for what should not wait until somebody reads the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    /// The channel. Unset: alerts go to the log alone.
    pub channel_id: Option<u64>,
    /// How long nothing more is reported about the same thing.
    pub cool_down_s: u64,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            channel_id: None,
            cool_down_s: 300,
        }
    }
}

impl Alerts {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut alerts = Self::default();
        table.read("channel_id", &mut alerts.channel_id, |item| {
            id(item, IdOf::Channel).map(Some)
        });
        table.read("cool_down_s", &mut alerts.cool_down_s, |item| {
            seconds(item, 0..=86_400)
        });
        alerts
    }
}

/// `[files]`: files of plugins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Files that are kept in memory after they were read.
    pub cache_entries: usize,
    /// How long at most.
    pub cache_ttl_s: u64,
    /// Bytes that they may take together.
    pub cache_bytes: usize,
    /// The largest file that may be read or written.
    pub max_file_bytes: u64,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            cache_entries: 1_000,
            cache_ttl_s: 300,
            cache_bytes: 16 << 20,
            max_file_bytes: 64 << 20,
        }
    }
}

impl Files {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut files = Self::default();
        let count = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        table.read("cache_entries", &mut files.cache_entries, |item| {
            integer(item, 1..=1_000_000, "files").map(count)
        });
        table.read("cache_ttl_s", &mut files.cache_ttl_s, |item| {
            seconds(item, 0..=86_400)
        });
        table.read("cache_bytes", &mut files.cache_bytes, |item| {
            integer(item, 0..=1 << 34, "bytes").map(count)
        });
        table.read("max_file_bytes", &mut files.max_file_bytes, |item| {
            integer(item, 1..=1 << 30, "bytes")
        });
        files
    }
}

/// `[grants.<plugin>]`: what a plugin may use beyond what is its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Folders, by the name that the plugin asks for.
    pub folders: BTreeMap<String, PathBuf>,
    /// Names of secrets.
    pub secrets: Vec<String>,
    /// Hosts on the web, those of the local network included.
    pub web: Vec<String>,
}

/// `[secrets]`: where secrets of plugins lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    /// A file for each, called like the secret.
    pub folder: PathBuf,
}

impl Default for Secrets {
    fn default() -> Self {
        Self {
            folder: "secrets".into(),
        }
    }
}

impl Secrets {
    pub(super) fn read(mut table: Table<'_, '_>) -> Self {
        let mut secrets = Self::default();
        table.read("folder", &mut secrets.folder, folder);
        secrets
    }
}

pub(super) fn grants(document: &mut Document<'_>) -> BTreeMap<PluginName, Grants> {
    let (entries, faults) = document.free_table("grants");
    let mut grants = BTreeMap::new();
    for (name, item) in entries.into_iter().flatten() {
        match item.get_ref() {
            DeValue::Table(entries) => {
                let granted = grants_of(name.get_ref(), entries, faults);
                plugins::enter(&mut grants, "grants", name, granted, faults);
            }
            _ => faults.push(expected(
                &format!("the table [grants.{}]", name.get_ref()),
                item,
            )),
        }
    }
    grants
}

fn grants_of(plugin: &str, entries: &DeTable<'_>, faults: &mut Vec<Fault>) -> Grants {
    let mut grants = Grants::default();
    for (key, item) in entries {
        match (&**key.get_ref(), item.get_ref()) {
            ("folders", DeValue::Table(folders)) => {
                for (name, item) in folders {
                    match folder(item) {
                        Ok(folder) => {
                            grants.folders.insert(name.get_ref().to_string(), folder);
                        }
                        Err(wrong) => faults.extend(wrong),
                    }
                }
            }
            ("folders", _) => {
                faults.push(expected("folders by name, { site = \"/srv/site\" }", item))
            }
            ("secrets", _) => match list(item, "a list of names of secrets", |item| {
                string_that(item, secret_name)
            }) {
                Ok(secrets) => grants.secrets = secrets,
                Err(wrong) => faults.extend(wrong),
            },
            ("web", _) => {
                match list(item, "a list of hosts", |item| string_that(item, web::host)) {
                    Ok(hosts) => grants.web = hosts,
                    Err(wrong) => faults.extend(wrong),
                }
            }
            (unknown, _) => {
                let hint = nearest(unknown, ["folders", "secrets", "web"].into_iter())
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                faults.push(Fault {
                    at: key.span().start,
                    message: format!("unknown key `{unknown}` in [grants.{plugin}]{hint}"),
                });
            }
        }
    }
    grants
}
