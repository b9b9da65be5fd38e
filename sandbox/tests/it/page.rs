//! The page and its small API.

use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use twilight_model::{http::interaction::InteractionResponseType, id::Id};

use crate::{
    bot::{Bot, get, request},
    payload::{button, modal, respond, row},
};

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
    assert!(
        body.contains("rel=\"icon\""),
        "browsers ask for /favicon.ico otherwise"
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

#[tokio::test]
async fn each_modal_is_told_from_the_one_before() {
    let mut bot = Bot::new().await;
    let channel = Id::new(bot.sandbox.channel_id("general").unwrap());
    bot.http
        .create_message(channel)
        .components(&[row(vec![button("Rename", "rename")])])
        .await
        .unwrap();
    let member = bot.sandbox.actor("member").unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let actor = member.clone();
        let clicked = tokio::spawn(async move { actor.clicks("Rename").await.unwrap() });
        let click = bot.next_interaction().await;
        bot.answer(&click, respond(InteractionResponseType::Modal, modal()))
            .await;
        clicked.await.unwrap();
        seen.push(open_modal(&bot.sandbox).await["interaction"].clone());
        let deed = json!({"user": "member", "channel": "general", "do": "dismiss"});
        assert_eq!(act(&bot.sandbox, "", deed).await.1, json!({}));
        assert_eq!(open_modal(&bot.sandbox).await, Value::Null);
    }
    assert!(seen[0].is_string() && seen[0] != seen[1], "{seen:?}");
}

async fn open_modal(sandbox: &Sandbox) -> Value {
    let (_, body) = get(sandbox, "/sandbox/state?user=member").await;
    let state: Value =
        serde_json::from_str(body.lines().find(|line| line.starts_with('{')).unwrap()).unwrap();
    state["modal"].clone()
}
