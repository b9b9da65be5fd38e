//! End of the bot before this one, if the supervisor had to start it again: told once, and shown for a while.

use std::time::{Duration, SystemTime};

use host_ops::config::Config;
use host_supervisor::LastEnd;

use super::Services;

/// How long `extensions` shows it.
const SHOWN: Duration = Duration::from_secs(3600);

impl Services {
    /// Tells the log and the owner of the last end. To be called when Discord knows the bot, and before plugins are loaded: one of them
    /// may end this one, too. `blamed` is what a crash report says: the owner is told of that one then, and once is enough. Whether the owner is to be told: of a
    /// crash loop not each time.
    pub(crate) fn tell_last_end(&self, config: &Config, blamed: Option<String>) -> bool {
        let Some(mut last) = LastEnd::take(&config.data.run_folder()) else {
            return true;
        };
        let is_alarming = last.is_alarming();
        let has_report = blamed.is_some();
        last.blamed = blamed;
        let told = last.told();
        // An alert is a line of the log, too.
        if has_report || !(is_alarming && self.alerts.raise("bot", "end", &told)) {
            tracing::warn!("{told}");
        }
        let _ = self.last_end.set(last);
        is_alarming
    }

    /// What is shown of it now: `restarted 2 min ago after SIGSEGV`.
    pub(crate) fn restarted(&self, now: SystemTime) -> Option<String> {
        let last = self.last_end.get()?;
        let since = now.duration_since(last.at()).unwrap_or_default();
        (since < SHOWN).then(|| last.ago(now))
    }
}
