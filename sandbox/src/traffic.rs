//! Traffic log for the inspector: what crossed the gateway and REST, newest last.

use std::{collections::VecDeque, fmt, time::Duration};

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{clock::Clock, limit::Standing};

/// Crossings that are kept.
const KEPT: usize = 2000;

/// Something that crossed between the bot and the sandbox.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Crossing {
    /// Counts up from 0, also past those that were forgotten.
    pub number: u64,
    /// Time since the sandbox started, by its clock.
    pub at: Duration,
    /// Which way it went.
    pub way: Way,
    /// What it was: `POST /channels/1/messages`, `MESSAGE_CREATE`, `IDENTIFY`, `close 4004`.
    pub what: String,
    /// The HTTP status, for REST.
    pub status: Option<u16>,
    /// The payload; the request's body for REST. The bot's own token is left out.
    pub body: Value,
    /// The response's body, for REST.
    pub answer: Value,
    /// How long the request took from its last byte to the answer, for REST.
    pub took: Option<Duration>,
    /// The answer's headers that tell of rate limits, for REST.
    pub headers: Vec<(String, String)>,
    /// Set for requests to a route that the sandbox does not know.
    pub unknown_route: bool,
}

/// Which way something crossed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Way {
    /// A gateway payload from the bot.
    GatewayIn,
    /// A gateway payload to the bot.
    GatewayOut,
    /// A REST request of the bot, with its answer.
    Rest,
    /// A fault that was asked for has struck: see [`Faults`](crate::Faults).
    Fault,
}

/// A crossing as it is kept; it becomes a [`Crossing`] when somebody looks.
#[derive(Debug)]
struct Kept {
    number: u64,
    at: Duration,
    way: Way,
    what: String,
    status: Option<u16>,
    body: Body,
    answer: Body,
    took: Option<Duration>,
    standing: Option<Standing>,
    unknown_route: bool,
}

/// A payload.
#[derive(Debug)]
pub(crate) enum Body {
    /// As it was read.
    Read(Value),
    /// As it was written, shared with whoever sends it.
    Written(Utf8Bytes),
}

impl Body {
    fn value(&self) -> Value {
        match self {
            Self::Read(value) => value.clone(),
            Self::Written(text) => serde_json::from_str(text).unwrap_or_default(),
        }
    }
}

impl Kept {
    fn crossing(&self) -> Crossing {
        Crossing {
            number: self.number,
            at: self.at,
            way: self.way,
            what: self.what.clone(),
            status: self.status,
            body: self.body.value(),
            answer: self.answer.value(),
            took: self.took,
            headers: self
                .standing
                .map_or_else(Vec::new, |standing| standing.told()),
            unknown_route: self.unknown_route,
        }
    }
}

/// The ring of crossings.
#[derive(Debug)]
pub(crate) struct Traffic {
    clock: Clock,
    started_us: i64,
    next: u64,
    ring: VecDeque<Kept>,
    observers: Vec<Observer>,
}

/// Told of each crossing.
struct Observer(Box<dyn FnMut(&Crossing) + Send>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

impl Traffic {
    /// An empty ring, starting now.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            started_us: clock.now_us(),
            clock,
            next: 0,
            ring: VecDeque::new(),
            observers: Vec::new(),
        }
    }

    /// Tells a function of each crossing from now on.
    pub(crate) fn observe(&mut self, observer: impl FnMut(&Crossing) + Send + 'static) {
        self.observers.push(Observer(Box::new(observer)));
    }

    /// Notes a gateway payload.
    pub(crate) fn gateway(&mut self, way: Way, what: impl Into<String>, body: Value) {
        let mut body = body;
        if way == Way::GatewayIn && body.get("token").is_some() {
            body["token"] = Value::from("…");
        }
        self.note(
            way,
            what.into(),
            None,
            Body::Read(body),
            Body::Read(Value::Null),
            false,
        );
    }

    /// Notes a gateway payload that is already written.
    pub(crate) fn gateway_text(&mut self, way: Way, what: &str, body: Utf8Bytes) {
        let (body, nothing) = (Body::Written(body), Body::Read(Value::Null));
        self.note(way, what.to_owned(), None, body, nothing, false);
    }

    /// Notes a REST request and its answer.
    pub(crate) fn rest(
        &mut self,
        what: String,
        status: u16,
        body: Utf8Bytes,
        answer: Utf8Bytes,
        unknown_route: bool,
    ) {
        let (body, answer) = (Body::Written(body), Body::Written(answer));
        self.note(Way::Rest, what, Some(status), body, answer, unknown_route);
    }

    /// Adds to the newest crossing, a request, how long it took and what its answer's headers say of rate limits.
    pub(crate) fn answered(&mut self, took: Duration, standing: Option<Standing>) {
        if let Some(crossing) = self.ring.back_mut() {
            crossing.took = Some(took);
            crossing.standing = standing;
        }
    }

    /// All that is kept, oldest first.
    pub(crate) fn all(&self) -> Vec<Crossing> {
        self.ring.iter().map(Kept::crossing).collect()
    }

    /// What came after a number, oldest first.
    pub(crate) fn since(&self, number: u64) -> impl Iterator<Item = Crossing> {
        let from = self.ring.partition_point(|kept| kept.number < number);
        self.ring.range(from..).map(Kept::crossing)
    }

    /// What came after a number, oldest first, without bodies: a line of a list each.
    pub(crate) fn lines(&self, number: u64) -> impl Iterator<Item = Value> {
        let from = self.ring.partition_point(|kept| kept.number < number);
        self.ring.range(from..).map(|kept| {
            json!({
                "number": kept.number,
                "at_ms": u64::try_from(kept.at.as_millis()).unwrap_or(u64::MAX),
                "way": kept.way,
                "what": kept.what,
                "status": kept.status,
                "took_us": kept.took.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
                "unknown_route": kept.unknown_route,
            })
        })
    }

    /// The newest.
    pub(crate) fn last(&self) -> Option<Crossing> {
        self.ring.back().map(Kept::crossing)
    }

    fn note(
        &mut self,
        way: Way,
        what: String,
        status: Option<u16>,
        body: Body,
        answer: Body,
        unknown_route: bool,
    ) {
        let kept = Kept {
            number: self.next,
            at: self.clock.elapsed_since(self.started_us),
            way,
            what,
            status,
            body,
            answer,
            took: None,
            standing: None,
            unknown_route,
        };
        self.next += 1;
        if !self.observers.is_empty() {
            let crossing = kept.crossing();
            for Observer(observer) in &mut self.observers {
                observer(&crossing);
            }
        }
        self.ring.push_back(kept);
        if self.ring.len() > KEPT {
            self.ring.pop_front();
        }
    }
}
