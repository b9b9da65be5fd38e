//! All sessions and connections, and what is dispatched to them.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde_json::{Value, json};
use tokio::sync::Notify;
use twilight_model::{gateway::Intents, guild::Permissions};

use super::{
    close::Close,
    intents::filtered,
    session::{Dispatch, Session},
};
use crate::{
    traffic::Traffic,
    world::{Event, World},
};

/// Sessions that are kept without a connection, so that a bot that never resumes fills no memory.
const KEPT_SESSIONS: usize = 32;

/// Who listens at the gateway.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    pub sessions: BTreeMap<u64, Session>,
    pub connections: BTreeMap<u64, Connection>,
    /// The presence that the bot asked for last, by any shard.
    pub presence: Option<Value>,
    next: u64,
}

/// A live WebSocket.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    pub session: Option<u64>,
    /// Rung when there is something to send or to do.
    pub bell: Arc<Notify>,
    pub orders: VecDeque<Order>,
}

/// What a connection is told to do besides dispatching.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Order {
    /// Send op 7.
    Reconnect,
    /// Send op 9, not resumable.
    Invalidate,
    /// Send op 1.
    AskForHeartbeat,
    /// Close with a code.
    Close(Close),
    /// End without a close frame.
    Cut,
}

impl Hub {
    /// Notes a new connection; gives its key and its bell.
    pub(crate) fn connect(&mut self) -> (u64, Arc<Notify>) {
        self.next += 1;
        let connection = Connection::default();
        let bell = Arc::clone(&connection.bell);
        self.connections.insert(self.next, connection);
        (self.next, bell)
    }

    /// Forgets a connection. Its session stays, unless the client ended it.
    pub(crate) fn disconnect(&mut self, connection: u64, ends_session: bool) {
        let Some(gone) = self.connections.remove(&connection) else {
            return;
        };
        let Some(key) = gone.session else { return };
        if ends_session {
            self.sessions.remove(&key);
        } else if let Some(session) = self.sessions.get_mut(&key) {
            session.connection = None;
        }
        let detached: Vec<_> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.connection.is_none())
            .map(|(key, _)| *key)
            .collect();
        for key in detached
            .iter()
            .take(detached.len().saturating_sub(KEPT_SESSIONS))
        {
            self.sessions.remove(key);
        }
    }

    /// Starts a session: READY, then the guilds of its shard.
    pub(crate) fn identify(
        &mut self,
        world: &World,
        traffic: &mut Traffic,
        connection: u64,
        shard: (u64, u64),
        intents: Intents,
        resume_url: &str,
    ) {
        self.next += 1;
        let key = self.next;
        let id = format!("{:016x}{key:016x}", world.application.id);
        let guilds = world.bot_guilds().map(|guild| guild.id);
        let guilds: Vec<_> = guilds
            .filter(|guild| (guild >> 22) % shard.1 == shard.0)
            .collect();
        let mut session = Session::new(id.clone(), shard, intents, connection);
        let ready = json!({
            "v": 10,
            "user": world.users.get(&world.application.bot).map(|user| user.own_json()),
            "guilds": guilds.iter().map(|guild| json!({"id": guild.to_string(), "unavailable": true})).collect::<Vec<_>>(),
            "session_id": id,
            "session_type": "normal",
            "resume_gateway_url": resume_url,
            "shard": [shard.0, shard.1],
            "application": {"id": world.application.id.to_string(), "flags": world.application.flags()},
            "user_settings": {},
            "relationships": [],
            "private_channels": [],
            "presences": [],
            "guild_join_requests": [],
            "geo_ordered_rtc_regions": ["rotterdam"],
        });
        session.push(traffic, "READY", &ready);
        let with_guilds = intents.contains(Intents::GUILDS);
        session.push_guilds(guilds.into_iter().filter(|_| with_guilds));
        self.sessions.insert(key, session);
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.session = Some(key);
            connection.bell.notify_one();
        }
    }

    /// Continues a session on a new connection; `false` if it is unknown or too much was missed.
    pub(crate) fn resume(
        &mut self,
        traffic: &mut Traffic,
        connection: u64,
        id: &str,
        seq: u64,
    ) -> bool {
        let Some((key, session)) = self
            .sessions
            .iter_mut()
            .find(|(_, session)| session.id == id)
        else {
            return false;
        };
        if !session.keeps_after(seq) {
            return false;
        }
        let key = *key;
        let replaced = session.connection.replace(connection);
        session.delivered = seq;
        session.push(traffic, "RESUMED", &json!({}));
        if let Some(old) = replaced.and_then(|old| self.connections.get_mut(&old)) {
            old.session = None;
            old.orders.push_back(Order::Cut);
            old.bell.notify_one();
        }
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.session = Some(key);
            connection.bell.notify_one();
        }
        true
    }

    /// Gives an event to all sessions that are to have it.
    pub(crate) fn dispatch(&mut self, world: &World, traffic: &mut Traffic, event: &Event) {
        let bot = world.application.bot;
        // Discord tells a bot nothing of channels that it cannot see.
        if event.channel.is_some_and(|channel| {
            world.channels.contains_key(&channel)
                && !world.may(bot, channel, Permissions::VIEW_CHANNEL)
        }) {
            return;
        }
        let mut lost = Vec::new();
        for (key, session) in &mut self.sessions {
            let (number, count) = session.shard;
            if event.guild.map_or(0, |guild| (guild >> 22) % count) != number {
                continue;
            }
            let Some(data) = filtered(event, session.intents, bot) else {
                continue;
            };
            if let Some(guild) = event.guild {
                session.introduce(world, traffic, guild);
            }
            session.push(traffic, &event.name, &data);
            let connection = session.connection;
            if let Some(connection) = connection.and_then(|key| self.connections.get_mut(&key)) {
                if session.lags() {
                    connection.session = None;
                    connection.orders.push_back(Order::Invalidate);
                    lost.push(*key);
                }
                connection.bell.notify_one();
            }
        }
        for key in lost {
            self.sessions.remove(&key);
        }
    }

    /// Dispatches to one session alone.
    pub(crate) fn dispatch_to(
        &mut self,
        traffic: &mut Traffic,
        connection: u64,
        name: &str,
        data: &Value,
    ) {
        let Some(connection) = self.connections.get(&connection) else {
            return;
        };
        if let Some(session) = connection
            .session
            .and_then(|key| self.sessions.get_mut(&key))
        {
            session.push(traffic, name, data);
            connection.bell.notify_one();
        }
    }

    /// Orders something of every connection.
    pub(crate) fn order_all(&mut self, order: Order) {
        if order == Order::Invalidate {
            self.sessions.clear();
        }
        for connection in self.connections.values_mut() {
            if order == Order::Invalidate {
                connection.session = None;
            }
            connection.orders.push_back(order);
            connection.bell.notify_one();
        }
    }

    /// What a connection is to send next, and notes it as delivered.
    pub(crate) fn take_due(
        &mut self,
        world: &World,
        traffic: &mut Traffic,
        connection: u64,
    ) -> (Vec<Order>, Vec<Dispatch>) {
        let Some(connection) = self.connections.get_mut(&connection) else {
            return (vec![Order::Cut], Vec::new());
        };
        let orders = connection.orders.drain(..).collect();
        let Some(session) = connection
            .session
            .and_then(|key| self.sessions.get_mut(&key))
        else {
            return (orders, Vec::new());
        };
        let (due, more) = session.take_due(world, traffic);
        if more {
            connection.bell.notify_one();
        }
        (orders, due)
    }

    /// Whether a session is connected and has been sent its guilds.
    pub(crate) fn is_ready(&self) -> bool {
        let mut sessions = self.sessions.values();
        sessions.any(|session| session.connection.is_some() && session.is_ready())
    }
}
