//! 429s in each of their forms: obeyed to the end, by all whom they are about, with one try in between.

use std::time::Duration;

use futures_util::future::join_all;
use sandbox::{RateLimits, Scope};
use serde_json::Value;
use twilight_model::guild::Permissions;

use super::{asks, channel, crossings, limit, requests, told_to_wait, until, with_asker};
use crate::support::{Fixture, PATIENCE};

/// What Discord says, without headers, of one route.
const OF_A_ROUTE: [Scope; 4] = [Scope::User, Scope::Shared, Scope::Within, Scope::Bare];

/// Four routes, with what the sandbox calls them.
fn routes(bot: &Fixture) -> [(String, String); 4] {
    let of = |path: &str| (format!("GET /{path}"), path.to_owned());
    [
        of("users/@me"),
        of("voice/regions"),
        of("gateway/bot"),
        of(&format!("channels/{}", channel(bot))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_has_to_wait_three_seconds_waits_them_in_each_form_of_a_429() {
    let bot = Fixture::with(&[]).await;
    let routes = routes(&bot);
    let earlier: Vec<usize> = routes
        .iter()
        .map(|(route, _)| requests(&bot, route))
        .collect();
    for (scope, (route, _)) in OF_A_ROUTE.into_iter().zip(&routes) {
        limit(&bot, route, scope, 3_000, Some(1));
    }
    // Side by side: each waits for itself.
    let asked = routes.iter().map(|(_, path)| asks(&bot, "GET", path));
    for answer in join_all(asked).await {
        answer.unwrap();
    }
    for ((route, _), earlier) in routes.iter().zip(earlier) {
        let all = crossings(&bot, route).split_off(earlier);
        let statuses: Vec<_> = all.iter().map(|it| it.status.unwrap()).collect();
        assert_eq!(statuses, [429, 200], "{route}");
        let (told, waited) = (told_to_wait(&all[0]), all[1].at - all[0].at);
        assert!(told > Duration::from_millis(2_900), "{route}: {told:?}");
        assert!(waited >= told, "{route}: {waited:?} of {told:?}");
    }
    bot.close().await;
}

/// A stop of one route, of all that has the bot's token, and of all that comes from its address: whoever asks meanwhile waits, and
/// when the time is over one tries before all the others go.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_wait_one_tries_and_whoever_it_is_about_follows_it() {
    // Side by side: each on a Discord of its own.
    tokio::join!(
        one_tries(Scope::User, false),
        one_tries(Scope::Bare, false),
        one_tries(Scope::Global, true),
        one_tries(Scope::Page, true),
    );
}

async fn one_tries(scope: Scope, is_about_all: bool) {
    let bot = Fixture::with(&[]).await;
    let registered = bot.sandbox.commands_registered("cogwright", PATIENCE);
    registered.await.unwrap();
    let routes = routes(&bot);
    let (first, path) = &routes[0];
    let wait = Duration::from_secs(3);
    limit(&bot, first, scope, 3_000, Some(2));
    let before = crossings(&bot, "").len();
    // Not only said by Discord, but heard by the bot: the one that was told waits.
    let is_limited = || {
        let all = crossings(&bot, "");
        let governor = format!("{:?}", bot.bot.services().discord);
        all.iter().any(|it| it.status == Some(429)) && governor.contains("waiting: 1")
    };
    let others = async {
        until(is_limited).await;
        let same = (0..4).map(|_| asks(&bot, "GET", path));
        let other = routes[1..].iter().map(|(_, path)| asks(&bot, "GET", path));
        join_all(same.chain(other)).await
    };
    let (one, others) = tokio::join!(asks(&bot, "GET", path), others);
    one.unwrap();
    assert!(others.iter().all(Result::is_ok), "{scope:?}: {others:?}");

    let all = crossings(&bot, "").split_off(before);
    let limited: Vec<_> = all.iter().filter(|it| it.status == Some(429)).collect();
    assert_eq!(limited.len(), 2, "{scope:?}: one try in between");
    let concerned = |what: &str| is_about_all || what.starts_with(first.as_str());
    for stop in limited {
        let early = all
            .iter()
            .find(|it| it.number > stop.number && concerned(&it.what) && it.at < stop.at + wait);
        assert!(early.is_none(), "{scope:?}: {early:?} after {stop:?}");
    }
    assert_eq!(all.len(), 2 + 1 + 4 + 3, "{scope:?}: {all:?}");
    bot.close().await;
}

/// The wait that a sentence names, in seconds.
fn named_wait(sentence: &str) -> u64 {
    let (_, rest) = sentence
        .split_once(" through in ")
        .unwrap_or_else(|| panic!("{sentence}"));
    let (seconds, _) = rest.split_once("s at the earliest").unwrap();
    seconds.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_of_an_hour_fails_at_once_with_a_sentence_that_names_it() {
    let bot = Fixture::with(&[]).await;
    with_asker(&bot).await;
    let (routes, member) = (routes(&bot), bot.member());
    let ask = async |command: &str, path: &str| {
        let options = [("path", Value::from(path))];
        let asked = member.slash("general", command, &options).await.unwrap();
        member.expects_reply_to(&asked).await.unwrap().text()
    };
    for (scope, (route, path)) in OF_A_ROUTE.into_iter().zip(&routes) {
        limit(&bot, route, scope, 3_600_000, None);
        let before = requests(&bot, route);
        // Asked again at once, it is not even sent.
        for _ in 0..3 {
            let told = ask("ask", path).await;
            assert!((3_500..=3_600).contains(&named_wait(&told)), "{told}");
            assert!(told.contains("`discord.longest_wait_s`"), "{told}");
        }
        // A handler that fails with it tells the member something kinder.
        let told = ask("need", path).await;
        assert!(told.contains("try again in a while"), "{scope:?}: {told}");
        assert_eq!(requests(&bot, route) - before, 1, "{scope:?}");
        // It is about that route alone.
        let guild = format!("guilds/{}", bot.sandbox.guild_id());
        assert_eq!(ask("ask", &guild).await, "asked");
    }
    bot.sandbox.faults().clear();
    limit(&bot, "GET /guilds/*", Scope::Global, 3_600_000, Some(1));
    let guild = format!("guilds/{}", bot.sandbox.guild_id());
    let before = crossings(&bot, " /").len();
    for path in [&*guild, &*guild, "stickers/5", "sticker-packs"] {
        let told = ask("ask", path).await;
        assert!((3_500..=3_600).contains(&named_wait(&told)), "{told}");
    }
    // The one that was told, and the answers to the four.
    let after = crossings(&bot, " /").split_off(before);
    let (answers, other): (Vec<_>, Vec<_>) = after
        .iter()
        .partition(|it| it.what.contains(" /interactions/") || it.what.contains(" /webhooks/"));
    assert!(answers.len() >= 4, "{answers:?}");
    assert_eq!(other.len(), 1, "{other:?}");
    bot.close().await;
}

/// 547 PATCH in 10 s came of one call: the limit of a channel's name is one within the route, of which no header tells.
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_was_renamed_twice_is_let_alone_for_as_long_as_discord_says() {
    let bot = Fixture::under(|options| options.rate_limits = RateLimits::Discord, &[], "").await;
    let (general, id) = (
        bot.sandbox.channel_id("general").unwrap(),
        bot.sandbox.application_id(),
    );
    bot.sandbox
        .change_world(|world| world.allow(general, id, Permissions::MANAGE_CHANNELS));
    with_asker(&bot).await;
    let member = bot.member();
    let asked = member.slash("general", "rename", &[]).await.unwrap();
    let told = member.expects_reply_to(&asked).await.unwrap().text();
    let told: Vec<&str> = told.lines().collect();
    assert_eq!(told[..2], ["renamed", "renamed"], "{told:?}");
    for told in &told[2..] {
        assert!((500..=600).contains(&named_wait(told)), "{told}");
    }
    let all = crossings(&bot, "PATCH /channels/");
    let statuses: Vec<_> = all.iter().map(|it| it.status.unwrap()).collect();
    assert_eq!(statuses, [200, 200, 429]);
    let left = |name: &str| {
        let header = all[2].headers.iter().find(|(header, _)| header == name);
        header.map(|(_, value)| value.as_str())
    };
    assert_ne!(left("x-ratelimit-remaining"), Some("0"), "a sub-limit");
    // Whatever else is about the channel goes on.
    asks(&bot, "GET", &format!("channels/{general}"))
        .await
        .unwrap();
    bot.close().await;
}
