//! Payloads that nobody checked, and raw interactions that are answered like any other.

use futures_util::StreamExt as _;
use sandbox::{Error, Options, ResponseState, script::run_script};
use serde_json::{Value, json};
use twilight_gateway::{Intents, Message};

use crate::bot::{Bot, DEADLINE, request, send};

/// The next payload that has this in it, as it came.
async fn payload_with(bot: &mut Bot, part: &str) -> String {
    let search = async {
        loop {
            if let Some(Ok(Message::Text(text))) = bot.shard.next().await
                && text.contains(part)
            {
                return text;
            }
        }
    };
    let found = tokio::time::timeout(DEADLINE, search).await;
    found.unwrap_or_else(|_| panic!("nothing with {part} came"))
}

fn callback(id: u64, token: &str) -> String {
    format!("interactions/{id}/{token}/callback")
}

#[tokio::test]
async fn any_payload_goes_out_as_it_is_past_intents() {
    let mut bot = Bot::start(Options::default(), Intents::GUILDS).await;
    for (name, data) in [
        ("MESSAGE_CREATE", r#"{"id": 1e400, "id": "\ud83d"}"#),
        ("GUILD_CREATE", "null"),
        ("GUILD_UPDATE", r#"{"id": -1, "owner_id": []}"#),
        ("PRESENCE_UPDATE", r#"{"guild_id":99999999999999999999}"#),
        ("EVENT_OF_TOMORROW", "[]"),
        ("", "7"),
        ("INTERACTION_CREATE", r#"{"id": "5", "token": null}"#),
        ("INTERACTION_CREATE", r#"{"id": [], "token": "t"}"#),
    ] {
        assert_eq!(bot.sandbox.raw_event(name, data), None, "{name} {data}");
        let came = payload_with(&mut bot, &format!(r#""t":"{name}""#)).await;
        assert!(came.ends_with(&format!(r#""op":0,"d":{data}}}"#)), "{came}");
    }
    // Its own guild's, which it may see, with a value instead of a text.
    let guild = bot.sandbox.guild_id().to_string();
    bot.sandbox
        .raw_event("GUILD_BAN_ADD", json!({"guild_id": guild}));
    payload_with(&mut bot, "GUILD_BAN_ADD").await;
    bot.sandbox.raw_event("QUO\"TED\\\u{1}", json!({}));
    let came: Value = serde_json::from_str(&payload_with(&mut bot, "QUO").await).unwrap();
    assert_eq!(came["t"], "QUO\"TED\\\u{1}");
}

#[tokio::test]
async fn a_raw_event_counts_in_its_session_and_a_raw_payload_does_not() {
    let mut bot = Bot::new().await;
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap()["s"].as_u64();
    bot.sandbox.raw_event("FIRST", json!({}));
    let first = number(&payload_with(&mut bot, "FIRST").await);
    bot.sandbox
        .raw_payload(r#"{"op":77,"t":null,"s":null,"d":{"x":[]}}"#);
    payload_with(&mut bot, r#"{"op":77,"t":null,"s":null,"d":{"x":[]}}"#).await;
    bot.sandbox.raw_event("SECOND", json!({}));
    let second = number(&payload_with(&mut bot, "SECOND").await);
    assert_eq!(second, first.map(|first| first + 1));
}

#[tokio::test]
async fn a_raw_interaction_is_answered_like_any_other() {
    let mut bot = Bot::new().await;
    let sandbox = bot.sandbox.clone();
    let member = sandbox.actor("member").unwrap();
    let id = 1_234_567_890_123_456_789;
    let odd = json!({
        "id": id.to_string(),
        "token": "a raw/one",
        "type": 300,
        "channel_id": sandbox.channel_id("bots").unwrap().to_string(),
        "member": {"user": {"id": member.id().to_string(), "avatar": 7}},
        "data": {"name": ["odd"], "options": "none"},
    });
    assert_eq!(sandbox.raw_event("INTERACTION_CREATE", &odd), Some(id));
    payload_with(&mut bot, "INTERACTION_CREATE").await;
    let path = callback(id, "a%20raw%2Fone");
    let private = json!({"type": 4, "data": {"content": "no idea", "flags": 64}});
    let (status, _) = send(&sandbox, "POST", &path, Some(&private)).await;
    assert_eq!(status, 204);
    let view = sandbox.responded(id).await.unwrap();
    assert_eq!(view.state, ResponseState::Message);
    let shown = member.expects_ephemeral("bots", "no idea").await.unwrap();
    assert_eq!(shown.interaction, Some(id));

    // The same one once more has been answered already, and its token goes on.
    assert_eq!(sandbox.raw_event("INTERACTION_CREATE", &odd), Some(id));
    payload_with(&mut bot, "INTERACTION_CREATE").await;
    let (status, body) = send(&sandbox, "POST", &path, Some(&private)).await;
    assert_eq!((status, &body["code"]), (400, &json!(40060)));
    let app = sandbox.application_id();
    let follow_up = format!("webhooks/{app}/a%20raw%2Fone");
    let more = json!({"content": "and more"});
    let (status, body) = send(&sandbox, "POST", &follow_up, Some(&more)).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn a_raw_interaction_that_says_nothing_is_the_owners_in_the_first_channel() {
    let bot = Bot::new().await;
    let sandbox = &bot.sandbox;
    for (id, kind) in [(7, json!(2)), (8, json!(null)), (9, json!("four"))] {
        let least = json!({"id": id, "token": format!("t{id}"), "type": kind});
        assert_eq!(sandbox.raw_event("INTERACTION_CREATE", &least), Some(id));
        let answer = json!({"type": 4, "data": {"content": format!("to {id}"), "flags": 64}});
        let path = callback(id, &format!("t{id}"));
        let (status, body) = send(sandbox, "POST", &path, Some(&answer)).await;
        assert_eq!(status, 204, "{body}");
        let owner = sandbox.actor("owner").unwrap();
        let text = format!("to {id}");
        owner.expects_ephemeral("general", &text).await.unwrap();
    }
}

#[tokio::test]
async fn a_raw_interaction_that_nobody_answers_is_told() {
    let bot = Bot::new().await;
    let payload = json!({"id": "7", "token": "t", "type": 2, "data": {"name": "echo"}});
    let id = bot.sandbox.raw_event("INTERACTION_CREATE", payload);
    bot.sandbox.clock().pause();
    bot.sandbox
        .clock()
        .advance(std::time::Duration::from_secs(3));
    let error = bot.sandbox.responded(id.unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::NotAnswered { .. }), "{error}");
    assert!(error.to_string().contains("/echo"), "{error}");
}

#[tokio::test]
async fn raw_events_come_from_scripts_and_over_http_too() {
    let mut bot = Bot::new().await;
    let sandbox = bot.sandbox.clone();
    let script = r#"
        member raw GUILD_MEMBER_ADD {"guild_id": "$guild", "user": {"id": "$user", "avatar": 3}, "x": "$x", "in": "$channel"}
        raw-payload {"op": 66}
        raw INTERACTION_CREATE {"id": "$id", "token": "$token", "type": 2}
    "#;
    let played = tokio::spawn(async move {
        let mut out = Vec::new();
        let mut write = |line: &str| out.push(line.to_owned());
        let result = run_script(&sandbox, script, &mut write).await;
        (result, out)
    });
    let came = payload_with(&mut bot, "GUILD_MEMBER_ADD").await;
    let came: Value = serde_json::from_str(&came).unwrap();
    let member = bot.sandbox.user_id("member").unwrap().to_string();
    let channel = bot.sandbox.channel_id("general").unwrap().to_string();
    assert_eq!(
        came["d"],
        json!({"guild_id": bot.sandbox.guild_id().to_string(), "user": {"id": member, "avatar": 3}, "x": "$x", "in": channel})
    );
    payload_with(&mut bot, r#"{"op": 66}"#).await;
    let asked = payload_with(&mut bot, "INTERACTION_CREATE").await;
    let asked: Value = serde_json::from_str(&asked).unwrap();
    let id = asked["d"]["id"].as_str().unwrap().parse().unwrap();
    let path = callback(id, asked["d"]["token"].as_str().unwrap());
    let answer = json!({"type": 4, "data": {"content": "hm?"}});
    send(&bot.sandbox, "POST", &path, Some(&answer)).await;
    let (result, out) = played.await.unwrap();
    result.unwrap();
    assert_eq!(out.last().unwrap(), "  Cogwright: hm?");

    for (control, part) in [
        (
            json!({"do": "raw", "event": "BY_HTTP", "data": [1]}),
            "BY_HTTP",
        ),
        (
            json!({"do": "raw-payload", "payload": "{\"op\": 88}"}),
            "88",
        ),
    ] {
        let body = control.to_string();
        let (head, _) = request(&bot.sandbox, "POST", "/sandbox/control", "", &body).await;
        assert!(head.contains(" 200 "), "{head}");
        payload_with(&mut bot, part).await;
    }
}
