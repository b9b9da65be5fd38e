//! Tests of the host's manners towards a plugin that misbehaves.

use std::time::Duration;

use crate::support::{Fixture, only_in_process};

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_fails_one_call_with_an_error_id_and_leaves_the_plugin_alive() {
    let bot = Fixture::with(&["misbehave"]).await;
    let member = bot.member();
    for manner in ["panic", "error"] {
        let answer = bot.ask(&member, &format!("!misbehave {manner}")).await;
        assert_eq!(answer.embeds[0]["color"], 0xC0_39_2B);
        let answer = answer.text();
        assert!(answer.contains("error id: `"), "{answer}");
        assert!(
            !answer.contains("misbehaving"),
            "the member is not told the inside: {answer}"
        );
    }
    let answer = bot.ask(&member, "!misbehave user-error").await.content;
    assert_eq!(answer, "that is not how it is done");
    assert_eq!(bot.ask(&member, "!work").await.content, "worked 499500");
    let status = bot.plugins().status();
    assert_eq!(status[0].serving.as_ref().unwrap().load.panics, 1);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_never_ends_is_cancelled_and_the_member_is_told() {
    let bot = Fixture::configured(&["misbehave"], "[extensions]\nstop_timeout_ms = 200").await;
    let member = bot.member();
    let sent = member.says("general", "!misbehave never").await.unwrap();
    // Answered behind it: the first is in its handler by now.
    bot.ask(&member, "!work").await;
    bot.plugins().reload("misbehave").await.unwrap();
    let answer = member.expects_reply_to(&sent).await.unwrap().text();
    assert!(answer.contains("error id"), "{answer}");
    assert_eq!(bot.plugins().abandoned(), Vec::<String>::new());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_runs_during_a_reload_ends_on_its_old_generation() {
    let bot = Fixture::with(&["misbehave"]).await;
    let member = bot.member();
    let sent = member.says("general", "!misbehave slow").await.unwrap();
    bot.ask(&member, "!work").await;
    bot.plugins().reload("misbehave").await.unwrap();
    assert_eq!(
        member.expects_reply_to(&sent).await.unwrap().content,
        "done: slow"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_blocks_is_written_off_and_a_new_generation_serves_beside_it() {
    if only_in_process("a cell that blocks is killed, and not written off") {
        return;
    }
    let bot = Fixture::configured(
        &["misbehave", "counter"],
        "[extensions]\nstop_timeout_ms = 100\nsave_timeout_ms = 100",
    )
    .await;
    let member = bot.member();
    let stuck = member.says("general", "!misbehave block").await.unwrap();
    // Nobody else is touched.
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    // Its state can't be saved: a reload is refused and says so.
    let error = bot
        .plugins()
        .reload("misbehave")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("save did not return within 100ms"),
        "{error}"
    );
    // `unload force` writes it off: never unmapped under its own feet.
    let report = bot.plugins().unload("misbehave", true).await.unwrap();
    assert!(
        !report.unmapped && report.stayed[0].contains("did not stop in time"),
        "{report:?}"
    );
    assert!(
        member
            .expects_reply_to(&stuck)
            .await
            .unwrap()
            .text()
            .contains("error id")
    );
    bot.plugins().load("misbehave").await.unwrap();
    assert_eq!(bot.ask(&member, "!work").await.content, "worked 499500");
    assert_eq!(bot.plugins().abandoned(), ["misbehave#1"]);
    // The bot stops in time all the same.
    tokio::time::timeout(Duration::from_secs(30), bot.close())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_after_an_unload_is_reported() {
    if only_in_process("nothing can stay of a process that has ended") {
        return;
    }
    let bot = Fixture::with(&["misbehave"]).await;
    let member = bot.member();
    assert_eq!(
        bot.ask(&member, "!misbehave leak").await.content,
        "done: leak"
    );
    let report = bot.plugins().unload("misbehave", false).await.unwrap();
    assert!(report.unmapped, "{report:?}");
    assert!(
        report
            .stayed
            .iter()
            .any(|line| line.contains("bytes of heap")),
        "{report:?}"
    );
    assert!(report.returned_bytes > 1_000_000, "{report:?}");

    bot.plugins().load("misbehave").await.unwrap();
    assert_eq!(
        bot.ask(&member, "!misbehave thread").await.content,
        "done: thread"
    );
    let report = bot.plugins().unload("misbehave", false).await.unwrap();
    assert!(!report.unmapped, "{report:?}");
    assert!(
        report
            .stayed
            .iter()
            .any(|line| line.contains("1 thread(s)")),
        "{report:?}"
    );

    bot.plugins().load("misbehave").await.unwrap();
    let report = bot.plugins().unload("misbehave", false).await.unwrap();
    // Descriptors are the process's: other tests open files, too (`cli.rs` has a process of its own).
    let of_the_plugin = |line: &&String| !line.contains("descriptor");
    let stayed = report.stayed.iter().filter(of_the_plugin).count();
    assert!(report.unmapped && stayed == 0, "{report:?}");
    bot.close().await;
}
