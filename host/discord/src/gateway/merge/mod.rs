//! Event deduplication: the events of two sessions of a shard, each passed on once, while one replaces the other.
//!
//! Events are told apart by what they are about (`identity.rs`), not by their bytes: a session without MESSAGE_CONTENT is sent
//! messages without their text. A form that lacks something waits for the other session's, in its place in the order.
//!
//! What plugins are told and what the cache learns differ meanwhile ([`News`]): the new session tells all servers again, and its
//! events from there on are the truth in order, while the old one's may be older than what was told.

mod brought;
mod identity;

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::value::RawValue;
use twilight_gateway::{Intents, Message};

use self::{brought::Brought, identity::Identity};
use super::saved::Place;
use crate::intents;

/// How long an event that lacks something waits for its other form, and what comes after it with it. Interactions don't.
const HOLD: Duration = Duration::from_secs(1);

/// Events that wait at most; beyond them the first is passed on as it is.
const WAITING: usize = 4096;

/// Side of an event: which of two sessions it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

/// Meaning of an event for the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The cache learns from it, and plugins get it.
    Whole,
    /// Plugins know it: a session that replaces another lists all servers again, and repeats what the other has brought. The
    /// cache learns from it.
    Repeated,
    /// Plugins get it. The cache has learnt what is true now from the newer session, and learns nothing from the older.
    Late,
}

/// An event on its way to the dispatcher.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) message: Message,
    /// The intents of its session.
    pub(super) intents: Intents,
    pub(super) news: News,
    /// Where its session stands when it was dispatched; `None` where something before it is yet to come.
    pub(super) place: Option<Place>,
}

/// Where a message comes from.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) side: Side,
    /// The intents of its session.
    pub(super) intents: Intents,
    pub(super) place: Option<Place>,
}

/// Merges the events of two sessions; of one, they go through untouched.
#[derive(Debug, Default)]
pub(super) struct Merge {
    overlap: Option<Overlap>,
    /// In the order in which they are passed on; the first one may wait.
    queue: VecDeque<Held>,
    /// Interactions, which wait for nothing.
    urgent: VecDeque<Held>,
}

#[derive(Debug)]
struct Held {
    passed: Passed,
    side: Side,
    /// The event that a richer form of is waited for, and until when.
    waits: Option<(u64, Instant)>,
}

/// Phase of the new session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// It has not identified: what the old one brings, it will not.
    Coming,
    /// It may bring whatever the old one brings from now on.
    Identifying,
    /// Both bring events.
    Both,
    /// The old one is about to be closed: nothing new is expected of it.
    Ending,
}

#[derive(Debug)]
struct Overlap {
    phase: Phase,
    old: Intents,
    new: Intents,
    /// Whether the old session was ever ready: whether its servers are known already.
    had_session: bool,
    brought: Brought,
    /// The servers of the new session's READY, and whether their GUILD_CREATE came since.
    servers: HashMap<u64, bool>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    t: Option<&'a str>,
    #[serde(borrow)]
    d: Option<&'a RawValue>,
}

impl Merge {
    /// A second session is on its way.
    pub(super) fn begin(&mut self, old: Intents, new: Intents, had_session: bool) {
        // What the old one has brought is remembered, whichever session is to replace it.
        let before = self.overlap.take();
        let before = before.filter(|overlap| overlap.phase < Phase::Both);
        self.overlap = Some(Overlap {
            phase: Phase::Coming,
            old,
            new,
            had_session,
            brought: before.map(|overlap| overlap.brought).unwrap_or_default(),
            servers: HashMap::new(),
        });
    }

    /// The new session is about to identify: from now on it may bring what the old one brings.
    pub(super) fn identifying(&mut self) {
        self.advance(Phase::Identifying);
    }

    /// The new session has taken over. To be called before its READY is taken.
    pub(super) fn both(&mut self) {
        self.advance(Phase::Both);
    }

    /// The old session is about to be closed, when [nothing waits](Self::is_empty) any more.
    pub(super) fn ending(&mut self) {
        self.advance(Phase::Ending);
    }

    /// One session is left.
    pub(super) fn end(&mut self) {
        self.overlap = None;
        for held in &mut self.queue {
            held.waits = None;
        }
    }

    fn advance(&mut self, phase: Phase) {
        if let Some(overlap) = &mut self.overlap {
            overlap.phase = overlap.phase.max(phase);
        }
    }

    /// Whether nothing waits to be passed on.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.urgent.is_empty()
    }

    /// When the first one that waits has waited long enough.
    pub(super) fn due(&self) -> Option<Instant> {
        let first = self.queue.front()?;
        first.waits.map(|(_, until)| until)
    }

    /// The next event that is to be passed on, if any is.
    pub(super) fn next(&mut self, now: Instant) -> Option<Passed> {
        if let Some(held) = self.urgent.pop_front() {
            let mut passed = held.passed;
            passed.place = passed.place.filter(|place| !self.holds_before(place));
            return Some(passed);
        }
        let is_due = self.due().is_none_or(|until| until <= now);
        if !is_due && self.queue.len() <= WAITING {
            return None;
        }
        self.queue.pop_front().map(|held| held.passed)
    }

    /// Whether something waits that the same session has brought earlier.
    fn holds_before(&self, place: &Place) -> bool {
        let places = self
            .queue
            .iter()
            .filter_map(|held| held.passed.place.as_ref());
        places
            .filter(|waiting| waiting.session == place.session)
            .any(|waiting| waiting.sequence < place.sequence)
    }

    /// Takes a message of a session.
    pub(super) fn take(&mut self, from: Source, message: Message, now: Instant) {
        let Source {
            side,
            intents,
            place,
        } = from;
        let Message::Text(text) = &message else {
            return;
        };
        let event = match &mut self.overlap {
            Some(overlap) => serde_json::from_str(text)
                .ok()
                .and_then(|event: Event<'_>| Some((overlap, event.t?, event.d?.get()))),
            None => None,
        };
        let Some((overlap, name, data)) = event else {
            let passed = Passed {
                message,
                intents,
                news: News::Whole,
                place,
            };
            return self.pass(side, passed, None);
        };
        if name == "READY" && side == Side::New {
            overlap.servers = identity::servers(data).map(|id| (id, false)).collect();
        }
        let about = Identity::of(name, data);
        let Some(news) = overlap.news(side, name, &about) else {
            return;
        };
        // What the bot hears from now on goes by the new session, whichever brings it.
        let intents = if overlap.phase >= Phase::Both {
            overlap.new
        } else {
            intents
        };
        let passed = |message, news, place| Passed {
            message,
            intents,
            news,
            place,
        };
        // A server that is told again is no event of its own.
        if news == News::Repeated {
            return self.pass(side, passed(message, news, place), None);
        }
        if overlap.brought.is_first(about.key, side, now) {
            let waits = overlap.waits(side, name, &about);
            let waits = waits.then(|| (about.key, now + HOLD));
            let is_urgent = name == "INTERACTION_CREATE";
            let held = Held {
                passed: passed(message, news, place),
                side,
                waits,
            };
            let queue = if is_urgent {
                &mut self.urgent
            } else {
                &mut self.queue
            };
            return queue.push_back(held);
        }
        let is_twin =
            |held: &&mut Held| held.side != side && held.waits.is_some_and(|it| it.0 == about.key);
        match self.queue.iter_mut().find(is_twin) {
            Some(twin) => {
                // This one is of the session that is sent more, or it would not have been waited for.
                twin.waits = None;
                twin.passed.message = message;
                twin.passed.intents = intents;
                if side == Side::New {
                    twin.passed.news = News::Whole;
                    twin.passed.place = place;
                }
            }
            None if side == Side::New => {
                self.pass(side, passed(message, News::Repeated, place), None);
            }
            None => {}
        }
    }

    fn pass(&mut self, side: Side, passed: Passed, waits: Option<(u64, Instant)>) {
        self.queue.push_back(Held {
            passed,
            side,
            waits,
        });
    }
}

impl Overlap {
    /// What an event is to the host, but for what the other session has brought already; nothing, for what the old one tells
    /// of servers that the new one tells.
    fn news(&mut self, side: Side, name: &str, about: &Identity) -> Option<News> {
        let repeated = if self.had_session {
            News::Repeated
        } else {
            News::Whole
        };
        let is_brought_by_new = {
            let needed = intents::of_event(name);
            needed.is_empty() || needed.intersects(self.new)
        };
        let told = self.servers.get_mut(&about.guild);
        match (side, name, told) {
            (Side::New, "READY", _) => Some(repeated),
            (Side::New, "GUILD_CREATE", Some(told)) if !*told => {
                *told = true;
                Some(repeated)
            }
            (Side::New, ..) => Some(News::Whole),
            (Side::Old, ..) if self.phase < Phase::Both => Some(News::Whole),
            (Side::Old, "READY", _) | (Side::Old, "GUILD_CREATE", Some(_)) => None,
            (Side::Old, _, Some(true)) if is_brought_by_new => Some(News::Late),
            (Side::Old, ..) => Some(News::Whole),
        }
    }

    /// Whether an event lacks what the other session's form of it has.
    fn waits(&self, side: Side, name: &str, about: &Identity) -> bool {
        let (own, other) = match side {
            Side::Old => (self.old, self.new),
            Side::New => (self.new, self.old),
        };
        let is_expected = match side {
            Side::Old => self.phase >= Phase::Identifying,
            Side::New => self.phase == Phase::Both,
        };
        about.is_poor && is_expected && identity::told_by(name).intersects(other - own)
    }
}
