//! Figures of the running bot, and the page that a Prometheus server reads them from.
//!
//! | file | what it does |
//! | --- | --- |
//! | `timing.rs`, `bounded.rs` | a histogram of durations; a map that can't be blown up |
//! | `plugin.rs` | what is counted of one plugin, through all its generations |
//! | `gateway.rs`, `rest.rs` | what is counted of the shards, and of requests to Discord |
//! | `page/` | all of it as Prometheus text, put together when it is asked for |
//! | `server.rs` | `/metrics`, `/livez` and `/readyz` |
//!
//! Invariant: a label is one of a plugin, an event, a command, a shard, a route class, a result: never a server or a user.

mod bounded;
mod gateway;
mod page;
mod plugin;
mod rest;
mod server;
mod timing;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use plugin_api::EventKind;

pub use self::{
    bounded::{Bounded, OTHER},
    gateway::{MissingIntent, ShardFigures, Standing},
    page::Page,
    plugin::{Calls, Handled, PluginFigures},
    rest::{Rest, class as route_class},
    server::Server,
    timing::Timing,
};

/// Kinds of events that are told apart; what has a higher number counts as unknown.
const KINDS: usize = 128;

/// What is counted while the bot runs. What a service counts by itself is not here: the page asks the service.
#[derive(Debug)]
pub struct Figures {
    plugins: Mutex<BTreeMap<String, Arc<PluginFigures>>>,
    shards: Mutex<BTreeMap<u32, Arc<ShardFigures>>>,
    /// By the event's number.
    events: Vec<AtomicU64>,
    /// Events of which something could not be read, by name.
    unreadable: Bounded<AtomicU64>,
    /// Requests to Discord.
    pub rest: Rest,
    /// Interactions that the host deferred, because no plugin had answered in time.
    pub deferred: AtomicU64,
    /// Whether the plugins of the extensions folder have been tried.
    pub started: AtomicBool,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            plugins: Mutex::default(),
            shards: Mutex::default(),
            events: (0..KINDS).map(|_| AtomicU64::new(0)).collect(),
            unreadable: Bounded::new(KINDS),
            rest: Rest::default(),
            deferred: AtomicU64::new(0),
            started: AtomicBool::new(false),
        }
    }
}

impl Figures {
    /// A generation of a plugin begins: the plugin's figures, which are there until its last generation has ended.
    #[must_use]
    pub fn generation_begins(&self, plugin: &str) -> Arc<PluginFigures> {
        let mut plugins = self.plugins();
        let figures = plugins.entry(plugin.to_owned()).or_default();
        figures.begin();
        Arc::clone(figures)
    }

    /// A generation is over.
    pub fn generation_ends(&self, plugin: &str) {
        let mut plugins = self.plugins();
        if plugins.get(plugin).is_some_and(|figures| figures.end()) {
            plugins.remove(plugin);
        }
    }

    /// How many plugins have figures.
    #[must_use]
    pub fn plugin_count(&self) -> usize {
        self.plugins().len()
    }

    /// How many generations have begun and are not over.
    #[must_use]
    pub fn generations_alive(&self) -> usize {
        self.plugins().values().map(|figures| figures.alive()).sum()
    }

    /// A plugin's figures.
    #[must_use]
    pub fn plugin(&self, plugin: &str) -> Option<Arc<PluginFigures>> {
        self.plugins().get(plugin).map(Arc::clone)
    }

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
        let index = usize::from(kind.number());
        self.events[if index < KINDS { index } else { 0 }].fetch_add(1, Relaxed);
    }

    /// Counts an event of which something could not be read.
    pub fn unreadable(&self, event: &str) {
        self.unreadable.of(event).fetch_add(1, Relaxed);
    }

    /// Events by name; those that never came are left out.
    fn events(&self) -> Vec<(&'static str, u64)> {
        let count = |(number, count): (usize, &AtomicU64)| {
            let kind = EventKind::from_number(u16::try_from(number).unwrap_or_default());
            (kind.name(), count.load(Relaxed))
        };
        let all = self.events.iter().enumerate().map(count);
        all.filter(|(_, count)| *count > 0).collect()
    }

    /// Events of which something could not be read, by name.
    fn unreadable_events(&self) -> Vec<(String, u64)> {
        let all = self.unreadable.all().into_iter();
        all.map(|(event, count)| (event, count.load(Relaxed)))
            .collect()
    }

    fn plugins(&self) -> MutexGuard<'_, BTreeMap<String, Arc<PluginFigures>>> {
        self.plugins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
