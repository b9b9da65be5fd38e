//! Unloads that last: with who, when and why, over a restart, until somebody loads the plugin.

use std::fs;

use super::{counting, said, serve, serves, tea, told};
use crate::support::Fixture;

fn newer() -> std::path::PathBuf {
    counting("tea", "1.1.0", "")
}

fn mug() -> std::path::PathBuf {
    counting("mug", "1.0.0", ".depends_on(\"tea\")")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_stays_unloaded_over_a_restart_and_a_new_file_until_it_is_loaded() {
    let bot = Fixture::with(&["hello"]).await;
    serve(&bot, &tea(), "tea", 1).await;
    assert_eq!(said(&bot, "!tea").await, "tea 1.0.0 counts 1");
    let gone = told(&bot, "!unload tea it floods the log").await;
    assert!(gone.starts_with("Unloaded"), "{gone}");
    let listed = told(&bot, "!extensions").await;
    let owner = bot.owner().id();
    let by = format!("s ago by owner ({owner}): it floods the log; `load tea` loads it");
    assert!(listed.contains(&by), "{listed}");
    assert!(listed.contains("1 loaded, 0 with an error"), "{listed}");

    let bot = bot.restart().await;
    let listed = told(&bot, "!extensions").await;
    assert!(listed.contains(&by) && !serves(&bot, "tea"), "{listed}");
    // What is behind it in the watcher's queue is loaded: the newer file was not.
    bot.drop_in(&newer(), "tea");
    serve(&bot, &crate::fixtures::example("echo"), "echo", 1).await;
    let file = bot.extensions().join("libtea.so");
    let refused = bot
        .plugins()
        .load_file(&file)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with("`tea` stays unloaded: it was unloaded "),
        "{refused}"
    );
    let refused = told(&bot, "!reload tea").await;
    assert!(refused.contains("`load tea` loads it"), "{refused}");
    assert!(!serves(&bot, "tea"));

    let loaded = told(&bot, "!load tea").await;
    assert!(loaded.contains("version 1.1.0"), "{loaded}");
    assert_eq!(said(&bot, "!tea").await, "tea 1.1.0 counts 2");
    let bot = bot.restart().await;
    assert_eq!(said(&bot, "!tea").await, "tea 1.1.0 counts 3");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_need_an_unloaded_plugin_say_so_and_come_back_with_it() {
    let bot = Fixture::with(&["hello"]).await;
    serve(&bot, &tea(), "tea", 1).await;
    serve(&bot, &mug(), "mug", 1).await;
    // A refusal notes nothing.
    let refused = told(&bot, "!unload tea").await;
    assert!(refused.contains("`tea` is needed by `mug`"), "{refused}");
    let gone = told(&bot, "!unload tea force out of leaves").await;
    assert!(gone.starts_with("Unloaded"), "{gone}");
    let why = "it was unloaded by owner (";
    let listed = told(&bot, "!extensions").await;
    assert!(
        listed.contains("it needs `tea`") && listed.contains(why),
        "{listed}"
    );
    let bot = bot.restart().await;
    let listed = told(&bot, "!extensions").await;
    assert!(
        listed.contains("it needs `tea`") && listed.contains(why),
        "{listed}"
    );
    told(&bot, "!load tea").await;
    bot.until_generation("mug", 1).await;
    assert_eq!(said(&bot, "!mug").await, "mug 1.0.0 counts 1");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_deleted_takes_with_it_that_its_plugin_was_unloaded() {
    let bot = Fixture::with(&["hello"]).await;
    serve(&bot, &tea(), "tea", 1).await;
    told(&bot, "!unload tea").await;
    fs::remove_file(bot.extensions().join("libtea.so")).unwrap();
    bot.until(|all| all.iter().all(|it| !it.plugin.is("tea")))
        .await;
    serve(&bot, &tea(), "tea", 2).await;
    // The same while the bot does not run.
    told(&bot, "!unload tea").await;
    let file = bot.extensions().join("libtea.so");
    let bot = bot
        .restart_after(async |_| fs::remove_file(&file).unwrap())
        .await;
    serve(&bot, &tea(), "tea", 1).await;
    bot.close().await;
}
