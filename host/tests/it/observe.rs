//! Tests of what the operator sees: the log and the metrics.

use std::{fs, net::SocketAddr, path::Path};

use sandbox::{Effect, Fault, Scope};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    cli::{cogwright, text},
    fixtures,
    process::Process,
    support::{Fixture, PATIENCE},
};

/// Plays a script on a sandbox of its own; the log of that run.
fn log_of(folder: &Path, script: &str) -> String {
    log_with(folder, fixtures::examples(), script)
}

/// The same with the plugins of another folder.
pub fn log_with(folder: &Path, extensions: &Path, script: &str) -> String {
    let file = folder.join("story.txt");
    fs::write(&file, script).unwrap();
    let extensions = extensions.to_str().unwrap();
    let script = file.to_str().unwrap();
    let arguments = ["sandbox", "--extensions", extensions, "--script", script];
    let output = cogwright(folder, &arguments);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{}{said}", text(&output.stdout));
    let log = fs::read_to_string(folder.join("botlogs/sandbox/current_run.log")).unwrap();
    // To the end: nothing is lost, and both outputs say the same.
    assert!(log.lines().last().unwrap().contains("stopped"), "{log}");
    assert_eq!(log.lines().count(), said.lines().count(), "{log}\n{said}");
    log
}

const WORK: &str = "owner@general: !work\nexpect worked\n";

#[test]
fn a_plugins_level_is_changed_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "{WORK}owner@general: !cogwright log misbehave debug\nexpect debug\n{WORK}\
         owner@general: !cogwright log misbehave default\nexpect info\n{WORK}\
         owner@general: !cogwright log hello loud\nexpect \"`loud`\"\n\
         owner@general: !cogwright log hello loud\nexpect \"error, warn, info\"\n\
         owner@general: !cogwright log loud\nexpect \"Which level for `loud`?\"\n\
         owner@general: !cogwright log a b c\nexpect \"`b`\"\n"
    );
    let log = log_of(folder.path(), &script);
    let worked: Vec<&str> = log.lines().filter(|line| line.contains("worked")).collect();
    assert!(
        worked.len() == 1 && worked[0].contains("seen=2"),
        "{worked:?} in\n{log}"
    );
    let time = worked[0].split(' ').next().unwrap();
    assert!(
        time.len() == "2026-11-22T19:00:00.000000Z".len() && time.ends_with('Z'),
        "{time}"
    );
    // The next run begins one file anew and goes on with the other.
    let second = log_of(folder.path(), WORK);
    assert!(!second.contains("worked"));
    let permanent = fs::read_to_string(folder.path().join("botlogs/sandbox/permanent.log"));
    assert_eq!(permanent.unwrap(), log + &second);
}

#[test]
fn lines_are_json_when_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[log]\njson = true\nplugins = { misbehave = \"debug\" }\n";
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let log = log_of(folder.path(), WORK);
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of_plugin: Vec<_> = lines
        .iter()
        .filter(|line| line["plugin"] == "misbehave" && line["target"] == "plugin")
        .collect();
    assert!(
        of_plugin.len() == 1 && of_plugin[0]["level"] == "DEBUG",
        "{log}"
    );
}

#[test]
fn what_belongs_to_one_invocation_is_found_by_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[log]\nlevel = \"info,host=debug\"\nplugins = { misbehave = \"debug\" }\n";
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let log = log_of(folder.path(), &format!("{WORK}{WORK}"));
    let between = |line: &str, before: &str, after: &str| -> Option<String> {
        let rest = line.split_once(before)?.1;
        Some(rest.split_once(after)?.0.to_owned())
    };
    let ids: Vec<String> = log
        .lines()
        .filter(|line| line.contains("kind=\"command\" plugin=\"misbehave\" name=\"work\" shard=0"))
        .filter(|line| line.contains("answered failed=false"))
        .filter_map(|line| between(line, "invocation{id=", " "))
        .collect();
    let of_plugin: Vec<String> = log
        .lines()
        .filter(|line| line.contains("DEBUG plugin: worked"))
        .filter_map(|line| between(&format!("{line} "), "invocation=", " "))
        .collect();
    assert!(ids.len() == 2 && ids[0] != ids[1], "{log}");
    assert_eq!(ids, of_plugin, "{log}");
}

#[test]
fn a_log_that_cannot_be_written_is_told_and_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("botlogs"), "a file, not a folder").unwrap();
    let file = folder.path().join("story.txt");
    fs::write(&file, WORK).unwrap();
    let extensions = fixtures::examples().to_str().unwrap();
    let script = file.to_str().unwrap();
    let arguments = ["sandbox", "--extensions", extensions, "--script", script];
    let output = cogwright(folder.path(), &arguments);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(
        said.matches("no log files are written").count(),
        1,
        "{said}"
    );
    assert!(said.contains("botlogs/sandbox"), "{said}");
}

const METRICS: &str = "[metrics]\nlisten = \"127.0.0.1:0\"\n";

/// Status line and body of a page.
pub async fn page(address: SocketAddr, path: &str, accept: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: {accept}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

pub async fn metrics(bot: &Fixture) -> String {
    let address = bot.bot.metrics_address().unwrap();
    page(address, "/metrics", "*/*").await.1
}

/// The page as soon as it is as wanted: what is counted behind an answer comes a moment after it.
async fn until_page(bot: &Fixture, wanted: impl Fn(&str) -> bool) -> String {
    let mut last = String::new();
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            last = metrics(bot).await;
            if wanted(&last) {
                return;
            }
        }
    });
    assert!(waited.await.is_ok(), "{last}");
    last
}

/// The value of a sample, by its name and labels as they stand on the page.
pub fn value(page: &str, sample: &str) -> Option<f64> {
    page.lines()
        .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_plugins_and_the_framework_do_is_counted() {
    let bot = Fixture::configured(&["hello", "misbehave", "registry"], METRICS).await;
    let (owner, member) = (bot.owner(), bot.member());
    for _ in 0..3 {
        bot.ask(&member, "!hello").await;
    }
    bot.ask(&member, "!misbehave panic").await;
    bot.ask(&member, "!misbehave error").await;
    let counted = [
        ("cogwright_plugins_loaded", 3.0),
        ("cogwright_gateway_up{shard=\"0\"}", 1.0),
        ("cogwright_plugin_generation{plugin=\"hello\"}", 1.0),
        ("cogwright_plugin_panics_total{plugin=\"misbehave\"}", 1.0),
        (
            "cogwright_plugin_handler_failures_total{plugin=\"misbehave\",result=\"panicked\"}",
            1.0,
        ),
        (
            "cogwright_plugin_handler_failures_total{plugin=\"misbehave\",result=\"failed\"}",
            1.0,
        ),
        (
            "cogwright_plugin_host_calls_total{plugin=\"hello\",call=\"reply\",result=\"ok\"}",
            3.0,
        ),
        (
            "cogwright_plugin_mailbox_wait_seconds_count{plugin=\"hello\"}",
            3.0,
        ),
        (
            "cogwright_plugin_mailbox_wait_seconds_bucket{le=\"+Inf\",plugin=\"hello\"}",
            3.0,
        ),
        (
            "cogwright_rest_requests_total{route=\"POST channels/:x/messages\",status=\"200\"}",
            5.0,
        ),
    ];
    let events = "cogwright_gateway_events_total{event=\"MESSAGE_CREATE\"}";
    let page = until_page(&bot, |page| {
        let are = counted
            .iter()
            .all(|(sample, expected)| value(page, sample) == Some(*expected));
        are && value(page, events) >= Some(10.0)
    })
    .await;
    let is = |sample: &str| value(&page, sample).unwrap_or_else(|| panic!("{sample} in\n{page}"));
    assert!(is("cogwright_plugin_cpu_seconds_total{plugin=\"hello\"}") > 0.0);
    assert!(is("cogwright_plugin_heap_bytes{plugin=\"hello\"}") > 1_000.0);
    assert!(is("process_resident_memory_bytes") > 1e6 && is("process_open_fds") > 3.0);
    // Given back at the next look into the mailbox, which is behind the answer.
    let handled = "cogwright_plugin_handler_duration_seconds_count{plugin=\"hello\",kind=\"command\",name=\"hello\"}";
    assert!(is(handled) >= 2.0, "{page}");

    let shown = bot.ask(&owner, "!cogwright plugin hello").await.text();
    for words in [
        "generation 1",
        "of memory",
        "command `hello`: ",
        "`reply`: 3 times",
    ] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    let shown = bot.ask(&owner, "!cogwright plugin hullo").await.text();
    assert!(shown.contains("did you mean `hello`?"), "{shown}");

    let before = is("cogwright_plugin_cpu_seconds_total{plugin=\"hello\"}");
    bot.ask(&owner, "!reload hello").await;
    let page = until_page(&bot, |page| value(page, handled) == Some(3.0)).await;
    let cpu = value(
        &page,
        "cogwright_plugin_cpu_seconds_total{plugin=\"hello\"}",
    );
    assert!(cpu.unwrap() >= before, "a counter never falls:\n{page}");
    assert_eq!(
        value(&page, "cogwright_plugin_reloads_total{plugin=\"hello\"}"),
        Some(1.0)
    );

    bot.ask(&owner, "!unload hello").await;
    let page = metrics(&bot).await;
    assert!(!page.contains("plugin=\"hello\""), "{page}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_that_are_met_are_counted() {
    let bot = Fixture::configured(&["hello"], METRICS).await;
    let limit = Effect::RateLimit {
        scope: Scope::User,
        retry_after_ms: 1,
    };
    let limit = Fault::request("POST /channels/*/messages", limit);
    bot.sandbox.faults().add(limit, Some(2)).unwrap();
    bot.ask(&bot.member(), "!hello").await;
    let count = |page: &str, status: &str| {
        let route = "POST channels/:x/messages";
        let labels = format!("{{route=\"{route}\",status=\"{status}\"}}");
        value(page, &format!("cogwright_rest_requests_total{labels}"))
    };
    let page = until_page(&bot, |page| count(page, "200").is_some()).await;
    assert_eq!(
        (count(&page, "429"), count(&page, "200")),
        (Some(2.0), Some(1.0)),
        "{page}"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_ready_when_it_is_connected_and_its_plugins_are_there() {
    let bot = Fixture::configured(&["hello"], METRICS).await;
    let address = bot.bot.metrics_address().unwrap();
    let (live, body) = page(address, "/livez", "*/*").await;
    assert!(live.contains("200") && body == "ok\n", "{live} {body}");
    // Connected it is when it has heard so, which is a moment after the sandbox has said so.
    let mut last = (String::new(), String::new());
    let waited = tokio::time::timeout(PATIENCE, async {
        while !last.0.contains("200") {
            last = page(address, "/readyz", "*/*").await;
        }
    });
    assert!(waited.await.is_ok(), "{last:?}");
    assert_eq!(last.1, "{\"ready\":true,\"missing\":[]}");
    bot.drop_in(&fixtures::no_plugin(), "broken");
    bot.until_refused("broken").await;
    let (ready, body) = page(address, "/readyz", "*/*").await;
    assert!(
        ready.contains("503") && body.contains("plugin `broken` is not loaded: "),
        "{ready} {body}"
    );
    let (_, body) = page(address, "/metrics", "application/openmetrics-text").await;
    assert!(body.ends_with("# EOF\n") && body.contains("# TYPE cogwright_plugin_panics counter"));
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_costs_the_figures_alone() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = format!("metrics.listen = \"{}\"", taken.local_addr().unwrap());
    let bot = Fixture::configured(&["hello"], &config).await;
    assert_eq!(bot.bot.metrics_address(), None);
    assert_eq!(
        bot.ask(&bot.member(), "!hello").await.content,
        "Hello, member!"
    );
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_move_when_their_address_is_changed() {
    let bot = Fixture::configured(&["hello"], METRICS).await;
    let owner = bot.owner();
    let first = bot.bot.metrics_address().unwrap();
    let answer = bot
        .ask(&owner, "!cogwright set metrics.listen off")
        .await
        .text();
    assert!(answer.contains("in force from now on"), "{answer}");
    let until = async |wanted: fn(Option<SocketAddr>) -> bool| {
        tokio::time::timeout(PATIENCE, async {
            while !wanted(bot.bot.metrics_address()) {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
    };
    until(|address| address.is_none()).await;
    assert!(TcpStream::connect(first).await.is_err());
    bot.ask(&owner, "!cogwright set metrics.listen 127.0.0.1:0")
        .await;
    until(|address| address.is_some()).await;
    assert!(metrics(&bot).await.contains("cogwright_plugin_up"));
    bot.close().await;
}

/// Counts what it likes.
const FLOOD: &str = r#"//! A plugin that counts too much.
use plugin_api::prelude::*;

export_plugin!(|| Plugin::new().command(Command::new("flood", "Counts too much").run(flood)));

async fn flood(ctx: CommandContext) -> Result {
    let host = ctx.host();
    let counter = host.counter("drops", "Drops that fell");
    for drop in 0..10_000 {
        counter.with("drop", drop).add(1.0);
    }
    counter.with("drop", ctx.user().id).add(1.0);
    let depth = host.gauge("depth_meters", "How deep it is");
    depth.set(7.0);
    depth.add(-2.0);
    let seen = host.histogram("wave_meters", "How high the waves are", &[1.0, 2.0]);
    for height in [0.5, 1.0, 1.5, 9.0] {
        seen.observe(height);
    }
    for number in 0..200 {
        host.gauge(&format!("gauge_{number}"), "One of many").set(f64::from(number));
    }
    host.counter("not a name", "Nothing").add(1.0);
    ctx.reply("flooded").await
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_cannot_blow_up_the_page_and_its_figures_go_with_it() {
    let bot = Fixture::configured(&["hello"], METRICS).await;
    let library = fixtures::plugin("flood", "observe", "0.41.0", "", FLOOD);
    bot.drop_in(&library, "flood");
    bot.until_generation("flood", 1).await;
    assert_eq!(bot.ask(&bot.member(), "!flood").await.content, "flooded");
    let page = metrics(&bot).await;
    let drops: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("cogwright_custom_drops_total{plugin=\"flood\",drop="))
        .collect();
    assert_eq!(drops.len(), 101, "{drops:#?}");
    let sum: f64 = drops
        .iter()
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap())
        .sum();
    assert_eq!(sum, 10_001.0, "nothing is lost, it is counted together");
    let other = "cogwright_custom_drops_total{plugin=\"flood\",drop=\"other\"}";
    assert_eq!(value(&page, other), Some(9_901.0));
    let gauges = page.matches("\ncogwright_custom_gauge_").count();
    assert_eq!(gauges, 47, "50 figures, with the three others");
    assert!(!page.contains("not a name"));
    for (sample, expected) in [
        ("depth_meters{plugin=\"flood\"}", 5.0),
        ("wave_meters_sum{plugin=\"flood\"}", 12.0),
        ("wave_meters_bucket{le=\"1.0\",plugin=\"flood\"}", 2.0),
        ("wave_meters_bucket{le=\"2.0\",plugin=\"flood\"}", 3.0),
        ("wave_meters_bucket{le=\"+Inf\",plugin=\"flood\"}", 4.0),
    ] {
        let found = value(&page, &format!("cogwright_custom_{sample}"));
        assert_eq!(found, Some(expected), "{sample}");
    }
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let labels = line.split('"').skip(1).step_by(2);
        for label in labels {
            let is_id = label.len() >= 15 && label.bytes().all(|byte| byte.is_ascii_digit());
            assert!(!is_id && label.len() <= 128, "{line}");
        }
    }

    bot.ask(&bot.owner(), "!unload flood").await;
    let page = metrics(&bot).await;
    assert!(
        !page.contains("cogwright_custom") && !page.contains("flood"),
        "{page}"
    );
    bot.close().await;
}

/// Whoever reaches the machine can read how the bot is used: that is said where it is so.
#[tokio::test(flavor = "multi_thread")]
async fn figures_that_others_can_reach_are_warned_of() {
    let bot = Process::run(&[], "").await;
    let warned = "whoever reaches this machine can read how the bot is used";
    assert!(!bot.said().contains(warned), "{}", bot.said());
    let mention = format!("<@{}> ", bot.sandbox.application_id());
    let set = format!("{mention}cogwright set metrics.listen 0.0.0.0:0");
    bot.ask(&bot.owner(), &set).await;
    bot.until_said(warned).await;
    let said = bot.said();
    let line = said.lines().find(|line| line.contains(warned)).unwrap();
    assert!(
        line.contains("WARN") && line.contains("`[metrics] listen = \"127.0.0.1:"),
        "{line}"
    );
    bot.signal("TERM");
    assert!(bot.ended().await.success());
}
