//! How connections end, read byte by byte: a client's library hides what is missing.

use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Duration, Instant},
};
use twilight_gateway::{CloseFrame, Message};

use crate::bot::{Bot, DEADLINE};

/// A WebSocket by hand: short frames without compression, all with the mask 0.
struct Wire(TcpStream);

impl Wire {
    async fn open(sandbox: &Sandbox) -> Self {
        let mut stream = TcpStream::connect(sandbox.addr()).await.unwrap();
        let request = format!(
            "GET /?v=10&encoding=json HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            sandbox.addr()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"));
        Self(stream)
    }

    async fn send(&mut self, opcode: u8, payload: &[u8]) {
        let length = u16::try_from(payload.len()).unwrap();
        let mut frame = vec![0x80 | opcode, 0x80 | 126];
        frame.extend(length.to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(payload);
        // Control frames have to use the short form.
        if length < 126 {
            frame.splice(1..4, [0x80 | u8::try_from(length).unwrap()]);
        }
        self.0.write_all(&frame).await.unwrap();
    }

    /// The opcode and payload of the next frame.
    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let opcode = self.0.read_u8().await.unwrap() & 0x0f;
        let length = match self.0.read_u8().await.unwrap() {
            126 => u64::from(self.0.read_u16().await.unwrap()),
            127 => self.0.read_u64().await.unwrap(),
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).await.unwrap();
        (opcode, payload)
    }

    /// Sends a payload and reads until one with that op or name comes.
    async fn ask(&mut self, payload: Value, wanted: impl Into<Value>) -> Value {
        let wanted = wanted.into();
        self.send(1, payload.to_string().as_bytes()).await;
        loop {
            let (opcode, payload) = self.frame().await;
            assert_eq!(opcode, 1, "{:?}", String::from_utf8_lossy(&payload));
            let payload: Value = serde_json::from_slice(&payload).unwrap();
            if payload["t"] == wanted || payload["op"] == wanted {
                return payload;
            }
        }
    }

    /// The code of the close frame that comes before anything else but payloads.
    async fn close_code(&mut self) -> u16 {
        loop {
            if let (8, payload) = self.frame().await {
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
    }
}

fn identify(sandbox: &Sandbox) -> Value {
    json!({"op": 2, "d": {"token": sandbox.token(), "intents": 1, "properties": {}}})
}

#[tokio::test]
async fn a_close_frame_is_answered() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    for code in [1000_u16, 4000] {
        let mut wire = Wire::open(&sandbox).await;
        wire.ask(identify(&sandbox), "READY").await;
        wire.send(8, &code.to_be_bytes()).await;
        assert_eq!(wire.close_code().await, code);
        assert_eq!(wire.0.read(&mut [0]).await.unwrap(), 0, "then it hangs up");
    }
}

#[tokio::test]
async fn twilight_hears_the_answer() {
    let mut bot = Bot::new().await;
    bot.shard.close(CloseFrame::NORMAL);
    let closed = async {
        loop {
            let message = futures_util::StreamExt::next(&mut bot.shard).await;
            if let Some(Ok(Message::Close(frame))) = message {
                return frame.map(|frame| frame.code);
            }
        }
    };
    let code = tokio::time::timeout(DEADLINE, closed).await.unwrap();
    assert_eq!(code, Some(1000));
}

#[tokio::test]
async fn who_stops_heartbeating_is_closed_and_may_resume() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let mut wire = Wire::open(&sandbox).await;
    let ready = wire.ask(identify(&sandbox), "READY").await;
    wire.ask(json!({"op": 1, "d": 1}), 11).await;
    // Nothing else runs here: the clock jumps to whatever is due next.
    tokio::time::pause();
    let last = Instant::now();
    assert_eq!(wire.close_code().await, 4009);
    let patience = last.elapsed();
    tokio::time::resume();
    assert!(
        (Duration::from_secs(51)..Duration::from_secs(53)).contains(&patience),
        "{patience:?}"
    );
    let mut wire = Wire::open(&sandbox).await;
    let resume = json!({"op": 6, "d": {
        "token": sandbox.token(), "session_id": ready["d"]["session_id"], "seq": ready["s"],
    }});
    wire.ask(resume, "RESUMED").await;
}

#[tokio::test]
async fn heartbeats_keep_a_connection() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let mut wire = Wire::open(&sandbox).await;
    wire.ask(identify(&sandbox), "READY").await;
    for _ in 0..3 {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(50)).await;
        tokio::time::resume();
        wire.ask(json!({"op": 1, "d": 1}), 11).await;
    }
}
