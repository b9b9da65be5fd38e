//! Gateway of the simulated Discord: one connection at a time, whose every message can be made before it is needed, so that neither JSON nor
//! compression is part of what is measured.

use std::{cell::RefCell, collections::VecDeque, fmt::Write as _, io, rc::Rc};

use clap::ValueEnum;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Bytes, Error, Message,
        handshake::server::{ErrorResponse, Request, Response},
        protocol::WebSocketConfig,
    },
};
use zstd::stream::raw::{Encoder, InBuffer, Operation as _, OutBuffer};

use crate::{
    Outcome,
    world::{self, Size},
};

/// How the gateway's messages are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compression {
    /// `zstd-stream`, level 1; a bot that does not ask for it is refused.
    Zstd,
    /// None, whatever the bot asks for.
    None,
}

/// Between two heartbeats, milliseconds: Discord's.
const HEARTBEAT: u64 = 41_250;

/// Level of zstd. Discord does not say which is its own.
const LEVEL: i32 = 1;

/// An event: its name and its payload.
pub type Event = (&'static str, String);

/// Batches of events; the next one is made when the one before it is encoded.
pub type Batches = Box<dyn Iterator<Item = Vec<Event>>>;

/// What the connection is asked to do.
pub enum Order {
    /// Sends an event at once.
    Send(Event),
    /// Encodes batches for later. No heartbeat is acknowledged until all of them have been sent: they are encoded in this order.
    Prepare(Batches, oneshot::Sender<()>),
    /// Sends the next batch.
    Go,
}

/// Writer of one connection's messages.
struct Encoding {
    zstd: Option<Encoder<'static>>,
    sequence: u64,
    buffer: Vec<u8>,
}

impl Encoding {
    fn new(compression: Compression) -> io::Result<Self> {
        let zstd = match compression {
            Compression::Zstd => Some(Encoder::new(LEVEL)?),
            Compression::None => None,
        };
        Ok(Self {
            zstd,
            sequence: 0,
            buffer: vec![0; 1 << 17],
        })
    }

    fn event(&mut self, (name, payload): &Event) -> io::Result<Message> {
        self.sequence += 1;
        let mut text = String::with_capacity(payload.len() + name.len() + 48);
        let sequence = self.sequence;
        // Writing to a string does not fail.
        let _ = write!(text, r#"{{"t":"{name}","s":{sequence},"op":0,"d":"#);
        text.push_str(payload);
        text.push('}');
        self.message(text)
    }

    fn message(&mut self, text: String) -> io::Result<Message> {
        let Some(zstd) = &mut self.zstd else {
            return Ok(Message::text(text));
        };
        let mut compressed = Vec::with_capacity(text.len() / 8);
        let mut input = InBuffer::around(text.as_bytes());
        while input.pos < text.len() {
            let mut output = OutBuffer::around(&mut self.buffer);
            zstd.run(&mut input, &mut output)?;
            compressed.extend_from_slice(output.as_slice());
        }
        loop {
            let mut output = OutBuffer::around(&mut self.buffer);
            let left = zstd.flush(&mut output)?;
            compressed.extend_from_slice(output.as_slice());
            if left == 0 {
                return Ok(Message::Binary(Bytes::from(compressed)));
            }
        }
    }
}

/// All that is sent when a bot connects, encoded.
struct Opening {
    encoding: Encoding,
    hello: Message,
    rest: Vec<Message>,
}

/// The gateway.
pub struct Gateway {
    compression: Compression,
    address: String,
    opening: RefCell<Option<Opening>>,
    orders: RefCell<Option<mpsc::UnboundedSender<Order>>>,
}

impl Gateway {
    /// Listens on a port of loopback.
    pub async fn start(compression: Compression) -> Outcome<Rc<Self>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let gateway = Rc::new(Self {
            compression,
            address: format!("ws://{}", listener.local_addr()?),
            opening: RefCell::new(None),
            orders: RefCell::new(None),
        });
        let serving = Rc::clone(&gateway);
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let gateway = Rc::clone(&serving);
                tokio::task::spawn_local(async move {
                    if let Err(error) = gateway.serve(stream).await {
                        // A bot that is killed closes nothing.
                        if !error.to_string().contains("reset") {
                            eprintln!("gateway: {error}");
                        }
                    }
                });
            }
        });
        Ok(gateway)
    }

    /// `ws://127.0.0.1:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Encodes what the next bot gets when it identifies: READY, all servers, and these events.
    pub fn prepare_opening(&self, size: Size, events: &[Event]) -> Outcome<()> {
        let mut encoding = Encoding::new(self.compression)?;
        let hello = format!(
            r#"{{"t":null,"s":null,"op":10,"d":{{"heartbeat_interval":{HEARTBEAT},"_trace":["[\"bench\"]"]}}}}"#
        );
        let hello = encoding.message(hello)?;
        let mut rest = vec![encoding.event(&("READY", world::ready(size, &self.address)))?];
        for guild in 0..size.guilds {
            rest.push(encoding.event(&("GUILD_CREATE", world::guild(guild, size)))?);
        }
        for event in events {
            rest.push(encoding.event(event)?);
        }
        let opening = Opening {
            encoding,
            hello,
            rest,
        };
        *self.opening.borrow_mut() = Some(opening);
        Ok(())
    }

    /// Asks the connection for something.
    pub fn order(&self, order: Order) -> Outcome<()> {
        let orders = self.orders.borrow();
        let orders = orders.as_ref().ok_or("no bot is connected")?;
        orders
            .send(order)
            .map_err(|_| "the bot has closed its connection")?;
        Ok(())
    }

    /// Sends batches in turn, later, by [`Order::Go`]; done when they are encoded.
    pub async fn prepare(&self, batches: Batches) -> Outcome<()> {
        let (sender, done) = oneshot::channel();
        self.order(Order::Prepare(batches, sender))?;
        done.await
            .map_err(|_| "the bot has closed its connection")?;
        Ok(())
    }

    async fn serve(&self, stream: TcpStream) -> Outcome<()> {
        stream.set_nodelay(true)?;
        let mut asked_for_zstd = false;
        // The type is tungstenite's.
        #[allow(clippy::result_large_err)]
        let look = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
            let query = request.uri().query().unwrap_or_default();
            asked_for_zstd = query.contains("compress=zstd-stream");
            Ok(response)
        };
        let config = WebSocketConfig::default().write_buffer_size(1 << 16);
        let mut socket = accept_hdr_async_with_config(stream, look, Some(config)).await?;
        if self.compression == Compression::Zstd && !asked_for_zstd {
            return Err(
                "the bot does not ask for zstd-stream: `--compression none` is fair to it".into(),
            );
        }
        let Some(opening) = self.opening.borrow_mut().take() else {
            return Err("a bot connects that nobody has waited for".into());
        };
        let (sender, mut orders) = mpsc::unbounded_channel();
        *self.orders.borrow_mut() = Some(sender);
        socket.send(opening.hello).await?;
        let mut connection = Connection {
            socket,
            encoding: opening.encoding,
            opening: opening.rest,
            prepared: VecDeque::new(),
            acknowledgements: 0,
        };
        loop {
            tokio::select! {
                // Rather what is to be sent than what has come.
                biased;
                Some(order) = orders.recv() => connection.obey(order).await?,
                said = connection.socket.next() => match said {
                    Some(Ok(message)) if message.is_text() => connection.hear(message.to_text()?).await?,
                    // Goodbyes are answered by the next look, and then there is nothing more.
                    Some(Ok(_)) => {}
                    Some(Err(Error::ConnectionClosed)) | None => return Ok(()),
                    Some(Err(error)) => return Err(error.into()),
                },
            }
        }
    }
}

/// What a bot says.
#[derive(Deserialize)]
struct Said {
    op: u8,
}

struct Connection {
    socket: WebSocketStream<TcpStream>,
    encoding: Encoding,
    opening: Vec<Message>,
    prepared: VecDeque<Vec<Message>>,
    /// Heartbeats that wait for theirs.
    acknowledgements: u32,
}

impl Connection {
    async fn obey(&mut self, order: Order) -> Outcome<()> {
        match order {
            Order::Send(event) => {
                let message = self.encoding.event(&event)?;
                self.socket.send(message).await?;
            }
            Order::Prepare(batches, done) => {
                for batch in batches {
                    let encoded = batch.iter().map(|it| self.encoding.event(it));
                    self.prepared.push_back(encoded.collect::<Result<_, _>>()?);
                }
                // Whoever has asked may be gone.
                let _ = done.send(());
            }
            Order::Go => {
                let batch = self.prepared.pop_front().ok_or("nothing is prepared")?;
                self.send_all(batch).await?;
                self.acknowledge().await?;
            }
        }
        Ok(())
    }

    async fn hear(&mut self, text: &str) -> Outcome<()> {
        match serde_json::from_str::<Said>(text)?.op {
            1 => {
                self.acknowledgements += 1;
                self.acknowledge().await?;
            }
            2 => {
                let opening = std::mem::take(&mut self.opening);
                self.send_all(opening).await?;
                self.acknowledge().await?;
            }
            6 => return Err("the bot resumes a session, which is not measured".into()),
            // Its presence, members that it would like to know.
            _ => {}
        }
        Ok(())
    }

    async fn send_all(&mut self, messages: Vec<Message>) -> Outcome<()> {
        for message in messages {
            self.socket.feed(message).await?;
        }
        Ok(self.socket.flush().await?)
    }

    /// Acknowledges heartbeats, unless something is encoded that comes first.
    async fn acknowledge(&mut self) -> Outcome<()> {
        while self.acknowledgements > 0 && self.opening.is_empty() && self.prepared.is_empty() {
            self.acknowledgements -= 1;
            let text = r#"{"t":null,"s":null,"op":11,"d":null}"#.to_owned();
            let message = self.encoding.message(text)?;
            self.socket.send(message).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use zstd::stream::raw::Decoder;

    use super::*;

    #[test]
    fn compressed_messages_are_one_stream_and_end_where_they_end() {
        let mut encoding = Encoding::new(Compression::Zstd).unwrap();
        let mut decoder = Decoder::new().unwrap();
        let long = format!("\"{}\"", "ahoy ".repeat(100_000));
        for (sequence, payload) in [(1, "{}"), (2, long.as_str()), (3, "[1]")] {
            let message = encoding.event(&("X", payload.to_owned())).unwrap();
            let compressed = message.into_data();
            let mut text = vec![0; payload.len() + 100];
            let mut input = InBuffer::around(&compressed[..]);
            let mut output = OutBuffer::around(&mut text[..]);
            while input.pos < compressed.len() {
                decoder.run(&mut input, &mut output).unwrap();
            }
            decoder.flush(&mut output).unwrap();
            let wanted = format!(r#"{{"t":"X","s":{sequence},"op":0,"d":{payload}}}"#);
            assert_eq!(output.as_slice(), wanted.as_bytes());
        }
    }

    #[test]
    fn without_compression_a_message_is_its_text() {
        let mut encoding = Encoding::new(Compression::None).unwrap();
        let message = encoding.event(&("X", "{}".to_owned())).unwrap();
        assert_eq!(
            message.to_text().unwrap(),
            r#"{"t":"X","s":1,"op":0,"d":{}}"#
        );
    }
}
