//! Logging in by both ways, sessions, and their end.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use super::{
    browser::{Browser, PAGES},
    give, tearoom,
};
use crate::support::{Fixture, PATIENCE};

/// The audit journal, as text.
pub fn journal(bot: &Fixture) -> String {
    let folder = bot.data().join("audit");
    let files = fs::read_dir(folder).unwrap();
    files
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap_or_default())
        .collect()
}

/// The same once it has all of this: what a host call has done is answered, and then written down.
pub async fn journal_with(bot: &Fixture, wanted: &[&str]) -> String {
    let all = async {
        loop {
            let text = journal(bot);
            if wanted.iter().all(|it| text.contains(it)) {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let read = tokio::time::timeout(PATIENCE, all).await;
    read.unwrap_or_else(|_| panic!("not all of {wanted:?} is in {}", journal(bot)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_logs_in_once_and_nobody_who_sees_it_on_its_way_can_use_it_later() {
    let bot = tearoom("").await;
    let link = bot
        .bot
        .services()
        .pages
        .link(bot.sandbox.owner_id(), "owner")
        .unwrap();
    let (page, token) = link.address.split_once('#').unwrap();
    // What looks at links before people do (a preview) uses none up.
    let first = Browser::of(&bot);
    first
        .get(
            page.split_once("/login")
                .map(|(_, rest)| format!("/login{rest}"))
                .unwrap()
                .as_str(),
        )
        .await
        .is(200, "Log in");
    first.follows_link(&link.address).await.is(200, "/");
    first
        .get("/p/tearoom/")
        .await
        .is(200, "owner is Owner, owner true");
    let second = Browser::of(&bot);
    second
        .follows_link(&link.address)
        .await
        .is(403, "used before");
    second.get("/p/tearoom/").await.is(303, "");
    let (hash, written) = (token.to_owned(), journal(&bot));
    assert!(
        written.contains("pages.login") && written.contains("refused: the link was used before")
    );
    assert!(!written.contains(&hash) && !first.cookies().contains(&hash));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn discord_logs_in_whoever_has_a_role_and_tells_the_others_who_gives_one() {
    let bot = tearoom("").await;
    let (owner, member) = (bot.owner(), bot.member());
    let admin = Browser::through_discord(&bot, &owner).await;
    admin
        .get("/p/tearoom/")
        .await
        .is(200, "is Owner, owner true");
    let stranger = Browser::of(&bot);
    stranger
        .comes_from_discord(&member)
        .await
        .is(403, "have no role here");
    stranger.get("/p/tearoom/").await.is(303, "");
    give(&admin, member.id(), Some("Visitor")).await;
    let visitor = Browser::through_discord(&bot, &member).await;
    visitor
        .get("/p/tearoom/")
        .await
        .is(200, "is Visitor, owner false");
    assert!(journal(&bot).contains("the user has no role"));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_logged_in_by_an_answer_that_another_browser_has_begun() {
    let bot = tearoom("").await;
    let (mine, theirs) = (Browser::of(&bot), Browser::of(&bot));
    let start = mine.get("/login/discord/start").await;
    let link = start.leads().to_owned();
    assert!(
        link.contains("code_challenge_method=S256") && link.contains("state="),
        "{link}"
    );
    let back = bot.owner().authorizes(&link).await.unwrap();
    let path = back
        .split_once("/login")
        .map(|(_, rest)| format!("/login{rest}"))
        .unwrap();
    theirs.get(&path).await.is(403, "not begun in this browser");
    mine.get(&path).await.is(200, "You are logged in");
    mine.get(&path).await.is(403, "not begun in this browser");
    mine.post("/logout", "").await.is(303, "");
    let start = mine.get("/login/discord/start").await;
    let back = bot.owner().declines(start.leads()).await.unwrap();
    let path = back
        .split_once("/login")
        .map(|(_, rest)| format!("/login{rest}"))
        .unwrap();
    mine.get(&path).await.is(403, "have not let the bot know");
    mine.get("/p/tearoom/").await.is(303, "");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_logging_out_by_the_owner_and_with_the_role() {
    let bot = tearoom("").await;
    let (owner, member) = (Browser::owner(&bot).await, bot.member());
    give(&owner, member.id(), Some("Visitor")).await;
    let one = Browser::through_discord(&bot, &member).await;
    let other = Browser::through_discord(&bot, &member).await;
    one.post("/logout", "").await.is(303, "");
    one.get("/p/tearoom/").await.is(303, "");
    other.get("/p/tearoom/").await.is(200, "Visitor");
    let sessions = owner.get("/p/tearoom/sessions").await;
    let sessions: Value = serde_json::from_str(&sessions.text).unwrap();
    let theirs = sessions
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["role"] == "Visitor")
        .unwrap();
    let stream = other.follows("tearoom:kettle").await;
    owner
        .does("/p/tearoom/revoke", json!({"session": theirs["number"]}))
        .await
        .is(200, "1");
    stream.ends().await;
    other.get("/p/tearoom/").await.is(303, "");
    let again = Browser::through_discord(&bot, &member).await;
    let stream = again.follows("tearoom:kettle").await;
    give(&owner, member.id(), None).await;
    stream.ends().await;
    again
        .get("/p/tearoom/")
        .await
        .is(403, "no role here any more");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_logged_in_stays_so_over_a_restart_and_roles_are_kept() {
    let config = format!("{PAGES}url = \"http://bot.localhost\"\nhosts = [\"bot.localhost\"]\n");
    let bot = Fixture::configured(&["hello"], &config).await;
    bot.until_generation("hello", 1).await;
    let services = bot.bot.services();
    let link = services
        .pages
        .link(bot.sandbox.owner_id(), "owner")
        .unwrap();
    let port = services.pages.address().unwrap().port();
    let browser = Browser::at(&format!("http://127.0.0.1:{port}"));
    let token = link.address.split_once('#').unwrap().1;
    browser.post("/login/link", token).await.is(200, "/");
    browser.get("/openapi.json").await.is(200, "paths");
    let bot = bot.restart().await;
    let port = bot.bot.services().pages.address().unwrap().port();
    let again = Browser::at(&format!("http://127.0.0.1:{port}")).with_cookies_of(&browser);
    again.get("/openapi.json").await.is(200, "paths");
    bot.close().await;
}
