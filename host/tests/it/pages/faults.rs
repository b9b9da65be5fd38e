//! Faults of the reference system's live monitor, each by its number in the inventory (§8.6), as what a page of ours does instead.

use reqwest::Method;
use serde_json::json;

use super::{browser::Browser, give, logins::journal, tearoom};

/// 49: all it knows is in files that anybody reads.
#[tokio::test(flavor = "multi_thread")]
async fn fault_49_nothing_is_told_to_whoever_is_not_logged_in() {
    let bot = tearoom("").await;
    let nobody = Browser::of(&bot);
    for path in [
        "/",
        "/p/tearoom/",
        "/p/tearoom/echo/x",
        "/openapi.json",
        "/events?topics=host:log",
        "/monitor_data_core.json",
        "/p/dashboard/",
    ] {
        let answer = nobody.sends(Method::GET, path, "", &[]).await;
        assert!(
            [401, 404].contains(&answer.status.as_u16()),
            "{path}: {answer:?}"
        );
        assert!(!answer.text.contains("tearoom"), "{path}: {answer:?}");
    }
    bot.close().await;
}

/// 50: until somebody has claimed it, whoever comes first owns it.
#[tokio::test(flavor = "multi_thread")]
async fn fault_50_whoever_comes_first_owns_nothing() {
    let bot = tearoom("").await;
    let first = Browser::of(&bot);
    first
        .comes_from_discord(&bot.member())
        .await
        .is(403, "have no role here");
    for path in ["/setup", "/setup.php?setup_token=x", "/login/setup"] {
        first.get(path).await.is(404, "");
    }
    first
        .post("/login/link", &"0".repeat(64))
        .await
        .is(403, "used before");
    bot.close().await;
}

/// 52: what is allowed is looked at by one name, and what is done by another; and what is unknown is allowed.
#[tokio::test(flavor = "multi_thread")]
async fn fault_52_what_is_looked_at_is_what_is_done() {
    let bot = tearoom("").await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    give(&owner, member.id(), Some("Visitor")).await;
    let visitor = Browser::through_discord(&bot, &member).await;
    visitor
        .does(
            "/p/tearoom/reload?command=plugins.list",
            json!({"action": "plugins.list"}),
        )
        .await
        .is(403, "`plugins.reload`");
    visitor
        .does("/p/tearoom/unheard_of", json!({}))
        .await
        .is(404, "");
    bot.close().await;
}

/// 54: others' words run as scripts of the page.
#[tokio::test(flavor = "multi_thread")]
async fn fault_54_no_page_runs_what_stands_in_it() {
    let bot = tearoom("").await;
    let owner = Browser::owner(&bot).await;
    let answer = owner
        .get("/p/tearoom/echo/%3Cimg%20src=x%20onerror=alert(1)%3E")
        .await;
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(
        answer.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    let refused = owner.get("/p/%3Cscript%3E/").await;
    assert!(!refused.text.contains("<script>"), "{refused:?}");
    bot.close().await;
}

/// 55: whoever may change the table of users makes an owner of themselves. `rights.rs` has the whole of it.
#[tokio::test(flavor = "multi_thread")]
async fn fault_55_nobody_makes_an_owner_of_themselves() {
    let bot = tearoom("").await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    let role = json!({"role": "Registrar", "rights": ["pages.set_user", "pages.set_role"]});
    owner.does("/p/tearoom/set_role", role).await.is(200, "");
    give(&owner, member.id(), Some("Registrar")).await;
    let registrar = Browser::through_discord(&bot, &member).await;
    let myself = member.id().to_string();
    for role in ["Owner", "Helper", "Visitor"] {
        let body = json!({"user_id": myself, "role": role});
        let answer = registrar.does("/p/tearoom/set_user", body).await;
        assert!(
            [400, 403].contains(&answer.status.as_u16()),
            "{role}: {answer:?}"
        );
    }
    bot.close().await;
}

/// 56: secrets in channels, tokens in URLs, no end of them.
#[tokio::test(flavor = "multi_thread")]
async fn fault_56_no_token_stands_in_an_address_a_page_a_log_or_on_the_disk() {
    let bot = tearoom("").await;
    let owner = Browser::owner(&bot).await;
    let cookies = owner.cookies();
    let tokens: Vec<&str> = cookies.split('"').filter(|it| it.len() == 64).collect();
    assert_eq!(tokens.len(), 2, "{cookies}");
    let pages = [
        owner.get("/p/tearoom/").await,
        owner.get("/p/tearoom/sessions").await,
        owner.get("/openapi.json").await,
    ];
    let mut texts: Vec<String> = pages.into_iter().map(|it| it.text).collect();
    bot.bot.services().pages.touch();
    texts.push(journal(&bot));
    for file in ["access.json", "sessions.json"] {
        texts
            .push(std::fs::read_to_string(bot.data().join("pages").join(file)).unwrap_or_default());
    }
    let secret = bot.sandbox.oauth_client().secret;
    for text in &texts {
        for token in tokens
            .iter()
            .copied()
            .chain([&*secret, bot.sandbox.token().as_str()])
        {
            assert!(!text.contains(token), "{text}");
        }
    }
    bot.close().await;
}

/// 57: the page says who acts.
#[tokio::test(flavor = "multi_thread")]
async fn fault_57_the_session_says_who_acts_and_not_the_page() {
    let bot = tearoom("").await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    give(&owner, member.id(), Some("Visitor")).await;
    let visitor = Browser::through_discord(&bot, &member).await;
    let id = bot.sandbox.owner_id();
    let acts = format!("acts Some({})", member.id());
    visitor
        .get(&format!("/p/tearoom/?discord_id={id}&user_id={id}"))
        .await
        .is(200, &acts);
    let headers = [("x-user-id", "1"), ("x-forwarded-user", "owner")];
    visitor
        .sends(Method::GET, "/p/tearoom/", "", &headers)
        .await
        .is(200, &acts);
    bot.close().await;
}

/// A page of another site, or another name for this server, does nothing; 56's request signing and replay protection.
#[tokio::test(flavor = "multi_thread")]
async fn fault_56_another_sites_page_does_nothing_here() {
    let bot = tearoom("").await;
    let owner = Browser::owner(&bot).await;
    let url = bot.bot.services().pages.url().unwrap();
    let csrf = owner
        .cookies()
        .split("csrf-")
        .nth(1)
        .unwrap()
        .split('"')
        .nth(2)
        .unwrap()
        .to_owned();
    let post = async |headers: &[(&str, &str)]| {
        owner
            .sends(Method::POST, "/p/tearoom/pour", "x", headers)
            .await
    };
    post(&[("origin", &url), ("x-csrf", &csrf)])
        .await
        .is(200, "poured");
    post(&[("x-csrf", &csrf)]).await.is(403, "Origin");
    post(&[("origin", "https://evil.example"), ("x-csrf", &csrf)])
        .await
        .is(403, "evil.example");
    post(&[("origin", "null"), ("x-csrf", &csrf)])
        .await
        .is(403, "");
    post(&[("origin", &url)]).await.is(403, "x-csrf");
    post(&[("origin", &url), ("x-csrf", &"0".repeat(64))])
        .await
        .is(403, "x-csrf");
    post(&[
        ("origin", &url),
        ("x-csrf", &csrf),
        ("sec-fetch-site", "cross-site"),
    ])
    .await
    .is(403, "");
    post(&[
        ("origin", &url),
        ("x-csrf", &csrf),
        ("host", "evil.example"),
    ])
    .await
    .is(421, "not a name of this server");
    bot.close().await;
}

/// 61, 62: how it goes on is looked for every few seconds, by everybody, and commands are lost on their way.
#[tokio::test(flavor = "multi_thread")]
async fn fault_61_what_is_asked_is_done_and_answered_in_the_same_request() {
    let bot = tearoom("").await;
    let owner = Browser::owner(&bot).await;
    for round in 2..5 {
        owner.post("/p/tearoom/reload", "").await.is(200, "");
        bot.until_generation("hello", round).await;
    }
    let text = journal(&bot);
    assert_eq!(
        text.matches("\"plugins.reload\"").count(),
        3,
        "each is an entry: {text}"
    );
    assert!(
        text.contains(&format!("\"user\":{}", bot.sandbox.owner_id())),
        "with who it was: {text}"
    );
    bot.close().await;
}
