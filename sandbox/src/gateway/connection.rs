//! One WebSocket: reads what the client sends, writes what is due.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::json;
use tokio::{sync::watch, time::Instant};

use super::{
    compress::Transport,
    hub::Order,
    opcode::{Outcome, receive},
};
use crate::{state::Shared, traffic::Way};

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
    /// The client closed it, with this code.
    ByClient(Option<u16>),
    /// The sandbox closes it with a code and a reason.
    Close(u16, &'static str),
}

/// Serves one connection until it ends, is cut or the sandbox shuts down.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    mut socket: WebSocket,
    compress: Option<String>,
    mut shutdown: watch::Receiver<bool>,
) {
    let Some(mut transport) = Transport::named(compress.as_deref()) else {
        close(&mut socket, 4012, "You sent an invalid compression type.").await;
        return;
    };
    let (key, bell) = shared.change(|state| {
        let connected = state.hub.connect();
        state.traffic.gateway(Way::GatewayOut, "HELLO", json!(null));
        connected
    });
    let hello = json!({"t": null, "s": null, "op": 10, "d": {"heartbeat_interval": HEARTBEAT_INTERVAL_MS, "_trace": ["[\"sandbox\"]"]}});
    let mut recent = VecDeque::new();
    let silence = tokio::time::sleep(PATIENCE);
    tokio::pin!(silence);
    let end = match send(&mut socket, &mut transport, &hello.to_string()).await {
        Err(end) => end,
        Ok(()) => loop {
            tokio::select! {
                received = socket.recv() => match received {
                    None | Some(Err(_)) => break End::Cut,
                    Some(Ok(Message::Close(frame))) => break End::ByClient(frame.map(|frame| frame.code)),
                    Some(Ok(Message::Text(text))) => {
                        if too_many(&mut recent) {
                            break End::Close(4008, "You are being rate limited.");
                        }
                        let outcome = shared.change(|state| receive(state, &shared.settings, key, text.as_str()));
                        match outcome {
                            Outcome::Done => {}
                            Outcome::Send(payload) => {
                                if let Err(end) = send(&mut socket, &mut transport, &payload.to_string()).await {
                                    break end;
                                }
                            }
                            Outcome::Acknowledge => {
                                silence.as_mut().reset(Instant::now() + PATIENCE);
                                let payload = json!({"t": null, "s": null, "op": 11, "d": null});
                                if let Err(end) = send(&mut socket, &mut transport, &payload.to_string()).await {
                                    break end;
                                }
                            }
                            Outcome::Close(code, reason) => break End::Close(code, reason),
                        }
                    }
                    Some(Ok(Message::Binary(_))) => break End::Close(4002, "Error while decoding payload."),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                },
                () = bell.notified() => {
                    if let Err(end) = send_due(&shared, key, &mut socket, &mut transport).await {
                        break end;
                    }
                }
                () = &mut silence => break End::Close(4009, "Session timed out."),
                // In a block of its own, so that the guard it gives does not live on.
                () = async { _ = shutdown.wait_for(|down| *down).await; } => break End::Close(1001, "The sandbox shuts down."),
            }
        },
    };
    // https://discord.com/developers/docs/events/gateway#initiating-a-disconnect
    let ends_session = matches!(end, End::ByClient(Some(1000 | 1001)));
    shared.change(|state| {
        let (way, what) = match &end {
            End::Cut => (Way::GatewayOut, "connection lost".to_owned()),
            End::ByClient(code) => (
                Way::GatewayIn,
                format!(
                    "close {}",
                    code.map_or_else(|| "without code".to_owned(), |code| code.to_string())
                ),
            ),
            End::Close(code, reason) => (Way::GatewayOut, format!("close {code}: {reason}")),
        };
        state.traffic.gateway(way, what, json!(null));
        state.hub.disconnect(key, ends_session);
    });
    match end {
        End::Cut => {}
        // The answer to its frame is written while we read on; the client waits for it.
        End::ByClient(_) => finish(&mut socket).await,
        End::Close(code, reason) => close(&mut socket, code, reason).await,
    }
}

async fn send_due(
    shared: &Shared,
    key: u64,
    socket: &mut WebSocket,
    transport: &mut Transport,
) -> Result<(), End> {
    let (orders, payloads) = shared.change(|state| state.hub.take_due(key));
    if orders.contains(&Order::Cut) {
        return Err(End::Cut);
    }
    for payload in payloads {
        send(socket, transport, &payload).await?;
    }
    for order in orders {
        let (what, payload) = match order {
            Order::Cut => return Err(End::Cut),
            Order::Reconnect => (
                "RECONNECT",
                json!({"t": null, "s": null, "op": 7, "d": null}),
            ),
            Order::Invalidate => (
                "INVALID_SESSION",
                json!({"t": null, "s": null, "op": 9, "d": false}),
            ),
            Order::AskForHeartbeat => (
                "HEARTBEAT",
                json!({"t": null, "s": null, "op": 1, "d": null}),
            ),
        };
        shared.change(|state| {
            state
                .traffic
                .gateway(Way::GatewayOut, what, payload["d"].clone())
        });
        send(socket, transport, &payload.to_string()).await?;
    }
    Ok(())
}

async fn send(socket: &mut WebSocket, transport: &mut Transport, payload: &str) -> Result<(), End> {
    let frame = transport.frame(payload).map_err(|_| End::Cut)?;
    socket.send(frame).await.map_err(|_| End::Cut)
}

/// Closes properly: sends the frame and waits a moment for the client's.
async fn close(socket: &mut WebSocket, code: u16, reason: &'static str) {
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
    _ = tokio::time::timeout(Duration::from_secs(1), closed).await;
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
