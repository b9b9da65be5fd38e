//! Hub of all sessions and connections, and of what is dispatched to them.

mod arrival;
mod close;
mod forms;
mod intents;
mod list_requests;
mod login;
mod session;
mod starts;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use axum::extract::ws::Utf8Bytes;
use serde_json::{Value, json};
use tokio::{sync::Notify, time::Instant};

pub(crate) use self::{
    close::Close,
    login::{Login, Shard},
    session::{Dispatch, Session},
    starts::Start,
};
use self::{forms::Forms, intents::reaches_bot, list_requests::ListRequests, starts::Starts};
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
    /// How often the bot has identified.
    pub starts: Starts,
    /// When it asked for whole lists of members.
    pub list_requests: ListRequests,
    /// The presence that the bot asked for last, by any shard.
    pub presence: Option<Value>,
    /// When the bot last identified.
    pub identified: Option<Instant>,
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
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Order {
    /// Send op 7.
    Reconnect,
    /// Send op 9, not resumable.
    Invalidate,
    /// Send op 9, resumable: the session stays.
    InvalidateForNow,
    /// Send op 1.
    AskForHeartbeat,
    /// Close with a code.
    Close(Close),
    /// Send this payload, behind the dispatches up to this number.
    Raw { after: u64, payload: Utf8Bytes },
    /// Read and send nothing any more, but stay.
    Hang,
    /// End without a close frame.
    Cut,
}

impl Order {
    /// Whether it is to be followed before this dispatch is sent.
    pub(crate) fn is_before(&self, seq: u64) -> bool {
        matches!(self, Self::Raw { after, .. } if *after < seq)
    }
}

/// How a wish to resume ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Resume {
    Resumed,
    /// There is no such session any more, or too much was missed.
    Gone,
    /// The session has not come that far.
    InvalidSeq,
}

impl Hub {
    /// Notes a new connection; gives its key and its bell.
    pub(crate) fn connect(&mut self) -> (u64, Arc<Notify>) {
        let key = self.next_key();
        let connection = Connection::default();
        let bell = Arc::clone(&connection.bell);
        self.connections.insert(key, connection);
        (key, bell)
    }

    /// Forgets a connection. Its session stays, unless the client ended it.
    pub(crate) fn disconnect(&mut self, connection: u64, ends_session: bool, now_us: i64) {
        let gone = self.connections.remove(&connection);
        let Some(key) = gone.and_then(|gone| gone.session) else {
            return;
        };
        if ends_session {
            self.sessions.remove(&key);
        } else if let Some(session) = self.sessions.get_mut(&key) {
            session.connection = None;
            session.alone_since_us = now_us;
        }
        self.tidy(now_us);
    }

    /// A number that no connection or session has had.
    pub(crate) fn next_key(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Starts a session on a connection; its connection hears of it.
    pub(crate) fn start(&mut self, key: u64, session: Session) {
        if let Some(connection) = session
            .connection
            .and_then(|key| self.connections.get_mut(&key))
        {
            connection.session = Some(key);
            connection.bell.notify_one();
        }
        self.identified = Some(Instant::now());
        self.sessions.insert(key, session);
    }

    /// Continues a session on a new connection.
    pub(crate) fn resume(
        &mut self,
        traffic: &mut Traffic,
        connection: u64,
        id: &str,
        seq: u64,
        now_us: i64,
    ) -> Resume {
        self.tidy(now_us);
        let mut sessions = self.sessions.iter_mut();
        let Some((key, session)) = sessions.find(|(_, session)| session.id == id) else {
            return Resume::Gone;
        };
        let key = *key;
        if !session.keeps_after(seq) {
            let ahead = seq > session.seq;
            // Either way the client is told to start a new one.
            self.sessions.remove(&key);
            return if ahead {
                Resume::InvalidSeq
            } else {
                Resume::Gone
            };
        }
        let replaced = session.connection.replace(connection);
        session.delivered = seq;
        session.push(traffic, "RESUMED", &json!({"_trace": ["[\"sandbox\"]"]}));
        if let Some(old) = replaced.and_then(|old| self.connections.get_mut(&old)) {
            old.session = None;
            old.orders.push_back(Order::Cut);
            old.bell.notify_one();
        }
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.session = Some(key);
            connection.bell.notify_one();
        }
        Resume::Resumed
    }

    /// Gives an event to all sessions that are to have it.
    pub(crate) fn dispatch(&mut self, world: &World, traffic: &mut Traffic, event: &Event) {
        if self.sessions.is_empty() || !reaches_bot(world, event) {
            return;
        }
        let forms = Forms::of(event, world.application.bot);
        let (name, guild) = (Arc::clone(&forms.name), event.guild);
        self.dispatch_written(world, traffic, guild, &name, |session| {
            forms.with(session.login.intents).cloned()
        });
    }

    /// Gives a payload that nobody checked to the shard of its guild, whatever that has asked for.
    pub(crate) fn dispatch_raw(
        &mut self,
        world: &World,
        traffic: &mut Traffic,
        name: &str,
        guild: Option<u64>,
        data: &Utf8Bytes,
    ) {
        self.dispatch_written(world, traffic, guild, &name.into(), |_| Some(data.clone()));
    }

    /// Gives an event to the sessions of a guild's shard for which it has a form.
    fn dispatch_written(
        &mut self,
        world: &World,
        traffic: &mut Traffic,
        guild: Option<u64>,
        name: &Arc<str>,
        form: impl Fn(&Session) -> Option<Utf8Bytes>,
    ) {
        let mut lost = Vec::new();
        for (key, session) in &mut self.sessions {
            if !session.login.shard.covers(guild) {
                continue;
            }
            let Some(text) = form(session) else {
                continue;
            };
            if let Some(guild) = guild {
                session.introduce(world, traffic, guild);
            }
            session.push_written(traffic, name, text);
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

    /// The session of a connection.
    pub(crate) fn session_of(&self, connection: u64) -> Option<&Session> {
        let key = self.connections.get(&connection)?.session?;
        self.sessions.get(&key)
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
    pub(crate) fn order_all(&mut self, order: &Order) {
        if *order == Order::Invalidate {
            self.sessions.clear();
        }
        for connection in self.connections.values_mut() {
            if *order == Order::Invalidate {
                connection.session = None;
            }
            connection.orders.push_back(order.clone());
            connection.bell.notify_one();
        }
    }

    /// Sends a payload that nobody checked to every connection, after what was dispatched before it.
    pub(crate) fn send_raw(&mut self, payload: &Utf8Bytes) {
        for connection in self.connections.values_mut() {
            let session = connection.session.and_then(|key| self.sessions.get(&key));
            connection.orders.push_back(Order::Raw {
                after: session.map_or(0, |session| session.seq),
                payload: payload.clone(),
            });
            connection.bell.notify_one();
        }
    }

    /// Ends every session: the token is no good any more.
    pub(crate) fn revoke(&mut self) {
        self.sessions.clear();
        self.order_all(&Order::Close(Close::AuthenticationFailed));
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

    /// Forgets the sessions that have no connection.
    pub(crate) fn forget_waiting(&mut self) {
        self.sessions
            .retain(|_, session| session.connection.is_some());
    }

    /// Forgets the sessions that nobody has resumed in time, and the oldest beyond a number.
    fn tidy(&mut self, now_us: i64) {
        self.sessions.retain(|_, session| !session.is_over(now_us));
        let alone = self.sessions.iter();
        let alone = alone.filter(|(_, session)| session.connection.is_none());
        let alone: Vec<_> = alone.map(|(key, _)| *key).collect();
        for key in alone.iter().take(alone.len().saturating_sub(KEPT_SESSIONS)) {
            self.sessions.remove(key);
        }
    }
}
