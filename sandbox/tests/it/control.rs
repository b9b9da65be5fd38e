//! Tests of the sandbox over HTTP, as a test in another language uses it.

use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use twilight_model::{gateway::event::Event, id::Id};

use crate::bot::{Bot, get, request};

async fn post(sandbox: &Sandbox, path: &str, body: Value) -> (u16, Value) {
    let (head, body) = request(sandbox, "POST", path, "", &body.to_string()).await;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(&body).unwrap_or_default())
}

#[tokio::test]
async fn users_act_and_wait_over_http() {
    let mut bot = Bot::new().await;
    let sandbox = bot.sandbox.clone();
    let said = json!({"user": "member", "channel": "general", "do": "say", "text": "!ping"});
    assert_eq!(post(&sandbox, "/sandbox/act", said).await.0, 200);
    let message = bot.next_message().await;
    bot.http
        .create_message(message.channel_id)
        .content("pong")
        .reply(message.id)
        .await
        .unwrap();
    let wanted = json!({
        "user": "member", "channel": "general", "contains": "po", "reply_to": message.id.to_string(),
    });
    let (status, reply) = post(&sandbox, "/sandbox/expect", wanted).await;
    assert_eq!((status, &reply["text"]), (200, &json!("pong")));
    assert_eq!(reply["author"], "Cogwright");
}

#[tokio::test]
async fn what_never_comes_is_told_with_what_was_seen() {
    let options = Options {
        deadline: std::time::Duration::from_millis(50),
        ..Options::default()
    };
    let bot = Bot::start(options, crate::bot::ALL).await;
    let channel = Id::new(bot.sandbox.channel_id("general").unwrap());
    bot.http
        .create_message(channel)
        .content("hello")
        .await
        .unwrap();
    let wanted = json!({"user": "member", "channel": "general", "contains": "bye"});
    let (status, answer) = post(&bot.sandbox, "/sandbox/expect", wanted).await;
    let error = answer["error"].as_str().unwrap();
    assert!(status == 408 && error.contains("hello"), "{status} {error}");
    let unknown = json!({"user": "nobody", "channel": "general"});
    let (status, answer) = post(&bot.sandbox, "/sandbox/expect", unknown).await;
    assert!(status == 400 && answer["error"].as_str().unwrap().contains("`member`"));
}

#[tokio::test]
async fn connections_are_troubled_over_http() {
    let mut bot = Bot::new().await;
    let sandbox = bot.sandbox.clone();
    let control = async |body| post(&sandbox, "/sandbox/control", body).await.0;
    assert_eq!(control(json!({"do": "reconnect"})).await, 200);
    bot.next(|event| matches!(event, Event::Resumed).then_some(()))
        .await;
    assert_eq!(control(json!({"do": "drop"})).await, 200);
    bot.next(|event| matches!(event, Event::Resumed).then_some(()))
        .await;
    assert_eq!(control(json!({"do": "close", "code": 4000})).await, 200);
    bot.next(|event| matches!(event, Event::Resumed).then_some(()))
        .await;
    let again = json!({"do": "invalidate", "resumable": true});
    assert_eq!(control(again).await, 200);
    bot.next(|event| matches!(event, Event::Resumed).then_some(()))
        .await;
    assert_eq!(control(json!({"do": "invalidate"})).await, 200);
    bot.next(|event| matches!(event, Event::Ready(_)).then_some(()))
        .await;
    assert_eq!(control(json!({"do": "close", "code": 4006})).await, 400);
    assert_eq!(control(json!({"do": "dance"})).await, 400);
}

#[tokio::test]
async fn clock_and_limits_are_set_over_http() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let control = async |body| post(&sandbox, "/sandbox/control", body).await.1;
    let paused = control(json!({"do": "pause"})).await;
    assert_eq!(paused["clock"]["paused"], true);
    let moved = control(json!({"do": "advance", "seconds": 900.5})).await;
    let ms = |answer: &Value| answer["clock"]["now_ms"].as_u64().unwrap();
    assert_eq!(ms(&moved) - ms(&paused), 900_500);
    assert_eq!(
        control(json!({"do": "resume"})).await["clock"]["paused"],
        false
    );
    let strict = control(json!({"do": "rate-limits", "limits": "strict"})).await;
    assert_eq!(strict["rate_limits"], "strict");
    let wrong = control(json!({"do": "rate-limits", "limits": "none"})).await;
    assert!(wrong["error"].as_str().unwrap().contains("discord"));
    let (_, read) = get(&sandbox, "/sandbox/control").await;
    assert_eq!(
        serde_json::from_str::<Value>(&read).unwrap()["rate_limits"],
        "strict"
    );
}

#[tokio::test]
async fn a_script_is_played_over_http() {
    let mut bot = Bot::new().await;
    let sandbox = bot.sandbox.clone();
    let script = "clock pause\nmember@general: !ping\nexpect pong\nreconnect\nlimits strict";
    let played = tokio::spawn(async move {
        let played = post(&sandbox, "/sandbox/script", json!({"script": script})).await;
        let failed = post(
            &sandbox,
            "/sandbox/script",
            json!({"script": "member click \"No\""}),
        );
        (played, failed.await)
    });
    let message = bot.next_message().await;
    bot.http
        .create_message(message.channel_id)
        .content("pong")
        .await
        .unwrap();
    bot.next(|event| matches!(event, Event::Resumed).then_some(()))
        .await;
    let ((status, played), (failed, told)) = played.await.unwrap();
    let transcript = [
        "clock pause",
        "member@general: !ping",
        "  Cogwright: pong",
        "reconnect",
        "limits strict",
    ];
    assert_eq!((status, &played["transcript"]), (200, &json!(transcript)));
    assert!(bot.sandbox.clock().is_paused());
    assert_eq!(failed, 422);
    assert!(told["error"].as_str().unwrap().contains("line 1"), "{told}");
}

#[tokio::test]
async fn foreign_pages_control_nothing() {
    let sandbox = crate::bot::watched(Options::default()).await;
    let body = json!({"do": "pause"}).to_string();
    let foreign = ["Origin: http://evil.example\r\n", "Origin: null\r\n"];
    for headers in foreign {
        let (head, _) = request(&sandbox, "POST", "/sandbox/control", headers, &body).await;
        assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    }
    assert!(!sandbox.clock().is_paused());
}
