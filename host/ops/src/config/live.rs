//! Live configuration: its current values, and which of its keys a running bot takes over.

use std::sync::Arc;

use tokio::sync::watch;

use super::Config;

/// The configuration as it is now. Clones are the same; only the settings service changes it.
#[derive(Debug, Clone)]
pub struct Live(Arc<watch::Sender<Arc<Config>>>);

impl Live {
    /// Begins with `config`.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self(Arc::new(watch::Sender::new(Arc::new(config))))
    }

    /// As it is at this moment. To be asked anew for each piece of work, and not to be kept.
    #[must_use]
    pub fn now(&self) -> Arc<Config> {
        Arc::clone(&self.0.borrow())
    }

    /// Tells of every change.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<Arc<Config>> {
        self.0.subscribe()
    }

    /// Takes a configuration over as it stands: the settings service alone does this.
    pub fn replace(&self, config: Config) {
        self.0.send_replace(Arc::new(config));
    }
}

impl From<&Config> for Live {
    fn from(config: &Config) -> Self {
        Self::new(config.clone())
    }
}

impl From<Arc<Config>> for Live {
    fn from(config: Arc<Config>) -> Self {
        Self(Arc::new(watch::Sender::new(config)))
    }
}

/// How a key's value is taken over.
pub(super) type TakeOver = fn(&mut Config, &Config);

macro_rules! live {
    ($($table:ident { $($key:ident)* })*) => {
        /// The keys that a running bot takes over, and how: whoever enters one reads it through [`Live`].
        pub(super) const LIVE: &[(&str, &str, TakeOver)] = &[$($(
            (stringify!($table), stringify!($key), |to, from| to.$table.$key.clone_from(&from.$table.$key)),
        )*)*];
    };
}

live! {
    bot { prefix mention_prefix owner_ids }
    extensions { auto_load blacklist probe probe_timeout_ms start_timeout_ms save_timeout_ms stop_timeout_ms save_every_s panics_per_minute }
    status { text kind presence interval_s }
    log { level plugins }
    metrics { listen hosts }
    shutdown { timeout_ms }
    commands { cooldown_uses cooldown_s overflow warn_at group_at limit owner_guild }
    hooks { queue push_timeout_ms timeout_ms failures failure_window_s rest_s }
    files { cache_entries cache_ttl_s cache_bytes max_file_bytes }
    schedules { timeout_ms late_s max_waiting max_waiting_bytes }
    secrets { folder }
    alerts { channel_id cool_down_s }
    web { require_grants timeout_ms max_timeout_ms max_response_bytes max_concurrent }
    answers { delete_success_after_s delete_error_after_s }
    storage { max_open statement_timeout_ms migration_timeout_ms slow_query_ms max_rows max_plugin_bytes backup_on_shutdown backups_kept }
}

/// The keys that need a restart, and why; whoever changes one is told so.
#[cfg(test)]
const NEED_RESTART: &[(&str, &[&str], &str)] = &[
    (
        "discord",
        &[
            "http_proxy",
            "api_url",
            "gateway_url",
            "requests_per_second",
            "longest_wait_s",
        ],
        "the client and the shards are made once",
    ),
    (
        "extensions",
        &["folder", "auto_reload", "debounce_ms"],
        "the watcher is made once",
    ),
    (
        "log",
        &[
            "colour",
            "json",
            "files",
            "folder",
            "max_file_bytes",
            "files_kept",
            "days_kept",
        ],
        "the log begins before all else, and its outputs are made once",
    ),
    ("data", &["folder"], "databases and files are open in it"),
    (
        "commands",
        &["development_guild"],
        "what is registered elsewhere would stay there",
    ),
    (
        "storage",
        &[
            "threads",
            "busy_timeout_ms",
            "max_result_bytes",
            "max_value_bytes",
            "max_memory_bytes",
        ],
        "given to each database as it is opened",
    ),
    (
        "cache",
        &["members", "member_ttl_s"],
        "its room is taken at the start",
    ),
    ("answers", &["colours"], "plugins are told at their start"),
    ("web", &["ca_file"], "the clients are made once"),
    (
        "components",
        &["timeout_s"],
        "plugins are told at their start",
    ),
];

/// Whether a running bot takes over what this key is changed to.
#[must_use]
pub fn is_live(table: &str, key: &str) -> bool {
    matches!(table, "grants" | "plugins") || LIVE.iter().any(|(t, k, _)| (*t, *k) == (table, key))
}

#[cfg(test)]
mod tests {
    use super::{super::described, *};

    #[test]
    fn every_key_is_taken_over_or_needs_a_restart() {
        let live = LIVE.iter().map(|(table, key, _)| (*table, *key, true));
        let others = NEED_RESTART
            .iter()
            .flat_map(|(table, keys, _)| keys.iter().map(|key| (*table, *key, false)));
        let mut said: Vec<_> = live.chain(others).collect();
        let mut known: Vec<_> = described()
            .iter()
            .map(|known| (known.table, known.key, known.live))
            .collect();
        said.sort_unstable();
        known.sort_unstable();
        assert_eq!(said, known, "each key once, in one of the two tables");
    }
}
