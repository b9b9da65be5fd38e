//! The page and its small API.

use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::bot::{get, request};

async fn act(sandbox: &Sandbox, headers: &str, deed: Value) -> (String, Value) {
    let (head, body) = request(sandbox, "POST", "/sandbox/act", headers, &deed.to_string()).await;
    (head, serde_json::from_str(&body).unwrap_or_default())
}

#[tokio::test]
async fn the_page_is_served_and_acts() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let (head, body) = get(&sandbox, "/").await;
    assert!(
        head.starts_with("HTTP/1.1 200") && body.contains("/sandbox/page.js"),
        "{head}"
    );
    for path in ["/sandbox/page.js", "/sandbox/page.css"] {
        assert!(get(&sandbox, path).await.0.starts_with("HTTP/1.1 200"));
    }
    let said = act(
        &sandbox,
        "",
        json!({"user": "member", "channel": "general", "do": "say", "text": "<b>hi</b>"}),
    );
    assert_eq!(said.await.1, json!({}));
    let channel = sandbox.channel_id("general").unwrap();
    let (_, body) = get(
        &sandbox,
        &format!("/sandbox/messages?user=mod&channel={channel}"),
    )
    .await;
    let messages: Value =
        serde_json::from_str(body.lines().find(|line| line.starts_with('[')).unwrap()).unwrap();
    assert_eq!(
        (&messages[0]["content"], &messages[0]["author"]),
        (&json!("<b>hi</b>"), &json!("member"))
    );
    let (_, state) = get(&sandbox, "/sandbox/state?user=member").await;
    assert!(
        state.contains("general") && !state.contains("staff\",\"topic"),
        "{state}"
    );
    let failed = act(
        &sandbox,
        "",
        json!({"user": "member", "channel": "general", "do": "say", "text": "/nothing"}),
    )
    .await;
    assert!(
        failed.1["error"]
            .as_str()
            .unwrap()
            .contains("no command is named")
    );
}

#[tokio::test]
async fn foreign_pages_are_refused() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let deed = json!({"user": "owner", "channel": "general", "do": "say", "text": "evil"});
    let (head, _) = act(&sandbox, "Origin: http://evil.example\r\n", deed).await;
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    assert!(
        sandbox
            .actor("owner")
            .unwrap()
            .messages("general")
            .is_empty()
    );
}

#[tokio::test]
async fn the_port_is_free_after_the_end() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let port = sandbox.addr().port();
    let taken = Sandbox::start(Options {
        port,
        ..Options::default()
    })
    .await;
    assert!(matches!(taken, Err(sandbox::Error::Listen { .. })));
    sandbox.shutdown().await;
    Sandbox::start(Options {
        port,
        ..Options::default()
    })
    .await
    .unwrap()
    .shutdown()
    .await;
}
