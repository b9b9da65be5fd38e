//! A plugin whose thread does not go on: noticed while nobody unloads it, told of, and taken over from.

use std::fmt::Write as _;

use serde_json::json;

use super::{Stuck, until_stuck};
use crate::support::{Fixture, in_cells, only_in_process};

/// Whether the next generation serves.
async fn is_taken_over(bot: &Fixture, generation: u64) {
    bot.until_generation("mire", generation).await;
    let tally = bot.ask(&bot.member(), "!tally").await.content;
    assert_eq!(tally, "tally 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_a_stuck_plugin_gets_an_answer_and_a_fresh_generation_takes_over() {
    let stuck = Stuck::with("watchdog_s = 1").await;
    let (bot, member) = (&stuck.bot, stuck.bot.member());
    assert_eq!(bot.ask(&member, "!tally").await.content, "tally 1");
    bot.plugins().save_state(&"mire".into()).await.unwrap();
    let begun = member.says("general", "!stick sleep").await.unwrap();
    until_stuck(bot).await;
    // They wait behind it, and are served by the next one, in order and with the state that was saved.
    let mut waiting = Vec::new();
    for _ in 0..100 {
        waiting.push(member.says("general", "!tally").await.unwrap());
    }
    let told = member.expects_reply_to(&begun).await.unwrap().text();
    assert!(told.contains("error id"), "{told}");
    for (number, sent) in waiting.iter().enumerate() {
        let answer = member.expects_reply_to(sent).await.unwrap();
        assert_eq!(answer.content, format!("tally {}", number + 2));
    }
    // Nobody else was touched, and the owner sees what is left.
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    let left: &[&str] = if in_cells() { &[] } else { &["mire#1"] };
    assert_eq!(bot.plugins().abandoned(), left);
    let extensions = bot.ask(&bot.owner(), "!extensions").await.text();
    assert_eq!(extensions.contains("mire#1"), !in_cells(), "{extensions}");
    stuck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_is_stuck_it_is_taken_over_from() {
    let stuck = Stuck::with("watchdog_s = 1\nabandoned_generations = 100").await;
    let (bot, member) = (&stuck.bot, stuck.bot.member());
    bot.until_content_is_seen().await;
    let mut generation = 1;
    // Commands, by prefix and in direct messages; a command that is deferred by then; a lock that is never given back.
    for how in ["sleep", "c", "later", "lock"] {
        let sent = member.says("dm", &format!("!stick {how}")).await.unwrap();
        generation += 1;
        is_taken_over(bot, generation).await;
        let told = member.expects_reply_to(&sent).await.unwrap().text();
        assert!(told.contains("error id"), "{how}: {told}");
    }
    // What nobody waits for: a listener, in a server and in direct messages, a hook, a task that nothing else follows.
    for (place, text) in [
        ("general", "stick"),
        ("dm", "stick"),
        ("general", "!stick hook"),
        ("general", "!stick background"),
    ] {
        member.says(place, text).await.unwrap();
        generation += 1;
        is_taken_over(bot, generation).await;
    }
    // An interaction is answered as well.
    bot.ask(&member, "!offer").await;
    let clicked = member.clicks("Stick").await.unwrap();
    generation += 1;
    is_taken_over(bot, generation).await;
    let told = member.expects_reply_to(&clicked).await.unwrap().text();
    assert!(told.contains("error id"), "{told}");
    let typed = [("how", json!("stick"))];
    let proposed = member
        .autocompletes("general", "stick", &typed, "how")
        .await;
    assert_eq!(proposed.unwrap(), Vec::<serde_json::Value>::new());
    generation += 1;
    is_taken_over(bot, generation).await;
    stuck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_told_where_and_whether_it_spins() {
    let stuck = Stuck::with("watchdog_s = 8").await;
    let general = stuck.bot.sandbox.channel_id("general").unwrap();
    let mut config = stuck.config.clone();
    write!(config, "[alerts]\nchannel_id = {general}\n").unwrap();
    let stuck = stuck.reconfigured(&config).await;
    let (bot, owner) = (&stuck.bot, stuck.bot.owner());
    let after = bot.member().says("general", "!stick spin").await.unwrap();
    let alert = |text: &'static str| {
        owner.expects_where("general", text, move |message| {
            message.id > after.id && message.content.contains(text)
        })
    };
    let early = alert("does not go on").await.unwrap().content;
    assert!(
        early.contains(
            "The plugin `mire` does not go on: its thread has been in command `stick` for "
        ) && early.contains(" s, and spins. All that is for it waits."),
        "{early}"
    );
    let late = alert("has failed").await.unwrap().content;
    let end = match in_cells() {
        true => ") was killed: its thread had been in command `stick` for ",
        false => " is abandoned (1 of the plugin's so far, 3 at most",
    };
    assert!(
        late.contains(" been in command `stick` for ")
            && late.contains("it spins: ")
            && late.contains(end)
            && late.contains("another one takes over"),
        "{late}"
    );
    stuck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_stuck_again_and_again_stays_failed_until_it_is_loaded() {
    if only_in_process(
        "the budget of abandoned generations: a stuck cell is ended, and counts as none",
    ) {
        return;
    }
    let stuck = Stuck::with("watchdog_s = 1\nabandoned_generations = 2").await;
    let (bot, member) = (&stuck.bot, stuck.bot.member());
    member.says("general", "!stick sleep").await.unwrap();
    is_taken_over(bot, 2).await;
    member.says("general", "!stick sleep").await.unwrap();
    let waits = member.says("general", "!tally").await.unwrap();
    let error = stuck.error("tries anew").await;
    assert!(
        error.contains("in command `stick`")
            && error.contains("2 of the plugin's so far, 2 at most"),
        "{error}"
    );
    // What would have waited for another generation is answered as well.
    let told = member.expects_reply_to(&waits).await.unwrap().text();
    assert!(told.contains("error id"), "{told}");
    bot.until(|all| {
        all.iter()
            .all(|it| !it.plugin.is("mire") || it.serving.is_none())
    })
    .await;
    bot.plugins().load("mire").await.unwrap();
    assert_eq!(bot.ask(&member, "!tally").await.content, "tally 1");
    // Once more is once too often.
    member.says("general", "!stick sleep").await.unwrap();
    stuck.error("3 of the plugin's so far, 2 at most").await;
    stuck.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_watchdog_it_may_take_as_long_as_it_does_and_the_setting_is_taken_over() {
    let stuck = Stuck::with("watchdog_s = 0").await;
    let (bot, member) = (&stuck.bot, stuck.bot.member());
    let sent = member.says("general", "!stick sleep").await.unwrap();
    // Told of after 5 s, and let be.
    let told = bot
        .ask(&bot.owner(), "!cogwright set limits.watchdog_s 1")
        .await
        .text();
    assert!(told.contains("watchdog_s"), "{told}");
    is_taken_over(bot, 2).await;
    let told = member.expects_reply_to(&sent).await.unwrap().text();
    assert!(told.contains("error id"), "{told}");
    stuck.close().await;
}
