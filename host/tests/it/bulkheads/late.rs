//! Handlers that take longer than they may: their futures are dropped, members are told, and it is counted.

use super::Stuck;

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_takes_too_long_is_stopped_and_the_member_is_told() {
    let stuck = Stuck::with("handler_deadline_s = 1").await;
    let (bot, member) = (&stuck.bot, stuck.bot.member());
    bot.until_content_is_seen().await;
    // Its own deadline, and the operator's.
    for (command, took) in [("!dawdle", "50 ms"), ("!drift", "1 s")] {
        let answer = bot.ask(&member, command).await.text();
        assert!(
            answer.contains(&format!("That took longer than {took} and was stopped"))
                && answer.contains("error id"),
            "{answer}"
        );
    }
    let slash = member.slash("general", "dawdle", &[]).await.unwrap();
    let answer = member.expects_reply_to(&slash).await.unwrap().text();
    assert!(answer.contains("That took longer than 50 ms"), "{answer}");
    // Its locals were dropped each time; a listener's as well, to which nobody waits for an answer.
    member.says("general", "dawdle").await.unwrap();
    let left = async { while bot.ask(&member, "!left").await.content != "left 3" {} };
    tokio::time::timeout(crate::support::PATIENCE, left)
        .await
        .unwrap();
    assert_eq!(bot.ask(&member, "!tally").await.content, "tally 1");
    stuck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_waits_for_a_member_does_not_count() {
    let stuck = Stuck::with("").await;
    let (bot, member) = (&stuck.bot, stuck.bot.member());
    bot.ask(&member, "!wonder").await;
    // Others that may take as long are over one after the other meanwhile: this one waits for longer than it may run.
    for _ in 0..8 {
        bot.ask(&member, "!dawdle").await;
    }
    let clicked = member.clicks("Yes").await.unwrap();
    let _ = clicked;
    member.expects("general", "went on").await.unwrap();
    stuck.close().await;
}
