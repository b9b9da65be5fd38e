//! Tests of WebSocket framing: JSON as text or, as hikari does, in binary; whole or in fragments.

use sandbox::Options;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::wire::{Wire, identify};

#[tokio::test]
async fn json_in_binary_frames_is_read_as_in_text_frames() {
    let sandbox = crate::bot::watched(Options::default()).await;
    for query in [
        "v=10&encoding=json",
        "v=10",
        "v=10&encoding=json&compress=zlib-stream",
    ] {
        let mut wire = Wire::open_with(&sandbox, query).await;
        wire.send(2, br#"{"op": 1, "d": null}"#).await;
        wire.until(11).await;
        wire.send(2, identify(&sandbox).to_string().as_bytes())
            .await;
        wire.until("READY").await;
        // One after the other, as they come.
        wire.send(1, br#"{"op": 1, "d": 1}"#).await;
        wire.until(11).await;
        wire.send(2, r#"{"op": 1, "d": 2, "é": "👍"}"#.as_bytes())
            .await;
        wire.until(11).await;
    }
}

#[tokio::test]
async fn binary_frames_without_json_are_closed_as_undecodable() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let too_long = json!({"op": 1, "d": "x".repeat(4096)}).to_string();
    let frames: [&[u8]; 8] = [
        b"",
        b"{",
        b"null",
        // The same in ETF, in zlib, in UTF-16, and with a byte-order mark.
        b"\x83t\0\0\0\x02",
        b"\x78\x9c\xab\x56\xca\x2f\x50\xb2\x32\xac\x05",
        b"{\0\"\0o\0p\0\"\0:\x001\0}\0",
        b"\xef\xbb\xbf{\"op\": 1, \"d\": null}",
        too_long.as_bytes(),
    ];
    for frame in frames {
        let mut wire = Wire::open(&sandbox).await;
        wire.send(2, frame).await;
        assert_eq!(wire.close_code().await, 4002, "{frame:?}");
    }
    let mut wire = Wire::open(&sandbox).await;
    wire.send(2, b"{\"op\": 1, \"d\": \"\xff\"}").await;
    assert_eq!(wire.close_code().await, 4002);
}

#[tokio::test]
async fn payloads_may_come_in_fragments_with_pings_in_between() {
    let sandbox = crate::bot::watched(Options::default()).await;
    for opcode in [1, 2] {
        let mut wire = Wire::open(&sandbox).await;
        let (first, last) = (b"{\"op\": 1, ", b"\"d\": null}");
        let mut bytes = vec![
            opcode,
            0x80 | u8::try_from(first.len()).unwrap(),
            0,
            0,
            0,
            0,
        ];
        bytes.extend(first);
        bytes.extend([0x89, 0x80, 0, 0, 0, 0]);
        bytes.extend([0x80, 0x80 | u8::try_from(last.len()).unwrap(), 0, 0, 0, 0]);
        bytes.extend(last);
        wire.stream.write_all(&bytes).await.unwrap();
        loop {
            let (opcode, payload) = wire.frame().await;
            if opcode == 1 && payload.windows(7).any(|part| part == b"\"op\":11") {
                break;
            }
        }
    }
}
