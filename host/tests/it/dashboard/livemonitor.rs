//! The commands `livemonitor …`: the way in, whether there is one, and who has gone through it.

use sandbox::{Actor, MessageView};

use super::{dashboard, gives};
use crate::{
    pages::browser::Browser,
    support::{Fixture, PATIENCE},
};

async fn bot() -> Fixture {
    let bot = dashboard(&[]).await;
    let registered = bot.sandbox.commands_registered("livemonitor", PATIENCE);
    registered.await.unwrap();
    bot
}

/// What a slash command answers, for the asker alone.
async fn slash(who: &Actor, line: &str) -> MessageView {
    let asked = who.slash_line("general", line).await.unwrap();
    let seen = who.expects_reply_to(&asked).await.unwrap();
    assert!(seen.ephemeral, "{line}: {}", seen.text());
    seen
}

/// The same, with these words in it.
async fn has(who: &Actor, line: &str, words: &[&str]) {
    let text = slash(who, line).await.text();
    for word in words {
        assert!(text.contains(word), "{line}: no {word:?} in {text}");
    }
}

/// A member is told whom a command is for; by slash they are not even shown it.
async fn refused(bot: &Fixture, line: &str) {
    let member = bot.member();
    let hidden = member.slash_line("general", "livemonitor status").await;
    assert!(hidden.is_err(), "{hidden:?}");
    let answer = bot.ask(&member, &format!("!{line}")).await.text();
    assert!(answer.contains("owner"), "{line}: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_gets_a_link_by_direct_message_that_logs_in_once() {
    let bot = bot().await;
    let owner = bot.owner();
    let answer = slash(&owner, "livemonitor quickstart").await.text();
    assert!(answer.contains("I have sent you a link"), "{answer}");
    assert!(
        !answer.contains("http") && !answer.contains('#'),
        "{answer}"
    );
    let told = owner.expects("dm", "This link logs you in").await.unwrap();
    let link = told
        .content
        .split_whitespace()
        .find(|it| it.starts_with("http"));
    let link = link.unwrap().to_owned();
    let browser = Browser::of(&bot);
    browser.follows_link(&link).await.is(200, "/");
    browser.get("/p/dashboard/").await.is(200, "Overview");
    let again = Browser::of(&bot);
    again.follows_link(&link).await.is(403, "used before");
    // By prefix the answer is where it was typed, and as empty of links.
    let typed = bot.ask(&owner, "!livemonitor quickstart").await.text();
    assert!(
        typed.contains("I have sent you a link") && !typed.contains("http"),
        "{typed}"
    );
    // Nobody else gets one.
    refused(&bot, "livemonitor quickstart").await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_closed_direct_messages_no_link_is_shown_anywhere() {
    let bot = bot().await;
    let owner = bot.sandbox.owner_id();
    bot.sandbox
        .change_world(|world| world.take_direct_messages(owner, false));
    let text = slash(&bot.owner(), "livemonitor quickstart").await.text();
    assert!(
        text.contains("allow direct messages") && !text.contains("http"),
        "{text}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_are_switched_off_and_on_and_their_state_is_told() {
    let bot = bot().await;
    let owner = bot.owner();
    let browser = Browser::owner(&bot).await;
    let url = bot.bot.services().pages.url().unwrap();
    has(&owner, "livemonitor url", &[&url]).await;
    has(
        &owner,
        "livemonitor status",
        &["1 session logged in", &url, "Logging in with Discord"],
    )
    .await;
    has(
        &owner,
        "livemonitor disable",
        &["is off", "livemonitor enable"],
    )
    .await;
    has(&owner, "livemonitor status", &["Switched off"]).await;
    has(&owner, "livemonitor url", &["No pages are served"]).await;
    has(&owner, "livemonitor quickstart", &["pages"]).await;
    has(&owner, "livemonitor enable", &["is on"]).await;
    // Who was logged in is so again, wherever pages are served now.
    let served = async {
        while bot.bot.services().pages.url().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, served).await.unwrap();
    let now = bot.bot.services().pages.url().unwrap();
    if now == url {
        browser.get("/p/dashboard/").await.is(200, "Overview");
    }
    refused(&bot, "livemonitor disable").await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_by_number_user_or_all() {
    let bot = bot().await;
    let (owner, member) = (bot.owner(), bot.member());
    has(&owner, "livemonitor sessions", &["Nobody is logged in"]).await;
    let first = Browser::owner(&bot).await;
    let second = Browser::owner(&bot).await;
    gives(&first, &member, "Visitor").await;
    let visitor = Browser::through_discord(&bot, &member).await;
    let mention = format!("<@{}>", member.id());
    has(
        &owner,
        "livemonitor sessions",
        &[
            "**1**",
            "**2**",
            "**3**",
            &mention,
            "Visitor",
            "by link",
            "with Discord",
        ],
    )
    .await;
    has(&owner, "livemonitor revoke whom:2", &["1 session ended"]).await;
    second.get("/p/dashboard/").await.is(303, "");
    first.get("/p/dashboard/").await.is(200, "Overview");
    has(
        &owner,
        "livemonitor revoke whom:2",
        &["There is no session 2"],
    )
    .await;
    has(
        &owner,
        &format!("livemonitor revoke whom:{}", member.id()),
        &["1 session ended"],
    )
    .await;
    visitor.get("/p/dashboard/").await.is(303, "");
    has(
        &owner,
        "livemonitor revoke whom:me",
        &["neither a session's number"],
    )
    .await;
    has(&owner, "livemonitor revoke whom:all", &["1 session ended"]).await;
    first.get("/p/dashboard/").await.is(303, "");
    refused(&bot, "livemonitor revoke all").await;
    bot.close().await;
}
