//! Rate limits: buckets, the global one, the hidden ones, and the ban.

use std::time::Duration;

use sandbox::{Options, RateLimits, Sandbox};
use serde_json::{Value, json};

use crate::bot::{request, send};

/// A sandbox without a bot whose clock stands, so that no window ends by itself.
async fn limited(rate_limits: RateLimits) -> crate::bot::Watched {
    let options = Options {
        rate_limits,
        invalid_requests: 20,
        ..Options::default()
    };
    let sandbox = crate::bot::watched(options).await;
    sandbox.clock().pause();
    sandbox
}

async fn call(sandbox: &Sandbox, method: &str, path: &str, body: Value) -> (String, Value) {
    let headers = format!("Authorization: Bot {}\r\n", sandbox.token());
    let path = format!("/api/v10/{path}");
    let (head, body) = request(sandbox, method, &path, &headers, &body.to_string()).await;
    let json = serde_json::from_str(&body).unwrap_or(Value::String(body));
    (head, json)
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// A header's value; empty if there is none.
fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines
        .find(|(known, _)| *known == name)
        .map_or("", |(_, value)| value)
}

async fn say(sandbox: &Sandbox) -> (String, Value) {
    let path = format!(
        "channels/{}/messages",
        sandbox.channel_id("general").unwrap()
    );
    call(sandbox, "POST", &path, json!({"content": "hi"})).await
}

#[tokio::test]
async fn each_answer_tells_how_its_bucket_stands() {
    let sandbox = limited(RateLimits::Strict).await;
    let mut bucket = String::new();
    for remaining in (0..5).rev() {
        let (head, _) = say(&sandbox).await;
        assert_eq!(header(&head, "x-ratelimit-limit"), "5");
        assert_eq!(
            header(&head, "x-ratelimit-remaining"),
            remaining.to_string()
        );
        assert_eq!(header(&head, "x-ratelimit-reset-after"), "5.000");
        assert_eq!(header(&head, "x-ratelimit-scope"), "");
        assert_eq!(header(&head, "via"), "1.1 google");
        bucket = header(&head, "x-ratelimit-bucket").to_owned();
    }
    sandbox.clock().advance(Duration::from_millis(2500));
    let (head, body) = say(&sandbox).await;
    assert_eq!(status(&head), 429);
    assert_eq!(header(&head, "x-ratelimit-bucket"), bucket);
    assert_eq!(header(&head, "x-ratelimit-scope"), "user");
    assert_eq!(header(&head, "retry-after"), "3");
    assert_eq!(header(&head, "x-ratelimit-global"), "");
    let expected = json!({
        "message": "You are being rate limited.", "retry_after": 2.5, "global": false, "code": 0,
    });
    assert_eq!(body, expected);
    let since_1970 = sandbox.clock().now().duration_since(std::time::UNIX_EPOCH);
    let reset: f64 = header(&head, "x-ratelimit-reset").parse().unwrap();
    let left = reset - since_1970.unwrap().as_secs_f64();
    assert!((left - 2.5).abs() < 0.01, "{left}");
    // Another channel is another window of the same bucket.
    let path = format!("channels/{}/messages", sandbox.channel_id("bots").unwrap());
    let (head, _) = call(&sandbox, "POST", &path, json!({"content": "hi"})).await;
    assert_eq!(header(&head, "x-ratelimit-remaining"), "4");
    assert_eq!(header(&head, "x-ratelimit-bucket"), bucket);
}

#[tokio::test]
async fn fifty_requests_in_a_second_are_all_there_are() {
    let sandbox = limited(RateLimits::Strict).await;
    // Nobody has a bucket of its own for so many routes: each path is another guild.
    for number in 0..50 {
        let (head, _) = call(
            &sandbox,
            "GET",
            &format!("guilds/{}", 10_000 + number),
            json!(null),
        )
        .await;
        assert_eq!(status(&head), 404, "{number}");
    }
    let (head, body) = call(&sandbox, "GET", "gateway", json!(null)).await;
    assert_eq!((status(&head), &body["global"]), (429, &json!(true)));
    assert_eq!(header(&head, "x-ratelimit-global"), "true");
    assert_eq!(header(&head, "x-ratelimit-scope"), "global");
    assert_eq!(header(&head, "x-ratelimit-bucket"), "");
    assert_eq!(header(&head, "retry-after"), "1");
    // Interactions' routes are not bound to it.
    let (head, _) = request(
        &sandbox,
        "POST",
        "/api/v10/interactions/1/abc/callback",
        "",
        "{}",
    )
    .await;
    assert_eq!(status(&head), 404);
    let path = format!("/api/v10/webhooks/{}/abc", sandbox.application_id());
    let (head, _) = request(&sandbox, "POST", &path, "", "{}").await;
    assert_ne!(status(&head), 429);
    assert_eq!(
        header(&head, "x-ratelimit-limit"),
        "5",
        "limited without a token, too"
    );
    sandbox.clock().advance(Duration::from_secs(1));
    let (head, _) = call(&sandbox, "GET", "gateway", json!(null)).await;
    assert_eq!(status(&head), 200);
}

#[tokio::test]
async fn buckets_are_those_of_discord() {
    let sandbox = limited(RateLimits::Discord).await;
    let (head, message) = say(&sandbox).await;
    let path = format!(
        "channels/{}/messages/{}",
        sandbox.channel_id("general").unwrap(),
        message["id"].as_str().unwrap()
    );
    let (edited, _) = call(&sandbox, "PATCH", &path, json!({"content": "ho"})).await;
    assert_eq!(
        header(&edited, "x-ratelimit-remaining"),
        "3",
        "posts and edits share one"
    );
    assert_eq!(
        header(&edited, "x-ratelimit-bucket"),
        header(&head, "x-ratelimit-bucket")
    );
    let reaction = format!("{path}/reactions/%F0%9F%91%8D/@me");
    let (head, _) = call(&sandbox, "PUT", &reaction, json!(null)).await;
    assert_eq!(
        (status(&head), header(&head, "x-ratelimit-reset-after")),
        (204, "0.250")
    );
    let (head, _) = call(&sandbox, "DELETE", &reaction, json!(null)).await;
    assert_eq!(status(&head), 429);
    let mut seen = Vec::new();
    for age in [0, 11, 1_300_000] {
        sandbox.clock().advance(Duration::from_secs(age));
        let (head, _) = call(&sandbox, "DELETE", &path, json!(null)).await;
        seen.push(header(&head, "x-ratelimit-limit").to_owned());
    }
    assert_eq!(seen, ["5", "3", "30"]);
}

/// <https://github.com/discord/discord-api-docs/issues/2208>
#[tokio::test]
async fn a_channel_is_renamed_twice_in_ten_minutes() {
    let sandbox = limited(RateLimits::Discord).await;
    let path = format!("channels/{}", sandbox.channel_id("general").unwrap());
    let rename = async |name: &str| call(&sandbox, "PATCH", &path, json!({"topic": name})).await;
    for name in ["one", "two"] {
        assert_ne!(status(&rename(name).await.0), 429);
    }
    let (head, body) = rename("three").await;
    assert_eq!(status(&head), 429);
    assert_eq!(header(&head, "x-ratelimit-scope"), "shared");
    assert_eq!(
        header(&head, "x-ratelimit-remaining"),
        "7",
        "the bucket itself has room"
    );
    assert_eq!(body["message"], "The resource is being rate limited.");
    assert_eq!(body["retry_after"], 600.0);
    let (head, _) = call(&sandbox, "PATCH", &path, json!({"nsfw": false})).await;
    assert_ne!(status(&head), 429, "other fields are free");
}

#[tokio::test]
async fn who_asks_in_vain_too_often_is_banned() {
    let sandbox = limited(RateLimits::Discord).await;
    let wrong = async || {
        let headers = "Authorization: Bot wrong\r\n";
        request(&sandbox, "GET", "/api/v10/gateway/bot", headers, "").await
    };
    for _ in 0..19 {
        assert_eq!(status(&wrong().await.0), 401);
    }
    // What is older than ten minutes is forgiven.
    sandbox.clock().advance(Duration::from_secs(601));
    for _ in 0..20 {
        assert_eq!(status(&wrong().await.0), 401);
    }
    let headers = format!("Authorization: Bot {}\r\n", sandbox.token());
    let good = async || request(&sandbox, "GET", "/api/v10/gateway/bot", &headers, "").await;
    let (head, body) = good().await;
    assert_eq!((status(&head), body.as_str()), (429, "error code: 1015"));
    assert_eq!(header(&head, "retry-after"), "3600");
    assert_eq!(header(&head, "via"), "", "that is how discord.py knows it");
    sandbox.clock().advance(Duration::from_secs(3600));
    assert_eq!(status(&good().await.0), 200);
}

#[tokio::test]
async fn shared_limits_ban_nobody() {
    let sandbox = limited(RateLimits::Discord).await;
    let path = format!("channels/{}", sandbox.channel_id("general").unwrap());
    for _ in 0..30 {
        sandbox.clock().advance(Duration::from_secs(2));
        let (head, body) = call(&sandbox, "PATCH", &path, json!({"topic": "new"})).await;
        assert_ne!(body, json!("error code: 1015"), "{head}");
    }
}

#[tokio::test]
async fn commands_are_created_two_hundred_times_a_day() {
    let sandbox = limited(RateLimits::Generous).await;
    let path = format!("applications/{}/commands", sandbox.application_id());
    let named = |round: usize| {
        let command = |number: usize| json!({"name": format!("c{round}-{number}"), "description": "x", "type": 1});
        json!((0..50).map(command).collect::<Vec<_>>())
    };
    for round in 0..4 {
        let (head, _) = call(&sandbox, "PUT", &path, named(round)).await;
        assert_eq!(status(&head), 200);
    }
    let (head, _) = call(&sandbox, "PUT", &path, named(3)).await;
    assert_eq!(status(&head), 200, "the same again creates nothing");
    let one = json!({"name": "more", "description": "x", "type": 1});
    let (refused, body) = send(&sandbox, "POST", &path, Some(&one)).await;
    assert_eq!((refused, &body["code"]), (400, &json!(30034)));
    let in_guild = format!(
        "applications/{}/guilds/{}/commands",
        sandbox.application_id(),
        sandbox.guild_id()
    );
    let (created, _) = send(&sandbox, "POST", &in_guild, Some(&one)).await;
    assert_eq!(created, 201, "each guild has a limit of its own");
    sandbox.clock().advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(send(&sandbox, "POST", &path, Some(&one)).await.0, 201);
}
