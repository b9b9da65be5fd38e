//! Quarantine: files that have crashed too often, and are not loaded into the bot's own process until somebody who may says so.
//!
//! What crashes in a cell counts as well, and what is in quarantine is loaded into a cell all the same: it keeps a file from taking everybody
//! else along, and so does a cell (docs/decisions/0087).
//!
//! It goes by content: a changed file is another one. It lies in `quarantine.json` in the data folder, and is written when it
//! changes.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use host_base::PluginName;
use serde::{Deserialize, Serialize};

/// Most strikes, and files in quarantine, that are remembered; the oldest go first.
const REMEMBERED: usize = 200;

/// The files in quarantine, and those on their way there.
#[derive(Debug)]
pub struct Quarantine {
    path: PathBuf,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    strikes: Vec<Strike>,
    held: Vec<Held>,
}

/// A crash that was a file's fault.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Strike {
    sha256: String,
    at_ms: u64,
}

/// A file that is not loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// The plugin that it holds.
    pub plugin: PluginName,
    /// Since when, in milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// Why, in words.
    pub why: String,
}

/// How many crashes within which time are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// So many; 0: as many as there are.
    pub strikes: usize,
    /// Within this.
    pub window: Duration,
}

impl Quarantine {
    /// What the data folder says. A file that can't be read is as none: the bot is to start.
    #[must_use]
    pub fn open(data: &Path) -> Self {
        let path = data.join("quarantine.json");
        let kept = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::error!(path = %path.display(), "no plugin is in quarantine, as this can't be read: {error}");
                Kept::default()
            }),
            Err(_) => Kept::default(),
        };
        Self {
            path,
            kept: Mutex::new(kept),
        }
    }

    /// Enters a crash of the bot that was a file's fault; whether it is in quarantine from now on.
    pub fn strike(&self, plugin: &PluginName, sha256: &str, at_ms: u64, limit: Limit) -> bool {
        let why = |strikes, minutes| {
            format!("it has crashed the bot {strikes} times within {minutes} min")
        };
        self.enter(plugin, sha256, at_ms, limit, why)
    }

    /// Enters a crash of a file's cell; whether it is in quarantine from now on.
    pub fn strike_in_cell(
        &self,
        plugin: &PluginName,
        sha256: &str,
        at_ms: u64,
        limit: Limit,
    ) -> bool {
        let why = |strikes, minutes| {
            format!(
                "it has crashed {strikes} times within {minutes} min, the last time in a cell, where it goes on"
            )
        };
        self.enter(plugin, sha256, at_ms, limit, why)
    }

    fn enter(
        &self,
        plugin: &PluginName,
        sha256: &str,
        at_ms: u64,
        limit: Limit,
        why: impl FnOnce(usize, u64) -> String,
    ) -> bool {
        let mut kept = self.kept();
        let window = limit.window.as_millis().try_into().unwrap_or(u64::MAX);
        kept.strikes
            .retain(|it| at_ms.saturating_sub(it.at_ms) <= window);
        kept.strikes.push(Strike {
            sha256: sha256.to_owned(),
            at_ms,
        });
        let strikes = kept.strikes.iter().filter(|it| it.sha256 == sha256).count();
        let is_out = limit.strikes > 0 && strikes >= limit.strikes;
        if is_out {
            let minutes = limit.window.as_secs().div_ceil(60);
            hold(&mut kept, plugin, sha256, at_ms, why(strikes, minutes));
        }
        self.write(&mut kept);
        is_out
    }

    /// Puts a file in quarantine for another reason.
    pub fn hold(&self, plugin: &PluginName, sha256: &str, at_ms: u64, why: String) {
        let mut kept = self.kept();
        hold(&mut kept, plugin, sha256, at_ms, why);
        self.write(&mut kept);
    }

    /// Why a file is not to be loaded, if it is not.
    #[must_use]
    pub fn of(&self, sha256: &str) -> Option<Held> {
        self.kept()
            .held
            .iter()
            .find(|it| it.sha256 == sha256)
            .cloned()
    }

    /// Whether a file has crashed something lately, or is in quarantine: what was found of it before tells little.
    #[must_use]
    pub fn has_struck(&self, sha256: &str) -> bool {
        let kept = self.kept();
        let mut all = kept.strikes.iter().map(|it| &it.sha256);
        all.any(|it| it == sha256) || kept.held.iter().any(|it| it.sha256 == sha256)
    }

    /// Lets a file out, with all its strikes forgotten; whether it was in.
    pub fn lift(&self, sha256: &str) -> bool {
        let mut kept = self.kept();
        kept.strikes.retain(|it| it.sha256 != sha256);
        let before = kept.held.len();
        kept.held.retain(|it| it.sha256 != sha256);
        let was_in = kept.held.len() < before;
        self.write(&mut kept);
        was_in
    }

    fn write(&self, kept: &mut Kept) {
        let over = |count: usize| count.saturating_sub(REMEMBERED);
        let (strikes, held) = (over(kept.strikes.len()), over(kept.held.len()));
        kept.strikes.drain(..strikes);
        kept.held.drain(..held);
        let part = self.path.with_extension("json.part");
        let write = || -> io::Result<()> {
            fs::write(&part, serde_json::to_vec_pretty(kept)?)?;
            fs::rename(&part, &self.path)
        };
        if let Err(error) = write() {
            tracing::error!(path = %self.path.display(), "the quarantine holds until the next start only, as it can't be written: {error}");
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hold(kept: &mut Kept, plugin: &PluginName, sha256: &str, since_ms: u64, why: String) {
    kept.held.retain(|it| it.sha256 != sha256);
    kept.held.push(Held {
        sha256: sha256.to_owned(),
        plugin: plugin.clone(),
        since_ms,
        why,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_AN_HOUR: Limit = Limit {
        strikes: 2,
        window: Duration::from_secs(3600),
    };
    const HOUR_MS: u64 = 3_600_000;

    #[test]
    fn two_within_the_window_are_out_until_they_are_let_out_and_it_outlives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let quarantine = Quarantine::open(folder.path());
        let tea = PluginName::new("tea");
        let strike = |of: &Quarantine, sha256: &str, at| of.strike(&tea, sha256, at, TWO_AN_HOUR);
        assert!(!strike(&quarantine, "a", 0));
        // Another file of the same plugin, and the same one after more than an hour.
        assert!(!strike(&quarantine, "b", 1));
        assert!(!strike(&quarantine, "a", HOUR_MS + 1));
        assert!(quarantine.of("a").is_none());
        let quarantine = Quarantine::open(folder.path());
        assert!(quarantine.has_struck("a") && !quarantine.has_struck("c"));
        assert!(strike(&quarantine, "a", HOUR_MS + 2));
        let quarantine = Quarantine::open(folder.path());
        let held = quarantine.of("a").unwrap();
        assert_eq!(held.why, "it has crashed the bot 2 times within 60 min");
        assert!(quarantine.of("b").is_none());
        assert!(quarantine.lift("a") && !quarantine.lift("a"));
        assert!(Quarantine::open(folder.path()).of("a").is_none());
        // Its strikes are forgotten as well.
        assert!(!strike(&quarantine, "a", HOUR_MS + 3));
    }

    #[test]
    fn a_crash_in_a_cell_counts_with_those_of_the_bot() {
        let folder = tempfile::tempdir().unwrap();
        let quarantine = Quarantine::open(folder.path());
        let tea = PluginName::new("tea");
        assert!(!quarantine.strike_in_cell(&tea, "a", 0, TWO_AN_HOUR));
        assert!(quarantine.strike(&tea, "a", 1, TWO_AN_HOUR));
        assert!(!quarantine.strike_in_cell(&tea, "b", 0, TWO_AN_HOUR));
        assert!(quarantine.strike_in_cell(&tea, "b", 1, TWO_AN_HOUR));
        let why = quarantine.of("b").unwrap().why;
        assert!(
            why.ends_with("2 times within 60 min, the last time in a cell, where it goes on"),
            "{why}"
        );
    }

    #[test]
    fn without_a_limit_nothing_is_held_and_what_is_remembered_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let quarantine = Quarantine::open(folder.path());
        let none = Limit {
            strikes: 0,
            ..TWO_AN_HOUR
        };
        for at in 0..2 * REMEMBERED as u64 {
            assert!(!quarantine.strike(&"tea".into(), "a", at, none));
            quarantine.hold(&"tea".into(), &at.to_string(), at, "why".into());
        }
        assert!(quarantine.of("0").is_none() && quarantine.of("399").is_some());
        assert_eq!(quarantine.kept().strikes.len(), REMEMBERED);
        fs::write(folder.path().join("quarantine.json"), "{").unwrap();
        assert!(Quarantine::open(folder.path()).of("399").is_none());
    }
}
