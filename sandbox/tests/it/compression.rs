//! Tests of zlib, by the stream and by the payload. (twilight, in the other tests, uses zstd.)

use sandbox::Options;
use serde_json::json;

use crate::wire::{Wire, identify};

#[tokio::test]
async fn zlib_stream_is_one_context_per_connection() {
    let sandbox = crate::bot::watched(Options::default()).await;
    for _ in 0..2 {
        let mut wire = Wire::open_with(&sandbox, "v=10&encoding=json&compress=zlib-stream").await;
        let hello = wire.payload().await;
        assert_eq!(hello["d"]["heartbeat_interval"], 41_250);
        wire.ask(identify(&sandbox), "READY").await;
        let guild = wire.until("GUILD_CREATE").await;
        assert_eq!(guild["d"]["name"], "Sandbox");
        for number in 0..3 {
            wire.ask(json!({"op": 1, "d": number}), 11).await;
        }
    }
}

#[tokio::test]
async fn identify_may_ask_for_compressed_payloads() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let mut wire = Wire::open(&sandbox).await;
    let mut login = identify(&sandbox);
    login["d"]["compress"] = json!(true);
    assert_eq!(wire.frame().await.0, 1, "HELLO comes before");
    wire.send_json(&login).await;
    let (opcode, ready) = wire.frame().await;
    assert_eq!((opcode, ready[0]), (2, 0x78), "zlib, in a binary frame");
    let guild = wire.until("GUILD_CREATE").await;
    assert_eq!(guild["d"]["name"], "Sandbox");
    wire.send_json(&json!({"op": 1, "d": 2})).await;
    assert_eq!(wire.frame().await.0, 1, "what is short stays as it is");
}

#[tokio::test]
async fn what_the_url_asks_for_is_checked() {
    let sandbox = crate::bot::watched(Options::default()).await;
    for (query, code) in [
        ("encoding=json", 4012),
        ("v=5&encoding=json", 4012),
        ("v=10&encoding=etf", 4002),
        ("v=10&encoding=json&compress=lzma", 4002),
    ] {
        let mut wire = Wire::open_with(&sandbox, query).await;
        assert_eq!(wire.close_code().await, code, "{query}");
    }
}
