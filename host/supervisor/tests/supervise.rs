//! Tests of the supervisor with bots that are shell scripts.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    env, fs,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use host_supervisor::{How, LastEnd, Outcome, Request, ask, install, running};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long anything may take on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What every script can do: count its starts, say that it is ready, end in order.
const WORDS: &str = r#"
cd "$COGWRIGHT_RUN"
echo start >> starts
start=$(wc -l < starts)
cp last-end.json "seen.$start" 2> /dev/null
ready() { echo $$ > ready; echo "ready $start" >> said; }
ends() { echo "{\"pid\":$$,\"code\":$1,\"restart\":${2:-false}}" > ended; exit "$1"; }
"#;

/// A supervisor and its folder.
struct Rig {
    folder: TempDir,
    supervisor: Child,
}

impl Rig {
    fn start(script: &str) -> Self {
        Self::with(script, &[])
    }

    fn with(script: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::into(folder, script, variables)
    }

    fn into(folder: TempDir, script: &str, variables: &[(&str, &str)]) -> Self {
        fs::write(folder.path().join("permanent.log"), "").unwrap();
        let program = program(folder.path(), "bot", script);
        let errors = fs::File::create(folder.path().join("stderr")).unwrap();
        let supervisor = supervise(folder.path(), &program)
            .envs(variables.iter().copied())
            .stderr(errors)
            .spawn()
            .unwrap();
        Self { folder, supervisor }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn starts(&self) -> usize {
        self.text("starts").lines().count()
    }

    /// What the bot of this start was told of the one before it.
    fn seen(&self, start: usize) -> Option<LastEnd> {
        serde_json::from_str(&self.text(&format!("seen.{start}"))).ok()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.supervisor), signal).unwrap();
    }

    fn until(&self, what: &str, done: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !done(self) {
            assert!(
                began.elapsed() < PATIENCE,
                "{what}: {}",
                self.text("stderr")
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn until_said(&self, what: &str) {
        self.until(what, |rig| rig.text("said").contains(what));
    }

    /// Its exit code.
    fn ended(&mut self) -> Option<i32> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.supervisor.try_wait().unwrap() {
                return status.code();
            }
            assert!(began.elapsed() < PATIENCE, "{}", self.text("stderr"));
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // In order, so that no script is left behind.
        let _ = kill_process(Pid::from_child(&self.supervisor), Signal::QUIT);
        let _ = self.supervisor.wait();
    }
}

fn supervise(folder: &Path, program: &Path) -> Command {
    // target/debug/deps/supervise-…: beside the tests are the examples.
    let tests = env::current_exe().unwrap();
    let example = tests.ancestors().nth(2).unwrap().join("examples/supervise");
    let mut command = Command::new(example);
    command.arg(folder).arg(program).stdin(Stdio::null());
    command
}

fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("{WORDS}{script}")).unwrap();
    path
}

/// Waits for signals until it is told to end.
const SERVES: &str = r#"
trap 'echo "INT $start" >> said' INT
trap 'echo "USR1 $start" >> said' USR1
trap 'ends 0' TERM
ready
while :; do sleep 0.01; done
"#;

#[test]
fn a_bot_that_crashes_comes_back_and_is_told_how() {
    let mut rig = Rig::with(
        "case $start in 1) kill -SEGV $$ ;; 2) ready; kill -ABRT $$ ;; 3) exit 0 ;; *) ends 0 ;; esac",
        &[("PAUSE_MS", "1")],
    );
    assert_eq!(rig.ended(), Some(0), "{}", rig.text("stderr"));
    assert_eq!(rig.starts(), 4);
    let seen: Vec<_> = (1..5).map(|start| rig.seen(start)).collect();
    let told = |last: &Option<LastEnd>| {
        let last = last.as_ref().unwrap();
        (last.how.clone(), last.in_a_row, last.was_ready)
    };
    assert_eq!(seen[0], None);
    assert_eq!(told(&seen[1]), (How::Signal("SIGSEGV".into()), 1, false));
    assert_eq!(told(&seen[2]), (How::Signal("SIGABRT".into()), 2, true));
    // Nothing was wrong with it but that it did not say that it ends.
    assert_eq!(told(&seen[3]), (How::Exit(0), 3, false));
    let (said, log) = (rig.text("stderr"), rig.text("permanent.log"));
    for part in [
        " WARN cogwright::supervisor: the bot (process ",
        "it was ended by SIGSEGV (a pointer to where nothing is",
        "started again at once",
        "2 times in a row; it is started again in 1 ms",
        "exit code 0 and not in order",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert_eq!(said, log);
    // It ended in order: the next one has nothing to tell.
    assert!(!rig.path("last-end.json").exists());
}

#[test]
fn a_crash_loop_is_slowed_and_can_be_stopped() {
    // An hour: if it did not wait, there would be more than two starts; if it could not be stopped, this would last.
    let mut rig = Rig::with("kill -SEGV $$", &[("PAUSE_MS", "3600000")]);
    rig.until("it waits", |rig| {
        rig.text("stderr").contains("started again in 60 min")
    });
    rig.signal(Signal::TERM);
    assert_eq!(rig.ended(), Some(0));
    assert_eq!(rig.starts(), 2);
}

#[test]
fn an_error_before_the_bot_was_ever_ready_is_passed_on_and_later_it_is_not() {
    let mut slip = Rig::start("ends 1");
    assert_eq!((slip.ended(), slip.starts()), (Some(1), 1));
    assert_eq!(slip.text("stderr"), "");
    let mut final_one = Rig::start("ready; ends 5");
    assert_eq!((final_one.ended(), final_one.starts()), (Some(5), 1));
    let mut later = Rig::start("case $start in 1) ready; ends 1 ;; *) ends 0 ;; esac");
    assert_eq!((later.ended(), later.starts()), (Some(0), 2));
    assert_eq!(later.seen(2).unwrap().how, How::Error(1));
}

#[test]
fn signals_reach_the_bot_once_and_its_exit_code_comes_back() {
    let mut rig = Rig::start(SERVES);
    rig.until_said("ready 1");
    rig.signal(Signal::USR1);
    rig.until_said("USR1 1");
    rig.signal(Signal::INT);
    rig.until_said("INT 1");
    rig.signal(Signal::TERM);
    assert_eq!(rig.ended(), Some(0));
    assert_eq!(rig.text("said"), "ready 1\nUSR1 1\nINT 1\n");
    // A bot that is asked to end and can't is not started again.
    let mut falls = Rig::start("trap 'kill -SEGV $$' TERM; ready; while :; do sleep 0.01; done");
    falls.until_said("ready 1");
    falls.signal(Signal::TERM);
    assert_eq!((falls.ended(), falls.starts()), (Some(139), 1));
    assert!(falls.text("stderr").contains("did not end in order"));
}

#[test]
fn sighup_and_the_bot_itself_ask_for_a_restart_that_is_no_crash() {
    let mut rig = Rig::start(&format!("[ $start = 2 ] && ends 0 true\n{SERVES}"));
    rig.until_said("ready 1");
    rig.signal(Signal::HUP);
    rig.until_said("ready 3");
    assert_eq!((rig.seen(2), rig.seen(3)), (None, None));
    rig.signal(Signal::TERM);
    assert_eq!(rig.ended(), Some(0));
    assert!(
        !rig.text("stderr").contains("WARN"),
        "{}",
        rig.text("stderr")
    );
}

#[test]
fn a_second_supervisor_leaves_the_first_one_alone() {
    let mut rig = Rig::start(SERVES);
    rig.until_said("ready 1");
    assert_eq!(running(rig.folder.path()).unwrap().pid, rig.supervisor.id());
    let second = supervise(rig.folder.path(), &rig.path("bot"))
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(99));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("a supervisor is there already"), "{said}");
    rig.signal(Signal::TERM);
    assert_eq!((rig.ended(), rig.starts()), (Some(0), 1));
    assert_eq!(running(rig.folder.path()), None);
}

#[test]
fn orphans_are_waited_for() {
    let mut rig = Rig::with(
        &format!("(sh -c 'echo $$ > orphan; exit 3' &)\n{SERVES}"),
        &[("ADOPTS_ORPHANS", "1")],
    );
    rig.until_said("ready 1");
    rig.until("the orphan has ended", |rig| {
        let orphan = rig.text("orphan");
        orphan.ends_with('\n') && !Path::new("/proc").join(orphan.trim()).exists()
    });
    rig.signal(Signal::TERM);
    assert_eq!((rig.ended(), rig.starts()), (Some(0), 1));
}

#[test]
fn a_bot_whose_heart_stands_still_is_killed_and_started_again() {
    // It starts for as long as it likes, and beats for as long; then it does not, and ignores what it is asked.
    let script = "case $start in
        1) trap '' TERM; ready; touch heart; while :; do sleep 0.01; done ;;
        *) ends 0 ;;
    esac";
    let mut rig = Rig::with(script, &[("HANGS_AFTER_MS", "300")]);
    assert_eq!(rig.ended(), Some(0), "{}", rig.text("stderr"));
    assert_eq!(rig.starts(), 2);
    let last = rig.seen(2).unwrap();
    assert!(
        matches!(last.how, How::Hung(_)) && last.was_ready,
        "{last:?}"
    );
    let said = rig.text("stderr");
    for part in [
        "the bot's main loop has not answered for 0 s, though its process runs",
        "is gone after",
        "it was killed for that (`limits.main_loop_s`); it is started again at once",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn systemd_is_told_when_the_bot_is_ready_stops_and_lives() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("notify");
    let systemd = UnixDatagram::bind(&socket).unwrap();
    systemd.set_read_timeout(Some(PATIENCE)).unwrap();
    let until = |wanted: &str| {
        let mut heard = String::new();
        let mut bytes = [0; 4096];
        while !heard.contains(wanted) {
            let many = systemd
                .recv(&mut bytes)
                .unwrap_or_else(|_| panic!("{wanted}: {heard}"));
            heard += &String::from_utf8_lossy(&bytes[..many]);
        }
        heard
    };
    // The watchdog's variables and the socket are not the bot's.
    let script = format!(
        "env | grep -q 'NOTIFY_SOCKET\\|WATCHDOG' && ends 9\n[ -n \"$COGWRIGHT_HEART\" ] || ends 8\n\
         while [ $start = 1 ] && [ ! -e go ]; do sleep 0.01; done\n{SERVES}"
    );
    let path = socket.to_str().unwrap().to_owned();
    let variables = [("NOTIFY_SOCKET", &*path), ("WATCHDOG_USEC", "200000")];
    let mut rig = Rig::into(folder, &script, &variables);
    // It starts, and lives; it is not ready.
    let heard = until("WATCHDOG=1");
    assert!(
        heard.contains("STATUS=starting") && !heard.contains("READY=1"),
        "{heard}"
    );
    fs::write(rig.path("go"), "").unwrap();
    until("READY=1\nSTATUS=ready");
    until("WATCHDOG=1");
    // Its main loop hangs: nothing is heard, and the log says why.
    let long_ago = fs::File::create(rig.path("heart")).unwrap();
    long_ago
        .set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    rig.until("it is late", |rig| {
        rig.text("stderr").contains("has not answered for")
    });
    rig.signal(Signal::HUP);
    let heard = until("READY=1");
    let (_, later) = heard.split_once("RELOADING=1\nMONOTONIC_USEC=").unwrap();
    assert!(later.contains("STATUS=restarting"), "{heard}");
    rig.signal(Signal::TERM);
    until("STOPPING=1");
    assert_eq!(rig.ended(), Some(0));
}

/// Puts a program into the bot's place and asks for it; what became of it.
fn upgraded(rig: &Rig, script: &str, within_ms: u64) -> Outcome {
    let newer = program(rig.folder.path(), "download", script);
    let there = running(rig.folder.path()).unwrap();
    install(&newer, &there.file).unwrap();
    let request = Request { within_ms };
    ask(rig.folder.path(), &there, &request).unwrap()
}

#[test]
fn an_upgrade_is_kept_when_it_is_ready_and_taken_back_when_it_is_not() {
    let mut rig = Rig::start(SERVES);
    rig.until_said("ready 1");
    let done = upgraded(&rig, &format!("echo newer >> said\n{SERVES}"), 60_000);
    assert!(done.is_done, "{done:?}");
    assert_eq!(rig.text("said"), "ready 1\nnewer\nready 2\n");
    // One that crashes, one that fails in order, one that is never ready.
    for (script, within_ms, why) in [
        ("kill -SEGV $$", 60_000, "by SIGSEGV"),
        ("ends 3", 60_000, "exit code 3"),
        (
            "trap 'ends 0' TERM; while :; do sleep 0.01; done",
            1,
            "not ready within 1 ms",
        ),
    ] {
        let starts = rig.starts();
        let back = upgraded(&rig, script, within_ms);
        assert!(!back.is_done && back.told.contains(why), "{why}: {back:?}");
        rig.until_said(&format!("newer\nready {}\n", starts + 2));
        let last = rig.seen(starts + 2).unwrap();
        assert!(matches!(last.how, How::TakenBack(_)), "{last:?}");
    }
    rig.signal(Signal::TERM);
    assert_eq!(rig.ended(), Some(0));
}
