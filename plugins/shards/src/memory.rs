//! Memory of the watch: latencies by check, what was told, and the latest events of connections. It survives a reload and a restart.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use plugin_api::{
    hook::{ShardConnected, ShardDisconnected, ShardResumed},
    prelude::*,
    text::{clip, plain, span},
};
use serde::{Deserialize, Serialize};

use crate::{verdict::Trouble, words::now_ms};

/// Latencies that are kept of a shard: an hour of them.
const LATENCIES: usize = 60;

/// Events that are kept.
const EVENTS: usize = 50;

/// Characters of an event.
const EVENT: usize = 120;

/// What is known beyond the host's figures.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    pub(crate) shards: BTreeMap<u32, Seen>,
    /// The newest last.
    pub(crate) events: VecDeque<Event>,
}

/// What was seen of a shard.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Seen {
    /// Microseconds of its heartbeat at each check, the newest last.
    pub(crate) latencies: VecDeque<u64>,
    /// Checks without a break that found it ill.
    pub(crate) ill_checks: u32,
    pub(crate) told: Told,
}

/// What was told of a shard.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Told {
    /// What the last alert was about; `None`: it is well as far as anybody knows.
    pub(crate) trouble: Option<Trouble>,
    /// When that alert was raised, in milliseconds since the Unix epoch; 0: never.
    pub(crate) at_ms: u64,
}

/// Something that has happened to a connection.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) at_ms: u64,
    pub(crate) shard: u32,
    pub(crate) what: String,
}

impl Seen {
    pub(crate) fn measured(&mut self, latency_us: u64) {
        self.latencies.push_back(latency_us);
        while self.latencies.len() > LATENCIES {
            self.latencies.pop_front();
        }
    }
}

/// The memory, shared by the commands and the watch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch(pub(crate) Rc<RefCell<Memory>>);

impl Watch {
    pub(crate) fn save(watch: &Rc<Self>) -> Result<State> {
        State::new(1, &*watch.0.borrow())
    }

    pub(crate) fn restore(watch: &Rc<Self>, saved: State) -> Result {
        *watch.0.borrow_mut() = saved.read()?;
        Ok(())
    }

    fn note(&self, shard: u32, what: &str) {
        let (at_ms, what) = (now_ms(), clip(&plain(what), EVENT));
        let events = &mut self.0.borrow_mut().events;
        events.push_back(Event { at_ms, shard, what });
        while events.len() > EVENTS {
            events.pop_front();
        }
    }
}

pub(crate) async fn connected(ctx: HookContext<ShardConnected, Watch>) -> Result {
    let it = ctx.payload();
    ctx.state().note(
        it.shard,
        &format!("has a new session{}", after(it.outage_ms)),
    );
    Ok(())
}

pub(crate) async fn resumed(ctx: HookContext<ShardResumed, Watch>) -> Result {
    let it = ctx.payload();
    ctx.state().note(
        it.shard,
        &format!("goes on with its session{}", after(it.outage_ms)),
    );
    Ok(())
}

pub(crate) async fn lost(ctx: HookContext<ShardDisconnected, Watch>) -> Result {
    let it = ctx.payload();
    let why = match (it.code, &*it.reason) {
        (None, _) => "the connection broke".to_owned(),
        (Some(code), "") => format!("closed with {code}"),
        (Some(code), reason) => format!("closed with {code}: {reason}"),
    };
    ctx.state()
        .note(it.shard, &format!("has lost its connection: {why}"));
    Ok(())
}

fn after(outage_ms: Option<u64>) -> String {
    match outage_ms {
        None => String::new(),
        Some(ms) => format!(", after {} without one", span(ms)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_bounds_and_comes_back_as_it_was() {
        let watch = Rc::new(Watch::default());
        for number in 0..1_000 {
            watch.note(1, &format!("line\n{number}"));
            watch
                .0
                .borrow_mut()
                .shards
                .entry(1)
                .or_default()
                .measured(number);
        }
        let saved = Watch::save(&watch).unwrap();
        let next = Rc::new(Watch::default());
        Watch::restore(&next, saved).unwrap();
        let memory = next.0.borrow();
        assert_eq!(
            (memory.events.len(), &*memory.events[49].what),
            (EVENTS, "line 999")
        );
        assert_eq!(
            memory.shards[&1].latencies,
            (940..1_000).collect::<Vec<_>>()
        );
    }
}
