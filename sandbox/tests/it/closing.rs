//! Tests of how connections end, read byte by byte: a client's library hides what is missing.

use sandbox::{Options, Sandbox};
use serde_json::json;
use tokio::{
    io::AsyncReadExt,
    time::{Duration, Instant},
};
use twilight_gateway::{CloseFrame, Message};

use crate::{
    bot::{Bot, DEADLINE},
    wire::{Wire, identify},
};

#[tokio::test]
async fn a_close_frame_is_answered() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    for code in [1000_u16, 4000] {
        let mut wire = Wire::open(&sandbox).await;
        wire.ask(identify(&sandbox), "READY").await;
        wire.send(8, &code.to_be_bytes()).await;
        assert_eq!(wire.close_code().await, code);
        assert_eq!(
            wire.stream.read(&mut [0]).await.unwrap(),
            0,
            "then it hangs up"
        );
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

#[tokio::test]
async fn any_close_code_on_request() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let (mut wire, ready) = Wire::log_in(&sandbox, 1).await;
    assert!(!sandbox.close_connections(4006), "Discord has no 4006");
    assert!(sandbox.close_connections(4000));
    assert_eq!(wire.close_code().await, 4000);
    let mut wire = Wire::open(&sandbox).await;
    let resume = json!({"op": 6, "d": {
        "token": sandbox.token(), "session_id": ready["d"]["session_id"], "seq": ready["s"],
    }});
    wire.ask(resume, "RESUMED").await;
}
