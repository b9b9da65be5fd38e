//! Tests of the watcher: files that come, change and go.

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

/// Two files of one plugin: the second is refused.
async fn rivals() -> Fixture {
    let bot = Fixture::with(&["hello"]).await;
    bot.drop_in(&fixtures::howdy(), "rival");
    let error = bot.until_refused("rival").await;
    assert!(error.contains("it is called `hello`"), "{error}");
    bot
}

async fn greets(bot: &Fixture, how: &str) {
    let mention = format!("<@{}> hello", bot.sandbox.application_id());
    let answer = bot.ask(&bot.member(), &mention).await.content;
    assert_eq!(answer, format!("{how}, member!"));
}

/// Waits until `hello` is served from the file of that name.
async fn until_from(bot: &Fixture, file: &str) {
    let path = bot.extensions().join(file);
    bot.until(|all| {
        all.iter()
            .any(|status| status.serving.is_some() && status.file == path)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_that_is_left_is_loaded_when_the_first_of_two_files_is_deleted() {
    let bot = rivals().await;
    fs::remove_file(bot.extensions().join("libhello.so")).unwrap();
    until_from(&bot, "librival.so").await;
    greets(&bot, "Howdy").await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_unloaded_by_name_stays_so_though_there_is_a_copy() {
    let bot = rivals().await;
    bot.plugins().unload("hello", false).await.unwrap();
    // Both files lie there; whoever asks for one by name gets it.
    assert!(
        bot.plugins()
            .status()
            .iter()
            .all(|status| status.serving.is_none())
    );
    bot.plugins().load("rival").await.unwrap();
    greets(&bot, "Howdy").await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_file_is_tried_again_when_it_is_touched() {
    let bot = Fixture::configured(&[], "[plugins.remind]\nnonsense = 1").await;
    bot.drop_in(&fixtures::example("hello"), "hello");
    bot.until_generation("hello", 1).await;
    bot.drop_in(&fixtures::no_plugin(), "broken");
    bot.until_refused("broken").await;
    // The rival is there and gone again without anybody's telling: a touch is enough.
    bot.drop_in(&fixtures::howdy(), "rival");
    bot.until_refused("rival").await;
    bot.plugins().unload("hello", false).await.unwrap();
    let touched = fs::File::options()
        .append(true)
        .open(bot.extensions().join("librival.so"))
        .unwrap();
    touched.set_modified(std::time::SystemTime::now()).unwrap();
    until_from(&bot, "librival.so").await;
    greets(&bot, "Howdy").await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_file_is_tried_again_when_the_blacklist_lets_it() {
    let bot = Fixture::configured(&["hello"], "[extensions]\nblacklist = [\"hello\"]").await;
    bot.until_refused("hello").await;
    let file = bot.folder.path().join("config.toml");
    fs::write(file, "[extensions]\nblacklist = []").unwrap();
    bot.until_generation("hello", 1).await;
    greets(&bot, "Hello").await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_renamed_is_served_all_the_time() {
    let bot = Fixture::with(&["hello"]).await;
    let from = |name: &str| bot.extensions().join(name);
    for (old, new) in [("libhello.so", "hallo.so"), ("hallo.so", "libhello.so")] {
        fs::rename(from(old), from(new)).unwrap();
        until_from(&bot, new).await;
        greets(&bot, "Hello").await;
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_switched_by_one_link() {
    use std::os::unix::fs::symlink;
    let bot = Fixture::with(&[]).await;
    let at = |name: &str| bot.folder.path().join(name);
    for (release, library) in [("7", fixtures::example("hello")), ("8", fixtures::howdy())] {
        fs::create_dir_all(at("releases").join(release)).unwrap();
        fs::copy(library, at("releases").join(release).join("libhello.so")).unwrap();
    }
    symlink("releases/7", at("current")).unwrap();
    symlink(
        "../current/libhello.so",
        bot.extensions().join("libhello.so"),
    )
    .unwrap();
    bot.until_generation("hello", 1).await;
    greets(&bot, "Hello").await;
    symlink("releases/8", at("next")).unwrap();
    fs::rename(at("next"), at("current")).unwrap();
    bot.until_generation("hello", 2).await;
    greets(&bot, "Howdy").await;
    bot.close().await;
}
