//! Tests of refusals, with a sentence each, while the old generation keeps answering.

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
    assert_eq!(bot.plugins().abandoned(), Vec::<String>::new());
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
    check(
        "",
        |bot| written(bot, &bytes[..bytes.len() / 2]),
        &["cut short", "copy it again"],
    )
    .await;
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
    check(
        "",
        |bot| written(bot, &bytes),
        &["aarch64", "x86_64", "--target"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_without_our_symbol() {
    check("", |_| fixtures::no_plugin(), &["export_plugin!"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_boundary_type() {
    let source = "//! Built with another boundary.\nuse plugin_api::prelude::*;\nexport_plugin!(Plugin::new);\n";
    let library = fixtures::hello("boundary", "0.3.1", "\"changed-boundary-fixture\"", source);
    check(
        "",
        |_| library,
        &[
            "boundary types of another shape",
            "`MailboxHandle` has",
            "rebuild",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_with_a_duplicate_command() {
    let source = "//! Twice.\nuse plugin_api::prelude::*;\n\
        export_plugin!(|| Plugin::new().command(Command::new(\"hello\", \"a\").run(hi)).command(Command::new(\"hello\", \"b\").run(hi)));\n\
        async fn hi(_: CommandContext) -> Result { Ok(()) }\n";
    let library = fixtures::hello("twice", "0.3.2", "", source);
    check("", |_| library, &["command `hello` is declared twice"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_start() {
    let source = "//! Panics.\nuse plugin_api::prelude::*;\n\
        export_plugin!(|| Plugin::with_state(|_| async { if true { panic!(\"no tea\") } Ok(()) }));\n";
    let library = fixtures::hello("panics", "0.3.3", "", source);
    check("", |_| library, &["start failed", "panicked: no tea"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_never_returns() {
    let source = "//! Hangs.\nuse plugin_api::prelude::*;\n\
        export_plugin!(|| Plugin::with_state(|_| std::future::pending::<Result>()));\n";
    let library = fixtures::hello("hangs", "0.3.4", "", source);
    check(
        "[extensions]\nstart_timeout_ms = 300",
        |_| library,
        &[
            "start did not return within 300ms",
            "extensions.start_timeout_ms",
        ],
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
    assert!(
        error.contains("its state could not be restored")
            && error.contains("the old generation keeps it"),
        "{error}"
    );
    // The refused generation cost the old one nothing.
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 2");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_kills_the_probe_and_not_the_host() {
    let mut bytes = good();
    let (at, length) = dynamic_segment(&bytes);
    // Tags stay, addresses become nonsense: the file's structure is good, and ld.so trusts it.
    for entry in bytes[at..at + length].chunks_exact_mut(16) {
        entry[8..].fill(0x41);
    }
    let bot = Fixture::with(&["counter"]).await;
    let library = written(&bot, &bytes);
    bot.drop_in(&library, "hello");
    // Wherever the damage was found, it was refused, and the host is alive.
    let error = bot.until_refused("hello").await;
    println!("{error}");
    assert_eq!(bot.ask(&bot.member(), "!count").await.content, "Count: 1");
    bot.close().await;
}

/// Where the table lies that tells the dynamic loader where everything else is
/// ([ELF-64](https://gabi.xinuos.com/elf/07-pheader.html)).
fn dynamic_segment(bytes: &[u8]) -> (usize, usize) {
    let number = |at: usize, size: usize| {
        let mut little = [0; 8];
        little[..size].copy_from_slice(&bytes[at..at + size]);
        usize::try_from(u64::from_le_bytes(little)).unwrap()
    };
    let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    let dynamic = (0..count)
        .map(|index| table + index * size)
        .find(|at| number(*at, 4) == 2)
        .unwrap();
    (number(dynamic + 8, 8), number(dynamic + 32, 8))
}
