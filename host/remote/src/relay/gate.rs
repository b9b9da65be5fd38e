//! Gate of the relay: where bots come in, prove who they are, and stay.

use std::{future::ready, sync::Arc};

use axum::{
    body::Bytes,
    extract::{
        Request, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::OwnedSemaphorePermit;

use super::Inner;
use crate::{
    channel::{Broken, Channel, MESSAGE},
    frame::{Frame, Kind},
    head::Hello,
    link::Link,
};

/// Takes a bot's connection.
pub(super) async fn enter(
    State(relay): State<Arc<Inner>>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
    request: Request,
) -> Response {
    let Ok(upgrade) = upgrade else {
        let text = "Bots connect here, by a WebSocket: `[remote] url` in a bot's config.toml.\n";
        return (StatusCode::UPGRADE_REQUIRED, text).into_response();
    };
    let strangers = Arc::clone(&relay.strangers);
    let Ok(place) = strangers.try_acquire_owned() else {
        let text = "Too many connect at once. Come again in a moment.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let address = super::address(&request);
    upgrade
        .max_message_size(MESSAGE)
        .max_frame_size(MESSAGE)
        .on_upgrade(move |socket| admit(relay, socket, place, address))
}

async fn admit(relay: Arc<Inner>, socket: WebSocket, place: OwnedSemaphorePermit, address: String) {
    let (sink, stream) = socket.split();
    let network = |error: axum::Error| Broken::Network(error.to_string());
    let outwards = sink
        .sink_map_err(network)
        .with(|bytes: Bytes| ready(Ok::<_, Broken>(Message::Binary(bytes))));
    let inwards = stream.filter_map(move |message| {
        ready(match message {
            Ok(Message::Binary(bytes)) => Some(Ok(bytes)),
            Ok(Message::Ping(_) | Message::Pong(_)) => None,
            Ok(Message::Close(_)) => Some(Err(Broken::Closed)),
            Ok(Message::Text(_)) => Some(Err(Broken::Protocol("a message is text"))),
            Err(error) => Some(Err(network(error))),
        })
    });
    let answered = Channel::answer(Box::pin(outwards), Box::pin(inwards), &relay.keys).await;
    drop(place);
    let (mut channel, key) = match answered {
        Ok(answered) => answered,
        Err(broken) => {
            tracing::warn!(address, "somebody came and is no bot of ours: {broken}");
            return;
        }
    };
    let link = Link::new();
    let Some((name, number)) = relay.connected.enter(&key, &link) else {
        tracing::warn!(
            address,
            "a bot came that bots.toml does not name; if it is yours, add `name = \"{key}\"` there"
        );
        let words = format!(
            "the relay does not know this bot; its operator adds `name = \"{key}\"` to bots.toml"
        );
        let _ = channel
            .outwards
            .send(&Frame::new(Kind::Goodbye, 0, words))
            .await;
        channel.outwards.close().await;
        return;
    };
    let hello = Hello {
        url: format!("{}://{name}.{}", relay.scheme, relay.host),
        name: name.clone(),
    };
    // A name and an address: nothing that could not be written.
    let hello = serde_json::to_vec(&hello).unwrap_or_default();
    let greeted = channel
        .outwards
        .send(&Frame::new(Kind::Hello, 0, hello))
        .await;
    if greeted.is_ok() {
        tracing::info!(bot = name, address, "a bot is connected");
        let broken = link.run(channel, None).await;
        tracing::info!(bot = name, "a bot is not connected any more: {broken}");
    }
    link.close("the connection is over");
    relay.connected.leave(&name, number);
}
