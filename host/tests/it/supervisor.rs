//! Tests that a bot is back when its process has ended, that everybody is told why, and that a newer program takes its place.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, Instant},
};

use crate::{
    cli::{cogwright, text},
    fixtures,
    process::{Process, signal},
    support::{PATIENCE, only_in_process},
};

/// Ends the process in ways that nobody can stand in front of.
const SOURCE: &str = r#"//! Ends the process.
use plugin_api::prelude::*;

unsafe extern "C" {
    fn getpid() -> i32;
    fn kill(process: i32, signal: i32) -> i32;
    fn syscall(number: i64, ...) -> i64;
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
    fn pause() -> i32;
}

/// A thread that takes the signal stands still.
extern "C" fn stand_still(_: i32) {
    loop {
        unsafe { pause() };
    }
}

/// All threads of the host's runtime, as a lock would do that nobody gives back.
fn hang_the_host() {
    const SIGWINCH: i32 = 28;
    const TGKILL: i64 = if cfg!(target_arch = "x86_64") { 234 } else { 131 };
    unsafe { signal(SIGWINCH, stand_still) };
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        let thread: i64 = task.file_name().to_string_lossy().parse().unwrap_or(0);
        if name.starts_with("tokio-rt-worker") {
            unsafe { syscall(TGKILL, i64::from(getpid()), thread, i64::from(SIGWINCH)) };
        }
    }
    stand_still(0);
}

export_plugin!(|| Plugin::new()
    .command(Command::new("fall", "Ends the process").option(CommandOption::string("how", "How").required()).run(fall)));

async fn fall(ctx: CommandContext) -> Result {
    match &*ctx.option::<String>("how")? {
        "abort" => unsafe { kill(getpid(), 6); },
        "hang" => hang_the_host(),
        _ => unsafe { syscall(if cfg!(target_arch = "x86_64") { 231 } else { 94 }, 0); },
    }
    Ok(())
}
"#;

fn faller() -> (&'static str, PathBuf) {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| fixtures::plugin("faller", "falls", "0.83.1", "", SOURCE));
    ("faller", built.clone())
}

fn hello() -> (&'static str, PathBuf) {
    ("hello", fixtures::example("hello"))
}

/// The bot's own process, once it is ready.
async fn child(bot: &Process, not: u32) -> u32 {
    let ready = bot.folder.path().join("data/run/ready");
    let began = Instant::now();
    loop {
        let said = fs::read_to_string(&ready).unwrap_or_default();
        match said.trim().parse() {
            Ok(pid) if pid != not => return pid,
            _ => assert!(began.elapsed() < PATIENCE, "{}", bot.said()),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_whose_process_ends_is_back_and_everybody_is_told_why() {
    if only_in_process("a plugin that ends the bot's own process: one in a cell can't") {
        return;
    }
    let bot = Process::supervised(&[faller(), hello()], |_| fixtures::cogwright()).await;
    let (member, owner) = (bot.member(), bot.owner());
    let first = child(&bot, 0).await;
    member.says("general", "!fall abort").await.unwrap();
    member.expects("general", "ended by SIGABRT").await.unwrap();
    bot.until(&member, "!hello", "Hello").await;
    let second = child(&bot, first).await;
    let shown = bot.until(&owner, "!extensions", "restarted").await;
    assert!(shown.contains("ago after SIGABRT"), "{shown}");
    // Exit code 0, and no orderly end.
    member.says("general", "!fall exit").await.unwrap();
    member
        .expects("general", "with exit code 0 in command `fall`")
        .await
        .unwrap();
    let third = child(&bot, second).await;
    // The third in a row is no alert any more, and is in the log all the same.
    signal(third, "KILL");
    bot.until(&member, "!hello", "Hello").await;
    child(&bot, third).await;
    let shown = bot.until(&owner, "!extensions", "restarted").await;
    assert!(
        shown.contains("ago after SIGKILL, 3 times in a row"),
        "{shown}"
    );
    let alerts = member.messages("general");
    let alerts = alerts
        .iter()
        .filter(|message| message.text().contains("The bot has crashed, and is back"));
    assert_eq!(alerts.count(), 2, "{}", bot.said());
    bot.signal("TERM");
    assert_eq!(bot.ended().await.code(), Some(0), "{}", bot.said());
    let log = fs::read_to_string(bot.folder.path().join("botlogs/permanent.log")).unwrap();
    for part in [
        "WARN cogwright::supervisor: the bot (process ",
        "ended by SIGABRT",
        "it is started again at once",
        "2 times in a row; it is started again in 1 s",
        "3 times in a row; it is started again in 2 s",
        "The bot was started again after a crash: it was ended by SIGKILL",
    ] {
        assert!(log.contains(part), "{part} is not in {log}");
    }
}

/// Nobody's process ends by itself there, and nothing is heard of it any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_bot_whose_main_loop_hangs_is_killed_is_back_and_tells_what_was_at_work() {
    let bot = Process::supervised(&[faller(), hello()], |folder| {
        let path = folder.join("config.toml");
        let config = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{config}[limits]\nmain_loop_s = 5\n")).unwrap();
        fixtures::cogwright()
    })
    .await;
    let (member, owner) = (bot.member(), bot.owner());
    let first = child(&bot, 0).await;
    member.says("general", "!fall hang").await.unwrap();
    let told = member
        .expects("general", "its main loop did not answer for")
        .await
        .unwrap()
        .text();
    assert!(
        told.contains("The bot has crashed, and is back")
            && told.contains("while these plugins were at work: `faller`"),
        "{told}"
    );
    child(&bot, first).await;
    bot.until(&member, "!hello", "Hello").await;
    let shown = bot.until(&owner, "!extensions", "restarted").await;
    assert!(
        shown.contains("s in which its main loop did not answer"),
        "{shown}"
    );
    let folder = fs::read_dir(bot.folder.path().join("data/crashes")).unwrap();
    let mut reports = folder.flatten().map(|entry| entry.path());
    let report = reports
        .find(|path| path.extension().is_some_and(|it| it == "json"))
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let at_work = report["at_work"][0].as_str().unwrap();
    assert!(
        at_work.starts_with("`faller` (generation 1): command `fall` for "),
        "{report:#}"
    );
    assert_eq!(report["plugin"], serde_json::Value::Null, "{report:#}");
    let log = fs::read_to_string(bot.folder.path().join("botlogs/permanent.log")).unwrap();
    assert!(
        log.contains("WARN cogwright::supervisor: the bot's main loop has not answered for "),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_ends_in_order_when_its_supervisor_is_killed() {
    let bot = Process::supervised(&[hello()], |_| fixtures::cogwright()).await;
    child(&bot, 0).await;
    bot.signal("KILL");
    bot.ended().await;
    bot.until_said("host::bot::main_loop: stopped").await;
}

/// A slip is seen at once: nothing is started again.
#[test]
fn an_error_at_the_first_start_is_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let output = cogwright(folder.path(), &["run"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("DISCORD_TOKEN") && !said.contains("started again"),
        "{said}"
    );
    assert!(!folder.path().join("data/run/last-end.json").exists());
}

/// A file with a second name, so that another one can be put in its place.
fn linked(program: &Path, folder: &Path) -> PathBuf {
    let own = folder.join("cogwright");
    fs::hard_link(program, &own)
        .or_else(|_| fs::copy(program, &own).map(drop))
        .unwrap();
    own
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_replaces_the_bot_and_its_supervisor_and_is_taken_back_when_it_fails() {
    let bot =
        Process::supervised(&[hello()], |folder| linked(&fixtures::cogwright(), folder)).await;
    let folder = bot.folder.path();
    let first = child(&bot, 0).await;
    let file = |name: &str| fs::canonicalize(folder.join(name)).unwrap();
    let runs_by = |process: u32| fs::read_link(format!("/proc/{process}/exe")).unwrap();
    let upgrade = async |file: &Path| {
        let (folder, file) = (folder.to_owned(), file.to_str().unwrap().to_owned());
        let ran = tokio::task::spawn_blocking(move || cogwright(&folder, &["upgrade", &file]));
        ran.await.unwrap()
    };
    let output = upgrade(&fixtures::cogwright()).await;
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(
        output.status.success() && said.contains("ready after"),
        "{said}{}",
        bot.said()
    );
    let second = child(&bot, first).await;
    // Both are of the file that lies there now, and the supervisor is the process that it was.
    assert_eq!(runs_by(second), file("cogwright"));
    let began = Instant::now();
    while runs_by(bot.id()) != file("cogwright") {
        assert!(began.elapsed() < PATIENCE, "{:?}", runs_by(bot.id()));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bot.until(&bot.member(), "!hello", "Hello").await;
    assert_eq!(child(&bot, first).await, second, "it was adopted");
    // One that does not get ready. Written by another process: none of this one's children has it open.
    let bad = folder.join("bad");
    let script = "printf '#!/bin/sh\\n[ \"$1\" = --version ] && echo cogwright 9.9.9 && exit\\nexit 7\\n' > bad; chmod +x bad";
    let made = std::process::Command::new("sh")
        .args(["-c", script])
        .current_dir(folder)
        .status();
    assert!(made.unwrap().success());
    let output = upgrade(&bad).await;
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("taken back") && said.contains("exit code 7"),
        "{said}"
    );
    let third = child(&bot, second).await;
    assert_eq!(runs_by(third), file("cogwright"));
    bot.member()
        .expects("general", "the newer program was taken back")
        .await
        .unwrap();
    // What is no program of ours is refused before anything is touched.
    fs::write(folder.join("text"), "hello").unwrap();
    let output = upgrade(&folder.join("text")).await;
    let said = text(&output.stderr);
    assert!(said.contains("is no cogwright that runs here"), "{said}");
    bot.signal("TERM");
    assert_eq!(bot.ended().await.code(), Some(0), "{}", bot.said());
}
