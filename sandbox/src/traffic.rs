//! The inspector: what crossed the gateway and REST, newest last.

use std::{
    collections::VecDeque,
    fmt,
    time::{Duration, Instant},
};

use serde::Serialize;
use serde_json::Value;

/// Crossings that are kept.
const KEPT: usize = 2000;

/// Something that crossed between the bot and the sandbox.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Crossing {
    /// Counts up from 0, also past those that were forgotten.
    pub number: u64,
    /// Time since the sandbox started.
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
}

/// The ring of crossings.
#[derive(Debug)]
pub(crate) struct Traffic {
    started: Instant,
    next: u64,
    ring: VecDeque<Crossing>,
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
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
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
        self.note(way, what.into(), None, body, Value::Null, false);
    }

    /// Notes a REST request and its answer.
    pub(crate) fn rest(
        &mut self,
        what: String,
        status: u16,
        body: Value,
        answer: Value,
        unknown_route: bool,
    ) {
        self.note(Way::Rest, what, Some(status), body, answer, unknown_route);
    }

    /// All that is kept, oldest first.
    pub(crate) fn all(&self) -> Vec<Crossing> {
        self.ring.iter().cloned().collect()
    }

    /// What came after a number, oldest first.
    pub(crate) fn since(&self, number: u64) -> impl Iterator<Item = &Crossing> {
        self.ring
            .iter()
            .skip_while(move |crossing| crossing.number < number)
    }

    fn note(
        &mut self,
        way: Way,
        what: String,
        status: Option<u16>,
        mut body: Value,
        answer: Value,
        unknown_route: bool,
    ) {
        if body.get("token").is_some() && matches!(way, Way::GatewayIn) {
            body["token"] = Value::from("…");
        }
        let crossing = Crossing {
            number: self.next,
            at: self.started.elapsed(),
            way,
            what,
            status,
            body,
            answer,
            unknown_route,
        };
        self.next += 1;
        for Observer(observer) in &mut self.observers {
            observer(&crossing);
        }
        self.ring.push_back(crossing);
        if self.ring.len() > KEPT {
            self.ring.pop_front();
        }
    }
}
