//! Files that come, change and go.

use std::fs;

use crate::{fixtures, support::Fixture};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_is_loaded_and_a_deleted_one_unloaded() {
    let bot = Fixture::with(&[]).await;
    bot.drop_in(&fixtures::example("hello"), "hello");
    bot.until_generation("hello", 1).await;
    let mention = format!("<@{}> hello", bot.sandbox.application_id());
    assert_eq!(
        bot.ask(&bot.member(), &mention).await.content,
        "Hello, member!"
    );
    fs::remove_file(bot.extensions().join("libhello.so")).unwrap();
    bot.until(<[_]>::is_empty).await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_only_touched_is_not_reloaded() {
    let bot = Fixture::with(&["hello", "counter"]).await;
    bot.drop_in(&fixtures::example("hello"), "hello");
    bot.drop_in(&fixtures::howdy(), "counter-is-not-howdy");
    // The second file names a plugin that is loaded from another file: refused, and by then the first was looked at.
    let error = bot.until_refused("counter-is-not-howdy").await;
    assert!(error.contains("it is called `hello`"), "{error}");
    let all = bot.plugins().status();
    let hello = all.iter().find(|status| status.plugin == "hello").unwrap();
    assert_eq!(hello.serving.as_ref().unwrap().generation, 1);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blanks_in_names_become_underscores_and_the_blacklist_is_honoured() {
    let bot = Fixture::configured(&["counter"], "[extensions]\nblacklist = [\"counter\"]").await;
    let error = bot.until_refused("counter").await;
    assert_eq!(
        error,
        "`counter` is on `extensions.blacklist` in config.toml"
    );
    let beside = bot.extensions().join(".part");
    fs::copy(fixtures::example("hello"), &beside).unwrap();
    fs::rename(beside, bot.extensions().join("my hello.so")).unwrap();
    bot.until_generation("hello", 1).await;
    assert!(bot.extensions().join("my_hello.so").exists());
    bot.close().await;
}
