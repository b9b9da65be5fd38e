//! Invalid requests (401, 403, 429), with 10,000 of which in ten minutes Discord bans a bot by its address.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use futures_util::future::join_all;
use host_capability::Failure;
use sandbox::{Effect, ErrorBody, Fault, Way};
use serde_json::Value;

use super::{asks, crossings, with_asker};
use crate::support::{Fixture, PATIENCE};

/// As many in a second as it takes to be done soon.
const FAST: &str = "[discord]\nrequests_per_second = 10000";

/// Requests of this route are refused from now on.
fn refuse(bot: &Fixture, route: &str, status: u16) {
    let effect = Effect::Status {
        status,
        body: ErrorBody::Json,
    };
    let fault = Fault::request(route, effect);
    bot.sandbox.faults().add(fault, None).unwrap();
}

/// Counts the requests of this path: more of them than the sandbox keeps.
fn count(bot: &Fixture, what: &'static str) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    bot.sandbox.observe(move |crossing| {
        if crossing.way == Way::Rest && crossing.what.contains(what) {
            counted.fetch_add(1, SeqCst);
        }
    });
    count
}

/// Alerts go to this channel from now on.
async fn alerts_go_to(bot: &Fixture, channel: &str) {
    let id = bot.sandbox.channel_id(channel).unwrap();
    let line = format!(
        "<@{}> cogwright set alerts.channel_id {id}",
        bot.sandbox.application_id()
    );
    let answer = bot.ask(&bot.owner(), &line).await.text();
    assert!(answer.contains("alerts.channel_id"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_four_fifths_of_the_invalid_requests_only_interactions_are_answered_and_the_owner_is_told()
 {
    let bot = Fixture::configured(&["hello"], FAST).await;
    let registered = bot.sandbox.commands_registered("hello", PATIENCE);
    registered.await.unwrap();
    alerts_go_to(&bot, "bots").await;
    refuse(&bot, "GET /channels/*/invites", 403);
    refuse(&bot, "GET /channels/*/webhooks", 401);
    let sent = count(&bot, "GET /channels/");
    // Of one channel's one is on its way at a time: so they are many.
    let ask = async |n: usize| {
        let what = ["invites", "webhooks"][n % 2];
        asks(&bot, "GET", &format!("channels/{n}/{what}")).await
    };
    let (mut refused, mut last) = (0, None);
    for round in 0..100 {
        let batch = join_all((0..100).map(|n| ask(round * 100 + n + 1))).await;
        for error in batch.into_iter().filter_map(Result::err) {
            match error {
                Failure::Discord {
                    status: 401 | 403, ..
                } => refused += 1,
                Failure::Limited(words) => last = Some(words),
                other => panic!("{other}"),
            }
        }
        if last.is_some() {
            break;
        }
    }
    let last = last.unwrap();
    assert!(
        last.contains("was not sent: 8000 requests in ten minutes were refused"),
        "{last}"
    );
    // A hundred at a time, so that none is on its way when it is enough.
    assert_eq!((refused, sent.load(SeqCst)), (8_000, 8_000));
    let member = bot.member();
    let owner = bot.owner();
    let warned = owner.expects("bots", "4000 requests").await.unwrap();
    assert!(
        warned
            .content
            .contains("From 8,000 on nothing but answers to interactions goes out")
            && warned.content.contains("of the bot itself with status"),
        "{}",
        warned.content
    );
    let told = owner.expects("bots", "8000 requests").await.unwrap();
    assert!(
        told.content
            .contains("nothing but answers to interactions goes out for 10 min"),
        "{}",
        told.content
    );
    let before = crossings(&bot, " /").last().unwrap().number;
    member.says("general", "!hello").await.unwrap();
    let used = member.slash_line("general", "/hello").await.unwrap();
    let answer = member.expects_reply_to(&used).await.unwrap();
    assert_eq!(answer.content, "Hello, member!");
    for path in ["users/@me", "channels/5/invites"] {
        let error = asks(&bot, "GET", path).await.unwrap_err().to_string();
        assert!(error.contains("was not sent"), "{error}");
    }
    let after = crossings(&bot, " /");
    let after: Vec<_> = after
        .iter()
        .filter(|it| it.number > before && !it.what.contains(" /interactions/"))
        .collect();
    assert!(after.is_empty(), "{after:?}");
    bot.close().await;
}

/// A loop in one plugin ends at its share, and costs the others nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_forbidden_again_and_again_is_stopped_alone_and_the_owner_is_told() {
    let bot = Fixture::configured(&["counter"], FAST).await;
    with_asker(&bot).await;
    alerts_go_to(&bot, "bots").await;
    refuse(&bot, "GET /stickers/*", 403);
    let (sent, member) = (count(&bot, "/stickers/"), bot.member());
    let options = [("path", Value::from("stickers/5"))];
    let asked = member.slash("general", "insist", &options).await.unwrap();
    // An answer to an interaction: that it may still send.
    let told = member.expects_reply_to(&asked).await.unwrap().text();
    assert!(
        told.starts_with("after 2000: ")
            && told.contains("was not sent: 2000 requests of the plugin `asker` in ten minutes"),
        "{told}"
    );
    assert_eq!(sent.load(SeqCst), 2_000);
    // First that it is about to be, and by what.
    let owner = bot.owner();
    let warned = owner.expects("bots", "1000 requests of").await.unwrap();
    assert!(
        warned.content.contains(
            "1000 requests of the plugin `asker` in ten minutes were refused (401, 403, 429), most were `GET stickers/:x` with status 403"
        ) && warned.content.contains("From 2,000 on"),
        "{}",
        warned.content
    );
    let told = owner.expects("bots", "2000 requests of").await.unwrap();
    assert!(
        told.content.contains("Discord bans a bot with 10,000"),
        "{}",
        told.content
    );
    // The others, and the host itself.
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    asks(&bot, "GET", "users/@me").await.unwrap();
    bot.close().await;
}
