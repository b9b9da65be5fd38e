//! Metrics of the running bot: shards, events, requests. Whoever counts has them; the program's page of metrics shows
//! them.
//!
//! | file | what it does |
//! | --- | --- |
//! | `gateway.rs`, `rest.rs` | what is counted of the shards, and of requests to Discord |
//! | `hourly.rs` | messages, commands and errors, by the hour |
//!
//! Invariant: a label is one of a plugin, an event, a command, a shard, a route class, a result: never a server or a user.

mod gateway;
mod hourly;
mod rest;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use host_base::{bounded::Bounded, lag::Lag};
use host_loader::KINDS;
use plugin_api::EventKind;

pub(crate) use self::gateway::now_ms;
pub use self::{
    gateway::{MissingIntent, ShardFigures, Standing},
    hourly::{Hour, Hourly},
    rest::{Rest, class as route_class},
};

/// Metrics of the running bot. What a service counts by itself is not here: the page asks the service.
#[derive(Debug)]
pub struct Figures {
    /// Of each plugin.
    pub plugins: host_loader::Figures,
    shards: Mutex<BTreeMap<u32, Arc<ShardFigures>>>,
    /// By the event's number.
    events: Vec<AtomicU64>,
    /// Events of which something could not be read, by name.
    unreadable: Bounded<AtomicU64>,
    /// Messages, commands and errors by the hour.
    pub hourly: Hourly,
    /// Requests to Discord.
    pub rest: Rest,
    /// How late a timer of the runtime's wakes its task.
    pub runtime_lag: Lag,
    /// How long what a shard has received waits for the main loop.
    pub loop_lag: Lag,
    /// Interactions that the host deferred, because no plugin had answered in time.
    pub deferred: AtomicU64,
    /// Whether the plugins of the extensions folder have been tried.
    pub started: AtomicBool,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            plugins: host_loader::Figures::default(),
            shards: Mutex::default(),
            events: (0..KINDS).map(|_| AtomicU64::new(0)).collect(),
            unreadable: Bounded::new(KINDS),
            hourly: Hourly::default(),
            rest: Rest::default(),
            runtime_lag: Lag::default(),
            loop_lag: Lag::default(),
            deferred: AtomicU64::new(0),
            started: AtomicBool::new(false),
        }
    }
}

impl Figures {
    /// A shard's figures, from now on.
    #[must_use]
    pub fn shard(&self, shard: u32) -> Arc<ShardFigures> {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shards.entry(shard).or_default())
    }

    /// All shards.
    #[must_use]
    pub fn shards(&self) -> Vec<(u32, Arc<ShardFigures>)> {
        let shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        shards
            .iter()
            .map(|(shard, figures)| (*shard, Arc::clone(figures)))
            .collect()
    }

    /// Counts an event from the gateway.
    pub fn event(&self, kind: EventKind) {
        if kind.name() == "MESSAGE_CREATE" {
            self.hourly.message();
        }
        let index = usize::from(kind.number());
        self.events[if index < KINDS { index } else { 0 }].fetch_add(1, Relaxed);
    }

    /// Counts an event of which something could not be read.
    pub fn unreadable(&self, event: &str) {
        self.unreadable.of(event).fetch_add(1, Relaxed);
    }

    /// Events by name; those that never came are left out.
    pub fn events(&self) -> Vec<(&'static str, u64)> {
        let count = |(number, count): (usize, &AtomicU64)| {
            let kind = EventKind::from_number(u16::try_from(number).unwrap_or_default());
            (kind.name(), count.load(Relaxed))
        };
        let all = self.events.iter().enumerate().map(count);
        all.filter(|(_, count)| *count > 0).collect()
    }

    /// Events of which something could not be read, by name.
    pub fn unreadable_events(&self) -> Vec<(String, u64)> {
        let all = self.unreadable.all().into_iter();
        all.map(|(event, count)| (event, count.load(Relaxed)))
            .collect()
    }
}
