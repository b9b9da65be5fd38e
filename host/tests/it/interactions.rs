//! Tests of slash commands with typed options, buttons and modals; also across a reload and a restart.

use host_discord::reply::{Kind, Received};
use serde_json::json;

use crate::support::{Fixture, PATIENCE};

#[tokio::test(flavor = "multi_thread")]
async fn options_are_the_same_by_prefix_and_by_slash() {
    let bot = Fixture::with(&["echo"]).await;
    let member = bot.member();
    bot.sandbox
        .commands_registered("echo", PATIENCE)
        .await
        .unwrap();
    let options = [
        ("text", json!("hi there")),
        ("times", json!(2)),
        ("loud", json!(true)),
        ("colour", json!("red")),
    ];
    let asked = member.slash("general", "echo", &options).await.unwrap();
    let slash = member.expects_reply_to(&asked).await.unwrap();
    let prefix = bot.ask(&member, "!echo \"hi there\" 2 yes red").await;
    assert_eq!(slash.text(), "Echo\nHI THERE HI THERE");
    assert_eq!(prefix.embeds, slash.embeds);

    let wrong = bot.ask(&member, "!echo hi nine").await.content;
    assert_eq!(
        wrong,
        "`times` can't be `nine`: a whole number from 1 to 5 is expected.\n\
         Usage: `!echo <text> [times] [loud] [red|green|blue] [to]`"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_answer_never_appears_in_the_channel() {
    let bot = Fixture::with(&["echo"]).await;
    let member = bot.member();
    bot.sandbox
        .commands_registered("whisper", PATIENCE)
        .await
        .unwrap();
    let asked = member
        .slash("general", "whisper", &[("text", json!("secret"))])
        .await
        .unwrap();
    let answer = member.expects_reply_to(&asked).await.unwrap();
    assert!(answer.ephemeral && answer.content == "psst: secret");
    // By prefix it goes to direct messages.
    member
        .says("general", "!whisper secret again")
        .await
        .unwrap();
    assert_eq!(
        member.expects("dm", "psst").await.unwrap().content,
        "psst: secret again"
    );
    let others = bot.owner().messages("general");
    assert!(
        others
            .iter()
            .all(|message| !message.content.contains("psst")),
        "{others:?}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modal_is_opened_and_submitted_across_a_reload() {
    let bot = Fixture::with(&["echo"]).await;
    let member = bot.member();
    bot.sandbox
        .commands_registered("letter", PATIENCE)
        .await
        .unwrap();
    member.slash("general", "letter", &[]).await.unwrap();
    bot.plugins().reload("echo").await.unwrap();
    let sent = member
        .submits(&[("Subject", "Tea"), ("body", "No milk.")])
        .await
        .unwrap();
    let text = member.expects_reply_to(&sent).await.unwrap().text();
    assert!(
        text.starts_with("Letter: Tea\nNo milk.") && text.contains("opened by"),
        "{text}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_is_served_after_a_reload_and_after_a_restart() {
    let bot = Fixture::with(&["counter"]).await;
    let member = bot.member();
    bot.ask(&member, "!count").await;
    let clicked = member.clicks("One more").await.unwrap();
    assert!(
        member
            .expects_reply_to(&clicked)
            .await
            .unwrap()
            .content
            .starts_with("Count: 2")
    );
    bot.ask(&member, "!count").await;
    bot.plugins().reload("counter").await.unwrap();
    let clicked = member.clicks("One more").await.unwrap();
    assert!(
        member
            .expects_reply_to(&clicked)
            .await
            .unwrap()
            .content
            .starts_with("Count: 4")
    );
    bot.ask(&member, "!count").await;
    let bot = bot.restart().await;
    let member = bot.member();
    let clicked = member.clicks("One more").await.unwrap();
    assert!(
        member
            .expects_reply_to(&clicked)
            .await
            .unwrap()
            .content
            .starts_with("Count: 6")
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_defers_by_itself_and_says_when_nothing_was_answered() {
    let bot = Fixture::with(&["misbehave"]).await;
    let member = bot.member();
    bot.sandbox
        .commands_registered("misbehave", PATIENCE)
        .await
        .unwrap();
    // Three seconds: longer than Discord waits.
    let slow = member
        .slash("general", "misbehave", &[("manner", json!("slow"))])
        .await
        .unwrap();
    assert_eq!(
        member.expects_reply_to(&slow).await.unwrap().content,
        "done: slow"
    );
    let silent = member
        .slash("general", "misbehave", &[("manner", json!("silent"))])
        .await
        .unwrap();
    assert_eq!(
        member.expects_reply_to(&silent).await.unwrap().content,
        "Done."
    );
    let panics = member
        .slash("general", "misbehave", &[("manner", json!("panic"))])
        .await
        .unwrap();
    let answer = member.expects_reply_to(&panics).await.unwrap();
    assert!(
        answer.ephemeral && answer.text().contains("error id"),
        "{}",
        answer.text()
    );
    bot.close().await;
}

/// What it costs is in `just bench`.
#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_behind_twenty_thousand_others_is_answered_as_any() {
    let bot = Fixture::with(&["hello"]).await;
    let registered = bot.sandbox.commands_registered("hello", PATIENCE);
    registered.await.unwrap();
    let replies = &bot.bot.services().replies;
    for id in 1..=20_000 {
        replies.register(Received {
            id,
            token: "a token as long as those that Discord sends with each interaction that it sends",
            user: 0,
            kind: Kind::Command,
            ephemeral: false,
            source: None,
        });
    }
    assert!(replies.open_count() >= 20_000);
    let member = bot.member();
    let used = member.slash("general", "hello", &[]).await.unwrap();
    let answer = member.expects_reply_to(&used).await.unwrap();
    assert_eq!(answer.content, "Hello, member!");
    bot.close().await;
}
