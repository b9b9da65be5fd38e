//! The seconds in which two sessions of a shard are read side by side, so that a change of intents loses no event.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep_until};
use twilight_gateway::Message;

/// How long the old session is still read. Discord dispatches to both within milliseconds.
const OVERLAP: Duration = Duration::from_secs(3);

/// Which of two sessions a message came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

/// While there are two sessions: how often each has brought an event, and until when the old one is read.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    is_on: bool,
    until: Option<Instant>,
    brought: HashMap<u64, [u32; 2]>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    t: Option<&'a str>,
    #[serde(borrow)]
    d: Option<&'a RawValue>,
}

impl Renewal {
    /// A second session is on its way. From now on events are counted: the old session may bring one before the new one's
    /// READY is read here, and the new one brings it after.
    pub(super) fn begin(&mut self) {
        *self = Self {
            is_on: true,
            ..Self::default()
        };
    }

    /// The new session is ready: the old one is read for a while longer.
    pub(super) fn overlap(&mut self) {
        self.until = Some(Instant::now() + OVERLAP);
    }

    /// One session is left.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    /// Until the overlap is over; for ever when there is none.
    pub(super) async fn over(&self) {
        match self.until {
            Some(until) => sleep_until(until).await,
            None => std::future::pending().await,
        }
    }

    /// Whether a message is to be passed on: always, but for an event that the other session has brought as often already.
    /// (Real repetitions, such as a reaction that comes, goes and comes again, are passed on as often as they are.)
    pub(super) fn is_new(&mut self, side: Side, message: &Message) -> bool {
        if !self.is_on {
            return true;
        }
        let Message::Text(text) = message else {
            return true;
        };
        let Ok(Event {
            t: Some(name),
            d: Some(data),
        }) = serde_json::from_str(text)
        else {
            return true;
        };
        // Sequence numbers differ between sessions, the data does not.
        let mut hasher = DefaultHasher::new();
        (name, data.get()).hash(&mut hasher);
        let [old, new] = self.brought.entry(hasher.finish()).or_default();
        let (own, other) = match side {
            Side::Old => (old, *new),
            Side::New => (new, *old),
        };
        *own += 1;
        *own > other
    }

    pub(super) fn is_ready(message: &Message) -> bool {
        matches!(message, Message::Text(text) if matches!(
            serde_json::from_str(text),
            Ok(Event { t: Some("READY"), .. })
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_sessions_bring_is_passed_on_once() {
        let event = |s: u64, id: u64| {
            Message::Text(format!(
                r#"{{"op":0,"s":{s},"t":"MESSAGE_CREATE","d":{{"id":"{id}"}}}}"#
            ))
        };
        let mut renewal = Renewal::default();
        assert!(renewal.is_new(Side::Old, &event(1, 7)) && renewal.is_new(Side::Old, &event(1, 7)));
        renewal.begin();
        // Brought by the old session before the new one's READY was read, and by the new one after it.
        assert!(renewal.is_new(Side::Old, &event(9, 8)));
        renewal.overlap();
        assert!(
            !renewal.is_new(Side::New, &event(2, 8)),
            "under another sequence number"
        );
        // By the new one first.
        assert!(renewal.is_new(Side::New, &event(3, 9)));
        assert!(!renewal.is_new(Side::Old, &event(10, 9)));
        // What really happens twice is passed on twice.
        assert!(renewal.is_new(Side::Old, &event(11, 9)));
        assert!(!renewal.is_new(Side::New, &event(4, 9)));
        renewal.end();
        assert!(renewal.is_new(Side::New, &event(5, 9)));
    }

    #[test]
    fn ready_is_recognised() {
        assert!(Renewal::is_ready(&Message::Text(
            r#"{"op":0,"s":1,"t":"READY","d":{}}"#.into()
        )));
        assert!(!Renewal::is_ready(&Message::Text(r#"{"op":11}"#.into())));
    }
}
