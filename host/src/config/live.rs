//! The configuration as it is now, and which of its keys a running bot takes over.

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

    pub(crate) fn replace(&self, config: Config) {
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
type TakeOver = fn(&mut Config, &Config);

macro_rules! live {
    ($($table:ident { $($key:ident)* })*) => {
        /// The keys that a running bot takes over, and how. All others need a restart: a new key is one of them until whoever
        /// adds it reads it through [`Live`] and enters it here.
        const LIVE: &[(&str, &str, TakeOver)] = &[$($(
            (stringify!($table), stringify!($key), |to, from| to.$table.$key.clone_from(&from.$table.$key)),
        )*)*];
    };
}

live! {
    bot { prefix mention_prefix owner_ids }
    extensions { auto_load blacklist probe probe_timeout_ms start_timeout_ms save_timeout_ms stop_timeout_ms }
    status { text kind presence interval_s }
    log { level plugins }
    shutdown { timeout_ms }
    commands { cooldown_uses cooldown_s overflow warn_at group_at limit }
    hooks { queue push_timeout_ms timeout_ms failures failure_window_s rest_s }
    files { cache_entries cache_ttl_s cache_bytes max_file_bytes }
    schedules { timeout_ms late_s max_waiting }
    secrets { folder }
    alerts { channel_id cool_down_s }
    web { require_grants timeout_ms max_timeout_ms max_response_bytes }
    answers { delete_success_after_s delete_error_after_s }
    storage { max_open statement_timeout_ms slow_query_ms max_rows backup_on_shutdown backups_kept }
}

/// Whether a running bot takes over what this key is changed to.
#[must_use]
pub fn is_live(table: &str, key: &str) -> bool {
    matches!(table, "grants" | "plugins") || LIVE.iter().any(|(t, k, _)| (*t, *k) == (table, key))
}

impl Config {
    /// This configuration with all that can be taken over from `next`; the rest stays until a restart.
    #[must_use]
    pub(crate) fn taking_over(&self, next: Self) -> Self {
        let mut config = self.clone();
        for (_, _, take_over) in LIVE {
            take_over(&mut config, &next);
        }
        config.grants = next.grants;
        config.plugins = next.plugins;
        config.source = next.source;
        config
    }
}

#[cfg(test)]
mod tests {
    use super::{super::described, *};

    #[test]
    fn every_live_key_exists() {
        for (table, key, _) in LIVE {
            let known = described()
                .iter()
                .any(|known| (known.table, known.key) == (*table, *key));
            assert!(known, "{table}.{key}");
        }
    }

    #[test]
    fn what_needs_a_restart_stays() {
        let running = Config::parse("[data]\nfolder = 'a'\n[bot]\nprefix = '?'", "c").unwrap();
        let next = Config::parse(
            "[data]\nfolder = 'b'\n[bot]\nprefix = '+'\n[plugins.shop]\nlimit = 3",
            "c",
        )
        .unwrap();
        let now = running.taking_over(next);
        assert_eq!(
            (now.data.folder.to_str(), &*now.bot.prefix),
            (Some("a"), "+")
        );
        assert!(now.plugins.contains_key("shop"));
        assert!(now.source.text.contains("'b'"));
    }
}
