//! Tests of what a plugin in a cell costs others when it crashes, spins, takes all memory, or reaches for what is not its own: nothing.

use crate::{
    cells::{cell, have_ended, is_alive, rascal},
    support::Fixture,
};

/// `rascal` in a cell, under these limits, beside `counter` in the bot's own process.
async fn bot(limits: &str) -> Fixture {
    let config = format!("[isolation]\nplugins = {{ rascal = \"process\" }}\n{limits}");
    let bot = Fixture::configured(&["counter"], &config).await;
    bot.drop_in(&rascal(), "rascal");
    bot.until_generation("rascal", 1).await;
    bot
}

/// What is used ends in a sentence for whoever has used it, and in these words for the owner; everybody else goes on, and so does the
/// plugin, soon.
async fn harms_itself_alone(limits: &str, command: &str, why: &[&str]) {
    let bot = bot(limits).await;
    let member = bot.member();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    let pid = cell(&bot, "rascal").unwrap().pid();
    let used = member.says("general", command).await.unwrap();
    let answer = member.expects_reply_to(&used).await.unwrap().text();
    assert!(answer.contains("error id: `"), "{answer}");
    let refused = bot.until_refused("rascal").await;
    for part in why {
        assert!(refused.contains(part), "{refused}");
    }
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 2");
    bot.until_generation("rascal", 2).await;
    have_ended(&[pid]).await;
    assert_eq!(bot.ask(&member, "!keeps").await.content, "kept");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_a_sentence_and_a_restart_of_its_cell() {
    harms_itself_alone(
        "",
        "!crash",
        &["crashed (SIGSEGV)", "command `crash` was at work"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_ends_its_cell_alone() {
    harms_itself_alone(
        "",
        "!quit",
        &["its thread called `exit`", "command `quit` was at work"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_without_an_end_is_ended() {
    let why = [
        "was killed: its thread had been in command `spin` for ",
        "it spins: ",
        "another one takes over",
    ];
    // Time for a second look, which tells whether it spins.
    harms_itself_alone("[limits]\nwatchdog_s = 3", "!spin", &why).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_in_the_background_that_blocks_is_noticed_while_nothing_waits_for_its_cell() {
    let bot = bot("[limits]\nwatchdog_s = 3").await;
    let pid = cell(&bot, "rascal").unwrap().pid();
    assert_eq!(bot.ask(&bot.member(), "!brood").await.content, "broods");
    let why = bot.until_refused("rascal").await;
    for part in [
        "was killed: its thread had been in a task in the background for ",
        "it is blocked: ",
        "another one takes over",
    ] {
        assert!(why.contains(part), "{why}");
    }
    bot.until_generation("rascal", 2).await;
    have_ended(&[pid]).await;
    assert_eq!(bot.ask(&bot.member(), "!keeps").await.content, "kept");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_beyond_the_limit_ends_the_cell_that_wants_it() {
    let why = [
        "called `abort`",
        "it may have 128 MB (`[isolation] memory_mb`)",
        "`leak`",
    ];
    harms_itself_alone("memory_mb = 128", "!leak", &why).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_does_not_stop_is_killed_and_nothing_of_it_stays() {
    let bot = bot("[extensions]\nstop_timeout_ms = 100\nsave_timeout_ms = 100").await;
    let member = bot.member();
    let pid = cell(&bot, "rascal").unwrap().pid();
    let used = member.says("general", "!spin").await.unwrap();
    assert_eq!(bot.ask(&member, "!count").await.content, "Count: 1");
    let report = bot.plugins().unload("rascal", true).await.unwrap();
    assert!(report.unmapped && report.stayed.is_empty(), "{report:?}");
    assert!(!is_alive(pid) && bot.plugins().abandoned().is_empty());
    let answer = member.expects_reply_to(&used).await.unwrap().text();
    assert!(answer.contains("error id: `"), "{answer}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_leaves_threads_and_host_calls_and_nothing_else() {
    let open = bot("").await;
    let said = open.ask(&open.member(), "!tries").await.content;
    assert_eq!(
        said,
        "reads, lists, writes, listens, sends, starts, threads"
    );
    assert!(cell(&open, "rascal").unwrap().sandbox().is_none());
    open.close().await;

    let closed = bot("sandbox = \"possible\"").await;
    let lacks = cell(&closed, "rascal").unwrap().sandbox().unwrap().to_vec();
    // What the kernel lacks can't be told of.
    if lacks.is_empty() {
        let member = closed.member();
        assert_eq!(closed.ask(&member, "!tries").await.content, "threads");
        assert_eq!(closed.ask(&member, "!keeps").await.content, "kept");
    } else {
        println!("left out: the kernel lacks {lacks:?}");
    }
    closed.close().await;
}
