//! The seconds in which two sessions of a shard are read side by side, so that a change of intents loses no event.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep_until};
use twilight_gateway::Message;

/// How long the old session is still read. Discord dispatches to both within milliseconds.
const OVERLAP: Duration = Duration::from_secs(3);

/// While two sessions are read: until when, and what was passed on since.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    until: Option<Instant>,
    seen: HashSet<u64>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    t: Option<&'a str>,
    #[serde(borrow)]
    d: Option<&'a RawValue>,
}

impl Renewal {
    /// The new session is ready: the old one is read for a while longer.
    pub(super) fn begin(&mut self) {
        self.until = Some(Instant::now() + OVERLAP);
    }

    /// The overlap is over.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    pub(super) fn is_on(&self) -> bool {
        self.until.is_some()
    }

    /// Until the overlap is over; for ever when there is none.
    pub(super) async fn over(&self) {
        match self.until {
            Some(until) => sleep_until(until).await,
            None => std::future::pending().await,
        }
    }

    /// Whether a message is to be passed on: always, but for an event that the other session has brought already.
    pub(super) fn is_new(&mut self, message: &Message) -> bool {
        if !self.is_on() {
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
        self.seen.insert(hasher.finish())
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
        assert!(
            renewal.is_new(&event(1, 7)) && renewal.is_new(&event(1, 7)),
            "no overlap, no filter"
        );
        renewal.until = Some(Instant::now());
        assert!(renewal.is_new(&event(9, 8)));
        assert!(
            !renewal.is_new(&event(2, 8)),
            "the same event under another sequence number"
        );
        assert!(renewal.is_new(&event(3, 9)));
        renewal.end();
        assert!(renewal.is_new(&event(2, 8)));
    }

    #[test]
    fn ready_is_recognised() {
        assert!(Renewal::is_ready(&Message::Text(
            r#"{"op":0,"s":1,"t":"READY","d":{}}"#.into()
        )));
        assert!(!Renewal::is_ready(&Message::Text(r#"{"op":11}"#.into())));
    }
}
