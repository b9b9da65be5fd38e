//! Tests of `[discord] http_proxy`, where somebody else does the limiting, and of `requests_per_second`, where Discord
//! has raised the bot's limit.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use host_capability::Failure;
use sandbox::{Effect, Fault, Scope, Way};

use super::{asks, channel, crossings, limit, requests, until};
use crate::{relay::Closed, support::Fixture};

/// Requests to as many channels, all at once; what came of each.
async fn at_once(bot: &Fixture, count: usize) -> Vec<bool> {
    let ask = |n: usize| async move { asks(bot, "GET", &format!("channels/{n}")).await };
    let all = join_all((1..=count).map(ask)).await;
    all.iter()
        .map(|answer| !matches!(answer, Err(Failure::Limited(_))))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_nothing_waits_for_limits_of_ours() {
    let (bot, closed) = (Fixture::with(&["hello"]).await, Closed::new());
    let config = format!("[discord]\nhttp_proxy = \"{}\"", closed.address);
    let relay = closed.open(bot.sandbox.addr());
    let bot = bot.reconfigured(&config).await;
    assert!(relay.connections() > 0, "it has asked by the proxy");
    // All are on their way at once, though they are of one route and many more than of a second: ours lets one and fifty.
    let clock = bot.sandbox.clock();
    clock.pause();
    let slow = Effect::Delay {
        ms: 1_000,
        by_clock: true,
    };
    let slow = Fault::request("GET /channels/*", slow);
    let slow = bot.sandbox.faults().add(slow, None).unwrap();
    let path = format!("channels/{}", channel(&bot));
    let strikes = || {
        let traffic = bot.sandbox.traffic();
        traffic.iter().filter(|it| it.way == Way::Fault).count()
    };
    let asked = join_all((0..120).map(|_| asks(&bot, "GET", &path)));
    let all_there = async {
        until(|| strikes() == 120).await;
        clock.advance(Duration::from_secs(1));
        clock.resume();
    };
    let (answers, ()) = tokio::join!(asked, all_there);
    assert!(answers.iter().all(Result::is_ok));
    bot.sandbox.faults().remove(slow);

    // What the proxy passes on is obeyed, request by request; the next one is not kept from it.
    limit(&bot, "GET /channels/*", Scope::Within, 3_600_000, Some(3));
    let before = requests(&bot, "GET /channels/");
    for _ in 0..3 {
        let error = asks(&bot, "GET", &path).await.unwrap_err().to_string();
        assert!(
            error.contains("rate limit") && error.contains("3600s"),
            "{error}"
        );
    }
    asks(&bot, "GET", &path).await.unwrap();
    assert_eq!(requests(&bot, "GET /channels/") - before, 4);
    limit(&bot, "GET /channels/*", Scope::User, 500, Some(1));
    asks(&bot, "GET", &path).await.unwrap();
    let last = crossings(&bot, "GET /channels/").split_off(before + 4);
    assert_eq!(last.len(), 2);
    assert!(last[1].at - last[0].at >= super::told_to_wait(&last[0]));
    let answer = bot.ask(&bot.member(), "!hello").await;
    assert_eq!(answer.content, "Hello, member!");
    bot.close().await;
}

/// What fifty in a second take for so many, at the least.
fn at_fifty_a_second(requests: usize) -> Duration {
    Duration::from_secs((requests / 50) as u64 - 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_whose_limit_was_raised_sends_more_in_a_second_and_any_other_does_not() {
    let bot = Fixture::with(&[]).await;
    let began = Instant::now();
    assert!(at_once(&bot, 250).await.iter().all(|was_sent| *was_sent));
    assert!(
        began.elapsed() >= at_fifty_a_second(250),
        "{:?}",
        began.elapsed()
    );
    // In its own row: fifty of any second.
    let bot = bot
        .reconfigured("[discord]\nrequests_per_second = 5000")
        .await;
    let began = Instant::now();
    assert!(at_once(&bot, 1_500).await.iter().all(|was_sent| *was_sent));
    assert!(
        began.elapsed() < at_fifty_a_second(1_500),
        "{:?}",
        began.elapsed()
    );
    bot.close().await;
}
