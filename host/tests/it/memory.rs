//! Stories of what plugins take of the process and leave in it: what is told of it, and the budget of what can't be given back.

use std::{fs, time::Duration};

use crate::{
    fixtures,
    observe::{metrics, value},
    support::{Fixture, PATIENCE, only_in_process},
};

const METRICS: &str = "[metrics]\nlisten = \"127.0.0.1:0\"\n";

/// Loads, has something done, and unloads.
async fn generation(bot: &Fixture, manner: &str) {
    bot.plugins().load("misbehave").await.unwrap();
    let done = bot
        .ask(&bot.member(), &format!("!misbehave {manner}"))
        .await;
    assert_eq!(done.content, format!("done: {manner}"));
    bot.plugins().unload("misbehave", false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_has_taken_and_left_is_known_over_its_generations() {
    if only_in_process(
        "what ended generations keep of the bot's own memory: nothing stays of a process that has ended",
    ) {
        return;
    }
    let bot = Fixture::configured(&["misbehave", "registry"], METRICS).await;
    bot.plugins().unload("misbehave", false).await.unwrap();
    generation(&bot, "leak").await;
    generation(&bot, "thread").await;
    // Also of one that is gone.
    let page = metrics(&bot).await;
    let of = |result: &str| {
        let sample =
            format!("cogwright_plugin_unloads_total{{plugin=\"misbehave\",result=\"{result}\"}}");
        value(&page, &sample)
    };
    assert_eq!(of("pinned"), Some(1.0), "{page}");
    assert!(of("tidied") >= Some(1.0), "{page}");
    let pinned = value(&page, "cogwright_plugin_pinned_bytes{plugin=\"misbehave\"}");
    assert!(pinned > Some(100_000.0), "{page}");

    bot.plugins().load("misbehave").await.unwrap();
    let owner = bot.owner();
    let told = bot.ask(&owner, "!fw_plugin misbehave").await.text();
    for part in [
        "of memory at most",
        "3 unloads, after which something stayed",
        "1 ended generation still mapped with",
        "it can't be unloaded: 1 thread(s) that the plugin started and did not end",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let told = bot.ask(&owner, "!extensions").await.text();
    assert!(told.contains("Ended generations hold"), "{told}");

    // One that goes without a trace can be unloaded, for all that is known now; what stayed stays counted.
    bot.plugins().unload("misbehave", false).await.unwrap();
    bot.plugins().load("misbehave").await.unwrap();
    let footprints = &bot.bot.services().figures.plugins.footprints;
    let known = footprints.of(&"misbehave".into(), 10);
    assert_eq!((known.stays.as_deref(), known.remains.pinned), (None, 1));
    assert_eq!(known.remains.unloads, 4);
    assert!(known.cpu_before > Duration::ZERO, "{known:?}");
    assert_eq!(footprints.stays(&"registry".into()), None);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_budget_what_cannot_be_unloaded_is_not_reloaded_by_itself() {
    if only_in_process(
        "what ended generations keep of the bot's own memory: nothing stays of a process that has ended",
    ) {
        return;
    }
    let bot = Fixture::with(&["misbehave", "hello"]).await;
    let general = bot.sandbox.channel_id("general").unwrap();
    let config = format!("[alerts]\nchannel_id = {general}\n[extensions]\npinned_limit_mb = 1\n");
    let bot = bot.reconfigured(&config).await;
    let member = bot.member();
    bot.until_generation("misbehave", 1).await;
    let done = bot.ask(&member, "!misbehave thread").await.content;
    assert_eq!(done, "done: thread");
    // Its own file, and another in the budget's eyes: what follows is only that the content has changed.
    let change = |name: &str, by: &str| {
        let mut bytes = fs::read(fixtures::example(name)).unwrap();
        bytes.extend(by.as_bytes());
        let beside = bot.folder.path().join(by);
        fs::write(&beside, bytes).unwrap();
        bot.drop_in(&beside, name);
    };
    // The thread shows when the first generation goes: this reload is still within the budget.
    change("misbehave", "one");
    bot.until_generation("misbehave", 2).await;
    member
        .expects("general", "Ended generations of plugins hold")
        .await
        .unwrap();
    change("misbehave", "two");
    let refused = bot.until_refused("misbehave").await;
    for part in [
        "`misbehave` is not loaded again by itself",
        "`extensions.pinned_limit_mb`",
        "1 thread(s) that the plugin started and did not end",
        "`reload misbehave`",
        "`isolation = \"process\"`",
    ] {
        assert!(refused.contains(part), "{part} is not in {refused}");
    }
    // It serves, and what can be unloaded is reloaded as ever.
    assert_eq!(bot.ask(&member, "!work").await.content, "worked 499500");
    change("hello", "three");
    bot.until_generation("hello", 2).await;
    // The owner's word counts, and when a generation has gone without a trace, it is as any other.
    let reloaded = bot.ask(&bot.owner(), "!reload misbehave").await.text();
    assert!(reloaded.contains("Reloaded"), "{reloaded}");
    let figures = &bot.bot.services().figures.plugins;
    tokio::time::timeout(PATIENCE, async {
        while figures.footprints.stays(&"misbehave".into()).is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    change("misbehave", "four");
    bot.until_generation("misbehave", 4).await;
    bot.close().await;
}
