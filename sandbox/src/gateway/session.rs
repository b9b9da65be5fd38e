//! Gateway session: what a client identified as, what it was sent, and what it is still to be sent.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use serde_json::Value;

use super::{arrival::arrival_json, login::Login};
use crate::{
    traffic::{Traffic, Way},
    world::World,
};

/// Dispatches that a session keeps for a resume.
const KEPT_DISPATCHES: usize = 10_000;

/// Bytes of dispatches that a session keeps, so that thousands of guilds do not stay in memory as text.
const KEPT_BYTES: usize = 8 * 1024 * 1024;

/// Dispatches that are due to a connection at most. A client that lags behind further has to identify again.
const LARGEST_LAG: usize = 50_000;

/// First guilds that are made at once: enough for a full buffer of the socket, little enough for memory.
const GUILDS_AT_ONCE: usize = 16;

/// How long a session without a connection can be resumed. Discord says "a few minutes".
const LIFE: Duration = Duration::from_secs(5 * 60);

/// A session of the bot; it outlives its connections.
#[derive(Debug)]
pub(crate) struct Session {
    pub id: String,
    pub login: Login,
    /// The sequence number of the last dispatch.
    pub seq: u64,
    /// The highest sequence number that was written to a connection.
    pub delivered: u64,
    pub connection: Option<u64>,
    /// Since when it has been without a connection, in microseconds since 1970.
    pub alone_since_us: i64,
    /// Dispatches for sending and for replay.
    kept: VecDeque<Dispatch>,
    kept_bytes: usize,
    /// Guilds of READY whose GUILD_CREATE is not yet made: it is when the connection has room for it.
    due_guilds: BTreeSet<u64>,
    /// The sequence number of the last of the first guilds.
    ready_seq: u64,
}

/// A dispatch as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    pub seq: u64,
    name: Arc<str>,
    /// Written once for all sessions that get the same.
    data: Utf8Bytes,
}

impl Dispatch {
    /// The whole payload.
    pub(crate) fn payload(&self) -> String {
        // A raw event may have any name.
        let name = Value::from(&*self.name);
        format!(
            r#"{{"t":{name},"s":{},"op":0,"d":{}}}"#,
            self.seq, self.data
        )
    }
}

impl Session {
    /// A session that is yet to be sent anything.
    pub(crate) fn new(id: String, login: Login, connection: u64) -> Self {
        Self {
            id,
            login,
            seq: 0,
            delivered: 0,
            connection: Some(connection),
            alone_since_us: 0,
            kept: VecDeque::new(),
            kept_bytes: 0,
            due_guilds: BTreeSet::new(),
            ready_seq: 0,
        }
    }

    /// Dispatches something.
    pub(crate) fn push(&mut self, traffic: &mut Traffic, name: &str, data: &Value) {
        self.push_written(traffic, &name.into(), Utf8Bytes::from(data.to_string()));
    }

    /// Dispatches something that is already written.
    pub(crate) fn push_written(&mut self, traffic: &mut Traffic, name: &Arc<str>, data: Utf8Bytes) {
        self.seq += 1;
        self.kept_bytes += data.len();
        self.kept.push_back(Dispatch {
            seq: self.seq,
            name: Arc::clone(name),
            data: data.clone(),
        });
        self.forget();
        traffic.gateway_text(Way::GatewayOut, name, data);
    }

    /// Dispatches these guilds, one by one as the connection takes them.
    pub(crate) fn push_guilds(&mut self, guilds: impl IntoIterator<Item = u64>) {
        self.ready_seq = self.seq;
        self.due_guilds.extend(guilds);
    }

    /// To be called before something that happened in a guild: its GUILD_CREATE goes first. If it is gone by
    /// now, it needs none.
    pub(crate) fn introduce(&mut self, world: &World, traffic: &mut Traffic, guild: u64) {
        if self.due_guilds.remove(&guild) {
            self.push_guild(world, traffic, guild);
        }
    }

    /// What the connection is to be sent next, and whether there is more.
    pub(crate) fn take_due(
        &mut self,
        world: &World,
        traffic: &mut Traffic,
    ) -> (Vec<Dispatch>, bool) {
        for _ in 0..GUILDS_AT_ONCE {
            let Some(guild) = self.due_guilds.pop_first() else {
                break;
            };
            self.push_guild(world, traffic, guild);
        }
        // The newest are the last ones, and their numbers have no gaps.
        let unsent = usize::try_from(self.seq - self.delivered).unwrap_or(usize::MAX);
        let unsent = self.kept.len().saturating_sub(unsent);
        let due = self.kept.range(unsent..).cloned().collect();
        self.delivered = self.seq;
        self.forget();
        (due, !self.due_guilds.is_empty())
    }

    /// Whether all after this sequence number is still kept.
    pub(crate) fn keeps_after(&self, seq: u64) -> bool {
        let oldest = self.kept.front().map_or(self.seq, |first| first.seq - 1);
        (oldest..=self.seq).contains(&seq)
    }

    /// Whether it was sent its guilds.
    pub(crate) fn is_ready(&self) -> bool {
        self.due_guilds.is_empty() && self.delivered >= self.ready_seq
    }

    /// Whether the connection takes too slowly what is due to it.
    pub(crate) fn lags(&self) -> bool {
        self.kept.len() > LARGEST_LAG
    }

    /// Whether it has been without a connection for too long.
    pub(crate) fn is_over(&self, now_us: i64) -> bool {
        let life_us = i64::try_from(LIFE.as_micros()).unwrap_or(i64::MAX);
        self.connection.is_none() && now_us.saturating_sub(self.alone_since_us) > life_us
    }

    fn push_guild(&mut self, world: &World, traffic: &mut Traffic, guild: u64) {
        let Some(guild) = world.guilds.get(&guild) else {
            return;
        };
        let data = arrival_json(world, guild, &self.login);
        self.push(traffic, "GUILD_CREATE", &data);
        self.ready_seq = self.seq;
    }

    /// Forgets the oldest beyond the limits, but nothing that a connection is yet to be sent.
    fn forget(&mut self) {
        while self.kept.len() > KEPT_DISPATCHES || self.kept_bytes > KEPT_BYTES {
            let first = self.kept.front().map_or(u64::MAX, |first| first.seq);
            if self.connection.is_some() && first > self.delivered {
                return;
            }
            let Some(gone) = self.kept.pop_front() else {
                return;
            };
            self.kept_bytes -= gone.data.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use twilight_model::gateway::Intents;

    use super::*;
    use crate::{clock::Clock, gateway::login::Shard};

    fn pushed(count: usize, connection: Option<u64>) -> Session {
        let login = Login {
            shard: Shard::ALL,
            is_sharded: false,
            intents: Intents::all(),
            large_threshold: 50,
            compress: false,
        };
        let mut session = Session::new(String::new(), login, 1);
        session.connection = connection;
        let mut traffic = Traffic::new(Clock::running());
        for number in 0..count {
            session.push(&mut traffic, "TEST", &json!(number));
        }
        session
    }

    #[test]
    fn nothing_is_forgotten_before_it_was_sent() {
        let many = KEPT_DISPATCHES + 7;
        let mut session = pushed(many, Some(1));
        let (due, more) = session.take_due(&World::empty(), &mut Traffic::new(Clock::running()));
        assert_eq!((due.len(), more), (many, false));
        assert_eq!(due[0].payload(), r#"{"t":"TEST","s":1,"op":0,"d":0}"#);
        assert!(!session.keeps_after(6) && session.keeps_after(7));
        assert!(session.keeps_after(many as u64) && !session.keeps_after(many as u64 + 1));
        assert!(pushed(LARGEST_LAG + 1, Some(1)).lags());
    }

    #[test]
    fn a_session_without_a_connection_stays_small() {
        let session = pushed(LARGEST_LAG + 1, None);
        assert!(!session.lags());
        assert!(!session.keeps_after(0) && session.keeps_after(session.seq));
    }
}
