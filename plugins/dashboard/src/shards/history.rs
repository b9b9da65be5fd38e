//! History of the shards over the last hour: latencies, and connections that were lost and found.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use plugin_api::{abi::ShardView, prelude::*};

use crate::pulse;

/// How long latencies are kept.
const KEPT_MS: u64 = 60 * 60_000;

/// Between two looks while nobody else looks.
const SLOW: Duration = Duration::from_secs(60);

/// Between two looks that are kept.
const APART_MS: u64 = 4_000;

/// What has happened that is kept.
const HAPPENINGS: usize = 100;

/// Shards of which latencies are kept.
const SHARDS: usize = 256;

/// Something that has happened to a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Happening {
    pub(super) at_ms: u64,
    pub(super) shard: u32,
    pub(super) what: What,
}

/// What that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// It has no connection.
    Lost,
    /// It has one again, and its session goes on: nothing was missed.
    Resumed,
    /// It has a new session.
    NewSession,
    /// It has one again; how is not known.
    Connected,
}

/// Latencies and what has happened.
#[derive(Debug, Default)]
pub(crate) struct History {
    latencies: RefCell<BTreeMap<u32, VecDeque<(u64, f64)>>>,
    happenings: RefCell<VecDeque<Happening>>,
    last: RefCell<(u64, Vec<ShardView>)>,
}

/// Looks each minute, once the plugin serves. `host` is the one of the start.
pub(crate) fn start(host: &Host, history: &Rc<History>) {
    let (asked, history) = (host.clone(), Rc::clone(history));
    host.every(SLOW, async move || {
        // While the operator does not grant the power, there is nothing to see, and nothing to log each minute.
        if let Ok(reply) = asked.shards().await {
            history.saw(&reply.shards);
        }
        Ok(())
    });
}

impl History {
    /// Notes how the shards are.
    pub(super) fn saw(&self, shards: &[ShardView]) {
        self.saw_at(pulse::now_ms(), shards);
    }

    fn saw_at(&self, now_ms: u64, shards: &[ShardView]) {
        let (at_ms, before) = self.last.take();
        if at_ms > 0 {
            let mut happenings = self.happenings.borrow_mut();
            for shard in shards {
                let Some(before) = before.iter().find(|it| it.id == shard.id) else {
                    continue;
                };
                let what = changes(before, shard).map(|what| Happening {
                    at_ms: now_ms,
                    shard: shard.id,
                    what,
                });
                happenings.extend(what);
            }
            while happenings.len() > HAPPENINGS {
                happenings.pop_front();
            }
        }
        let keeps = at_ms == 0 || now_ms.saturating_sub(at_ms) >= APART_MS;
        // Latencies that are too close together say nothing more.
        *self.last.borrow_mut() = (if keeps { now_ms } else { at_ms }, shards.to_vec());
        if keeps {
            self.keep(now_ms, shards);
        }
    }

    fn keep(&self, now_ms: u64, shards: &[ShardView]) {
        let mut latencies = self.latencies.borrow_mut();
        latencies.retain(|id, _| shards.iter().any(|shard| shard.id == *id));
        for shard in shards.iter().take(SHARDS) {
            let of_shard = latencies.entry(shard.id).or_default();
            if let Some(latency_us) = shard.latency_us.filter(|_| shard.connected) {
                of_shard.push_back((now_ms, latency_us as f64 / 1_000.0));
            }
            let begin = now_ms.saturating_sub(KEPT_MS);
            while of_shard.front().is_some_and(|(at, _)| *at < begin) {
                of_shard.pop_front();
            }
        }
    }

    /// A shard's latencies in milliseconds over the last hour, in `count` equal pieces; each is the highest in its piece.
    pub(super) fn line(&self, shard: u32, count: usize) -> Vec<Option<f64>> {
        self.line_at(pulse::now_ms(), shard, count)
    }

    fn line_at(&self, now_ms: u64, shard: u32, count: usize) -> Vec<Option<f64>> {
        let mut line: Vec<Option<f64>> = vec![None; count];
        let (begin, piece) = (
            now_ms.saturating_sub(KEPT_MS),
            KEPT_MS / count.max(1) as u64,
        );
        let latencies = self.latencies.borrow();
        for (at, latency) in latencies.get(&shard).into_iter().flatten() {
            let at = at.saturating_sub(begin) / piece.max(1);
            let at = usize::try_from(at)
                .unwrap_or(usize::MAX)
                .min(count.saturating_sub(1));
            if let Some(highest) = line.get_mut(at) {
                *highest = Some(highest.unwrap_or_default().max(*latency));
            }
        }
        line
    }

    /// What has happened, the newest first.
    pub(super) fn happenings(&self) -> Vec<Happening> {
        self.happenings.borrow().iter().rev().cloned().collect()
    }
}

/// What has happened between two looks.
fn changes(before: &ShardView, now: &ShardView) -> impl Iterator<Item = What> {
    let counts_anew = now.counted_since_ms != before.counted_since_ms;
    let new_session =
        now.session_since_ms.is_some() && now.session_since_ms != before.session_since_ms;
    let again = !counts_anew && now.reconnects > before.reconnects;
    let resumed = !counts_anew && now.resumes > before.resumes;
    let found = match (resumed, new_session) {
        (_, true) => Some(What::NewSession),
        (true, false) => Some(What::Resumed),
        (false, false) if again || (now.connected && !before.connected) => Some(What::Connected),
        (false, false) => None,
    };
    let lost = (before.connected && !now.connected).then_some(What::Lost);
    found.into_iter().chain(lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(connected: bool) -> ShardView {
        let mut shard = ShardView::default();
        (shard.connected, shard.latency_us, shard.session_since_ms) =
            (connected, Some(20_000), Some(1));
        shard
    }

    fn what(history: &History) -> Vec<What> {
        history.happenings().iter().map(|it| it.what).collect()
    }

    #[test]
    fn what_is_lost_and_found_is_told_with_what_became_of_the_session() {
        let history = History::default();
        history.saw_at(1_000, &[shard(true)]);
        history.saw_at(2_000, &[shard(true)]);
        assert_eq!(what(&history), []);
        history.saw_at(3_000, &[shard(false)]);
        let mut resumed = shard(true);
        (resumed.reconnects, resumed.resumes) = (1, 1);
        history.saw_at(4_000, &[resumed.clone()]);
        assert_eq!(what(&history), [What::Resumed, What::Lost]);
        resumed.session_since_ms = Some(9);
        resumed.reconnects = 2;
        history.saw_at(5_000, &[resumed.clone()]);
        assert_eq!(what(&history)[0], What::NewSession);
        // Counting from zero is nothing that has happened.
        (
            resumed.reconnects,
            resumed.resumes,
            resumed.counted_since_ms,
        ) = (0, 0, Some(6));
        history.saw_at(6_000, &[resumed]);
        assert_eq!(what(&history).len(), 3);
    }

    #[test]
    fn latencies_of_the_last_hour_are_kept_but_not_each_look() {
        let history = History::default();
        for second in 1..=10 {
            history.saw_at(second * 1_000, &[shard(true)]);
        }
        let kept = history.latencies.borrow()[&0].len();
        assert!((2..=3).contains(&kept), "{kept}");
        let line = history.line_at(10_000, 0, 60);
        assert_eq!((line.len(), line.iter().flatten().count()), (60, 1));
        history.saw_at(2 * KEPT_MS, &[shard(true)]);
        assert_eq!(history.latencies.borrow()[&0].len(), 1);
    }
}
