//! Rollbacks: the last few files of each plugin are kept, and one of them serves again, with its state of then or of now.

use std::{fs, path::PathBuf};

use host_loader::Status;

use super::{counting, said, serve, tea, told};
use crate::support::{Fixture, only_in_process};

fn newer() -> PathBuf {
    counting("tea", "1.1.0", "")
}

/// Keeps its count in another form, which older ones can't read.
fn newest() -> PathBuf {
    let source = super::source("tea", "2.0.0", "");
    let source = source.replace(
        "State::new(1, &count.get())",
        "State::new(2, &vec![count.get()])",
    );
    let source = source.replace(
        "count.set(saved.read()?)",
        "count.set(match saved.schema() { 1 => saved.read()?, _ => saved.read::<Vec<u64>>()?[0] })",
    );
    crate::fixtures::plugin("tea", "generations-2-0-0", "2.0.0", "", &source)
}

fn generation(bot: &Fixture, name: &str) -> u64 {
    let all: Vec<Status> = bot.plugins().status();
    let found = all.iter().find(|it| it.plugin.is(name)).unwrap();
    found.serving.as_ref().unwrap().generation
}

async fn with_two() -> Fixture {
    let bot = Fixture::with(&["hello"]).await;
    serve(&bot, &tea(), "tea", 1).await;
    assert_eq!(said(&bot, "!tea").await, "tea 1.0.0 counts 1");
    serve(&bot, &newer(), "tea", 2).await;
    assert_eq!(said(&bot, "!tea").await, "tea 1.1.0 counts 2");
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_file_serves_again_with_the_state_of_now_and_a_restart_keeps_it() {
    let bot = with_two().await;
    let listed = told(&bot, "!rollback tea list").await;
    assert!(
        listed.contains("1 former file kept") && listed.contains("replaced by 1.1.0"),
        "{listed}"
    );
    let back = told(&bot, "!rollback tea").await;
    assert!(
        back.starts_with("Rolled back") && back.contains("version 1.0.0 · generation 3"),
        "{back}"
    );
    assert_eq!(said(&bot, "!tea").await, "tea 1.0.0 counts 3");
    // The file is the one that serves: the watcher finds nothing new in it.
    let file = bot.extensions().join("libtea.so");
    assert_eq!(fs::read(&file).unwrap(), fs::read(tea()).unwrap());
    serve(&bot, &crate::fixtures::example("echo"), "echo", 1).await;
    assert_eq!(generation(&bot, "tea"), 3);
    let names = fs::read_dir(bot.extensions()).unwrap();
    let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().all(|it| it.ends_with(".so")));

    let bot = bot.restart().await;
    assert_eq!(said(&bot, "!tea").await, "tea 1.0.0 counts 4");
    // What it replaced is a former file now; by its hash.
    let listed = told(&bot, "!rollback tea list").await;
    let (_, hash) = listed.split_once("1.1.0 `").unwrap();
    let back = told(&bot, &format!("!rollback tea {}", &hash[..8])).await;
    assert!(back.contains("version 1.1.0"), "{back}");
    assert_eq!(said(&bot, "!tea").await, "tea 1.1.0 counts 5");
    for (line, why) in [
        (
            "!rollback tea 2",
            "There is no former file `2`; there are 1: 1.0.0 `",
        ),
        (
            "!rollback tea ffffff",
            "No former file begins with `ffffff`",
        ),
        (
            "!rollback tea please",
            "neither a number, a hash nor a word of it",
        ),
        ("!rollback teas", "did you mean `tea`?"),
        ("!rollback hello", "No former file of it is kept"),
    ] {
        let refused = told(&bot, line).await;
        assert!(refused.contains(why), "{line}: {refused}");
    }
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_file_serves_again_with_the_state_that_it_had_left() {
    let bot = with_two().await;
    let back = told(&bot, "!rollback tea with state then").await;
    assert!(back.contains("its state is that of "), "{back}");
    assert_eq!(said(&bot, "!tea").await, "tea 1.0.0 counts 2");
    assert_eq!(said(&bot, "!tea").await, "tea 1.0.0 counts 3");
    // What was since is kept with the newer one.
    told(&bot, "!rollback tea then").await;
    assert_eq!(said(&bot, "!tea").await, "tea 1.1.0 counts 3");
    // Also one that was unloaded: it is loaded by it, and a restart goes on with that state.
    told(&bot, "!unload tea").await;
    told(&bot, "!rollback tea then").await;
    assert_eq!(said(&bot, "!tea").await, "tea 1.0.0 counts 4");
    let bot = bot.restart().await;
    assert_eq!(said(&bot, "!tea").await, "tea 1.0.0 counts 5");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_file_that_can_not_read_the_state_of_now_leaves_the_present_one_serving() {
    let bot = with_two().await;
    serve(&bot, &newest(), "tea", 3).await;
    assert_eq!(said(&bot, "!tea").await, "tea 2.0.0 counts 3");
    let refused = told(&bot, "!rollback tea 2").await;
    assert!(
        refused.contains("Its state could not be restored: ")
            && refused.contains("`rollback tea 2 with state then` begins with what it had saved "),
        "{refused}"
    );
    assert_eq!(said(&bot, "!tea").await, "tea 2.0.0 counts 4");
    let file = bot.extensions().join("libtea.so");
    assert_eq!(fs::read(&file).unwrap(), fs::read(newest()).unwrap());
    told(&bot, "!rollback tea 2 with state then").await;
    assert_eq!(said(&bot, "!tea").await, "tea 1.0.0 counts 2");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_file_in_quarantine_is_refused_with_what_to_do() {
    if only_in_process(
        "a file in quarantine is kept out of the bot's own process, and not out of a cell",
    ) {
        return;
    }
    let bot = with_two().await;
    let sha256 = host_loader::file::hex(&host_loader::file::sha256(&fs::read(tea()).unwrap()));
    let why = "it has crashed the bot twice".to_owned();
    bot.plugins()
        .quarantine()
        .hold(&"tea".into(), &sha256, 0, why);
    let listed = told(&bot, "!rollback tea list").await;
    assert!(listed.contains("💥 in quarantine"), "{listed}");
    let refused = told(&bot, "!rollback tea").await;
    let short = &sha256[..8];
    for part in [
        "is in quarantine: it has crashed the bot twice; `rollback tea list` shows the others",
        &format!("`rollback tea {short} again` takes it all the same"),
    ] {
        assert!(refused.contains(part), "{refused}");
    }
    assert_eq!(said(&bot, "!tea").await, "tea 1.1.0 counts 3");
    told(&bot, &format!("!rollback tea {short} again")).await;
    assert_eq!(said(&bot, "!tea").await, "tea 1.0.0 counts 4");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_files_are_kept_than_are_wanted_and_what_no_rollback_undoes_is_told() {
    let tables = |version: &str, migrations: u32| {
        let all = (1..=migrations).map(|it| {
            format!(".migration({it}, Scope::Bot, \"CREATE TABLE tea__t{it} (a INTEGER) STRICT\")")
        });
        counting("tea", version, &all.collect::<String>())
    };
    let bot = Fixture::configured(&["hello"], "[extensions]\nkeep_files = 2").await;
    serve(&bot, &tea(), "tea", 1).await;
    serve(&bot, &tables("1.2.0", 1), "tea", 2).await;
    serve(&bot, &tables("1.3.0", 2), "tea", 3).await;
    let refused = told(&bot, "!rollback tea 2").await;
    assert!(refused.contains("there are 1: 1.2.0 `"), "{refused}");
    let files = fs::read_dir(bot.data().join("generations/tea")).unwrap();
    let files = files.filter(|it| {
        it.as_ref()
            .unwrap()
            .path()
            .extension()
            .is_some_and(|it| it == "so")
    });
    assert_eq!(files.count(), 2);
    let back = told(&bot, "!rollback tea then").await;
    for part in [
        "its tables and files are as they are now, and not as they were then",
        "its tables stay as migration 2 of the newer file has left them",
    ] {
        assert!(back.contains(part), "{back}");
    }
    assert_eq!(said(&bot, "!tea").await, "tea 1.2.0 counts 1");
    bot.close().await;
}
