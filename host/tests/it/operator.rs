//! Tests of what an operator relies on: the log, the folders, the process, `check` and `restore`.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Command, Output, Stdio},
};

use sandbox::{Options, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    cli::{cogwright, text},
    fixtures,
    support::Fixture,
};

/// Plays a script with these plugins, in a folder of its own.
fn play(folder: &Path, plugins: &[&str], script: &str) -> Output {
    let extensions = folder.join("extensions");
    fs::create_dir_all(&extensions).unwrap();
    for name in plugins {
        fs::copy(
            fixtures::example(name),
            extensions.join(format!("lib{name}.so")),
        )
        .unwrap();
    }
    fs::write(folder.join("story.txt"), script).unwrap();
    cogwright(
        folder,
        &[
            "sandbox",
            "--extensions",
            "extensions",
            "--script",
            "story.txt",
        ],
    )
}

#[test]
fn the_log_says_what_runs_when_it_is_ready_and_when_it_is_connected_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), "# mine\n").unwrap();
    // What was missed is told before the session goes on: the answer to the last line comes behind both.
    let script = "owner@general: !hello\nexpect Hello\ndrop\nowner@general: !extensions\nexpect \"1 loaded\"\n\
                  owner@general: !hello\nexpect Hello\n";
    let output = play(folder.path(), &["hello"], script);
    let log = text(&output.stderr);
    assert!(output.status.success(), "{}{log}", text(&output.stdout));
    let first = log.lines().next().unwrap();
    // The sandbox goes by a copy of its own.
    let config = fs::canonicalize(folder.path())
        .unwrap()
        .join("data/sandbox/config.toml");
    let wanted = format!(
        "cogwright {}, configured by {}",
        env!("CARGO_PKG_VERSION"),
        config.display()
    );
    assert!(first.ends_with(&wanted), "{first}");
    let ready = log.lines().find(|line| line.contains("ready: ")).unwrap();
    for part in [
        "1 server, 1 shard, 1 plugin, after ",
        "https://discord.com/oauth2/authorize?client_id=",
        "scope=bot+applications.commands",
    ] {
        assert!(ready.contains(part), "{part} is not in {ready}");
    }
    assert!(log.contains("connected again after"), "{log}");
}

#[test]
fn errors_are_in_the_log_whatever_its_level() {
    for level in ["off", "host=off", "off,host::dispatch=off"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("config.toml"),
            format!("[log]\nlevel = \"{level}\"\n"),
        )
        .unwrap();
        let script = "owner@general: !misbehave panic\nexpect \"error id\"\n";
        let output = play(folder.path(), &["misbehave"], script);
        let (shown, log) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{shown}{log}");
        let (_, id) = shown.split_once("error id: `").unwrap();
        let (id, _) = id.split_once('`').unwrap();
        assert!(log.contains(id), "{level}: {id} is not in {log}");
        assert!(!log.contains(" INFO "), "{log}");
    }
}

/// `verbose` and `loud` are no levels: they silenced everything, error ids included.
#[test]
fn a_level_that_is_none_is_refused_and_silences_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let script = "owner@general: !cogwright set log.level loud\nexpect \"`loud` is not a level\"\n\
                  owner@general: !cogwright set log.level info,host=verbose\nexpect \"`verbose` (of `host`)\"\n\
                  owner@general: !misbehave panic\nexpect \"error id\"\n";
    let output = play(folder.path(), &["misbehave"], script);
    let (shown, log) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{shown}{log}");
    let (_, id) = shown.split_once("error id: `").unwrap();
    let (id, _) = id.split_once('`').unwrap();
    assert!(log.contains(id) && log.contains(" INFO "), "{log}");
    // The same in the file: a start says so, and at which place.
    fs::write(&config, "[log]\nlevel = \"verbose\"\n").unwrap();
    let output = cogwright(folder.path(), &["run"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in [
        "config.toml:2:9",
        "`verbose` is not a level",
        "the levels are error, warn",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

/// The file of this run has a bound, too: it had none.
#[test]
fn the_logs_files_stay_within_their_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let most = 65_536;
    let config = format!("[log]\nlevel = \"trace\"\nmax_file_bytes = {most}\nfiles_kept = 2\n");
    fs::write(folder.path().join("config.toml"), config).unwrap();
    let script = "owner@general: !hello\nexpect Hello\n".repeat(120);
    let output = play(folder.path(), &["hello"], &script);
    assert!(output.status.success(), "{}", text(&output.stdout));
    let written = text(&output.stderr).len() as u64;
    assert!(written > 4 * most, "{written} bytes are little");
    let mut all = 0;
    for file in fs::read_dir(folder.path().join("botlogs/sandbox")).unwrap() {
        let (file, size) = (
            file.as_ref().unwrap().file_name(),
            file.unwrap().metadata().unwrap().len(),
        );
        assert!(size <= most, "{file:?} has {size} bytes");
        all += size;
    }
    // Two of this run, and of all runs one and two older ones.
    assert!(all <= 5 * most, "{all}");
}

#[test]
fn what_a_terminal_would_obey_is_shown_in_the_transcript_and_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("config.toml"),
        "[log]\ncolour = \"always\"\n",
    )
    .unwrap();
    let script = "member@general: !echo \"\u{1b}[2J\u{9b}31m\u{202e}x\"\nexpect x\nowner@general: !load \u{1b}]0;title\u{7}\nexpect title\n";
    let output = play(folder.path(), &["echo"], script);
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}{}", text(&output.stderr));
    assert!(shown.contains(r"\u{1b}[2J\u{9b}31m\u{202e}x"), "{shown}");
    let files = ["current_run.log", "permanent.log"]
        .map(|name| fs::read_to_string(folder.path().join("botlogs/sandbox").join(name)).unwrap());
    for said in [&*shown, &*files[0], &*files[1]] {
        let obeyed =
            said.find(|c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}');
        assert_eq!(obeyed, None, "{said}");
    }
}

/// With the log in the folder that is watched, each line of a watcher would be the next change.
#[test]
fn a_log_of_everything_in_the_bots_own_folder_does_not_feed_itself() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("config.toml"),
        "[log]\nlevel = \"trace\"\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("story.txt"),
        "owner@general: !hello\nexpect Hello\n",
    )
    .unwrap();
    let extensions = folder.path().join("extensions");
    fs::create_dir(&extensions).unwrap();
    fs::copy(fixtures::example("hello"), extensions.join("libhello.so")).unwrap();
    let log = folder.path().join("stderr.log");
    let status = Command::new(fixtures::cogwright())
        .current_dir(folder.path())
        .args([
            "sandbox",
            "--extensions",
            "extensions",
            "--script",
            "story.txt",
        ])
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log).unwrap())
        .status()
        .unwrap();
    let log = fs::read_to_string(&log).unwrap();
    assert!(status.success() && log.contains("TRACE"), "{log}");
    assert!(!log.contains("inotify event"), "{log}");
}

#[test]
fn data_logs_and_backups_are_private_and_a_backup_is_restored_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // As an older version left it.
    fs::create_dir_all(at("data/sandbox")).unwrap();
    fs::create_dir_all(at("botlogs/sandbox")).unwrap();
    let script = "owner@general: !setprefix ?\nexpect ?\nowner@general: ?cogwright backup\nexpect \"Backed up\"\n";
    let output = play(folder.path(), &["access", "maintenance"], script);
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    for name in ["data/sandbox", "data/sandbox/backups", "botlogs/sandbox"] {
        let mode = fs::metadata(at(name)).unwrap().mode() & 0o777;
        assert_eq!(mode, 0o700, "{name}");
    }
    fs::write(at("config.toml"), "data.folder = \"data/sandbox\"\n").unwrap();
    let listed = text(&cogwright(folder.path(), &["restore"]).stdout);
    let name = listed.lines().next().unwrap();
    assert!(at("data/sandbox/backups").join(name).is_dir(), "{listed}");
    let restored = cogwright(folder.path(), &["restore", name]);
    let said = text(&restored.stdout);
    assert!(
        restored.status.success() && said.contains("restored  data/sandbox"),
        "{said}{}",
        text(&restored.stderr)
    );
    let wrong = cogwright(folder.path(), &["restore", &format!("{name}x")]);
    let said = text(&wrong.stderr);
    assert!(
        said.contains("did you mean") && said.contains(name),
        "{said}"
    );
}

#[test]
fn no_dump_of_the_memory_is_written() {
    let mut child = Command::new(fixtures::cogwright())
        .args(["sandbox", "--no-bot"])
        .current_dir(tempfile::tempdir().unwrap().path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Once it prints something, it runs.
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    let soft = core.split_whitespace().nth(4).unwrap();
    assert!(matches!(soft, "0" | "1"), "{core}");
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_not_shown_to_a_page_that_leads_a_browser_here() {
    let bot = Fixture::configured(
        &[],
        "[metrics]\nlisten = \"127.0.0.1:0\"\nhosts = [\"bot.example.org\"]",
    )
    .await;
    let address = bot.bot.metrics_address().unwrap();
    let ask = async |host: &str| {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    for host in [&*address.to_string(), "localhost", "bot.example.org"] {
        assert!(ask(host).await.starts_with("HTTP/1.1 200"), "{host}");
    }
    let refused = ask("evil.example.com:9310").await;
    assert!(
        refused.starts_with("HTTP/1.1 421") && refused.contains("`[metrics] hosts`"),
        "{refused}"
    );
    assert!(!refused.contains("cogwright_"), "{refused}");
    bot.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_online_tries_the_token_the_owners_and_the_ids() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let check = |token: &str, more: &str| {
        let config = format!(
            "[metrics]\nlisten = \"off\"\n[discord]\napi_url = \"http://{}\"\n{more}",
            sandbox.http_proxy()
        );
        fs::write(folder.path().join("config.toml"), config).unwrap();
        let child = Command::new(fixtures::cogwright())
            .current_dir(folder.path())
            .args(["check", "--online"])
            .env("DISCORD_TOKEN", token)
            .env("BOT_OWNER_ID", sandbox.owner_id().to_string())
            .output();
        text(&child.unwrap().stdout)
    };
    let (token, general) = (sandbox.token(), sandbox.channel_id("general").unwrap());
    let good = format!(
        "[alerts]\nchannel_id = {general}\n[commands]\ndevelopment_guild = {}\n",
        sandbox.guild_id()
    );
    let said = tokio::task::block_in_place(|| check(&token, &good));
    for part in [
        "Discord knows the token",
        "(BOT_OWNER_ID) is owner",
        "`alerts.channel_id` is the channel general",
        "`commands.development_guild` is the server",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let wrong = format!(
        "[bot]\nowner_ids = [{}, {general}]\n[alerts]\nchannel_id = {}\n",
        sandbox.application_id(),
        sandbox.guild_id()
    );
    let said = tokio::task::block_in_place(|| check(&token, &wrong));
    for part in [
        "is the bot itself",
        "no user has the id",
        "`alerts.channel_id`: the bot sees no channel",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let other = "MTc1OTI4ODQ3Mjk5MTE3MDYz.GabcDe.abcdefghijklmnopqrstuvwxyz0123456789AB";
    let said = tokio::task::block_in_place(|| check(other, ""));
    assert!(said.contains("Discord does not know the token"), "{said}");
    sandbox.shutdown().await;
}

/// The same command line where something is mounted first; `None` where this machine does not let us.
fn mounted(folder: &Path, mount: &str, arguments: &[&str]) -> Option<String> {
    let may = Command::new("unshare").args(["-rm", "true"]).status();
    if !may.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no mount namespaces for us here");
        return None;
    }
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", &format!("{mount} && exec \"$0\" \"$@\"")])
        .arg(fixtures::cogwright())
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    Some(format!("{}{}", text(&output.stdout), text(&output.stderr)))
}

#[test]
fn a_mount_that_nothing_can_be_loaded_from_is_named_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("data")).unwrap();
    fs::create_dir_all(folder.path().join("extensions")).unwrap();
    fs::copy(
        fixtures::example("hello"),
        folder.path().join("extensions/libhello.so"),
    )
    .unwrap();
    let mount = "mount -t tmpfs -o noexec,mode=700 tmpfs data";
    let Some(said) = mounted(folder.path(), mount, &["check"]) else {
        return;
    };
    for part in [
        "extensions/libhello.so: ",
        "mounted `noexec`",
        "set `[data] folder`",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn a_configuration_that_is_mounted_by_itself_is_named_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), "# mine\n").unwrap();
    let mount = "mount --bind config.toml config.toml";
    let Some(said) = mounted(folder.path(), mount, &["check"]) else {
        return;
    };
    for part in ["config.toml is mounted by itself", "mount the folder"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}
