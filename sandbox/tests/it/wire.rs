//! A WebSocket by hand, for what a client's library hides or would not send.

use std::io::Read;

use flate2::{Decompress, FlushDecompress, read::ZlibDecoder};
use sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Short frames, all with the mask 0.
pub struct Wire {
    pub stream: TcpStream,
    /// The one context of `compress=zlib-stream`.
    inflator: Option<Decompress>,
}

impl Wire {
    pub async fn open(sandbox: &Sandbox) -> Self {
        Self::open_with(sandbox, "v=10&encoding=json").await
    }

    /// Opens with that query string.
    pub async fn open_with(sandbox: &Sandbox, query: &str) -> Self {
        let mut stream = TcpStream::connect(sandbox.addr()).await.unwrap();
        let request = format!(
            "GET /?{query} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            sandbox.addr()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"));
        let inflator = query
            .contains("compress=zlib-stream")
            .then(|| Decompress::new(true));
        Self { stream, inflator }
    }

    /// A session with these intents; gives READY.
    pub async fn log_in(sandbox: &Sandbox, intents: u64) -> (Self, Value) {
        let mut wire = Self::open(sandbox).await;
        let mut login = identify(sandbox);
        login["d"]["intents"] = json!(intents);
        let ready = wire.ask(login, "READY").await;
        (wire, ready)
    }

    pub async fn send(&mut self, opcode: u8, payload: &[u8]) {
        let length = u16::try_from(payload.len()).unwrap();
        let mut frame = vec![0x80 | opcode, 0x80 | 126];
        frame.extend(length.to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(payload);
        // Control frames have to use the short form.
        if length < 126 {
            frame.splice(1..4, [0x80 | u8::try_from(length).unwrap()]);
        }
        self.stream.write_all(&frame).await.unwrap();
    }

    pub async fn send_json(&mut self, payload: &Value) {
        self.send(1, payload.to_string().as_bytes()).await;
    }

    /// The opcode and payload of the next frame.
    pub async fn frame(&mut self) -> (u8, Vec<u8>) {
        let opcode = self.stream.read_u8().await.unwrap() & 0x0f;
        let length = match self.stream.read_u8().await.unwrap() {
            126 => u64::from(self.stream.read_u16().await.unwrap()),
            127 => self.stream.read_u64().await.unwrap(),
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).await.unwrap();
        (opcode, payload)
    }

    /// The next payload, decompressed as this connection asked for.
    pub async fn payload(&mut self) -> Value {
        let (opcode, bytes) = self.frame().await;
        let plain = match opcode {
            1 => bytes,
            2 => match &mut self.inflator {
                Some(inflator) => {
                    assert!(bytes.ends_with(&[0, 0, 0xff, 0xff]));
                    inflate(inflator, &bytes)
                }
                None => {
                    let mut plain = Vec::new();
                    ZlibDecoder::new(bytes.as_slice())
                        .read_to_end(&mut plain)
                        .unwrap();
                    plain
                }
            },
            _ => panic!("{opcode}: {:?}", String::from_utf8_lossy(&bytes)),
        };
        serde_json::from_slice(&plain).unwrap()
    }

    /// Reads until a payload with that op or name comes.
    pub async fn until(&mut self, wanted: impl Into<Value>) -> Value {
        let wanted = wanted.into();
        loop {
            let payload = self.payload().await;
            if payload["t"] == wanted || payload["op"] == wanted {
                return payload;
            }
        }
    }

    /// Sends a payload and reads until one with that op or name comes.
    pub async fn ask(&mut self, payload: Value, wanted: impl Into<Value>) -> Value {
        self.send_json(&payload).await;
        self.until(wanted).await
    }

    /// The names of all dispatches up to the answer to a heartbeat: what has come so far.
    pub async fn names_so_far(&mut self) -> Vec<String> {
        self.so_far()
            .await
            .iter()
            .map(|payload| payload["t"].as_str().unwrap().to_owned())
            .collect()
    }

    /// All dispatches up to the answer to a heartbeat: what has come so far.
    pub async fn so_far(&mut self) -> Vec<Value> {
        self.send_json(&json!({"op": 1, "d": null})).await;
        let mut found = Vec::new();
        loop {
            let payload = self.payload().await;
            match payload["op"].as_u64() {
                Some(0) => found.push(payload),
                Some(11) => return found,
                _ => {}
            }
        }
    }

    /// The code of the close frame that comes before anything else but payloads.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            if let (8, payload) = self.frame().await {
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
    }
}

fn inflate(inflator: &mut Decompress, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(64 * 1024);
    let start = inflator.total_in();
    while inflator.total_in() - start < u64::try_from(bytes.len()).unwrap() {
        let read = usize::try_from(inflator.total_in() - start).unwrap();
        plain.reserve(64 * 1024);
        inflator
            .decompress_vec(&bytes[read..], &mut plain, FlushDecompress::Sync)
            .unwrap();
    }
    plain
}

/// The smallest IDENTIFY, with the intent GUILDS.
pub fn identify(sandbox: &Sandbox) -> Value {
    json!({"op": 2, "d": {"token": sandbox.token(), "intents": 1, "properties": {}}})
}
