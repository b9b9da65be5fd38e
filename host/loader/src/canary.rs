//! Canary: a newer generation of a plugin that serves chosen servers, while the present one serves all others.

use std::{
    collections::{BTreeSet, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant, SystemTime},
};

use crate::{ago::ago, generation::Generation, outcomes::Tally};

/// A canary must have had so much to do within [`WINDOW`] before it is judged.
const SAMPLE: u64 = 10;

/// How far back its failures count.
const WINDOW: Duration = Duration::from_secs(600);

/// A generation beside the present one, and the servers that it serves.
#[derive(Debug)]
pub struct Canary {
    /// It.
    pub(crate) generation: Arc<Generation>,
    /// The file that it was loaded from.
    pub(crate) file: PathBuf,
    /// SHA-256 of that, in hexadecimal digits.
    pub(crate) sha256: String,
    since: SystemTime,
    guilds: RwLock<BTreeSet<u64>>,
    /// What it had been given before it served.
    before: Tally,
    looks: Mutex<Looks>,
}

/// How a canary is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanaryStatus {
    /// Version.
    pub version: String,
    /// Generation.
    pub generation: u64,
    /// SHA-256 of its file, in hexadecimal digits.
    pub sha256: String,
    /// When it began to serve.
    pub since: SystemTime,
    /// Ids of the servers that it serves, ascending.
    pub guilds: Vec<u64>,
    /// What it has had to do since.
    pub tally: Tally,
}

impl CanaryStatus {
    /// Such as "version 1.2.0 (generation 7, `a1b2c3d4`) in 2 servers, since 5 min ago: 120 handled, 1 failed".
    #[must_use]
    pub fn in_words(&self, now: SystemTime) -> String {
        let since = self.since.duration_since(SystemTime::UNIX_EPOCH);
        let since = since.unwrap_or_default().as_millis();
        let began = ago(since.try_into().unwrap_or(u64::MAX), now);
        let servers = match self.guilds.len() {
            1 => "1 server".to_owned(),
            many => format!("{many} servers"),
        };
        format!(
            "version {} (generation {}, `{}`) in {servers}, since {began}: {} handled, {} failed",
            self.version,
            self.generation,
            self.sha256.get(..8).unwrap_or(&self.sha256),
            self.tally.handled,
            self.tally.failed
        )
    }
}

impl Canary {
    pub(crate) fn new(
        generation: Arc<Generation>,
        (file, sha256): (PathBuf, String),
        guilds: BTreeSet<u64>,
    ) -> Self {
        Self {
            before: generation.vitals().outcomes().tally(),
            generation,
            file,
            sha256,
            since: SystemTime::now(),
            guilds: RwLock::new(guilds),
            looks: Mutex::default(),
        }
    }

    /// Whether it serves a server. Direct messages, 0, are in none.
    pub(crate) fn serves(&self, guild_id: u64) -> bool {
        let guilds = self.guilds.read().unwrap_or_else(PoisonError::into_inner);
        guild_id != 0 && guilds.contains(&guild_id)
    }

    /// Has it serve these as well.
    pub(crate) fn serve_also(&self, more: &BTreeSet<u64>) {
        let mut guilds = self.guilds.write().unwrap_or_else(PoisonError::into_inner);
        guilds.extend(more);
    }

    /// The servers that it serves.
    pub(crate) fn guilds(&self) -> BTreeSet<u64> {
        let guilds = self.guilds.read().unwrap_or_else(PoisonError::into_inner);
        guilds.clone()
    }

    /// How it is.
    pub(crate) fn status(&self) -> CanaryStatus {
        CanaryStatus {
            version: self.generation.manifest.version.clone(),
            generation: self.generation.number,
            sha256: self.sha256.clone(),
            since: self.since,
            guilds: self.guilds().into_iter().collect(),
            tally: self.tally(),
        }
    }

    fn tally(&self) -> Tally {
        let outcomes = self.generation.vitals().outcomes();
        outcomes.tally().since(self.before)
    }

    /// Takes a look; what it has had to do within the last ten minutes, where so many of a hundred failed. To be asked each second.
    pub(crate) fn fails_too_often(&self, percent: u64) -> Option<Tally> {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let within = looks.look(Instant::now(), self.tally());
        is_too_often(within, percent).then_some(within)
    }
}

/// What was seen of a canary, oldest first; the first one is what the window began with.
#[derive(Debug, Default)]
struct Looks(VecDeque<(Instant, Tally)>);

impl Looks {
    /// What has come within the window. Looks at which nothing had happened are not kept.
    fn look(&mut self, now: Instant, tally: Tally) -> Tally {
        let is_old = |at: Instant| now.saturating_duration_since(at) >= WINDOW;
        while self.0.get(1).is_some_and(|(at, _)| is_old(*at)) {
            self.0.pop_front();
        }
        if self.0.back().is_none_or(|(_, last)| *last != tally) {
            self.0.push_back((now, tally));
        }
        let began = self.0.front().filter(|(at, _)| is_old(*at));
        tally.since(began.map_or_else(Tally::default, |(_, tally)| *tally))
    }
}

fn is_too_often(within: Tally, percent: u64) -> bool {
    let enough = within.handled.max(within.failed) >= SAMPLE;
    percent > 0 && enough && within.failed * 100 >= within.handled * percent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fails_too_often_by_share_with_enough_to_go_by_and_within_the_window() {
        let began = Instant::now();
        let mut looks = Looks::default();
        let mut look = |at, handled, failed| {
            let now = began + Duration::from_secs(at);
            let within = looks.look(now, Tally { handled, failed });
            is_too_often(within, 20).then_some((within.handled, within.failed))
        };
        assert_eq!(look(0, 9, 9), None, "too few to go by");
        assert_eq!(look(1, 50, 9), None, "too few of them");
        assert_eq!(look(2, 50, 10), Some((50, 10)));
        assert_eq!(look(602, 70, 13), None, "what was before does not count");
        assert_eq!(look(603, 70, 14), Some((20, 4)));
        assert_eq!(look(1_300, 71, 15), None, "one is not enough");
        let all = Tally {
            handled: 10,
            failed: 10,
        };
        assert!(is_too_often(all, 100) && !is_too_often(all, 0), "0: never");
    }

    #[test]
    fn it_is_told_in_words() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let status = CanaryStatus {
            version: "1.2.0".into(),
            generation: 7,
            sha256: "a1b2c3d4e5f6".into(),
            since: now - Duration::from_secs(300),
            guilds: vec![1, 2],
            tally: Tally {
                handled: 120,
                failed: 1,
            },
        };
        assert_eq!(
            status.in_words(now),
            "version 1.2.0 (generation 7, `a1b2c3d4`) in 2 servers, since 5 min ago: 120 handled, 1 failed"
        );
    }
}
