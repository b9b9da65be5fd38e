//! Tests of the start: files that are known are not tried again, plugins start side by side in the order of what they need, and the gateway
//! connects meanwhile.

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf};

use host_loader::Trials;
use sandbox::Actor;

use crate::{
    fixtures,
    support::{Fixture, PATIENCE, drop_in, only_in_process},
};

fn trials(bot: &Fixture) -> (u64, u64) {
    let Trials { tried, known } = bot.plugins().trials();
    (tried, known)
}

/// The inode of the private copy that a plugin was loaded from, and that of the kept one.
fn copies(bot: &Fixture, plugin: &str) -> (u64, u64) {
    let only = |folder: PathBuf, is_it: &dyn Fn(&str) -> bool| {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let mut named = entries.filter(|it| is_it(it.file_name().to_str().unwrap()));
        let found = named.next().unwrap();
        assert!(named.next().is_none());
        found.metadata().unwrap().ino()
    };
    let shadow = only(bot.data().join("shadow"), &|name| {
        name.starts_with(&format!("{plugin}-"))
    });
    let kept = only(bot.data().join("generations").join(plugin), &|name| {
        name.ends_with(".so")
    });
    (shadow, kept)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_file_is_not_tried_again_and_a_changed_one_is() {
    let bot = Fixture::with(&["hello", "counter"]).await;
    assert_eq!(trials(&bot), (2, 0));
    let bot = bot.restart().await;
    assert_eq!(trials(&bot), (0, 2));
    assert_eq!(bot.ask(&bot.member(), "!count").await.content, "Count: 1");
    // Another content under the same name.
    let other = fixtures::hello("starts", "0.9.1", "", HELLO);
    let bot = bot
        .restart_after(async |stopped| {
            drop_in(&other, &stopped.folder.join("extensions"), "hello");
        })
        .await;
    assert_eq!(trials(&bot), (1, 1));
    // What was written by another host, and what is torn, tell nothing.
    let bot = bot
        .restart_after(async |stopped| {
            let file = stopped.folder.join("data/probed.json");
            let text = fs::read_to_string(&file).unwrap();
            let other = text.replacen(r#""host":""#, r#""host":"another "#, 1);
            assert_ne!(other, text);
            fs::write(file, other).unwrap();
        })
        .await;
    assert_eq!(trials(&bot), (2, 0));
    let bot = bot
        .restart_after(async |stopped| {
            let file = stopped.folder.join("data/probed.json");
            let bytes = fs::read(&file).unwrap();
            fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
        })
        .await;
    assert_eq!(trials(&bot), (2, 0));
    let bot = bot.restart().await;
    assert_eq!(trials(&bot), (0, 2));
    assert_eq!(bot.ask(&bot.member(), "!count").await.content, "Count: 2");
    bot.close().await;
}

const HELLO: &str = "//! Says something else.\nuse plugin_api::prelude::*;\n\n\
    async fn hello(ctx: CommandContext) -> Result {\n    ctx.reply(\"another\").await\n}\n\
    export_plugin!(|| Plugin::new().command(Command::new(\"hello\", \"Says it\").run(hello)));\n";

/// It is read as long as it may have changed within a tick of the clock, and then no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_lies_still_is_loaded_from_the_kept_copy_until_it_changes() {
    let mut bot = Fixture::with(&["counter"]).await;
    let mut before = copies(&bot, "counter").0;
    let until_linked = async {
        loop {
            bot = bot.restart().await;
            let (shadow, kept) = copies(&bot, "counter");
            assert_eq!(shadow, kept);
            if shadow == before {
                return bot;
            }
            before = shadow;
        }
    };
    let bot = tokio::time::timeout(PATIENCE, until_linked).await.unwrap();
    // Reloaded, it is another copy: the loader would give the one that is mapped again.
    let (before, _) = copies(&bot, "counter");
    bot.plugins().reload("counter").await.unwrap();
    let until_gone = async {
        while fs::read_dir(bot.data().join("shadow")).unwrap().count() > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, until_gone).await.unwrap();
    let (after, kept) = copies(&bot, "counter");
    assert!(after != before && after == kept);
    // Another content is loaded, whatever is kept.
    let other = fixtures::plugin("counter", "starts", "7.0.0", "", HELLO);
    let bot = bot
        .restart_after(async |stopped| {
            drop_in(&other, &stopped.folder.join("extensions"), "counter");
        })
        .await;
    let status = bot.plugins().status();
    assert_eq!(status[0].serving.as_ref().unwrap().version, "7.0.0");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_ends_its_trial_hurts_no_other_and_is_tried_once() {
    let source = "//! Ends whoever opens it.\nuse plugin_api::prelude::*;\n\n\
        export_plugin!(|| -> Plugin { std::process::abort() });\n";
    let bad = fixtures::plugin("bad", "starts", "1.0.0", "", source);
    let bot = Fixture::with(&["hello", "counter", "echo"]).await;
    let bot = bot
        .restart_after(async |stopped| {
            drop_in(&bad, &stopped.folder.join("extensions"), "bad");
            fs::remove_file(stopped.folder.join("data/probed.json")).unwrap();
        })
        .await;
    assert_eq!(trials(&bot), (4, 0));
    let told = bot.until_refused("bad").await;
    assert!(told.contains("a probe process aborted (SIGABRT)"), "{told}");
    let serving = bot.plugins().generations();
    assert_eq!(serving.len(), 3, "{serving:?}");
    // It is not known as good by the next one, either.
    let bot = bot.restart().await;
    assert_eq!(trials(&bot), (1, 3));
    bot.close().await;
}

/// A plugin whose start waits until there is one file, and makes another one.
fn waiting(name: &str, version: &str, declared: &str) -> PathBuf {
    let source = format!(
        "//! Starts when it may.\nuse plugin_api::prelude::*;\n\n\
         #[derive(Default, serde::Deserialize)]\n#[serde(default)]\nstruct Files {{\n    waits_for: String,\n    makes: String,\n}}\n\n\
         async fn start(host: Host) -> Result<Files> {{\n    let files: Files = host.settings()?;\n    \
         while !files.waits_for.is_empty() && !std::path::Path::new(&files.waits_for).exists() {{\n        \
         tokio::time::sleep(std::time::Duration::from_millis(5)).await;\n    }}\n    \
         if !files.makes.is_empty() {{\n        std::fs::write(&files.makes, \"\")?;\n    }}\n    Ok(files)\n}}\n\n\
         async fn ask(_ctx: FunctionContext<(), Files>) -> Result<u64> {{\n    Ok(7)\n}}\n\n\
         async fn say(ctx: CommandContext<Files>) -> Result {{\n    ctx.reply(\"here\").await\n}}\n\n\
         export_plugin!(|| Plugin::with_state(start){declared}.function(\"ask\", 1, ask)\
         .command(Command::new(\"{name}\", \"Answers\").run(say)));\n"
    );
    fixtures::plugin(name, "starts", version, "", &source)
}

/// A plugin that asks another one in its start.
fn asking() -> PathBuf {
    let source = "//! Asks in its start.\nuse plugin_api::prelude::*;\n\n\
        async fn start(host: Host) -> Result<u64> {\n    host.plugin(\"aslow\").call(\"ask\", 1, &()).await\n}\n\
        export_plugin!(|| Plugin::with_state(start).depends_on(\"aslow\"));\n";
    fixtures::plugin("masks", "starts", "1.0.0", "", source)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_slow_to_start_delays_those_that_need_it_and_no_others() {
    if only_in_process("its plugins wait for files") {
        return;
    }
    let (slow, quick, asking) = (
        waiting("aslow", "1.0.0", ""),
        waiting("zquick", "1.0.0", ""),
        asking(),
    );
    let folder = tempfile::tempdir().unwrap();
    // The first by name waits for the last.
    let made = folder.path().join("made");
    let config =
        format!("[plugins.aslow]\nwaits_for = {made:?}\n[plugins.zquick]\nmakes = {made:?}\n");
    let bot = Fixture::configured(&["hello"], &config).await;
    let bot = bot
        .restart_after(async |stopped| {
            let extensions = stopped.folder.join("extensions");
            for (library, name) in [(&slow, "aslow"), (&quick, "zquick"), (&asking, "masks")] {
                drop_in(library, &extensions, name);
            }
        })
        .await;
    let all = bot.plugins().status();
    for status in &all {
        assert!(status.serving.is_some(), "{status:?}");
    }
    assert_eq!(all.len(), 4);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_while_plugins_are_loaded_is_answered_when_they_are() {
    if only_in_process("its plugin waits for a file") {
        return;
    }
    let slow = waiting("aslow", "1.1.0", "");
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    let config = format!("[plugins.aslow]\nwaits_for = {made:?}\n");
    let bot = Fixture::configured(&["hello"], &config).await;
    let mut saying = None;
    let bot = bot
        .restart_after(async |stopped| {
            drop_in(&slow, &stopped.folder.join("extensions"), "aslow");
            let sandbox = stopped.sandbox.clone();
            saying = Some(tokio::spawn(async move {
                // The plugin's start goes on when the bot was sent this.
                sandbox.bot_ready(PATIENCE).await.unwrap();
                let member: Actor = sandbox.actor("member").unwrap();
                let said = member.says("general", "!aslow").await.unwrap();
                fs::write(made, "").unwrap();
                (member, said)
            }));
        })
        .await;
    let (member, said) = saying.unwrap().await.unwrap();
    let answer = member.expects_reply_to(&said).await.unwrap();
    assert_eq!(answer.content, "here");
    // It was not refused for having waited too long, and loaded later.
    let status = bot.plugins().status();
    let slow = status.iter().find(|it| it.plugin.is("aslow")).unwrap();
    assert_eq!(slow.serving.as_ref().unwrap().generation, 1);
    bot.close().await;
}
