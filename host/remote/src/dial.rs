//! The bot's side of the connection: to the relay, and greeted by it.

use std::{future::ready, time::Duration};

use axum::body::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::{
    connect_async_with_config,
    tungstenite::{Error, Message, protocol::WebSocketConfig},
};

use crate::{
    channel::{Broken, Channel, MESSAGE},
    frame::Kind,
    head::Hello,
    key::{Keys, PublicKey},
    relay::is_name,
};

/// What names, TCP, TLS and HTTP may take until there is a WebSocket.
const PATIENCE: Duration = Duration::from_secs(20);

/// A relay that has taken the bot.
#[derive(Debug)]
pub struct Greeted {
    /// How it calls the bot, and where.
    pub hello: Hello,
    /// The connection.
    pub channel: Channel,
}

/// Connects to a relay at `ws://` or `wss://`, which has to hold the key, and is told by it how the bot is called there.
///
/// # Errors
///
/// Nobody answers there, it is another relay, or it does not take this bot.
pub async fn dial(url: &str, own: &Keys, relay: &PublicKey) -> Result<Greeted, Broken> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE))
        .max_frame_size(Some(MESSAGE));
    // Small frames go at once: a page's events are waited for.
    let dialling = timeout(PATIENCE, connect_async_with_config(url, Some(config), true)).await;
    let (socket, _) = dialling
        .map_err(|_| Broken::Silent(PATIENCE))?
        .map_err(network)?;
    let (sink, stream) = socket.split();
    let outwards = sink
        .sink_map_err(network)
        .with(|bytes: Bytes| ready(Ok::<_, Broken>(Message::Binary(bytes))));
    let inwards = stream.filter_map(|message| {
        ready(match message {
            Ok(Message::Binary(bytes)) => Some(Ok(bytes)),
            // What a WebSocket answers by itself.
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => None,
            Ok(Message::Close(_)) => Some(Err(Broken::Closed)),
            Ok(Message::Text(_)) => Some(Err(Broken::Protocol("a message is text"))),
            Err(error) => Some(Err(network(error))),
        })
    });
    let mut channel = Channel::begin(Box::pin(outwards), Box::pin(inwards), own, relay).await?;
    let frame = channel.inwards.next().await?;
    let hello: Hello = match frame.kind {
        Kind::Hello => serde_json::from_slice(&frame.body)
            .map_err(|_| Broken::Protocol("the greeting can't be read"))?,
        Kind::Goodbye => return Err(Broken::Told(frame.words())),
        _ => return Err(Broken::Protocol("there is no greeting")),
    };
    if !is_name(&hello.name) || !is_site(&hello.url) {
        return Err(Broken::Protocol("the greeting has an odd name or address"));
    }
    Ok(Greeted { hello, channel })
}

/// Whether this is `http://` or `https://` with a host's name and perhaps a port.
fn is_site(url: &str) -> bool {
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
    host.is_some_and(|host| !host.is_empty() && host.chars().all(fits))
}

fn network(error: Error) -> Broken {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => Broken::Closed,
        Error::Http(answer) => Broken::Network(format!(
            "HTTP {}: is that the address of a relay (`cogwright dashboard`)?",
            answer.status()
        )),
        error => Broken::Network(error.to_string()),
    }
}
