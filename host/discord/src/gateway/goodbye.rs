//! Goodbye of a connection: its close frame is sent, and the gateway's is waited for.
//!
//! A connection that is dropped with something unread in it is reset, and the frame is lost with it: hence the reading. A gateway that
//! ends the connection without a frame of its own has gone, too, and is not dialled again: the session would be resumed by whoever
//! leaves it ([closing](https://discord.com/developers/docs/events/gateway#initiating-a-disconnect)).

use std::time::Duration;

use futures_util::StreamExt;
use twilight_gateway::{CloseFrame, Message, Shard, ShardState, queue::Queue};

/// The longest that the gateway is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Closes the connection in an orderly way. With [`CloseFrame::NORMAL`] the session ends, and Discord shows the bot as gone at once;
/// with [`CloseFrame::RESUME`] it can be resumed.
pub(super) async fn say<Q: Queue + Unpin>(shard: &mut Shard<Q>, frame: CloseFrame<'static>) {
    shard.close(frame);
    let reading = async {
        while let Some(Ok(Message::Text(_))) = shard.next().await {
            // The frame goes out before anything is read, and ends what the shard has. What is live again is another connection.
            if !matches!(shard.state(), ShardState::Disconnected { .. }) {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(PATIENCE, reading).await;
}

#[cfg(test)]
mod tests {
    use futures_util::SinkExt;
    use tokio::net::{TcpListener, TcpStream};
    use tokio_tungstenite::{
        WebSocketStream, accept_async,
        tungstenite::{Message as Frame, protocol::frame::coding::CloseCode},
    };
    use twilight_gateway::{ConfigBuilder, Intents, Session, ShardId};

    use super::*;

    const HELLO: &str = r#"{"op":10,"d":{"heartbeat_interval":41250},"s":null,"t":null}"#;
    const RESUMED: &str = r#"{"op":0,"d":{},"s":8,"t":"RESUMED"}"#;
    const EVENT: &str = r#"{"op":0,"d":{},"s":9,"t":"TYPING_START"}"#;

    /// A gateway that says hello to each connection, and a shard that has resumed its session.
    async fn resumed() -> (TcpListener, WebSocketStream<TcpStream>, Shard) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        // twilight-gateway wants a provider of cryptography, also where there is none.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ConfigBuilder::new("token".into(), Intents::empty())
            .proxy_url(url.clone())
            .resume_url(url)
            .session(Session::new(7, "session".into()))
            .build();
        let mut shard = Shard::with_config(ShardId::ONE, config);
        let connecting = async {
            while !matches!(shard.next().await, Some(Ok(Message::Text(text))) if text == RESUMED) {}
        };
        let serving = async {
            let mut socket = welcome(&listener).await;
            assert!(asked(&mut socket).await.unwrap().contains(r#""op":6"#));
            socket.send(RESUMED.into()).await.unwrap();
            socket
        };
        let (socket, ()) = tokio::join!(serving, connecting);
        (listener, socket, shard)
    }

    async fn welcome(listener: &TcpListener) -> WebSocketStream<TcpStream> {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        socket.send(HELLO.into()).await.unwrap();
        socket
    }

    /// What the client says next, or nothing where it has gone.
    async fn asked(socket: &mut WebSocketStream<TcpStream>) -> Option<String> {
        match socket.next().await {
            Some(Ok(Frame::Text(text))) => Some(text.to_string()),
            _ => None,
        }
    }

    async fn closed_with(socket: &mut WebSocketStream<TcpStream>) -> CloseCode {
        loop {
            match socket.next().await {
                Some(Ok(Frame::Close(Some(frame)))) => return frame.code,
                Some(Ok(_)) => {}
                other => panic!("no close frame: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn the_gateways_frame_is_waited_for_and_events_before_it_are_read() {
        let (_listener, mut socket, mut shard) = resumed().await;
        let gateway = async {
            socket.send(EVENT.into()).await.unwrap();
            assert_eq!(closed_with(&mut socket).await, CloseCode::Library(4000));
            // Reading on writes the answer.
            assert!(socket.next().await.is_none());
        };
        tokio::join!(say(&mut shard, CloseFrame::RESUME), gateway);
    }

    #[tokio::test]
    async fn a_gateway_that_goes_without_a_frame_is_not_asked_to_resume() {
        for frame in [CloseFrame::RESUME, CloseFrame::NORMAL] {
            let (listener, mut socket, mut shard) = resumed().await;
            let leaving = async {
                say(&mut shard, frame).await;
                drop(shard);
            };
            let gateway = async {
                closed_with(&mut socket).await;
                drop(socket);
                // Whether it dials again is twilight's; that it says nothing then is ours.
                let mut again = welcome(&listener).await;
                assert_eq!(asked(&mut again).await, None);
            };
            tokio::join!(leaving, gateway);
        }
    }
}
