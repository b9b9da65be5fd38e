//! Tests of time that is paused and moved.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sandbox::{Error, Options, RateLimits};
use serde_json::{Value, json};
use twilight_model::{
    gateway::event::Event,
    http::interaction::InteractionResponseType,
    id::{Id, marker::UserMarker},
    util::Timestamp,
};

use crate::{
    bot::{ALL, Bot},
    payload::{echo, respond, say},
};

const MINUTE: Duration = Duration::from_secs(60);

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn messages_hold_the_time_of_the_clock() {
    let bot = Bot::new().await;
    let clock = bot.sandbox.clock();
    clock.pause();
    clock.advance(MINUTE * 60 * 24 * 400);
    let member = bot.sandbox.actor("member").unwrap();
    let said = member.says("general", "from next year").await.unwrap();
    let path = bot.in_channel("general", &format!("messages/{}", said.id));
    let (_, message) = bot.send("GET", &path, None).await;
    let sent = Timestamp::parse(message["timestamp"].as_str().unwrap()).unwrap();
    assert_eq!(u64::try_from(sent.as_secs()).unwrap(), seconds(clock.now()));
    let edited = member.edits(&said, "and later").await.unwrap();
    assert!(edited.edited);
    let (_, message) = bot.send("GET", &path, None).await;
    let sent = Timestamp::parse(message["edited_timestamp"].as_str().unwrap()).unwrap();
    assert_eq!(u64::try_from(sent.as_secs()).unwrap(), seconds(clock.now()));
    let two = [
        member.says("general", "one").await.unwrap().id,
        member.says("general", "two").await.unwrap().id,
    ];
    assert!(two[0] < two[1], "ids grow while the clock stands");
}

#[tokio::test]
async fn time_outs_end_by_the_clock() {
    let bot = Bot::new().await;
    let clock = bot.sandbox.clock();
    let member = bot.sandbox.actor("member").unwrap();
    let user: Id<UserMarker> = Id::new(member.id());
    let until = Timestamp::from_secs(i64::try_from(seconds(clock.now())).unwrap() + 600).unwrap();
    bot.http
        .update_guild_member(Id::new(bot.sandbox.guild_id()), user)
        .communication_disabled_until(Some(until))
        .await
        .unwrap();
    clock.advance(MINUTE * 9);
    let refused = member.says("general", "let me").await.unwrap_err();
    assert!(matches!(refused, Error::Refused(_)), "{refused}");
    clock.advance(MINUTE);
    member.says("general", "thanks").await.unwrap();
}

/// Nothing but the move of the clock ends the three seconds here: it stands.
#[tokio::test]
async fn an_unanswered_interaction_fails_when_the_clock_has_moved() {
    let options = Options {
        deadline: Duration::from_secs(3600),
        ..Options::default()
    };
    let mut bot = Bot::start(options, ALL).await;
    bot.interactions()
        .set_global_commands(&[echo()])
        .await
        .unwrap();
    let clock = bot.sandbox.clock();
    clock.pause();
    let member = bot.sandbox.actor("member").unwrap();
    let asked = tokio::spawn(async move {
        member
            .slash("general", "echo", &[("text", json!("hi"))])
            .await
    });
    let interaction = bot.next_interaction().await;
    clock.advance(Duration::from_millis(2999));
    tokio::task::yield_now().await;
    assert!(!asked.is_finished());
    clock.advance(Duration::from_millis(1));
    let failed = asked.await.unwrap().unwrap_err();
    assert!(matches!(failed, Error::NotAnswered { .. }), "{failed}");
    let response = respond(
        InteractionResponseType::ChannelMessageWithSource,
        say("late"),
    );
    let late = bot
        .interactions()
        .create_response(interaction.id, &interaction.token, &response)
        .await;
    assert!(late.is_err());
}

#[tokio::test]
async fn tokens_of_interactions_end_after_a_quarter_of_an_hour() {
    let mut bot = Bot::new().await;
    bot.interactions()
        .set_global_commands(&[echo()])
        .await
        .unwrap();
    let member = bot.sandbox.actor("member").unwrap();
    let asked = tokio::spawn(async move {
        member
            .slash("general", "echo", &[("text", json!("hi"))])
            .await
    });
    let interaction = bot.next_interaction().await;
    let response = respond(
        InteractionResponseType::ChannelMessageWithSource,
        say("now"),
    );
    bot.answer(&interaction, response).await;
    asked.await.unwrap().unwrap();
    let follow_up = json!({"content": "still"});
    let path = format!(
        "webhooks/{}/{}",
        bot.sandbox.application_id(),
        interaction.token
    );
    bot.sandbox.clock().advance(MINUTE * 14);
    let (status, _) = bot.send("POST", &path, Some(&follow_up)).await;
    assert_eq!(status, 200);
    bot.sandbox.clock().advance(MINUTE);
    let (status, body) = bot.send("POST", &path, Some(&follow_up)).await;
    assert_eq!((status, &body["code"]), (401, &json!(50027)));
}

#[tokio::test]
async fn windows_of_rate_limits_end_by_the_clock() {
    let options = Options {
        rate_limits: RateLimits::Strict,
        ..Options::default()
    };
    let bot = Bot::start(options, ALL).await;
    let clock = bot.sandbox.clock();
    clock.pause();
    let path = bot.in_channel("general", "");
    let status = async || bot.send("GET", &path, None).await;
    for _ in 0..5 {
        assert_eq!(status().await.0, 200);
    }
    let (refused, body) = status().await;
    assert_eq!((refused, &body["retry_after"]), (429, &json!(5.0)));
    clock.advance(Duration::from_millis(4999));
    assert_eq!(status().await.0, 429);
    clock.advance(Duration::from_millis(1));
    assert_eq!(status().await.0, 200);
}

/// The client counts its heartbeats in real time: the sandbox's hours are none of its business.
#[tokio::test]
async fn a_move_of_the_clock_cuts_no_connection() {
    let mut bot = Bot::new().await;
    bot.sandbox.clock().advance(MINUTE * 60 * 24 * 30);
    let member = bot.sandbox.actor("member").unwrap();
    member.says("general", "still there?").await.unwrap();
    assert_eq!(bot.next_message().await.content, "still there?");
    let closes = |what: &str| what.starts_with("close") || what.starts_with("connection");
    let traffic = bot.sandbox.traffic();
    assert!(traffic.iter().all(|crossing| !closes(&crossing.what)));
    let said = traffic
        .iter()
        .rfind(|crossing| crossing.what == "MESSAGE_CREATE");
    let said = said.unwrap();
    assert!(said.at >= MINUTE * 60 * 24 * 30, "{:?}", said.at);
    assert_ne!(said.body, Value::Null);
}

#[tokio::test]
async fn polls_end_by_the_clock() {
    let mut bot = Bot::new().await;
    let path = bot.in_channel("general", "messages");
    let poll = json!({"poll": {
        "question": {"text": "Tea?"},
        "answers": [{"poll_media": {"text": "yes"}}, {"poll_media": {"text": "no"}}],
        "duration": 1,
    }});
    let (status, message) = bot.send("POST", &path, Some(&poll)).await;
    assert_eq!(status, 200, "{message}");
    bot.sandbox.clock().advance(MINUTE * 60);
    // The result is posted by the alarm, and nobody has asked for it.
    let result = bot
        .next(|event| match event {
            Event::MessageCreate(message) if u8::from(message.kind) == 46 => Some(message),
            _ => None,
        })
        .await;
    let about = result.reference.as_ref().and_then(|place| place.message_id);
    assert_eq!(about.unwrap().to_string(), message["id"]);
}
