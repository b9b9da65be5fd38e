//! Ciphered channel: [the Noise protocol](https://noiseprotocol.org/noise.html), pattern XK, over the binary messages of a WebSocket.
//!
//! XK: the bot knows the relay's key beforehand, and tells its own only to whoever has proved to hold that one; it proves its own with
//! what was made for this connection, so what is recorded of another one opens nothing.

use std::{pin::Pin, sync::Arc, time::Duration};

use axum::body::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use snow::{Builder, HandshakeState, StatelessTransportState};
use tokio::time::timeout;

use crate::{
    frame::Frame,
    key::{Keys, PublicKey},
};

/// Pattern and suite.
const SUITE: &str = "Noise_XK_25519_ChaChaPoly_SHA256";

/// Goes into the keys: another protocol's handshake, or that of another version, comes to nothing.
const PROLOGUE: &[u8] = b"cogwright remote 1";

/// Bytes of a Noise message at most.
pub(crate) const MESSAGE: usize = 65_535;

/// What each message of the handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long nothing may come. Each side says in [`crate::link::PING`] that it is there.
const SILENCE: Duration = Duration::from_secs(45);

/// Where binary messages go.
pub type Outwards = Pin<Box<dyn Sink<Bytes, Error = Broken> + Send>>;

/// Where binary messages come from.
pub type Inwards = Pin<Box<dyn Stream<Item = Result<Bytes, Broken>> + Send>>;

/// Why a connection comes to nothing, or is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// The other side closed it without a word.
    #[error("the other side closed the connection")]
    Closed,
    /// The network failed.
    #[error("{0}")]
    Network(String),
    /// Nothing came for so long that the other side is taken for gone.
    #[error("nothing came for {} s", .0.as_secs())]
    Silent(Duration),
    /// The other side does not hold the key that it should, or speaks something else.
    #[error("the handshake failed: {0}")]
    Handshake(String),
    /// What came is not what may come.
    #[error("the other side does not keep to the protocol: {0}")]
    Protocol(&'static str),
    /// The other side ended it, and says why.
    #[error("{0}")]
    Told(String),
    /// This side ended it.
    #[error("{0}")]
    Ended(String),
}

/// A connection on which both sides know each other.
pub struct Channel {
    /// The half that sends.
    pub(crate) outwards: Sending,
    /// The half that receives.
    pub(crate) inwards: Receiving,
}

pub(crate) struct Sending {
    wire: Outwards,
    cipher: Arc<StatelessTransportState>,
    /// How many were sent.
    count: u64,
}

pub(crate) struct Receiving {
    wire: Inwards,
    cipher: Arc<StatelessTransportState>,
    count: u64,
}

impl Channel {
    /// The bot's side: nobody but the holder of `relay` can answer.
    ///
    /// # Errors
    ///
    /// The other side is not the holder, or the connection breaks.
    pub async fn begin(
        outwards: Outwards,
        inwards: Inwards,
        own: &Keys,
        relay: &PublicKey,
    ) -> Result<Self, Broken> {
        let state = builder(own)?
            .remote_public_key(relay.bytes())
            .and_then(Builder::build_initiator)
            .map_err(failed)?;
        let mut shake = Handshake {
            outwards,
            inwards,
            state,
        };
        shake.send().await?;
        let answered = shake.receive().await;
        answered.map_err(|broken| match broken {
            // It could not read the first message, which is for the holder of that key alone.
            Broken::Closed | Broken::Network(_) => Broken::Handshake(
                "the relay closed the connection at the first message, which only the holder of the key in `[remote] key` can read".to_owned(),
            ),
            broken => broken,
        })?;
        shake.send().await?;
        Ok(shake.done()?.0)
    }

    /// The relay's side, and who has come.
    ///
    /// # Errors
    ///
    /// The other side does not know this one's key, holds not the one that it tells, or the connection breaks.
    pub async fn answer(
        outwards: Outwards,
        inwards: Inwards,
        own: &Keys,
    ) -> Result<(Self, PublicKey), Broken> {
        let state = builder(own)?.build_responder().map_err(failed)?;
        let mut shake = Handshake {
            outwards,
            inwards,
            state,
        };
        shake.receive().await?;
        shake.send().await?;
        shake.receive().await?;
        let (channel, key) = shake.done()?;
        let key = key.ok_or(Broken::Protocol("the handshake has told no key"))?;
        Ok((channel, key))
    }
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel").finish_non_exhaustive()
    }
}

struct Handshake {
    outwards: Outwards,
    inwards: Inwards,
    state: HandshakeState,
}

impl Handshake {
    async fn send(&mut self) -> Result<(), Broken> {
        let mut message = vec![0; MESSAGE];
        let length = self
            .state
            .write_message(&[], &mut message)
            .map_err(failed)?;
        message.truncate(length);
        let sent = timeout(PATIENCE, self.outwards.send(message.into())).await;
        sent.map_err(|_| Broken::Silent(PATIENCE))?
    }

    async fn receive(&mut self) -> Result<(), Broken> {
        let message = next(&mut self.inwards, PATIENCE).await?;
        let mut payload = vec![0; MESSAGE];
        let read = self.state.read_message(&message, &mut payload);
        read.map_err(failed)?;
        Ok(())
    }

    fn done(self) -> Result<(Channel, Option<PublicKey>), Broken> {
        let other = self.state.get_remote_static();
        let other = other.and_then(PublicKey::from_bytes);
        let cipher = self.state.into_stateless_transport_mode();
        let cipher = Arc::new(cipher.map_err(failed)?);
        let channel = Channel {
            outwards: Sending {
                wire: self.outwards,
                cipher: Arc::clone(&cipher),
                count: 0,
            },
            inwards: Receiving {
                wire: self.inwards,
                cipher,
                count: 0,
            },
        };
        Ok((channel, other))
    }
}

impl Sending {
    pub(crate) async fn send(&mut self, frame: &Frame) -> Result<(), Broken> {
        let mut message = vec![0; MESSAGE];
        let written = self
            .cipher
            .write_message(self.count, &frame.bytes(), &mut message);
        let length = written.map_err(|_| Broken::Protocol("a frame is too long"))?;
        self.count += 1;
        message.truncate(length);
        self.wire.send(message.into()).await
    }

    pub(crate) async fn close(&mut self) {
        let _ = self.wire.close().await;
    }
}

impl Receiving {
    /// The next frame of a kind that is known.
    pub(crate) async fn next(&mut self) -> Result<Frame, Broken> {
        loop {
            let message = next(&mut self.wire, SILENCE).await?;
            let mut plain = vec![0; message.len()];
            let read = self.cipher.read_message(self.count, &message, &mut plain);
            // Not of the holder of the key, or not in its place.
            let length = read.map_err(|_| Broken::Protocol("a message can't be deciphered"))?;
            self.count += 1;
            let frame = Frame::read(&plain[..length]).map_err(Broken::Protocol)?;
            if let Some(frame) = frame {
                return Ok(frame);
            }
        }
    }
}

async fn next(wire: &mut Inwards, patience: Duration) -> Result<Bytes, Broken> {
    match timeout(patience, wire.next()).await {
        Err(_) => Err(Broken::Silent(patience)),
        Ok(None) => Err(Broken::Closed),
        Ok(Some(message)) => message,
    }
}

fn builder(own: &Keys) -> Result<Builder<'_>, Broken> {
    let suite = SUITE.parse().map_err(failed)?;
    Builder::new(suite)
        .prologue(PROLOGUE)
        .and_then(|builder| builder.local_private_key(own.secret()))
        .map_err(failed)
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` is given"
)]
fn failed(error: snow::Error) -> Broken {
    match error {
        snow::Error::Decrypt | snow::Error::Dh => Broken::Handshake(
            "the other side does not have the key that it is expected to have".to_owned(),
        ),
        error => Broken::Handshake(error.to_string()),
    }
}

/// Two ends of a wire within this process, for tests.
#[cfg(test)]
pub(crate) fn wires() -> ((Outwards, Inwards), (Outwards, Inwards)) {
    use futures_util::{sink, stream};
    use tokio::sync::mpsc;

    let end = || {
        // As full as a socket's buffers may be: whoever sends waits then.
        let (send, receive) = mpsc::channel::<Bytes>(4);
        let outwards = sink::unfold(send, |send, bytes: Bytes| async move {
            send.send(bytes).await.map_err(|_| Broken::Closed)?;
            Ok(send)
        });
        let inwards = stream::unfold(receive, |mut receive| async move {
            let bytes = receive.recv().await?;
            Some((Ok(bytes), receive))
        });
        (Box::pin(outwards) as Outwards, Box::pin(inwards) as Inwards)
    };
    let ((one_out, other_in), (other_out, one_in)) = (end(), end());
    ((one_out, one_in), (other_out, other_in))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Kind;

    #[tokio::test]
    async fn both_sides_know_each_other_and_read_what_was_sent() {
        let (bot, relay) = (Keys::new(), Keys::new());
        let (one, other) = wires();
        let relay_key = relay.public();
        let (begun, answered) = tokio::join!(
            Channel::begin(one.0, one.1, &bot, &relay_key),
            Channel::answer(other.0, other.1, &relay),
        );
        let (mut begun, (mut answered, key)) = (begun.unwrap(), answered.unwrap());
        assert_eq!(key, bot.public());
        for text in ["tea", "cake", ""] {
            let frame = Frame::new(Kind::Data, 7, text);
            begun.outwards.send(&frame).await.unwrap();
            assert_eq!(answered.inwards.next().await.unwrap(), frame);
            answered.outwards.send(&frame).await.unwrap();
            assert_eq!(begun.inwards.next().await.unwrap(), frame);
        }
    }

    #[tokio::test]
    async fn a_relay_with_another_key_is_none() {
        let (bot, relay, meant) = (Keys::new(), Keys::new(), Keys::new().public());
        let (one, other) = wires();
        let (begun, answered) = tokio::join!(
            Channel::begin(one.0, one.1, &bot, &meant),
            Channel::answer(other.0, other.1, &relay),
        );
        let begun = begun.unwrap_err();
        assert!(matches!(&begun, Broken::Handshake(_)), "{begun}");
        assert!(begun.to_string().contains("`[remote] key`"), "{begun}");
        assert!(matches!(answered.unwrap_err(), Broken::Handshake(_)));
    }

    #[tokio::test]
    async fn what_somebody_has_changed_on_the_way_is_not_taken() {
        let (bot, relay) = (Keys::new(), Keys::new());
        let (one, other) = wires();
        let relay_key = relay.public();
        let (begun, answered) = tokio::join!(
            Channel::begin(one.0, one.1, &bot, &relay_key),
            Channel::answer(other.0, other.1, &relay),
        );
        let (mut begun, (mut answered, _)) = (begun.unwrap(), answered.unwrap());
        // Twice in the same place: what was recorded is no second message.
        let frame = Frame::new(Kind::Data, 1, "tea");
        begun.outwards.send(&frame).await.unwrap();
        begun.outwards.count = 0;
        begun.outwards.send(&frame).await.unwrap();
        assert_eq!(answered.inwards.next().await.unwrap(), frame);
        let error = answered.inwards.next().await.unwrap_err();
        assert!(matches!(error, Broken::Protocol(_)), "{error}");
    }
}
