//! Tests of a cell's life: it serves, hands its state over, ends with its plugin, and is started again alone.

use crate::{
    cells::{IN_CELLS, cell, is_alive, kill, rascal},
    support::Fixture,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_in_a_cell_answers_and_keeps_its_state_over_reloads_unloads_and_restarts() {
    let bot = Fixture::configured(&["hello", "counter"], IN_CELLS).await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!hello").await.content, "Hello, member!");
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    let first = cell(&bot, "counter").unwrap();
    assert!(is_alive(first.pid()) && first.memory().unwrap() > 0);
    assert_ne!(first.pid(), cell(&bot, "hello").unwrap().pid());

    let mention = format!("<@{}> extensions", bot.sandbox.application_id());
    let told = bot.ask(&bot.owner(), &mention).await.embeds[0].to_string();
    assert!(
        told.contains(&format!("in process {} · ", first.pid())),
        "{told}"
    );

    bot.plugins().reload("counter").await.unwrap();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 2");
    let second = cell(&bot, "counter").unwrap().pid();
    assert_ne!(second, first.pid());

    let report = bot.plugins().unload("counter", false).await.unwrap();
    assert!(report.unmapped && report.stayed.is_empty(), "{report:?}");
    assert!(report.returned_bytes > 0, "{report:?}");
    assert!(!is_alive(second));
    bot.plugins().load("counter").await.unwrap();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 3");
    let bot = bot.restart().await;
    assert_eq!(bot.ask(&bot.member(), "!count").await.content, "Count: 4");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_is_killed_is_started_again_alone() {
    let bot = Fixture::configured(&["hello", "counter"], IN_CELLS).await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    bot.plugins().reload("counter").await.unwrap();
    let (other, killed) = (cell(&bot, "hello").unwrap(), cell(&bot, "counter").unwrap());
    kill(killed.pid());
    let why = bot.until_refused("counter").await;
    let pid = killed.pid();
    assert!(
        why.contains(&format!("its cell (process {pid}) was ended by signal 9")),
        "{why}"
    );
    assert_eq!(bot.ask(&member, "!hello").await.content, "Hello, member!");
    bot.until_generation("counter", 3).await;
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 2");
    assert_eq!(cell(&bot, "hello").unwrap().pid(), other.pid());
    assert!(!is_alive(pid));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_says_where_a_plugin_lives_before_the_default_does() {
    let config = "[isolation]\nplugins = { counter = \"process\" }";
    let bot = Fixture::configured(&["hello", "counter"], config).await;
    assert!(cell(&bot, "hello").is_none() && cell(&bot, "counter").is_some());
    bot.close().await;
    let config = "[isolation]\ndefault = \"process\"\nplugins = { counter = \"none\" }";
    let bot = Fixture::configured(&["hello", "counter"], config).await;
    assert!(cell(&bot, "hello").is_some() && cell(&bot, "counter").is_none());
    bot.close().await;
}

/// A socket holds some hundred kilobytes: each side has more to write while the other writes, too.
#[tokio::test(flavor = "multi_thread")]
async fn much_goes_both_ways_at_once_and_nobody_waits_for_the_other() {
    let bot = Fixture::patient(&["counter"], IN_CELLS).await;
    bot.drop_in(&rascal(), "rascal");
    bot.until_generation("rascal", 1).await;
    let heaps = bot.ask(&bot.member(), "!heaps").await.content;
    assert_eq!(heaps, "16 kept");
    bot.close().await;
}
