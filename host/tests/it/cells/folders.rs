//! Tests of folders whose plugins live in cells, as a market's do.

use std::{fs, os::unix::fs::symlink};

use crate::{cells::cell, fixtures, support::Fixture};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_link_takes_from_a_market_lives_in_a_cell_unless_its_name_says_otherwise() {
    let market = tempfile::tempdir().unwrap();
    for name in ["hello", "counter"] {
        let file = format!("lib{name}.so");
        fs::copy(fixtures::example(name), market.path().join(file)).unwrap();
    }
    let config = format!(
        "[isolation]\nfolders = [{:?}]\nplugins = {{ counter = \"none\" }}",
        market.path()
    );
    let bot = Fixture::configured(&["echo"], &config).await;
    for name in ["hello", "counter"] {
        let file = format!("lib{name}.so");
        symlink(market.path().join(&file), bot.extensions().join(&file)).unwrap();
        bot.until_generation(name, 1).await;
    }
    assert!(cell(&bot, "hello").is_some(), "it comes from there");
    assert!(cell(&bot, "counter").is_none(), "a name comes first");
    assert!(cell(&bot, "echo").is_none(), "a file of the folder's own");
    assert_eq!(
        bot.ask(&bot.member(), "!hello").await.content,
        "Hello, member!"
    );
    // A reload and a restart find the same.
    bot.plugins().reload("hello").await.unwrap();
    assert!(cell(&bot, "hello").is_some());
    let bot = bot.restart().await;
    assert!(cell(&bot, "hello").is_some() && cell(&bot, "counter").is_none());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_files_of_a_folder_live_in_cells_from_their_next_load_on() {
    let here = "[isolation]\ndefault = \"none\"";
    let bot = Fixture::configured(&["hello", "counter"], here).await;
    assert!(cell(&bot, "hello").is_none());
    let config = format!("[isolation]\nfolders = [{:?}]", bot.extensions());
    let bot = bot.reconfigured(&config).await;
    assert!(cell(&bot, "hello").is_some() && cell(&bot, "counter").is_some());
    assert_eq!(bot.ask(&bot.member(), "!count").await.content, "Count: 1");
    bot.close().await;
}
