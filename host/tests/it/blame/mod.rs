//! Crashes of the whole bot by a plugin: whose fault it was, what the next start tells of it, and what follows.

mod many;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::OnceLock,
    time::{Duration, Instant},
};

use host::crashes::Past;
use host_ops::{
    config::Config,
    env::{Environment, Secret},
};
use sandbox::{Actor, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    fixtures,
    process::{Process, Running},
    support::{PATIENCE, drop_in, only_in_process},
};

/// The plugin `falls`.
fn falls() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let source = include_str!("plugin.rs");
    BUILT.get_or_init(|| fixtures::plugin("falls", "blame", "0.9.1", "", source))
}

/// The same in another file.
fn falls_otherwise() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let source = include_str!("plugin.rs").replace("still here", "here again");
    BUILT.get_or_init(|| fixtures::plugin("falls", "blamed", "0.9.2", "", &source))
}

/// A bot that falls and is started again, on a sandbox that goes on.
struct Falling {
    sandbox: Sandbox,
    folder: TempDir,
    running: Running,
    starts: usize,
}

impl Falling {
    async fn with(libraries: &[(&str, &Path)], config: &str) -> Self {
        let sandbox = Process::discord(|_| {}).await;
        let folder = tempfile::tempdir().unwrap();
        let extensions = folder.path().join("extensions");
        fs::create_dir_all(&extensions).unwrap();
        for (name, library) in libraries {
            drop_in(library, &extensions, name);
        }
        let address = sandbox.addr();
        let config = format!(
            "{config}\n[discord]\napi_url = \"http://{address}\"\ngateway_url = \"ws://{address}\"\n\
             [metrics]\nlisten = \"127.0.0.1:0\"\n[pages]\nlisten = \"off\"\n",
        );
        fs::write(folder.path().join("config.toml"), config).unwrap();
        let running = Running::start(folder.path(), &sandbox, "1.log");
        Self {
            sandbox,
            folder,
            running,
            starts: 1,
        }
    }

    fn start(&mut self) {
        self.starts += 1;
        let log = format!("{}.log", self.starts);
        self.running = Running::start(self.folder.path(), &self.sandbox, &log);
    }

    fn actor(&self, name: &str) -> Actor {
        self.sandbox.actor(name).unwrap()
    }

    /// Asks until the answer has this in it.
    async fn until(&self, who: &str, text: &str, wanted: &str) -> String {
        let (who, began) = (self.actor(who), Instant::now());
        loop {
            self.running.lives();
            let sent = who.says("general", text).await.unwrap();
            let reply = who.expects_reply_to(&sent);
            let reply = tokio::time::timeout(Duration::from_secs(1), reply).await;
            if let Ok(Ok(reply)) = reply
                && reply.text().contains(wanted)
            {
                return reply.text();
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{text}: never {wanted:?}\n{}",
                self.running.log()
            );
        }
    }

    /// Has a member say what ends the bot; how it ended.
    async fn falls(&self, text: &str) -> ExitStatus {
        self.until("member", "!fall not", "still here").await;
        self.actor("member").says("general", text).await.unwrap();
        self.running.status().await
    }

    /// The reports, the oldest first.
    fn reports(&self) -> Vec<Value> {
        let folder = self.folder.path().join("data/crashes");
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|it| it == "json"))
            .collect();
        files.sort();
        let read = |path: &PathBuf| serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        files.iter().map(read).collect()
    }

    /// Starts it again, and waits until it has told of so many crashes; the last.
    async fn tells(&mut self, reports: usize) -> Value {
        self.start();
        self.running_says("the bot has crashed, and is back").await;
        let all = self.reports();
        assert_eq!(all.len(), reports, "{all:#?}");
        all.into_iter().next_back().unwrap()
    }

    /// Starts it again after each crash until it says so; how often it has crashed.
    async fn starts_until(&mut self, found: &str) -> usize {
        const MOST: usize = 20;
        for crashes in 0..MOST {
            self.start();
            let began = Instant::now();
            let ended = self.running.ended();
            while ended.borrow().is_none() && !self.running.said().contains(found) {
                assert!(began.elapsed() < PATIENCE, "{}", self.running.log());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if ended.borrow().is_none() {
                return crashes;
            }
        }
        panic!("{MOST} crashes\n{}", self.running.log());
    }

    async fn running_says(&self, words: &str) {
        let began = Instant::now();
        while !self.running.said().contains(words) {
            self.running.lives();
            assert!(
                began.elapsed() < PATIENCE,
                "{words:?}\n{}",
                self.running.log()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn close(self) {
        self.running.terminate().await;
        self.sandbox.shutdown().await;
    }
}

const SIGABRT: i32 = 6;
const SIGSEGV: i32 = 11;

#[tokio::test(flavor = "multi_thread")]
async fn each_crash_is_its_plugins_with_handler_user_and_functions() {
    if only_in_process(
        "whose fault a crash of the bot's own process was: a plugin in a cell can't crash it",
    ) {
        return;
    }
    let config = "[extensions]\ncrash_strikes = 0\n";
    let hello = fixtures::example("hello");
    let mut bot = Falling::with(&[("falls", falls()), ("hello", &hello)], config).await;
    let member = bot.actor("member").id();
    let command = "command `fall`";
    let threads = "a thread that it has started";
    for (number, (how, signal, handler, function)) in [
        ("null", SIGSEGV, command, "touch_nothing"),
        ("later", SIGSEGV, command, "touch_nothing"),
        ("overflow", SIGSEGV, command, "call_itself"),
        ("jump", SIGSEGV, command, "jump_nowhere"),
        ("abort", SIGABRT, command, "raise_abort"),
        ("heap", SIGABRT, command, "free_what_is_none"),
        (
            "thread",
            SIGSEGV,
            "a thread that it has started (`digger`)",
            "touch_nothing",
        ),
        ("thread-overflow", SIGSEGV, threads, "call_itself"),
    ]
    .into_iter()
    .enumerate()
    {
        let status = bot.falls(&format!("!fall {how}")).await;
        assert_eq!(
            status.signal(),
            Some(signal),
            "{how}: the parent sees the true signal"
        );
        assert!(
            bot.running
                .said()
                .contains("the bot has crashed; its next start tells"),
            "{how}"
        );
        let report = bot.tells(number + 1).await;
        let is = |key: &str, value: Value| assert_eq!(report[key], value, "{how}: {report:#}");
        is("plugin", "falls".into());
        is("certainty", "certain".into());
        is("version", "0.9.1".into());
        is("generation", 1.into());
        is("overflow", how.ends_with("overflow").into());
        assert!(
            report["handler"].as_str().unwrap().starts_with(handler),
            "{how}: {report:#}"
        );
        if handler == command {
            is("user", member.into());
        }
        let trace = report["trace"].as_array().unwrap();
        let named = |line: &Value| line.as_str().unwrap().contains(function);
        assert!(trace.iter().any(named), "{how}: {report:#}");
        let log = report["log"].as_array().unwrap();
        assert!(
            log.iter()
                .any(|line| line.as_str().unwrap().contains("falls")),
            "{report:#}"
        );
    }
    // What it tells the owner beside the plugin, and the reports for nobody else to read.
    let told = bot.until("owner", "!extensions", "crashed the bot").await;
    assert!(
        told.contains("SIGSEGV (the stack has overflowed) in a thread"),
        "{told}"
    );
    let left = fs::read_dir(bot.folder.path().join("data/crashes")).unwrap();
    assert_eq!(left.count(), 16);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_are_at_work_the_one_that_crashes_is_named_and_a_silent_end_is_unclear() {
    if only_in_process(
        "whose fault a crash of the bot's own process was: a plugin in a cell can't crash it",
    ) {
        return;
    }
    let misbehave = fixtures::example("misbehave");
    let mut bot = Falling::with(&[("falls", falls()), ("misbehave", &misbehave)], "").await;
    let blocks = async |bot: &Falling| {
        bot.until("member", "!fall not", "still here").await;
        bot.until("member", "!misbehave descriptor", "done").await;
        bot.actor("member")
            .says("general", "!misbehave block")
            .await
            .unwrap();
        // Its thread has taken it when it answers nothing any more.
        let began = Instant::now();
        while !bot.running.said().contains("all that is for it waits") {
            assert!(began.elapsed() < PATIENCE, "{}", bot.running.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    blocks(&bot).await;
    assert_eq!(bot.falls("!fall null").await.signal(), Some(SIGSEGV));
    let report = bot.tells(1).await;
    assert_eq!(
        (&report["plugin"], &report["certainty"]),
        (&"falls".into(), &"certain".into())
    );

    // It ends the process without a word: it alone was at work.
    let status = bot.falls("!fall exit").await;
    assert_eq!(status.code(), Some(0));
    let report = bot.tells(2).await;
    assert_eq!(
        (&report["plugin"], &report["certainty"]),
        (&"falls".into(), &"likely".into())
    );
    assert_eq!(report["handler"], "command `fall`");

    // And with another one at work, for longer, it may be either.
    blocks(&bot).await;
    bot.falls("!fall exit").await;
    let report = bot.tells(3).await;
    assert_eq!(report["plugin"], Value::Null, "{report:#}");
    let mut suspects: Vec<&str> = report["suspects"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    suspects.sort_unstable();
    assert_eq!(suspects, ["falls", "misbehave"]);

    // One that was at nothing is nobody's, and one that ended in order is none.
    bot.until("member", "!fall not", "still here").await;
    bot.running.kill().await;
    let report = bot.tells(4).await;
    assert_eq!(
        (&report["plugin"], &report["suspects"]),
        (&Value::Null, &Value::Array(Vec::new()))
    );
    bot.until("member", "!fall not", "still here").await;
    bot.running = bot.running.terminate().await;
    bot.start();
    bot.until("member", "!fall not", "still here").await;
    assert_eq!(bot.reports().len(), 4);
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_strikes_are_quarantine_until_the_owner_says_so_or_the_file_changes() {
    if only_in_process(
        "whose fault a crash of the bot's own process was: a plugin in a cell can't crash it",
    ) {
        return;
    }
    let hello = fixtures::example("hello");
    let mut bot = Falling::with(&[("falls", falls()), ("hello", &hello)], "").await;
    bot.falls("!fall null").await;
    assert_eq!(bot.tells(1).await["quarantined"], false);
    bot.falls("!fall overflow").await;
    assert_eq!(bot.tells(2).await["quarantined"], true);
    // The others serve, and the owner reads why this one does not.
    bot.until("member", "!hello", "Hello").await;
    let told = bot.until("owner", "!extensions", "falls").await;
    assert!(
        told.contains("in quarantine") && told.contains("crashed the bot"),
        "{told}"
    );
    let told = bot.until("owner", "!load falls", "Not loaded").await;
    assert!(
        told.contains("it has crashed the bot 2 times within 60 min; `load falls again`"),
        "{told}"
    );
    bot.running = bot.running.terminate().await;
    bot.start();
    bot.until("owner", "!load falls", "in quarantine").await;
    // The owner's word, with a clean slate.
    bot.until("owner", "!load falls again", "Loaded").await;
    bot.falls("!fall null").await;
    assert_eq!(bot.tells(3).await["quarantined"], false);
    bot.falls("!fall null").await;
    assert_eq!(bot.tells(4).await["quarantined"], true);
    bot.until("owner", "!load falls", "in quarantine").await;
    // Another file is another matter.
    drop_in(
        falls_otherwise(),
        &bot.folder.path().join("extensions"),
        "falls",
    );
    bot.until("member", "!fall not", "here again").await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_is_named_it_is_found_out_by_leaving_plugins_out() {
    if only_in_process(
        "whose fault a crash of the bot's own process was: a plugin in a cell can't crash it",
    ) {
        return;
    }
    let libraries = ["counter", "hello", "misbehave"].map(|name| (name, fixtures::example(name)));
    let mut libraries: Vec<(&str, &Path)> = libraries.iter().map(|it| (it.0, &*it.1)).collect();
    libraries.push(("falls", falls()));
    let config = "[extensions]\nunclear_crashes = 1\nunclear_window_s = 1\nsafe = [\"hello\"]\n";
    let mut bot = Falling::with(&libraries, config).await;
    bot.until("member", "!fall not", "still here").await;
    bot.running = bot.running.terminate().await;
    fs::write(bot.folder.path().join("doomed"), "").unwrap();
    let found = "Crashes that named nobody are the fault of `falls`";
    let crashes = bot.starts_until(found).await;
    // Plugins are loaded side by side, so that up to four are suspected of the first crash, and each step halves them.
    assert!((1..=2).contains(&crashes), "{crashes}");
    for (ask, answer) in [("!hello", "Hello"), ("!misbehave descriptor", "done")] {
        bot.until("member", ask, answer).await;
    }
    bot.until("owner", "!load falls", "has lived without it")
        .await;
    assert!(
        bot.reports()
            .iter()
            .all(|report| report["certainty"] == "unclear")
    );
    bot.close().await;
}

/// One of two that crash the bot as soon as they start, each where its file is there.
fn bad(name: &str) -> PathBuf {
    let source = include_str!("plugin.rs")
        .replace("\"fall\"", &format!("\"{name}\""))
        .replace("\"doomed\"", &format!("\"doomed_{name}\""));
    fixtures::plugin(name, "two", "0.9.4", "", &source)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_bad_plugins_at_once_are_both_found_and_the_eight_others_serve() {
    let good = [
        "checks",
        "counter",
        "echo",
        "hello",
        "misbehave",
        "options",
        "poll",
        "ticker",
    ];
    let mut libraries: Vec<_> = good.map(|name| (name, fixtures::example(name))).into();
    libraries.extend(["axe", "saw"].map(|name| (name, bad(name))));
    let libraries: Vec<(&str, &Path)> = libraries.iter().map(|it| (it.0, &*it.1)).collect();
    let config = "[extensions]\nunclear_crashes = 1\nunclear_window_s = 1\nsafe = [\"hello\"]\n";
    let mut bot = Falling::with(&libraries, config).await;
    for name in ["axe", "saw"] {
        bot.until("member", &format!("!{name} not"), "still here")
            .await;
    }
    bot.running = bot.running.terminate().await;
    for name in ["axe", "saw"] {
        fs::write(bot.folder.path().join(format!("doomed_{name}")), "").unwrap();
    }
    let found = "Crashes that named nobody are the fault of `axe`, `saw`: in quarantine";
    let crashes = bot.starts_until(found).await;
    // One crash for each is the least, and each step halves.
    assert!((2..=10).contains(&crashes), "{crashes}");
    for name in ["axe", "saw"] {
        bot.until("owner", &format!("!load {name}"), "has lived without it")
            .await;
    }
    let told = bot.until("owner", "!extensions", "ticker").await;
    for name in good {
        assert!(told.contains(name), "{name}: {told}");
    }
    for (ask, answer) in [
        ("!hello", "Hello"),
        ("!count", "Count"),
        ("!misbehave descriptor", "done"),
    ] {
        bot.until("member", ask, answer).await;
    }
    bot.running = bot.running.terminate().await;
    bot.start();
    bot.until("member", "!hello", "Hello").await;
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_safe_mode_loads_what_the_operator_has_named_and_the_owner_asks_for() {
    let sandbox = Process::discord(|_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    let extensions = folder.path().join("extensions");
    fs::create_dir_all(&extensions).unwrap();
    for name in ["counter", "hello"] {
        drop_in(&fixtures::example(name), &extensions, name);
    }
    let mut config = Config::parse("extensions.safe = ['hello']", "config.toml").unwrap();
    config.extensions.folder = extensions;
    config.data.folder = folder.path().join("data");
    config.metrics.listen = None;
    config.pages.listen = None;
    config.discord.api_url = Some(format!("http://{}", sandbox.http_proxy()));
    config.discord.gateway_url = Some(sandbox.gateway_url());
    let environment = Environment {
        token: Secret::new(sandbox.token()),
        bot_owner_id: sandbox.owner_id(),
        shard_count: None,
        shard_ids: None,
        client_secret: None,
        secrets: BTreeMap::new(),
    };
    let mut past = Past::default();
    past.is_safe = true;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async move { drop(stopped.await) };
    let bot = host::run(
        config,
        environment,
        fixtures::cogwright(),
        None,
        past,
        stopped,
    );
    let bot = tokio::spawn(bot);
    sandbox.bot_ready(PATIENCE).await.unwrap();
    let owner = sandbox.actor("owner").unwrap();
    for (ask, answer) in [
        (
            "extensions",
            "`counter` is left out: the safe mode loads what `[extensions] safe` names",
        ),
        ("load counter", "Not loaded"),
        ("load counter again", "Loaded"),
    ] {
        let ask = format!("<@{}> {ask}", sandbox.application_id());
        let sent = owner.says("general", &ask).await.unwrap();
        let told = owner.expects_reply_to(&sent).await.unwrap().text();
        assert!(told.contains(answer), "{ask}: {told}");
    }
    stop.send(()).unwrap();
    bot.await.unwrap().unwrap();
    sandbox.shutdown().await;
}
