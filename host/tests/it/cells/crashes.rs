//! Tests of what a cell's crash leaves: a report as of the bot's own, and a strike against its file.

use std::{fs, path::PathBuf};

use host_loader::file;
use serde_json::Value;

use crate::{
    cells::{cell, rascal},
    support::Fixture,
};

const APART: &str = "[isolation]\nplugins = { rascal = \"process\" }\n";

async fn bot(config: &str) -> Fixture {
    let bot = Fixture::configured(&["counter"], &format!("{APART}{config}")).await;
    bot.drop_in(&rascal(), "rascal");
    bot.until_generation("rascal", 1).await;
    bot
}

/// The reports, the oldest first.
fn reports(bot: &Fixture) -> Vec<Value> {
    let folder = fs::read_dir(bot.data().join("crashes")).into_iter();
    let mut files: Vec<PathBuf> = folder.flatten().map(|it| it.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|it| it == "json"));
    files.sort();
    let read = |path: &PathBuf| serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    files.iter().map(read).collect()
}

/// Has a member say this; why the plugin has failed by it.
async fn fails(bot: &Fixture, command: &str) -> String {
    let member = bot.member();
    let used = member.says("general", command).await.unwrap();
    let answer = member.expects_reply_to(&used).await.unwrap().text();
    assert!(answer.contains("error id: `"), "{answer}");
    bot.until_refused("rascal").await
}

fn sha256() -> String {
    let library = rascal();
    let bytes = fs::read(&library).unwrap();
    file::check(&bytes, &library).unwrap().sha256_hex()
}

/// A crash by this command has a report with all that a crash of the bot has.
async fn is_reported(config: &str, command: &str, signal: &str, function: &str) {
    let bot = bot(config).await;
    let pid = cell(&bot, "rascal").unwrap().pid();
    let why = fails(&bot, &format!("!{command}")).await;
    let [report] = &*reports(&bot) else {
        panic!("{:#?}", reports(&bot))
    };
    assert_eq!(report["plugin"], "rascal", "{report:#}");
    assert_eq!(report["certainty"], "certain", "{report:#}");
    assert_eq!(report["cell"], pid, "{report:#}");
    assert_eq!(report["generation"], 1, "{report:#}");
    assert_eq!(report["sha256"], sha256(), "{report:#}");
    assert_eq!(
        report["handler"],
        format!("command `{command}`"),
        "{report:#}"
    );
    assert_eq!(report["user"], bot.member().id(), "{report:#}");
    assert!(report["invocation"].as_u64() > Some(0), "{report:#}");
    assert_eq!(report["signal"], signal, "{report:#}");
    let trace = report["trace"].to_string();
    assert!(trace.contains(function), "{report:#}");
    let text = why
        .split("report: ")
        .nth(1)
        .unwrap_or_else(|| panic!("{why}"));
    let text = fs::read_to_string(text.split(';').next().unwrap()).unwrap();
    assert!(
        text.contains(&format!("\ncell           {pid}\n")),
        "{text}"
    );
    bot.until_generation("rascal", 2).await;
    let extensions = bot.ask(&bot.owner(), "!extensions").await.text();
    assert!(extensions.contains("crashed its cell "), "{extensions}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_a_cell_has_a_report() {
    is_reported("", "crash", "SIGSEGV", "rascal_cells::crash").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_a_cell_in_a_sandbox_has_the_same_report() {
    is_reported(
        "sandbox = \"possible\"",
        "crash",
        "SIGSEGV",
        "rascal_cells::crash",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_overflows_in_a_cell_is_told_as_that() {
    let bot = bot("sandbox = \"possible\"").await;
    fails(&bot, "!overflow").await;
    let reports = reports(&bot);
    assert_eq!(reports[0]["overflow"], true, "{:#}", reports[0]);
    let trace = reports[0]["trace"].to_string();
    assert!(trace.contains("rascal_cells::deeper"), "{trace}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abort_of_a_cell_tells_where_it_was_called_and_counts_against_nobody() {
    let bot = bot("memory_mb = 128\n[extensions]\ncrash_strikes = 1").await;
    let why = fails(&bot, "!leak").await;
    assert!(why.contains("called `abort`"), "{why}");
    let reports = reports(&bot);
    assert_eq!(reports[0]["signal"], "SIGABRT", "{:#}", reports[0]);
    // By the program's own functions, which stand in front of libc's.
    let trace = reports[0]["trace"].to_string();
    assert!(
        trace.contains("cogwright+0x") && trace.contains("rascal_cells::leak"),
        "{trace}"
    );
    assert!(bot.plugins().quarantine().of(&sha256()).is_none());
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_crashes_in_a_cell_keep_the_file_out_of_the_bots_process_and_not_out_of_cells() {
    let bot = bot("").await;
    let why = fails(&bot, "!crash").await;
    assert!(!why.contains("own process does not load"), "{why}");
    assert!(bot.plugins().quarantine().of(&sha256()).is_none());
    bot.until_generation("rascal", 2).await;
    fails(&bot, "!crash").await;
    bot.until(|all| {
        all.iter().filter_map(|it| it.error.as_ref()).any(|why| {
            why.contains("it has crashed 2 times within 60 min, the last time in a cell")
                && why.contains("`load rascal again`")
        })
    })
    .await;
    bot.until_generation("rascal", 3).await;
    assert_eq!(bot.ask(&bot.member(), "!keeps").await.content, "kept");
    // A restart changes nothing, but that the bot's own process does not take it.
    let bot = bot.reconfigured(APART).await;
    assert_eq!(bot.ask(&bot.member(), "!keeps").await.content, "kept");
    let bot = bot.reconfigured("[isolation]\ndefault = \"none\"").await;
    let why = bot.until_refused("rascal").await;
    assert!(why.contains("`rascal` is in quarantine: "), "{why}");
    bot.plugins().load_again("rascal").await.unwrap();
    assert!(cell(&bot, "rascal").is_none());
    assert_eq!(bot.ask(&bot.member(), "!keeps").await.content, "kept");
    bot.close().await;
}
