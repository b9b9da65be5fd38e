//! WebSocket connection: reads what the client sends, writes what is due.

use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, Sleep, sleep, timeout},
};

use super::{
    close::Close, compress::Transport, handshake, hub::Order, opcode::receive, payload::Outcome,
    presence,
};
use crate::{
    state::{Shared, State},
    traffic::Way,
    wire::Line,
};

/// What HELLO asks for.
const HEARTBEAT_INTERVAL_MS: u64 = 41_250;

/// A client that has sent no heartbeat for so long, an interval and a quarter, is taken for dead.
const PATIENCE: Duration = Duration::from_millis(HEARTBEAT_INTERVAL_MS + HEARTBEAT_INTERVAL_MS / 4);

/// Payloads that a client may send in a minute.
const PAYLOADS_A_MINUTE: usize = 120;

/// Why a connection ended.
enum End {
    /// Without a close frame, or because the peer is gone.
    Cut,
    /// Not at all, as far as the client can tell.
    Hang,
    /// The client closed it, with this code.
    ByClient(Option<u16>),
    /// The sandbox closes it.
    Close(Close),
}

/// A live connection.
struct Connection<'shared> {
    shared: &'shared Shared,
    /// Its key in the hub.
    key: u64,
    socket: WebSocket,
    /// What the socket runs on, to be reset.
    line: Line,
    transport: Transport,
    /// When the client's last payloads came.
    recent: VecDeque<Instant>,
    /// Runs out when the client has been without a heartbeat for too long.
    silence: Pin<Box<Sleep>>,
}

/// Serves one connection until it ends, is cut or the sandbox shuts down.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    mut socket: WebSocket,
    line: Line,
    query: HashMap<String, String>,
    mut shutdown: watch::Receiver<bool>,
) {
    let transport = match handshake::transport(&query) {
        Ok(transport) => transport,
        Err(refused) => {
            note_close(&shared, refused);
            return close(&mut socket, refused).await;
        }
    };
    let (key, bell) = shared.change(|state| state.hub.connect());
    let mut connection = Connection {
        shared: &shared,
        key,
        socket,
        line,
        transport,
        recent: VecDeque::new(),
        silence: Box::pin(sleep(PATIENCE)),
    };
    let mut end = connection.run(&bell, &mut shutdown).await;
    if matches!(end, End::Hang) {
        end = connection.hang(&bell, &mut shutdown).await;
    }
    connection.end(end).await;
}

impl Connection<'_> {
    async fn run(&mut self, bell: &Notify, shutdown: &mut watch::Receiver<bool>) -> End {
        let hello =
            json!({"heartbeat_interval": HEARTBEAT_INTERVAL_MS, "_trace": ["[\"sandbox\"]"]});
        let mut step = self.send_control("HELLO", 10, hello).await;
        loop {
            if let Err(end) = step {
                return end;
            }
            step = tokio::select! {
                received = self.socket.recv() => match received {
                    None | Some(Err(_)) => Err(End::Cut),
                    Some(Ok(message)) => self.received(message).await,
                },
                () = bell.notified() => self.send_due().await,
                () = &mut self.silence => Err(End::Close(Close::TimedOut)),
                // In a block of its own, so that the guard it gives does not live on.
                () = async { _ = shutdown.wait_for(|down| *down).await; } => Err(End::Close(Close::Down)),
            };
        }
    }

    /// Leaves the socket alone until another connection takes the session over.
    async fn hang(&mut self, bell: &Notify, shutdown: &mut watch::Receiver<bool>) -> End {
        let note = |state: &mut State| {
            let what = "a connection hangs";
            state.traffic.gateway(Way::GatewayOut, what, Value::Null);
        };
        self.shared.change(note);
        loop {
            tokio::select! {
                () = bell.notified() => {
                    let is_cut = self.shared.change(|state| {
                        let known = state.hub.connections.get_mut(&self.key);
                        known.is_none_or(|known| known.orders.drain(..).any(|order| order == Order::Cut))
                    });
                    if is_cut {
                        _ = self.line.cut();
                        return End::Cut;
                    }
                }
                () = async { _ = shutdown.wait_for(|down| *down).await; } => return End::Cut,
            }
        }
    }

    async fn received(&mut self, message: Message) -> Result<(), End> {
        let text = match message {
            Message::Text(text) => text,
            // hikari sends JSON so, and Discord takes it: the encoding is the URL's, not the frame's.
            Message::Binary(bytes) => match Utf8Bytes::try_from(bytes) {
                Ok(text) => text,
                Err(_) => return Err(End::Close(Close::Undecodable)),
            },
            Message::Close(frame) => return Err(End::ByClient(frame.map(|frame| frame.code))),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
        };
        if too_many(&mut self.recent) {
            return Err(End::Close(Close::RateLimited));
        }
        let outcome = self
            .shared
            .change(|state| receive(state, &self.shared.settings, self.key, text.as_str()));
        match outcome {
            Outcome::Done => Ok(()),
            Outcome::Identified { compress } => {
                if compress {
                    self.transport.compress_each();
                }
                Ok(())
            }
            Outcome::InvalidSession => {
                self.send_control("INVALID_SESSION", 9, Value::Bool(false))
                    .await
            }
            Outcome::Acknowledge if self.heartbeat_is_ignored() => Ok(()),
            Outcome::Acknowledge => {
                self.silence.as_mut().reset(Instant::now() + PATIENCE);
                self.send(control(11, Value::Null)).await
            }
            Outcome::Close(close) => Err(End::Close(close)),
        }
    }

    fn heartbeat_is_ignored(&self) -> bool {
        self.shared
            .change(|state| state.faults.ignores_heartbeat(&mut state.traffic))
    }

    async fn send_due(&mut self) -> Result<(), End> {
        // Whoever else is about to tell something does so first, and it goes out in the same write.
        tokio::task::yield_now().await;
        let (mut orders, dispatches) = self.shared.change(|state| {
            let State {
                world,
                hub,
                traffic,
                ..
            } = state;
            hub.take_due(world, traffic, self.key)
        });
        if orders.contains(&Order::Cut) {
            _ = self.line.cut();
            return Err(End::Cut);
        }
        if orders.contains(&Order::Hang) {
            return Err(End::Hang);
        }
        // Many in one write: a write for each costs more than all the rest of it.
        for dispatch in &dispatches {
            let earlier = orders.extract_if(.., |order| order.is_before(dispatch.seq));
            for order in earlier.collect::<Vec<_>>() {
                self.follow(order).await?;
            }
            let frame = self.transport.frame(dispatch.payload().into());
            let frame = frame.map_err(|_| End::Cut)?;
            self.socket.feed(frame).await.map_err(|_| End::Cut)?;
        }
        self.socket.flush().await.map_err(|_| End::Cut)?;
        for order in orders {
            self.follow(order).await?;
        }
        Ok(())
    }

    async fn follow(&mut self, order: Order) -> Result<(), End> {
        let resumable = |resumable| ("INVALID_SESSION", 9, Value::Bool(resumable));
        let (what, op, data) = match order {
            Order::Cut | Order::Hang => return Err(End::Cut),
            Order::Close(close) => return Err(End::Close(close)),
            Order::Raw { payload, .. } => return self.send_raw(payload).await,
            Order::Reconnect => ("RECONNECT", 7, Value::Null),
            Order::Invalidate => resumable(false),
            Order::InvalidateForNow => resumable(true),
            Order::AskForHeartbeat => ("HEARTBEAT", 1, Value::Null),
        };
        self.send_control(what, op, data).await
    }

    /// Sends what nobody checked, and notes it.
    async fn send_raw(&mut self, payload: Utf8Bytes) -> Result<(), End> {
        self.shared.change(|state| {
            let traffic = &mut state.traffic;
            traffic.gateway_text(Way::GatewayOut, "raw payload", payload.clone());
        });
        self.send(payload.as_str().to_owned()).await
    }

    /// Sends something that is no dispatch, and notes it.
    async fn send_control(&mut self, what: &str, op: u8, data: Value) -> Result<(), End> {
        let payload = control(op, data.clone());
        self.shared
            .change(|state| state.traffic.gateway(Way::GatewayOut, what, data));
        self.send(payload).await
    }

    async fn send(&mut self, payload: String) -> Result<(), End> {
        let frame = self.transport.frame(payload.into()).map_err(|_| End::Cut)?;
        self.socket.send(frame).await.map_err(|_| End::Cut)
    }

    async fn end(mut self, end: End) {
        // https://discord.com/developers/docs/events/gateway#initiating-a-disconnect
        let ends_session = matches!(end, End::ByClient(Some(1000 | 1001)));
        note_end(self.shared, &end);
        self.shared.change(|state| {
            let now_us = state.world.clock.now_us();
            state.hub.disconnect(self.key, ends_session, now_us);
            presence::settle(state);
        });
        match end {
            End::Cut | End::Hang => {}
            // The answer to its frame is written while we read on; the client waits for it.
            End::ByClient(_) => finish(&mut self.socket).await,
            End::Close(reason) => close(&mut self.socket, reason).await,
        }
    }
}

/// A payload that is no dispatch.
fn control(op: u8, data: Value) -> String {
    json!({"t": null, "s": null, "op": op, "d": data}).to_string()
}

fn note_end(shared: &Shared, end: &End) {
    let (way, what) = match end {
        End::Close(close) => return note_close(shared, *close),
        End::Cut | End::Hang => (Way::GatewayOut, "connection lost".to_owned()),
        End::ByClient(Some(code)) => (Way::GatewayIn, format!("close {code}")),
        End::ByClient(None) => (Way::GatewayIn, "close without code".to_owned()),
    };
    shared.change(|state| state.traffic.gateway(way, what, Value::Null));
}

fn note_close(shared: &Shared, close: Close) {
    let (code, reason) = close.frame();
    let what = format!("close {code}: {reason}");
    shared.change(|state| state.traffic.gateway(Way::GatewayOut, what, Value::Null));
}

/// Closes properly: sends the frame and waits a moment for the client's.
async fn close(socket: &mut WebSocket, close: Close) {
    let (code, reason) = close.frame();
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    if socket.send(Message::Close(Some(frame))).await.is_ok() {
        finish(socket).await;
    }
}

/// Reads until both sides have sent their close frames, which also writes ours if it is still due.
async fn finish(socket: &mut WebSocket) {
    let closed = async { while let Some(Ok(_)) = socket.recv().await {} };
    // The client may never answer; what it was told is what counts.
    _ = timeout(Duration::from_secs(1), closed).await;
}

/// Whether the client has sent more than it may within a minute.
fn too_many(recent: &mut VecDeque<Instant>) -> bool {
    let now = Instant::now();
    recent.push_back(now);
    while recent
        .front()
        .is_some_and(|first| now.duration_since(*first) > Duration::from_secs(60))
    {
        recent.pop_front();
    }
    recent.len() > PAYLOADS_A_MINUTE
}
