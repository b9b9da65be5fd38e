//! Shard metrics: connections, events, and intents that plugins need and a session does not have.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{AcqRel, Relaxed},
        },
    },
    time::{Duration, Instant},
};

use host_base::PluginName;
use twilight_model::gateway::Intents;

use super::Figures;
use crate::intents;

/// State of a shard's session against the intents that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// They agree.
    Steady,
    /// A session with the wanted intents is on its way.
    Renewing,
    /// It is opened when this moment has come.
    Waiting(Instant),
    /// Discord refuses it; it is asked again when this moment has come.
    Refused(Instant),
}

/// An intent that a plugin needs and a shard's session does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingIntent {
    /// Which shard.
    pub shard: u32,
    /// Its name in Discord's documentation.
    pub intent: String,
    /// Who needs it.
    pub plugins: Vec<PluginName>,
    standing: Standing,
}

impl fmt::Display for MissingIntent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shard, intent, .. } = self;
        write!(f, "shard {shard} does not have {intent}")?;
        if !self.plugins.is_empty() {
            write!(f, " for {}", PluginName::list(&self.plugins))?;
        }
        let minutes = |at: Instant| {
            let left = at.saturating_duration_since(Instant::now());
            left.as_secs().div_ceil(60).max(1)
        };
        match self.standing {
            Standing::Steady | Standing::Renewing => {
                f.write_str(" yet: a session with it is on its way")
            }
            Standing::Waiting(at) => {
                write!(
                    f,
                    " yet: a session with it is opened within {} min",
                    minutes(at)
                )
            }
            Standing::Refused(at) => write!(
                f,
                ": Discord refuses it; switch it on in the Developer Portal > your application > Bot > Privileged Gateway \
                 Intents (it is asked for again in {} min)",
                minutes(at)
            ),
        }
    }
}

/// Metrics of a shard.
#[derive(Debug, Default)]
pub struct ShardFigures {
    session: Mutex<Option<(Intents, Standing)>>,
    up: AtomicBool,
    was_up: AtomicBool,
    reconnects: AtomicU64,
    latency_us: AtomicU64,
    outage: Mutex<Outage>,
}

/// Outage: when a session was lost, and how long it took to have one again.
#[derive(Debug, Default)]
struct Outage {
    since: Option<Instant>,
    over_after: Option<Duration>,
}

impl ShardFigures {
    /// Whether it has a session now, and how long its last heartbeat took.
    pub fn see(&self, up: bool, latency: Option<Duration>) {
        let before = self.up.swap(up, AcqRel);
        if up && !before && self.was_up.swap(true, AcqRel) {
            self.reconnects.fetch_add(1, Relaxed);
        }
        if up != before {
            let mut outage = self.outage();
            match up {
                true => outage.over_after = outage.since.take().map(|since| since.elapsed()),
                false => outage.since = Some(Instant::now()),
            }
        }
        if let Some(latency) = latency {
            let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
            self.latency_us.store(us.max(1), Relaxed);
        }
    }

    /// How long the last outage took, once it is over; given once.
    pub fn take_outage(&self) -> Option<Duration> {
        self.outage().over_after.take()
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The intents that its session has, and how it stands with what is wanted.
    pub fn stand(&self, intents: Intents, standing: Standing) {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        *session = Some((intents, standing));
    }

    /// Whether it has a session.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up.load(Relaxed)
    }

    /// How often it got a session again.
    #[must_use]
    pub fn reconnects(&self) -> u64 {
        self.reconnects.load(Relaxed)
    }

    /// How long its last heartbeat took; `None` before the first.
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        match self.latency_us.load(Relaxed) {
            0 => None,
            us => Some(Duration::from_micros(us)),
        }
    }
}

impl Figures {
    /// Which of these intents the sessions do not have that there are; `wanted` names the plugins behind each. A shard that
    /// has no session is not told of.
    #[must_use]
    pub fn missing_intents(
        &self,
        (wanted, plugins): &(Intents, BTreeMap<u64, Vec<PluginName>>),
    ) -> Vec<MissingIntent> {
        let mut missing = Vec::new();
        for (shard, figures) in self.shards() {
            let session = figures
                .session
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let Some((intents, standing)) = *session else {
                continue;
            };
            missing.extend((*wanted - intents).iter().map(|intent| MissingIntent {
                shard,
                intent: intents::name(intent.bits()),
                plugins: plugins.get(&intent.bits()).cloned().unwrap_or_default(),
                standing,
            }));
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_session_is_no_reconnect() {
        let shard = ShardFigures::default();
        let mut seen = Vec::new();
        for up in [false, true, true, false, false, true] {
            shard.see(up, None);
            seen.push(shard.reconnects());
        }
        assert_eq!(seen, [0, 0, 0, 0, 0, 1]);
        assert!(shard.take_outage().is_some());
        assert_eq!(shard.take_outage(), None, "told once");
    }

    #[test]
    fn what_a_session_lacks_is_told_with_who_needs_it() {
        let figures = Figures::default();
        let wanted = (
            Intents::GUILDS | Intents::MESSAGE_CONTENT,
            BTreeMap::from([(Intents::MESSAGE_CONTENT.bits(), vec!["counter".into()])]),
        );
        assert_eq!(figures.missing_intents(&wanted), [], "no shard, no session");
        let shard = figures.shard(3);
        shard.stand(Intents::GUILDS, Standing::Renewing);
        let texts = |figures: &Figures| -> Vec<String> {
            let missing = figures.missing_intents(&wanted);
            missing.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            texts(&figures),
            [
                "shard 3 does not have MESSAGE_CONTENT for counter yet: a session with it is on its way"
            ]
        );
        shard.stand(
            Intents::GUILDS,
            Standing::Refused(Instant::now() + Duration::from_secs(90)),
        );
        assert!(texts(&figures)[0].contains("asked for again in 2 min"));
        shard.stand(wanted.0 | Intents::GUILD_MEMBERS, Standing::Steady);
        assert_eq!(texts(&figures), [""; 0]);
    }
}
