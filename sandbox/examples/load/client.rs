//! Minimal client without a library: just enough of WebSocket and HTTP to take and to send as fast as bytes can be
//! read.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// All intents.
const INTENTS: u64 = (1 << 17) - 1 - (1 << 8);

/// A connection to the gateway that has identified.
pub struct Gateway {
    stream: TcpStream,
    read: Vec<u8>,
    /// Where the next frame begins.
    from: usize,
}

/// An HTTP connection that stays open.
pub struct Rest {
    stream: BufReader<TcpStream>,
    head: String,
    body: Vec<u8>,
}

impl Gateway {
    /// Connects and identifies as a shard, without presences and members, or with.
    pub async fn identify(
        addr: SocketAddr,
        token: &str,
        shard: (u32, u32),
        members: bool,
    ) -> io::Result<Self> {
        let mut stream = TcpStream::connect(addr).await?;
        let upgrade = format!(
            "GET /?v=10&encoding=json HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(upgrade.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let mut gateway = Self {
            stream,
            read: Vec::new(),
            from: 0,
        };
        gateway.next().await?;
        let intents = if members { INTENTS | 1 << 8 } else { INTENTS } | 1 << 15;
        let identify = format!(
            r#"{{"op":2,"d":{{"token":"{token}","intents":{intents},"shard":[{},{}],"properties":{{"os":"linux","browser":"load","device":"load"}}}}}}"#,
            shard.0, shard.1
        );
        gateway.send(identify.as_bytes()).await?;
        Ok(gateway)
    }

    /// The next payload.
    pub async fn next(&mut self) -> io::Result<&str> {
        loop {
            if let Some((head, end)) = frame(&self.read[self.from..]) {
                let payload = self.from + head..self.from + end;
                self.from = payload.end;
                return std::str::from_utf8(&self.read[payload]).map_err(io::Error::other);
            }
            // What is left of the last read is the beginning of a frame.
            self.read.drain(..self.from);
            self.from = 0;
            self.read.reserve(1 << 18);
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Sends a text frame, masked with zeros.
    async fn send(&mut self, payload: &[u8]) -> io::Result<()> {
        let mut frame = vec![0x81, 0x80 | 126];
        let length = u16::try_from(payload.len()).map_err(io::Error::other)?;
        frame.extend(length.to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(payload);
        self.stream.write_all(&frame).await
    }
}

impl Rest {
    /// Connects, to send these requests with this token.
    pub async fn connect(addr: SocketAddr, token: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let head = format!(
            "Host: {addr}\r\nAuthorization: Bot {token}\r\nContent-Type: application/json\r\n"
        );
        Ok(Self {
            stream: BufReader::new(stream),
            head,
            body: Vec::new(),
        })
    }

    /// Sends a request and reads the answer whole; gives the status.
    pub async fn send(&mut self, method: &str, path: &str, body: &str) -> io::Result<u16> {
        let request = format!(
            "{method} /api/v10/{path} HTTP/1.1\r\n{}Content-Length: {}\r\n\r\n{body}",
            self.head,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let mut head = Vec::with_capacity(512);
        while !head.ends_with(b"\r\n\r\n") {
            if self.stream.read_until(b'\n', &mut head).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let head = String::from_utf8(head).map_err(io::Error::other)?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).await?;
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Ok(status.unwrap_or(0))
    }
}

/// Whether a payload of the gateway is an event of this name.
pub fn is(payload: &str, event: &str) -> bool {
    payload
        .strip_prefix(r#"{"t":""#)
        .is_some_and(|rest| rest.starts_with(event))
}

/// Where the payload of the frame begins and ends that these bytes begin with, if it is there whole.
fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    let (head, length) = match *bytes.get(1)? {
        126 => (
            4,
            usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)),
        ),
        127 => {
            let length = u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
            (10, usize::try_from(length).ok()?)
        }
        short => (2, usize::from(short)),
    };
    (bytes.len() >= head + length).then_some((head, head + length))
}
