//! Tests that what was answered is in the state: at unload, at the end, at the second signal, at an end during the
//! start.

use std::{
    path::PathBuf,
    sync::OnceLock,
    time::{Duration, Instant},
};

use crate::{
    fixtures,
    process::Process,
    support::{Fixture, PATIENCE, in_cells},
};

/// Counts, one after the other and slowly; and ends its own thread in ways that no author should.
const TALLY: &str = r#"//! Counts.
use std::{cell::Cell, rc::Rc, time::Duration};

use plugin_api::prelude::*;

unsafe extern "C" {
    fn pthread_exit(value: *mut u8) -> !;
    fn syscall(number: i64, ...) -> i64;
}

export_plugin!(|| Plugin::with_state(start)
    .concurrency(1)
    .command(Command::new("tally", "Counts").run(count))
    .command(Command::new("wait", "Counts, and waits for ever").run(wait))
    .command(Command::new("end", "Ends its thread").option(CommandOption::string("how", "How").required()).run(end))
    .on_save(|tally| State::new(1, &tally.get()))
    .on_restore(|tally: &Rc<Cell<u64>>, saved| { tally.set(saved.read()?); Ok(()) }));

async fn start(host: Host) -> Result<Cell<u64>> {
    let settings: std::collections::BTreeMap<String, u64> = host.settings()?;
    Ok(Cell::new(settings.get("begin").copied().unwrap_or(0)))
}

async fn count(ctx: CommandContext<Cell<u64>>) -> Result {
    tokio::time::sleep(Duration::from_millis(4)).await;
    ctx.state().set(ctx.state().get() + 1);
    ctx.reply(format!("Count: {}", ctx.state().get())).await
}

async fn wait(ctx: CommandContext<Cell<u64>>) -> Result {
    ctx.state().set(ctx.state().get() + 1);
    ctx.reply(format!("Count: {}", ctx.state().get())).await?;
    std::future::pending().await
}

struct Loud;
impl Drop for Loud {
    fn drop(&mut self) {
        panic!("in the destructor");
    }
}

async fn end(ctx: CommandContext<Cell<u64>>) -> Result {
    ctx.state().set(1_000_000);
    match &*ctx.option::<String>("how")? {
        "leaves" => unsafe { pthread_exit(std::ptr::null_mut()) },
        "vanishes" => {
            unsafe { syscall(if cfg!(target_arch = "x86_64") { 60 } else { 93 }, 0) };
        }
        "panics" => {
            let _loud = Loud;
            panic!("with a destructor that panics");
        }
        _ => panic!("and that is all"),
    }
    Ok(())
}
"#;

fn tally() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| fixtures::plugin("tally", "lives", "0.11.3", "", TALLY))
        .clone()
}

/// How many answers there are in #general.
fn answers(of: &sandbox::Actor) -> u64 {
    let messages = of.messages("general");
    messages
        .iter()
        .filter(|message| message.content.starts_with("Count: "))
        .count() as u64
}

/// Waits until the plugin has this many in its queue.
async fn until_waiting(bot: &Fixture, wanted: usize) {
    let began = Instant::now();
    let waiting = || {
        let status = bot.plugins().status();
        status[0].serving.as_ref().unwrap().load.depth
    };
    while waiting() < wanted {
        assert!(began.elapsed() < PATIENCE, "{} wait", waiting());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn crowded() -> Fixture {
    let bot = Fixture::configured(
        &[],
        "[shutdown]\ntimeout_ms = 30000\n[extensions]\nstop_timeout_ms = 20000",
    )
    .await;
    bot.drop_in(&tally(), "tally");
    bot.until_generation("tally", 1).await;
    bot.until_content_is_seen().await;
    let member = bot.member();
    for _ in 0..200 {
        member.says("general", "!tally").await.unwrap();
    }
    until_waiting(&bot, 100).await;
    bot
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_while_a_plugin_was_unloaded_is_in_its_state() {
    let bot = crowded().await;
    let member = bot.member();
    let report = bot.plugins().unload("tally", false).await.unwrap();
    assert!(report.unmapped, "{report:?}");
    let answered = answers(&member);
    assert!(answered > 100, "{answered}");
    bot.plugins().load("tally").await.unwrap();
    let next = format!("Count: {}", answered + 1);
    assert_eq!(bot.ask(&member, "!tally").await.content, next);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_while_its_file_was_deleted_is_in_its_state() {
    let bot = crowded().await;
    let member = bot.member();
    std::fs::remove_file(bot.extensions().join("libtally.so")).unwrap();
    bot.until(|all| all.is_empty()).await;
    let gone = async {
        // Out of the set first, then served to its end.
        while !bot.plugins().late().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
    let answered = answers(&member);
    bot.drop_in(&tally(), "tally");
    bot.until_generation("tally", 2).await;
    let next = format!("Count: {}", answered + 1);
    assert_eq!(bot.ask(&member, "!tally").await.content, next);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_at_sigterm_is_in_the_state() {
    let bot = Process::run(
        &[("tally", tally())],
        "[shutdown]\ntimeout_ms = 30000\n[extensions]\nstop_timeout_ms = 20000",
    )
    .await;
    let member = bot.member();
    bot.until(&member, "!tally", "Count: ").await;
    for _ in 0..200 {
        member.says("general", "!tally").await.unwrap();
    }
    bot.signal("TERM");
    let status = bot.ended().await;
    assert!(status.success(), "{status}\n{}", bot.said());
    assert_eq!(bot.state("tally"), Some(answers(&member).to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_blocks_and_one_that_waits_cost_a_third_nothing() {
    // With time for all that comes to an end, and without.
    let did_not_stop = match in_cells() {
        true => "its cell was killed: it did not stop within ",
        false => "did not stop in time",
    };
    for (timeout_ms, named) in [(4000, did_not_stop), (1500, "late: ")] {
        let libraries = [
            ("counter", fixtures::example("counter")),
            ("misbehave", fixtures::example("misbehave")),
            ("tally", tally()),
        ];
        let config = format!("[shutdown]\ntimeout_ms = {timeout_ms}");
        let bot = Process::run(&libraries, &config).await;
        let member = bot.member();
        let counted = bot.until(&member, "!count", "Count: ").await;
        member.says("general", "!misbehave block").await.unwrap();
        let waited = bot.until(&member, "!wait", "Count: ").await;
        bot.signal("TERM");
        let status = bot.ended().await;
        let said = bot.said();
        assert!(status.success(), "{status}\n{said}");
        // The one that waits was cut short; the one that blocks, and it alone, is named.
        let mut late = said.lines().filter(|line| line.contains(named));
        let line = late.next().unwrap_or_else(|| panic!("nobody\n{said}"));
        assert!(
            line.contains("misbehave") && late.next().is_none(),
            "{said}"
        );
        assert!(
            !line.contains("tally") && !line.contains("counter"),
            "{said}"
        );
        for (plugin, answered) in [("counter", counted), ("tally", waited)] {
            let state = bot.state(plugin).unwrap();
            assert_eq!(answered, format!("Count: {state}"), "{plugin}\n{said}");
        }
    }
}

/// The same under another name and with a strict hand-over: its state is handed on only while no handler runs.
fn exact() -> PathBuf {
    let source = TALLY
        .replace(".concurrency(1)", ".strict_handoff()")
        .replace("\"tally\"", "\"exact\"")
        .replace("\"wait\"", "\"exact_wait\"")
        .replace("\"end\"", "\"exact_end\"");
    fixtures::plugin("exact", "lives", "0.11.3", "", &source)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_the_process_at_once_and_costs_no_state() {
    let libraries = [
        ("misbehave", fixtures::example("misbehave")),
        ("tally", tally()),
        ("exact", exact()),
    ];
    let bot = Process::run(
        &libraries,
        "[shutdown]\ntimeout_ms = 60000\n[extensions]\nstop_timeout_ms = 60000",
    )
    .await;
    let member = bot.member();
    bot.until(&member, "!tally", "Count: ").await;
    member.says("general", "!misbehave block").await.unwrap();
    let counted = bot.until(&member, "!wait", "Count: ").await;
    bot.until(&member, "!exact", "Count: ").await;
    let exactly = bot.until(&member, "!exact_wait", "Count: ").await;
    let began = Instant::now();
    bot.signal("TERM");
    bot.until_said("shutting down").await;
    bot.signal("TERM");
    let status = bot.ended().await;
    assert_eq!(status.code(), Some(130), "{}", bot.said());
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
    for (plugin, answered) in [("tally", counted), ("exact", exactly)] {
        let state = bot.state(plugin).unwrap();
        assert_eq!(answered, format!("Count: {state}"), "{plugin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_plugin_that_is_never_without_work_is_saved_now_and_then() {
    let bot = Process::run(&[("exact", exact())], "[extensions]\nsave_every_s = 1").await;
    let (member, owner) = (bot.member(), bot.owner());
    let counted = bot.until(&member, "!exact_wait", "Count: ").await;
    // A reload waits for the handler, and says so; the plugin serves on.
    let answer = bot.ask(&owner, "!reload exact").await.text();
    assert!(answer.contains("save did not return"), "{answer}");
    let began = Instant::now();
    while bot
        .state("exact")
        .is_none_or(|state| counted != format!("Count: {state}"))
    {
        assert!(began.elapsed() < PATIENCE, "{}", bot.said());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bot.signal("KILL");
    bot.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_during_the_start_saves_what_is_loaded() {
    let libraries = [
        ("counter", tally()),
        ("misbehave", fixtures::example("misbehave")),
    ];
    let config = "[plugins.misbehave]\nstart = \"hang\"\n[plugins.tally]\nbegin = 41\n[extensions]\nstart_timeout_ms = 60000";
    let bot = Process::begin(&libraries, config).await;
    bot.until_said("loaded").await;
    bot.signal("INT");
    let status = bot.ended().await;
    assert!(status.success(), "{status}\n{}", bot.said());
    assert_eq!(bot.state("tally").as_deref(), Some("41"), "{}", bot.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_discord_refuses_for_good_saves_what_is_loaded() {
    let bot = Process::run(&[("tally", tally())], "[plugins.tally]\nbegin = 41").await;
    // As when a privileged intent was taken away in the Developer Portal.
    assert!(bot.sandbox.close_connections(4014));
    let status = bot.ended().await;
    assert_eq!(status.code(), Some(4), "{}", bot.said());
    assert_eq!(bot.state("tally").as_deref(), Some("41"), "{}", bot.said());
    assert!(bot.said().contains("nothing stayed"), "{}", bot.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_whose_thread_ends_is_told_of_and_started_again_with_its_last_state() {
    for how in ["leaves", "vanishes", "panics"] {
        let bot = Process::run(&[("tally", tally())], "").await;
        let (member, owner) = (bot.member(), bot.owner());
        bot.until(&member, "!tally", "Count: ").await;
        bot.ask(&owner, "!reload tally").await;
        let file = bot.folder.path().join("data/plugins/tally/state");
        let began = Instant::now();
        while !file.exists() {
            assert!(began.elapsed() < PATIENCE, "{}", bot.said());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let saved: u64 = bot.state("tally").unwrap().parse().unwrap();
        let answer = bot.ask(&member, &format!("!end {how}")).await.text();
        assert!(answer.contains("error id"), "{how}: {answer}");
        let shown = bot.until(&owner, "!extensions", "is started again").await;
        assert!(shown.contains("0 loaded"), "{how}: {shown}");
        let next = format!("Count: {}", saved + 1);
        bot.until(&member, "!tally", &next).await;
        // It is a plugin like any other again.
        let answer = bot.ask(&owner, "!reload tally").await.text();
        assert!(answer.contains("Reloaded"), "{how}: {answer}");
        bot.signal("TERM");
        assert!(bot.ended().await.success(), "{how}\n{}", bot.said());
        let state: u64 = bot.state("tally").unwrap().parse().unwrap();
        assert_eq!(state, answers_after(&member, saved), "{how}");
    }
}

/// The last count that was answered.
fn answers_after(of: &sandbox::Actor, saved: u64) -> u64 {
    let messages = of.messages("general");
    let counts = messages
        .iter()
        .filter_map(|message| message.content.strip_prefix("Count: ")?.parse().ok());
    counts.max().unwrap_or(saved)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_panics_too_often_is_stopped_with_its_state_and_load_heals_it() {
    let bot = Fixture::configured(&[], "[extensions]\npanics_per_minute = 3").await;
    bot.drop_in(&tally(), "tally");
    bot.until_generation("tally", 1).await;
    bot.until_content_is_seen().await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!tally").await.content, "Count: 1");
    for _ in 0..4 {
        let answer = bot.ask(&member, "!end simply").await.text();
        assert!(answer.contains("error id"), "{answer}");
    }
    let failed = bot
        .until(|all| {
            all.iter()
                .any(|it| it.serving.is_none() && it.error.is_some())
        })
        .await;
    let why = failed[0].error.clone().unwrap();
    for part in [
        "panicked 4 times within a minute",
        "and that is all, at src/lib.rs",
        "`load tally`",
    ] {
        assert!(why.contains(part), "{part}: {why}");
    }
    bot.plugins().load("tally").await.unwrap();
    assert_eq!(bot.ask(&member, "!tally").await.content, "Count: 1000001");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_but_not_loaded_is_said_to_be_so() {
    let bot = Fixture::with(&["hello"]).await;
    bot.plugins().unload("hello", false).await.unwrap();
    for error in [
        bot.plugins().unload("hello", false).await.unwrap_err(),
        bot.plugins().unload("hello", true).await.unwrap_err(),
        bot.plugins().reload("hello").await.map(drop).unwrap_err(),
    ] {
        let wanted = "`hello` is not loaded; `load hello` loads it";
        assert_eq!(error.to_string(), wanted);
    }
    let error = bot.plugins().unload("helo", false).await.unwrap_err();
    assert!(
        error.to_string().contains("did you mean `hello`?"),
        "{error}"
    );
    bot.close().await;
}
