//! Tests of Discord's limits and bad minutes: nothing is sent while the bot is told to wait, and nothing is done twice.

mod invalid;
mod proxy;
mod repeated;
mod starts;
mod waits;

use std::{path::PathBuf, sync::OnceLock, time::Duration};

use host_capability::Failure;
use sandbox::{Crossing, Effect, ErrorBody, Fault, Scope, Way};
use serde_json::{Value, json};

use crate::{
    fixtures,
    support::{Fixture, PATIENCE},
};

/// Asks Discord for what it is told to, and says what came of it.
const ASKER: &str = r#"//! Asks Discord.
use std::collections::BTreeMap;

use plugin_api::prelude::*;

export_plugin!(|| {
    let path = || CommandOption::string("path", "What").required();
    Plugin::new()
        .command(Command::new("ask", "Asks").option(path()).run(ask))
        .command(Command::new("need", "Asks, and fails with it").option(path()).run(need))
        .command(Command::new("rename", "Renames this channel five times").run(rename))
        .command(Command::new("insist", "Asks until it is stopped").option(path()).run(insist))
});

async fn get(ctx: &CommandContext) -> Result {
    let path: String = ctx.option("path")?;
    ctx.host().discord().request(Method::Get, path).send().await?;
    Ok(())
}

async fn ask(ctx: CommandContext) -> Result {
    let told = match get(&ctx).await {
        Ok(()) => "asked".to_owned(),
        Err(error) => error.to_string(),
    };
    ctx.reply(told).await
}

async fn need(ctx: CommandContext) -> Result {
    get(&ctx).await?;
    ctx.reply("asked").await
}

async fn rename(ctx: CommandContext) -> Result {
    let mut told = Vec::new();
    for number in 1..=5 {
        let path = format!("channels/{}", ctx.channel_id());
        let body = BTreeMap::from([("name", format!("tea-{number}"))]);
        let renamed = ctx.host().discord().request(Method::Patch, path).json(&body)?.send().await;
        told.push(renamed.map_or_else(|error| error.to_string(), |_| "renamed".to_owned()));
    }
    ctx.reply(told.join("\n")).await
}

async fn insist(ctx: CommandContext) -> Result {
    let mut refused = 0;
    loop {
        match get(&ctx).await {
            Err(error) if error.http_status() == Some(403) => refused += 1,
            other => {
                let error = other.err().map(|error| error.to_string()).unwrap_or_default();
                return ctx.reply(format!("after {refused}: {error}")).await;
            }
        }
    }
}
"#;

fn asker() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| fixtures::plugin("asker", "limits", "0.1.0", "", ASKER))
        .clone()
}

/// Brings that plugin, and waits until its commands are there.
async fn with_asker(bot: &Fixture) {
    bot.drop_in(&asker(), "asker");
    bot.until_generation("asker", 1).await;
    let registered = bot.sandbox.commands_registered("insist", PATIENCE);
    registered.await.unwrap();
}

/// The requests that the sandbox has answered or refused on paths that hold this, but for the registration of commands, which goes
/// on beside a story.
fn crossings(bot: &Fixture, what: &str) -> Vec<Crossing> {
    let mut all = bot.sandbox.traffic();
    all.retain(|it| {
        it.way == Way::Rest && it.what.contains(what) && !it.what.contains(" /applications/")
    });
    all
}

/// What an answer tells to wait.
fn told_to_wait(answer: &Crossing) -> Duration {
    Duration::from_secs_f64(answer.answer["retry_after"].as_f64().unwrap())
}

/// Waits until this is so.
async fn until(mut done: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.unwrap();
}

/// How many requests the sandbox has answered or refused on paths that hold this.
fn requests(bot: &Fixture, what: &str) -> usize {
    let traffic = bot.sandbox.traffic();
    let is_it = |crossing: &&Crossing| crossing.way == Way::Rest && crossing.what.contains(what);
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
