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

/// Whether a running bot takes over what this key is changed to.
#[must_use]
pub fn is_live(table: &str, key: &str) -> bool {
    matches!(table, "grants" | "plugins") || Config::is_live(table, key)
}
