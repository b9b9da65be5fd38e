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
    time::{Duration, Instant, SystemTime},
};

use host_base::PluginName;
use plugin_api::abi::ShardView;
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
    resumes: AtomicU64,
    events: AtomicU64,
    /// Milliseconds since 1970; 0: never.
    last_event_ms: AtomicU64,
    session_since_ms: AtomicU64,
    counted_since_ms: AtomicU64,
}

/// Outage: when a session was lost, and how long it took to have one again.
#[derive(Debug, Default)]
struct Outage {
    since: Option<Instant>,
    over_after: Option<Duration>,
}

impl ShardFigures {
    /// Whether it has a session now, and how long its last heartbeat took. True when it has just lost it.
    pub fn see(&self, up: bool, latency: Option<Duration>) -> bool {
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
        before && !up
    }

    /// It has heard of Discord.
    pub fn heard(&self) {
        self.events.fetch_add(1, Relaxed);
        self.last_event_ms.store(now_ms(), Relaxed);
    }

    /// It has a new session.
    pub fn session_began(&self) {
        self.session_since_ms.store(now_ms(), Relaxed);
    }

    /// It goes on with the session that it had.
    pub fn resumed(&self) {
        self.resumes.fetch_add(1, Relaxed);
    }

    /// Counts from zero.
    pub fn reset(&self) {
        for count in [&self.reconnects, &self.resumes, &self.events] {
            count.store(0, Relaxed);
        }
        self.counted_since_ms.store(now_ms(), Relaxed);
    }

    /// What there is to see of it but for its servers.
    #[must_use]
    pub fn view(&self, id: u32, of: u32) -> ShardView {
        let time = |ms: &AtomicU64| Some(ms.load(Relaxed)).filter(|ms| *ms > 0);
        let mut view = ShardView::default();
        (view.id, view.of, view.connected) = (id, of, self.is_up());
        view.latency_us = time(&self.latency_us);
        view.reconnects = self.reconnects();
        view.resumes = self.resumes.load(Relaxed);
        view.events = self.events.load(Relaxed);
        view.last_event_ms = time(&self.last_event_ms);
        view.session_since_ms = time(&self.session_since_ms);
        view.counted_since_ms = time(&self.counted_since_ms);
        view
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

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
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
            seen.push((shard.see(up, None), shard.reconnects()));
        }
        let lost = |it: &&(bool, u64)| it.0;
        assert_eq!(seen.iter().filter(lost).count(), 1, "{seen:?}");
        assert_eq!((seen[3], seen[5]), ((true, 0), (false, 1)));
        assert!(shard.take_outage().is_some());
        assert_eq!(shard.take_outage(), None, "told once");
        shard.heard();
        shard.resumed();
        shard.session_began();
        let before = shard.view(1, 4);
        assert_eq!((before.id, before.of, before.connected), (1, 4, true));
        let counts = |view: &ShardView| [view.reconnects, view.resumes, view.events];
        assert_eq!((counts(&before), before.latency_us), ([1, 1, 1], None));
        assert!(before.last_event_ms.is_some() && before.counted_since_ms.is_none());
        shard.reset();
        let after = shard.view(1, 4);
        assert_eq!(counts(&after), [0; 3]);
        assert!(
            after.counted_since_ms.is_some() && after.connected,
            "{after:?}"
        );
        assert_eq!(after.session_since_ms, before.session_since_ms);
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
