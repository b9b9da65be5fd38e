//! Verdict on a shard: well, or what ails it.

use plugin_api::{
    abi::ShardView,
    text::{milliseconds, span},
};
use serde::{Deserialize, Serialize};

/// A heartbeat that takes longer is slow, in microseconds.
pub(crate) const SLOW_US: u64 = 1_000_000;

/// A shard that has heard nothing for so long is silent: Discord acknowledges a heartbeat each 41 s, so three are missing.
pub(crate) const SILENT_MS: u64 = 125_000;

/// What ails a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Trouble {
    /// It has no connection.
    Lost,
    /// It has one, on which nothing has come for so many milliseconds.
    Silent(u64),
    /// Its last heartbeat took so many microseconds.
    Slow(u64),
}

/// How a shard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Well,
    /// It has not had a session yet: the bot starts.
    Starting,
    Ill(Trouble),
}

impl Verdict {
    pub(crate) fn of(shard: &ShardView, now_ms: u64) -> Self {
        let quiet = shard
            .last_event_ms
            .map(|heard| now_ms.saturating_sub(heard));
        match (shard.connected, quiet, shard.latency_us) {
            (false, ..) if shard.session_since_ms.is_none() => Self::Starting,
            (false, ..) => Self::Ill(Trouble::Lost),
            (true, Some(quiet), _) if quiet > SILENT_MS => Self::Ill(Trouble::Silent(quiet)),
            (true, _, Some(latency)) if latency > SLOW_US => Self::Ill(Trouble::Slow(latency)),
            _ => Self::Well,
        }
    }

    pub(crate) fn trouble(self) -> Option<Trouble> {
        match self {
            Self::Ill(trouble) => Some(trouble),
            _ => None,
        }
    }

    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::Well => "🟢",
            Self::Starting => "⚪",
            Self::Ill(Trouble::Slow(_)) => "🟡",
            Self::Ill(_) => "🔴",
        }
    }

    pub(crate) fn words(self) -> String {
        match self {
            Self::Well => "well".into(),
            Self::Starting => "has no session yet".into(),
            Self::Ill(Trouble::Lost) => "has lost its connection".into(),
            Self::Ill(Trouble::Silent(ms)) => format!("has heard nothing for {}", span(ms)),
            Self::Ill(Trouble::Slow(us)) => {
                format!("is slow: its heartbeat took {}", milliseconds(us))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_judged_by_what_is_known_of_it() {
        let now = 10 * SILENT_MS;
        let of = |connected, session: Option<u64>, heard: Option<u64>, latency: Option<u64>| {
            let mut shard = ShardView::default();
            (shard.connected, shard.session_since_ms) = (connected, session);
            (shard.last_event_ms, shard.latency_us) = (heard, latency);
            Verdict::of(&shard, now)
        };
        assert_eq!(of(false, None, None, None), Verdict::Starting);
        assert_eq!(
            of(false, Some(1), Some(now), Some(1)),
            Verdict::Ill(Trouble::Lost)
        );
        // What is not known is no trouble.
        assert_eq!(of(true, Some(1), None, None), Verdict::Well);
        assert_eq!(
            of(true, Some(1), Some(now - SILENT_MS), Some(SLOW_US)),
            Verdict::Well
        );
        let silent = of(true, Some(1), Some(now - SILENT_MS - 1), None);
        assert_eq!(silent, Verdict::Ill(Trouble::Silent(SILENT_MS + 1)));
        assert_eq!(silent.words(), "has heard nothing for 2 min 5 s");
        let slow = of(true, Some(1), Some(now), Some(2 * SLOW_US));
        assert_eq!(slow, Verdict::Ill(Trouble::Slow(2 * SLOW_US)));
        assert_eq!(slow.words(), "is slow: its heartbeat took 2000.0 ms");
        let marks = [Verdict::Well, Verdict::Starting, slow, silent].map(Verdict::mark);
        assert_eq!(marks, ["🟢", "⚪", "🟡", "🔴"]);
        // A clock that was set back makes nobody silent.
        assert_eq!(of(true, Some(1), Some(now + 5_000), None), Verdict::Well);
    }
}
