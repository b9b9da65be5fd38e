//! Discord's limits and bad minutes: nothing is sent while the bot is told to wait, and nothing is done twice.

use host::services::Failure;
use sandbox::{Effect, ErrorBody, Fault, Scope, Way};
use serde_json::{Value, json};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// How many requests the sandbox has answered or refused on paths that hold this.
fn requests(bot: &Fixture, what: &str) -> usize {
    let traffic = bot.sandbox.traffic();
    let is_it =
        |crossing: &&sandbox::Crossing| crossing.way == Way::Rest && crossing.what.contains(what);
    traffic.iter().filter(is_it).count()
}

fn limit(bot: &Fixture, route: &str, scope: Scope, ms: u64, times: Option<u32>) {
    let effect = Effect::RateLimit {
        scope,
        retry_after_ms: ms,
    };
    let fault = Fault::request(route, effect);
    bot.sandbox.faults().add(fault, times).unwrap();
}

async fn asks(bot: &Fixture, method: &str, path: &str) -> Result<Value, Failure> {
    let discord = &bot.bot.services().discord;
    discord
        .json(method, path.to_owned(), &Value::Null, false)
        .await
}

fn channel(bot: &Fixture) -> String {
    bot.sandbox.channel_id("general").unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channels_name_is_not_tried_again_and_again() {
    let bot = Fixture::with(&[]).await;
    limit(&bot, "PATCH /channels/*", Scope::Within, 547_000, None);
    let path = format!("channels/{}", channel(&bot));
    for _ in 0..10 {
        let error = bot
            .bot
            .services()
            .discord
            .json("PATCH", path.clone(), &json!({"name": "tea"}), false)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("rate limit lets `PATCH channels/"),
            "{error}"
        );
    }
    assert_eq!(requests(&bot, "PATCH /channels/"), 1);
    // The channel is read all the same.
    asks(&bot, "GET", &path).await.unwrap();
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_cloudflares_stops_everything_for_as_long_as_it_says() {
    let bot = Fixture::with(&["counter"]).await;
    limit(&bot, "GET /users/@me", Scope::Page, 3_600_000, Some(1));
    let error = asks(&bot, "GET", "users/@me").await.unwrap_err();
    assert!(error.to_string().contains("in 3600s"), "{error}");
    let before = bot.sandbox.traffic().len();
    let mention = format!("<@{}> count", bot.sandbox.application_id());
    bot.member().says("general", &mention).await.unwrap();
    for path in ["users/@me", "gateway/bot", "voice/regions"] {
        let error = asks(&bot, "GET", path).await.unwrap_err().to_string();
        assert!(error.contains("rate limit"), "{error}");
    }
    let after = bot.sandbox.traffic();
    let rest = after.iter().skip(before);
    assert_eq!(rest.filter(|crossing| crossing.way == Way::Rest).count(), 0);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_get_their_answers_while_the_bot_has_to_wait() {
    let bot = Fixture::with(&["hello"]).await;
    let registered = bot.sandbox.commands_registered("hello", PATIENCE);
    registered.await.unwrap();
    limit(&bot, "GET /users/@me", Scope::Global, 600_000, Some(1));
    assert!(asks(&bot, "GET", "users/@me").await.is_err());
    assert!(asks(&bot, "GET", "voice/regions").await.is_err());
    let member = bot.member();
    let used = member.slash_line("general", "/hello").await.unwrap();
    let reply = member.expects_reply_to(&used).await.unwrap();
    assert_eq!(reply.content, "Hello, member!");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_short_wait_the_answer_comes() {
    let bot = Fixture::with(&["counter"]).await;
    let mention = format!("<@{}> count", bot.sandbox.application_id());
    for (n, scope) in [Scope::User, Scope::Shared, Scope::Global, Scope::Page]
        .into_iter()
        .enumerate()
    {
        limit(&bot, "POST /channels/*/messages", scope, 300, Some(1));
        let answer = bot.ask(&bot.member(), &mention).await.content;
        assert_eq!(answer, format!("Count: {}", n + 1));
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_answer_is_lost_is_there_once() {
    let bot = Fixture::with(&["counter"]).await;
    let mention = format!("<@{}> count", bot.sandbox.application_id());
    let route = "POST /channels/*/messages";
    let troubles = [
        Effect::LoseAnswer,
        Effect::LoseRequest,
        Effect::Status {
            status: 502,
            body: ErrorBody::Html,
        },
        Effect::Status {
            status: 503,
            body: ErrorBody::Empty,
        },
    ];
    for (n, trouble) in troubles.into_iter().enumerate() {
        let fault = Fault::request(route, trouble);
        bot.sandbox.faults().add(fault, Some(1)).unwrap();
        let answer = bot.ask(&bot.member(), &mention).await.content;
        assert_eq!(answer, format!("Count: {}", n + 1));
    }
    let member = bot.member();
    let said = member.messages("general");
    for n in 1..=4 {
        let text = format!("Count: {n}");
        let times = said.iter().filter(|message| message.content == text);
        assert_eq!(times.count(), 1, "{text}");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_start_ends_because_discord_has_a_bad_minute() {
    let bot = Fixture::with(&["hello"]).await;
    let bot = bot
        .restart_after(async |stopped| {
            for route in ["GET /gateway/bot", "GET /users/@me"] {
                for effect in [
                    Effect::Status {
                        status: 500,
                        body: ErrorBody::Json,
                    },
                    Effect::Status {
                        status: 521,
                        body: ErrorBody::Html,
                    },
                    Effect::LoseAnswer,
                ] {
                    let fault = Fault::request(route, effect);
                    stopped.sandbox.faults().add(fault, Some(1)).unwrap();
                }
            }
        })
        .await;
    let mention = format!("<@{}> hello", bot.sandbox.application_id());
    let answer = bot.ask(&bot.member(), &mention).await;
    assert_eq!(answer.content, "Hello, member!");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_discord_does_not_know_ends_with_a_code_of_its_own() {
    let bot = Fixture::with(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[discord]\napi_url = \"http://{}\"\ngateway_url = {:?}\n[metrics]\nlisten = \"127.0.0.1:0\"\n",
        bot.sandbox.http_proxy(),
        bot.sandbox.gateway_url()
    );
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    let mut command = std::process::Command::new(fixtures::cogwright());
    command
        .arg("run")
        .current_dir(folder.path())
        .env(
            "DISCORD_TOKEN",
            "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gxxxxx.wrongwrongwrongwrongwrongwrong",
        )
        .env("BOT_OWNER_ID", bot.sandbox.owner_id().to_string());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("Discord does not know the token"), "{said}");
    bot.close().await;
}
