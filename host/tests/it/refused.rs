//! What is refused, with a sentence each, while the old generation keeps answering.

use std::{fs, path::PathBuf};

use crate::{fixtures, support::Fixture};

const HELLO: &str = "Hello, member!";

/// Drops `library` in as `hello`; it is refused with a sentence that says all of `sentence`, and the old one answers.
async fn check(config: &str, library: impl FnOnce(&Fixture) -> PathBuf, sentence: &[&str]) {
    let bot = Fixture::configured(&["hello"], config).await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!hello").await.content, HELLO);
    let library = library(&bot);
    bot.drop_in(&library, "hello");
    let error = bot.until_refused("hello").await;
    println!("{error}");
    for part in sentence {
        assert!(error.contains(part), "{error:?} does not say {part:?}");
    }
    assert_eq!(bot.ask(&member, "!hello").await.content, HELLO);
    // The refused one left nothing behind, and a good one is taken again.
    assert_eq!(bot.plugins().written_off(), Vec::<String>::new());
    let reports = bot.plugins().reload("hello").await;
    assert!(reports.is_err(), "the bad file is still there");
    bot.drop_in(&fixtures::howdy(), "hello");
    bot.until(|all| all[0].error.is_none()).await;
    assert_eq!(bot.ask(&member, "!hello").await.content, "Howdy, member!");
    bot.close().await;
}

fn written(bot: &Fixture, bytes: &[u8]) -> PathBuf {
    let path = bot.folder.path().join("written");
    fs::write(&path, bytes).unwrap();
    path
}

fn good() -> Vec<u8> {
    fs::read(fixtures::example("hello")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_file() {
    let bytes = good();
    check("", |bot| written(bot, &bytes[..bytes.len() / 2]), &["truncated", "copy"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_file() {
    check("", |bot| written(bot, b"fn main() {}\n"), &["text"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_of_another_machine() {
    let mut bytes = good();
    // e_machine: aarch64.
    bytes[18..20].copy_from_slice(&183u16.to_le_bytes());
    check("", |bot| written(bot, &bytes), &["aarch64", "x86_64", "--target"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_without_our_symbol() {
    check("", |_| fixtures::no_plugin(), &["export_plugin!"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_boundary_type() {
    let source = "//! Built with another boundary.\nuse plugin_api::prelude::*;\nexport_plugin!(Plugin::new);\n";
    let library = fixtures::hello("boundary", "0.3.0", "\"changed-boundary-fixture\"", source);
    check("", |_| library, &["boundary types of another shape", "Frame", "rebuild"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_with_a_duplicate_command() {
    let source = "//! Twice.\nuse plugin_api::prelude::*;\n\
        export_plugin!(|| Plugin::new().command(Command::new(\"hello\", \"a\").run(hi)).command(Command::new(\"hello\", \"b\").run(hi)));\n\
        async fn hi(_: CommandContext) -> Result { Ok(()) }\n";
    let library = fixtures::hello("twice", "0.3.0", "", source);
    check("", |_| library, &["command `hello` is declared twice"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_start() {
    let source = "//! Panics.\nuse plugin_api::prelude::*;\n\
        export_plugin!(|| Plugin::with_state(|_| async { if true { panic!(\"no tea\") } Ok(()) }));\n";
    let library = fixtures::hello("panics", "0.3.0", "", source);
    check("", |_| library, &["start failed", "panicked: no tea"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_never_returns() {
    let source = "//! Hangs.\nuse plugin_api::prelude::*;\n\
        export_plugin!(|| Plugin::with_state(|_| std::future::pending::<Result>()));\n";
    let library = fixtures::hello("hangs", "0.3.0", "", source);
    check(
        "[extensions]\nstart_timeout_ms = 300",
        |_| library,
        &["start did not return within 300ms", "extensions.start_timeout_ms"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_the_new_generation_refuses() {
    let source = "//! Refuses.\nuse plugin_api::prelude::*;\n\
        export_plugin!(|| Plugin::new().command(Command::new(\"count\", \"c\").run(c))\
        .on_save(|_| State::new(9, &9)).on_restore(|_, state| { let _: String = state.read()?; Ok(()) }));\n\
        async fn c(_: CommandContext) -> Result { Ok(()) }\n";
    let library = fixtures::plugin("counter", "refuses", "0.3.0", "", source);
    let bot = Fixture::with(&["counter"]).await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    bot.drop_in(&library, "counter");
    let error = bot.until_refused("counter").await;
    assert!(error.contains("its state could not be restored") && error.contains("the old generation keeps it"), "{error}");
    // The refused generation cost the old one nothing.
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 2");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_kills_the_probe_and_not_the_host() {
    let mut bytes = good();
    // Executable code and relocations overwritten: structure checks can't see it.
    let middle = bytes.len() / 3;
    for chunk in bytes[middle..middle + 200_000].chunks_mut(8) {
        chunk.fill(0xFF);
    }
    let bot = Fixture::with(&["counter"]).await;
    let library = written(&bot, &bytes);
    bot.drop_in(&library, "hello");
    // Wherever the damage was found: it was refused, and the host is alive.
    let error = bot.until_refused("hello").await;
    println!("{error}");
    assert_eq!(bot.ask(&bot.member(), "!count").await.content, "Count: 1");
    bot.close().await;
}
