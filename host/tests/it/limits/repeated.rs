//! Requests whose answers are lost: once more where that does the same thing twice, and never where it would do two.

use host_capability::Failure;
use sandbox::{Effect, ErrorBody, Fault};
use serde_json::{Value, json};

use super::{channel, requests};
use crate::support::Fixture;

/// Done, and not told so.
fn losses() -> [Effect; 3] {
    let fail = |status, body| Effect::FailAnswer { status, body };
    [
        Effect::LoseAnswer,
        fail(502, ErrorBody::Html),
        fail(503, ErrorBody::Empty),
    ]
}

async fn sends(bot: &Fixture, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
    let discord = &bot.bot.services().discord;
    discord.json(method, path.to_owned(), body, false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_the_same_thing_twice_is_asked_once_more_and_no_more_often() {
    let bot = Fixture::with(&[]).await;
    let owner = bot.owner();
    for effect in losses() {
        let sent = owner.says("general", "tea").await.unwrap();
        let own = json!({"content": "cups"});
        let messages = format!("channels/{}/messages", channel(&bot));
        let own = sends(&bot, "POST", &messages, &own).await.unwrap();
        let own = format!("{messages}/{}", own["id"].as_str().unwrap());
        let reaction = format!("{messages}/{}/reactions/%F0%9F%91%8D/@me", sent.id);
        for (method, path, body) in [
            ("GET", &*own, Value::Null),
            ("PATCH", &own, json!({"content": "pots"})),
            ("PUT", &reaction, Value::Null),
            ("DELETE", &reaction, Value::Null),
            // The first try has deleted it: that the second finds nothing is no failure.
            ("DELETE", &own, Value::Null),
        ] {
            let fault = Fault::request(&format!("{method} /channels/**"), effect.clone());
            bot.sandbox.faults().add(fault, Some(1)).unwrap();
            let what = format!("{method} /channels/");
            let before = requests(&bot, &what);
            let answer = sends(&bot, method, path, &body).await;
            answer.unwrap_or_else(|error| panic!("{what} after {effect:?}: {error}"));
            let again = requests(&bot, &what) - before;
            // An answer in another's place is noted, too.
            let noted = 2 + usize::from(effect != Effect::LoseAnswer);
            assert_eq!(again, noted, "{what} after {effect:?}");
        }
    }
    bot.close().await;
}

/// A thread, a role: there would be two of them.
#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_done_twice_is_sent_once_and_its_failure_says_that_nobody_knows() {
    let bot = Fixture::with(&[]).await;
    let roles = format!("guilds/{}/roles", bot.sandbox.guild_id());
    for (number, effect) in losses().into_iter().enumerate() {
        let fault = Fault::request("POST /guilds/*/roles", effect.clone());
        bot.sandbox.faults().add(fault, Some(1)).unwrap();
        let name = format!("Crew {number}");
        let error = sends(&bot, "POST", &roles, &json!({"name": name})).await;
        let error = error.unwrap_err();
        let is_unknown = matches!(
            error,
            Failure::Lost(_)
                | Failure::Discord {
                    status: 502 | 503,
                    ..
                }
        );
        assert!(is_unknown, "{effect:?}: {error:?}");
        let all = sends(&bot, "GET", &roles, &Value::Null).await.unwrap();
        let made = all.as_array().unwrap().iter();
        let made = made.filter(|role| role["name"] == name.as_str());
        assert_eq!(made.count(), 1, "{effect:?}");
    }
    bot.close().await;
}
